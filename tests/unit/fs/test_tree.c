/* SPDX-License-Identifier: MIT */
/* Names to things, directories to entries, and where a listing goes on. */
#include "fs/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/clock.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/make_span.h"

#define LABEL    UINT64_C(481230045566778800)
#define DECEMBER (2022 * 12 + 11)

static const struct render_options plain;

/* ---- shapes ---- */

enum where { ROOT, ALL, YEAR, MONTH, FILE_ };

static struct thing at(enum where where)
{
	struct thing month = thing_month(2022, 12);

	return where == ROOT    ? thing_root()
	       : where == ALL   ? thing_all(0, 0)
	       : where == YEAR  ? thing_year(2022)
	       : where == MONTH ? month
				: thing_summary(&month, FORMAT_CSV);
}

static const struct shape_case {
	const char *why;
	enum where where;
	const char *name;
	enum shape want;
	int kind; /* SHAPE_THING and SHAPE_ACTIVITY */
	int year, month;
} shape_cases[] = {
	{"all", ROOT, "all", SHAPE_THING, THING_ALL, 0, 0},
	{"a year", ROOT, "2022", SHAPE_THING, THING_YEAR, 2022, 0},
	{"the first year", ROOT, "1970", SHAPE_THING, THING_YEAR, 1970, 0},
	{"the last year", ROOT, "2099", SHAPE_THING, THING_YEAR, 2099, 0},
	{"a year before all", ROOT, "1969", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a year past all", ROOT, "2100", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a year with a zero in front", ROOT, "02022", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a short year", ROOT, "202", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a year with a sign", ROOT, "+022", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a year with a space", ROOT, " 022", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a year with a letter", ROOT, "202x", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a summary in the root", ROOT, "activities.csv", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a month in the root", ROOT, "12", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"All", ROOT, "All", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"the desktop's waste bin", ROOT, ".Trash-1000", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"an empty name", ROOT, "", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a month", YEAR, "12", SHAPE_THING, THING_MONTH, 2022, 12},
	{"the first month", YEAR, "01", SHAPE_THING, THING_MONTH, 2022, 1},
	{"month zero", YEAR, "00", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a 13th month", YEAR, "13", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a month of one digit", YEAR, "1", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a month of three", YEAR, "012", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a year's csv", YEAR, "activities.csv", SHAPE_THING, THING_SUMMARY, 2022, 0},
	{"a year's json", YEAR, "activities.json", SHAPE_THING, THING_SUMMARY, 2022, 0},
	{"an activity in the year", YEAR, "20221230-Run.json", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"git", YEAR, ".git", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a month's csv", MONTH, "activities.csv", SHAPE_THING, THING_SUMMARY, 2022, 12},
	{"a month's json", MONTH, "activities.json", SHAPE_THING, THING_SUMMARY, 2022, 12},
	{"case counts", MONTH, "Activities.csv", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"LibreOffice's lock", MONTH, ".~lock.activities.csv#", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"an editor's backup", MONTH, "activities.csv~", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"another ending", MONTH, "activities.ods", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"an activity", MONTH, "20221230-Run.json", SHAPE_ACTIVITY, THING_ACTIVITY, 2022, 12},
	{"an activity of one letter", MONTH, "20221201-x.json", SHAPE_ACTIVITY, THING_ACTIVITY,
	 2022, 12},
	{"an activity without a title", MONTH, "20221230-.json", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"an activity without an ending", MONTH, "20221230-Run", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"an activity of another ending", MONTH, "20221230-Run.jsom", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"its ending in capitals", MONTH, "20221230-Run.JSON", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"an activity of another month", MONTH, "20221130-Run.json", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"of another year", MONTH, "20211230-Run.json", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"on no day", MONTH, "20221232-Run.json", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"on day zero", MONTH, "20221200-Run.json", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"another sign behind the day", MONTH, "20221230_Run.json", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a letter in the day", MONTH, "2022123x-Run.json", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"a lone ending", MONTH, ".json", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"Windows", MONTH, "desktop.ini", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"macOS", MONTH, ".DS_Store", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"macOS beside a file", MONTH, "._20221230-Run.json", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"rsync's temporary name", MONTH, ".20221230-Run.json.Ab12Cd", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"all's csv", ALL, "activities.csv", SHAPE_THING, THING_SUMMARY, 0, 0},
	{"a year in all", ALL, "2022", SHAPE_IMPOSSIBLE, 0, 0, 0},
	{"anything in a file", FILE_, "activities.csv", SHAPE_IMPOSSIBLE, 0, 0, 0},
};

static void shape(void **state)
{
	const struct shape_case *c = *state;
	struct thing dir = at(c->where), t = {0};

	assert_int_equal(tree_shape(&dir, c->name, &t), c->want);
	if (c->want == SHAPE_IMPOSSIBLE)
		return;
	assert_int_equal(t.kind, c->kind);
	assert_int_equal(t.year, c->year);
	assert_int_equal(t.month, c->month);
}

/* A name longer than any that is listed needs no look. */
static void longest_shape(void **state)
{
	struct thing dir = at(MONTH), t;
	char name[NAME_STEM_MAX + 20];

	(void)state;
	for (size_t stem = 10; stem < NAME_STEM_MAX + 10; stem++) {
		memset(name, 'x', sizeof(name));
		memcpy(name, "20221230-", 9);
		memcpy(name + stem, ".json", 6);
		assert_int_equal(tree_shape(&dir, name, &t),
				 stem < NAME_STEM_MAX ? SHAPE_ACTIVITY : SHAPE_IMPOSSIBLE);
	}
	assert_true(NAME_STEM_MAX + strlen(".json") <= TREE_NAME_MAX);
}

/* ---- a small tree ---- */

static const struct item some_items[] = {
	{LABEL + 0, 20221230, 450, "\"b\"", NULL}, {LABEL + 1, 20221201, 450, "\"=a\"", NULL},
	{LABEL + 2, 20221230, 451, "\"a\"", NULL}, {LABEL + 3, 20221230, 452, "\"a\"", NULL},
	{LABEL + 4, 20220301, 452, "\"\"", NULL},
};
#define SOME (sizeof(some_items) / sizeof(some_items[0]))

static const struct history some_history = {
	.known = 1, .count = SOME, .newest_day = 20221230, .oldest_day = 20201111};

static const struct tree_views fit_listed = {.listed = 1u << FORMAT_FIT}, none_listed = {0};

struct made {
	struct made_span s;
	struct tree_dir dir;
};

static void make_dir(struct made *d, const struct thing *t)
{
	int first = t->first ? t->first : DECEMBER, last = t->first ? t->last : DECEMBER;

	make_span(&d->s, first, last - first + 1, some_items, SOME);
	d->dir = (struct tree_dir){.thing = *t,
				   .h = &some_history,
				   .span = d->s.span,
				   .options = &plain,
				   .views = &fit_listed};
}

static const struct list_case {
	const char *why;
	enum where where;
	const char *want[10];
} list_cases[] = {
	{"the root lists the years, all and a view", ROOT, {"2020", "2021", "2022", "all", "fit"}},
	{"all lists the summaries", ALL, {"activities.csv", "activities.json"}},
	{"a year lists its months with activities",
	 YEAR,
	 {"03", "12", "activities.csv", "activities.json"}},
	{"a month lists its activities",
	 MONTH,
	 {"20221201-=a.json", "20221230-a.json", "20221230-a-0732.json", "20221230-b.json",
	  "activities.csv", "activities.json"}},
};

/* Entries come in the order of their names without endings, and a lookup of each finds the same. */
static void list(void **state)
{
	const struct list_case *c = *state;
	struct thing t = at(c->where), found;
	struct tree_entry e, again;
	struct made d;
	int n = 0;

	make_dir(&d, &t);
	while (n < 10 && c->want[n])
		n++;
	int listed = 0;
	for (int i = 0; i < tree_count(&d.dir); i++) {
		int r = tree_list(&d.dir, i, &e);
		assert_in_range(r, 0, 1);
		if (r)
			continue;
		assert_true(listed < n);
		assert_string_equal(e.name, c->want[listed++]);
		assert_true(e.ino == inode_of(&e.thing));
		assert_true(e.mtime_ns < 1000000000);
		/* Directories have no version, files have. */
		assert_int_equal(e.version == 0, thing_is_dir(&e.thing));
		assert_int_equal(e.size == 0, thing_is_dir(&e.thing));

		enum shape s = tree_shape(&t, e.name, &found);
		assert_int_equal(s, e.thing.kind == THING_ACTIVITY ? SHAPE_ACTIVITY : SHAPE_THING);
		again = e;
		if (s == SHAPE_ACTIVITY)
			assert_int_equal(tree_find(&t, e.name, d.s.span, &again), 0);
		else if (e.thing.kind == THING_SUMMARY)
			assert_int_equal(tree_summary(&e.thing, &plain, d.s.span, &again), 0);
		else if (e.thing.kind == THING_MONTH)
			assert_int_equal(tree_month_dir(&found, &fit_listed, d.s.span, &again), 0);
		else
			tree_upper_dir(&found, &some_history, &again);
		assert_true(again.ino == e.ino && again.version == e.version &&
			    again.size == e.size && again.mtime_s == e.mtime_s &&
			    again.mtime_ns == e.mtime_ns);
	}
	assert_int_equal(listed, n);
	free_span(&d.s);
}

static void empty_root(void **state)
{
	const struct history nothing = {.known = 1};
	struct tree_dir dir = {
		.thing = thing_root(), .h = &nothing, .options = &plain, .views = &none_listed};
	struct tree_entry e;

	(void)state;
	for (int i = 1; i < tree_count(&dir); i++)
		assert_int_equal(tree_list(&dir, i, &e), 1);
	assert_int_equal(tree_list(&dir, 0, &e), 0);
	assert_string_equal(e.name, "all");
	assert_int_equal(e.mtime_s, 0);
}

/* ---- attributes ---- */

static void activity_attributes(void **state)
{
	struct thing month = at(MONTH);
	struct tree_entry e;
	struct made d;

	(void)state;
	make_dir(&d, &month);
	assert_int_equal(tree_find(&month, "20221230-b.json", d.s.span, &e), 0);
	struct month *m = d.s.span->month[0];
	const struct activity *a = month_find(m, LABEL);
	assert_true(e.size == a->json_len);
	assert_true(e.mtime_s == a->end_s);
	assert_true(e.thing.label_id == LABEL);
	assert_int_equal(tree_activity(&e.thing, d.s.span, &e), 0);
	assert_true(e.size == a->json_len);
	/* Seen to have changed: that is its time. */
	((struct activity *)a)->changed_ns = 1700000000 * CLOCK_NS + 42;
	uint64_t version = e.version;
	assert_int_equal(tree_activity(&e.thing, d.s.span, &e), 0);
	assert_true(e.mtime_s == 1700000000 && e.mtime_ns == 42);
	assert_true(e.version != version);
	struct thing t = thing_month(2022, 12);
	t = thing_summary(&t, FORMAT_CSV);
	struct tree_entry summary;
	struct made changed;
	make_dir(&changed, &month);
	a = month_find(changed.s.span->month[0], LABEL);
	((struct activity *)a)->changed_ns = 1700000000 * CLOCK_NS + 42;
	assert_int_equal(tree_summary(&t, &plain, changed.s.span, &summary), 0);
	assert_true(summary.mtime_s == 1700000000 && summary.mtime_ns == 42);
	free_span(&changed.s);
	e.thing.label_id = 1;
	e.thing.kind = THING_ACTIVITY;
	assert_int_equal(tree_activity(&e.thing, d.s.span, &e), -ENOENT);
	free_span(&d.s);
}

static const struct missing_case {
	const char *why, *name;
} missing_cases[] = {
	{"no such title", "20221230-c.json"},       {"no such day", "20221231-b.json"},
	{"a part of a name", "20221230-a-07.json"}, {"a longer name", "20221230-bb.json"},
	{"another case", "20221230-B.json"},
};

static void missing(void **state)
{
	const struct missing_case *c = *state;
	struct thing month = at(MONTH);
	struct tree_entry e;
	struct made d;

	make_dir(&d, &month);
	assert_int_equal(tree_find(&month, c->name, d.s.span, &e), -ENOENT);
	free_span(&d.s);
}

static void empty_month_is_not_there(void **state)
{
	struct thing month = thing_month(2022, 4), csv = thing_summary(&month, FORMAT_CSV);
	struct thing year = thing_year(2022), year_csv = thing_summary(&year, FORMAT_CSV);
	struct made_span s;
	struct tree_entry e;

	(void)state;
	make_span(&s, 2022 * 12, 12, NULL, 0);
	assert_int_equal(tree_month_dir(&month, &fit_listed, s.span, &e), -ENOENT);
	free_span(&s);
	make_span(&s, month.first, 1, NULL, 0);
	assert_int_equal(tree_summary(&csv, &plain, s.span, &e), -ENOENT);
	free_span(&s);
	/* A year's summary is there although it has none. */
	make_span(&s, 2022 * 12, 12, NULL, 0);
	assert_int_equal(tree_summary(&year_csv, &plain, s.span, &e), 0);
	assert_true(e.size > 0);
	free_span(&s);
}

/* ---- where a listing goes on ---- */

/* A month of activities with these one-letter titles, in order of their letters. */
static void make_letters(struct made *d, const char *letters)
{
	char title[30][4];
	struct item items[30];
	size_t n = strlen(letters);
	struct thing month = at(MONTH);

	for (size_t i = 0; i < n; i++) {
		snprintf(title[i], sizeof(title[i]), "\"%c\"", letters[i]);
		items[i] = (struct item){LABEL + (uint64_t)letters[i], 20221230, letters[i],
					 title[i], NULL};
	}
	make_span(&d->s, DECEMBER, 1, items, n);
	d->dir = (struct tree_dir){.thing = month,
				   .h = &some_history,
				   .span = d->s.span,
				   .options = &plain,
				   .views = &fit_listed};
}

/* Read `before` up to and with `read`, then the directory is `after`: what comes next. */
static const struct resume_case {
	const char *why, *before;
	char read;
	const char *after;
	char want; /* 0: the first summary */
} resume_cases[] = {
	{"nothing changed", "abcd", 'b', "abcd", 'c'},
	{"after the last activity", "abcd", 'd', "abcd", 0},
	{"one came before", "bcd", 'c', "abcd", 'd'},
	{"two came before", "cd", 'c', "abcd", 'd'},
	{"one came right behind", "abd", 'b', "abcd", 'c'},
	{"one went before", "abcd", 'c', "acd", 'd'},
	{"all before went", "abcd", 'c', "cd", 'd'},
	{"one behind went", "abcd", 'b', "abd", 'd'},
	{"all behind went", "abcd", 'b', "ab", 0},
	{"it went itself: the next is not hidden", "abcd", 'b', "acd", 'c'},
	{"the last went itself", "abcd", 'd', "abc", 0},
	{"the first went itself", "abcd", 'a', "bcd", 'b'},
	{"it was renamed to come later", "abcd", 'b', "acdx", 'c'},
	{"everything went", "abcd", 'b', "", 0},
};

static void resume(void **state)
{
	const struct resume_case *c = *state;
	struct made before, after;
	struct tree_entry e;
	int i;

	make_letters(&before, c->before);
	make_letters(&after, c->after);
	for (i = 0; i < (int)strlen(c->before) && c->before[i] != c->read; i++)
		;
	assert_int_equal(tree_list(&before.dir, i, &e), 0);
	int next = tree_resume(&after.dir, tree_cookie(i, e.name));
	if (c->after[0]) {
		assert_int_equal(tree_list(&after.dir, next, &e), 0);
		char have = e.thing.kind == THING_ACTIVITY ? e.name[9] : 0;
		assert_int_equal(have, c->want);
	} else {
		assert_in_range(next, 0, 1);
	}
	free_span(&before.s);
	free_span(&after.s);
}

static void cookies(void **state)
{
	struct tree_entry e;
	struct made d;

	(void)state;
	make_letters(&d, "abcdefghijklmnopqrstuvwxyz");
	assert_int_equal(tree_resume(&d.dir, 0), 0);
	for (int i = 0; i < tree_count(&d.dir); i++) {
		assert_int_equal(tree_list(&d.dir, i, &e), 0);
		uint64_t cookie = tree_cookie(i, e.name);
		assert_true(cookie > UINT32_MAX);
		assert_true(cookie <= INT64_MAX);
		assert_int_equal(tree_resume(&d.dir, cookie), i + 1);
	}
	/* Any number may come from a program that seeks. */
	static const uint64_t wild[] = {1,          2,
					0x7fffffff, 0x80000000,
					UINT32_MAX, UINT64_C(1) << 32,
					UINT64_MAX, UINT64_MAX >> 1};
	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
		assert_in_range(tree_resume(&d.dir, wild[i]), 0, tree_count(&d.dir));
	free_span(&d.s);
}

/* ---- no memory ---- */

static int try_list(void *arg)
{
	struct made *d = arg;
	struct tree_entry e;
	int r = 0;

	for (int i = 0; i < 6 && r == 0; i++)
		r = tree_list(&d->dir, i, &e);
	void *view = atomic_exchange(&d->s.span->month[0]->derived, NULL);
	if (view)
		d->s.span->month[0]->derived_free(view);
	return r;
}

static void out_of_memory(void **state)
{
	struct thing month = at(MONTH);
	struct made d;

	(void)state;
	make_dir(&d, &month);
	failing_alloc_try(try_list, &d, 0);
	free_span(&d.s);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, shape_cases, shape);
	rows_add(&rows, "the longest name there can be", longest_shape, NULL);
	ROWS_ADD(&rows, list_cases, list);
	rows_add(&rows, "the root of an empty account", empty_root, NULL);
	rows_add(&rows, "an activity's attributes", activity_attributes, NULL);
	ROWS_ADD(&rows, missing_cases, missing);
	rows_add(&rows, "an empty month is not there", empty_month_is_not_there, NULL);
	ROWS_ADD(&rows, resume_cases, resume);
	rows_add(&rows, "cookies lead to the next entry", cookies, NULL);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	return rows_run("tree", &rows);
}
