/* SPDX-License-Identifier: MIT */
/* Snapshots: what is built from a list, and which time a change gets. */
#include "cache/month.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <xxhash.h>

#include "api/clock.h"
#include "api/day.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/make_month.h"

#define DECEMBER (2022 * 12 + 11)
#define LABEL    UINT64_C(481230045566778800)
#define THEN_S   INT64_C(1672531200) /* when the old one was last seen to be so */
#define NOW_S    INT64_C(1672617600)

static uint64_t names(const struct month *m)
{
	uint64_t hash = m->n;

	for (size_t i = 0; i < m->n; i++)
		hash = XXH3_64bits_withSeed(m->strings + m->row[i].strings_at, m->row[i].title_len,
					    hash);
	return hash;
}

static struct month *build(const struct item *items, size_t n, const struct month *old,
			   struct month_text **text)
{
	const struct month_past past = {.old = old, .seen_s = THEN_S};
	struct activities list;
	uint32_t rows[16];
	struct month *m;

	items_list(items, n, &list);
	for (uint32_t i = 0; i < n; i++)
		rows[i] = i;
	assert_int_equal(month_build(DECEMBER, &list, rows, n, &past, NOW_S, names, &m, text), 0);
	activities_clear(&list);
	return m;
}

/* ---- changes ---- */

/* The one activity "Run" of 30 December, an hour from 07:30, becomes these. */
static const struct change_case {
	const char *why;
	struct item item[3];
	int64_t changed_ns[3]; /* of the items, in their order */
	int same, names_moved, gone;
} change_cases[] = {
	{"nothing changed", {{LABEL, 20221230, 450, NULL, NULL}}, {0}, 1, 0, 0},
	{"its name changed", {{LABEL, 20221230, 450, "\"Rum\"", NULL}}, {NOW_S}, 0, 1, 0},
	{"something else changed", {{LABEL, 20221230, 450, NULL, ",\"a\":1"}}, {NOW_S}, 0, 0, 0},
	{"its image's URL changed, which is not kept",
	 {{LABEL, 20221230, 450, NULL, NULL}},
	 {0},
	 1,
	 0,
	 0},
	{"a new one since then",
	 {{LABEL, 20221230, 450, NULL, NULL}, {LABEL + 1, 20221231, 1440, "\"New\"", NULL}},
	 {0, 0},
	 0,
	 1,
	 0},
	{"one that was uploaded late",
	 {{LABEL, 20221230, 450, NULL, NULL}, {LABEL + 1, 20221229, 450, "\"Late\"", NULL}},
	 {0, NOW_S},
	 0,
	 1,
	 0},
	{"one that ended in the very second",
	 {{LABEL, 20221230, 450, NULL, NULL}, {LABEL + 1, 20221231, 1380, "\"Edge\"", NULL}},
	 {0, NOW_S},
	 0,
	 1,
	 0},
	{"it went", {{0}}, {0}, 0, 1, 1},
	{"another has its place", {{LABEL + 1, 20221230, 450, NULL, NULL}}, {NOW_S}, 0, 0, 1},
};

static void change(void **state)
{
	const struct change_case *c = *state;
	const struct item was = {LABEL, 20221230, 450, NULL, NULL};
	struct month_text *old_text, *text;
	struct month *old = build(&was, 1, NULL, &old_text), *m;
	size_t n = 0;

	while (n < 3 && c->item[n].label)
		n++;
	old->names_ns = 777;
	old->gone_ns = 7;
	m = build(c->item, n, old, &text);
	assert_int_equal(m->n, n);
	for (size_t i = 0; i < n; i++)
		assert_true(month_find(m, c->item[i].label)->changed_ns == c->changed_ns[i]);
	assert_int_equal(month_same(old, m), c->same);
	assert_true(m->names_ns == (c->names_moved ? NOW_S : 777));
	assert_true(m->gone_ns == (c->gone ? NOW_S : 7));
	month_unref(old);
	month_text_unref(old_text);
	month_unref(m);
	month_text_unref(text);
}

/* A change that was seen stays seen while nothing else changes. */
static void changes_are_handed_on(void **state)
{
	const struct item items[] = {{LABEL, 20221230, 450, NULL, NULL},
				     {LABEL + 1, 20221231, 450, NULL, NULL}};
	struct month_text *old_text, *text;
	struct month *old = build(items, 2, NULL, &old_text);

	(void)state;
	old->row[0].changed_ns = 555;
	struct month *m = build(items, 2, old, &text);
	assert_true(m->row[0].changed_ns == 555);
	assert_true(m->row[1].changed_ns == 0);
	assert_true(month_mtime_ns(m) == m->row[1].end_s * CLOCK_NS);
	month_unref(old);
	month_text_unref(old_text);
	month_unref(m);
	month_text_unref(text);
}

static void first_sight(void **state)
{
	const struct item items[] = {{LABEL, 20221230, 450, NULL, NULL},
				     {LABEL + 1, 20221201, 450, NULL, NULL}};
	struct month_text *text;
	struct month *m = build(items, 2, NULL, &text);

	(void)state;
	int64_t end_s = day_start_s(20221230) + 510 * 60;
	assert_int_equal(m->number, DECEMBER);
	assert_true(m->names_ns == end_s * CLOCK_NS && month_mtime_ns(m) == end_s * CLOCK_NS &&
		    m->gone_ns == 0);
	assert_true(activity_mtime_ns(&m->row[0]) == end_s * CLOCK_NS);
	assert_true(m->row[0].label_id == LABEL && m->row[1].label_id == LABEL + 1);
	assert_true(m->json_len == text->len);
	assert_true(m->json_hash == XXH3_64bits(text->data, text->len));
	assert_memory_equal(text->data + m->row[1].json_at, "{\n  \"labelId\": ", 14);
	assert_ptr_equal(month_find(m, LABEL + 1), &m->row[1]);
	assert_null(month_find(m, LABEL + 2));
	month_unref(m);
	month_text_unref(text);
	m = build(NULL, 0, NULL, &text);
	assert_true(m->n == 0 && text->len == 0 && m->names_ns == 0 && month_mtime_ns(m) == 0);
	assert_null(month_find(m, LABEL));
	assert_true(month_size(m) >= sizeof(*m));
	month_unref(m);
	month_text_unref(text);
	month_unref(NULL);
	month_text_unref(NULL);
	assert_null(month_ref(NULL));
	assert_null(month_text_ref(NULL));
}

/* A list of so many that each must not cost a walk through all of them: that would be minutes. */
#define MANY 200000

static void many_are_compared(void **state)
{
	struct activity *row = calloc(MANY, sizeof(*row));
	uint32_t *rows = calloc(MANY, sizeof(*rows));
	struct activities list = {.row = row, .n = MANY};
	struct month_past past = {.seen_s = THEN_S};
	struct month_text *text;
	struct month *old, *m;

	(void)state;
	assert_true(row && rows);
	/* Labels in no order of time. */
	for (uint32_t i = 0; i < MANY; i++) {
		row[i] = (struct activity){.label_id = 1 + i * UINT64_C(7919) % MANY,
					   .day = 20221201,
					   .start_s = THEN_S - i,
					   .end_s = THEN_S - i};
		rows[i] = i;
	}
	list.strings.data = list.json.data = (char *)"";
	assert_int_equal(month_build(DECEMBER, &list, rows, MANY, &past, NOW_S, names, &old, &text),
			 0);
	month_text_unref(text);
	/* The newest one went, every third one changed. */
	for (uint32_t i = 0; i < MANY; i += 3)
		row[i].hash = 1;
	past.old = old;
	assert_int_equal(
		month_build(DECEMBER, &list, rows + 1, MANY - 1, &past, NOW_S, names, &m, &text),
		0);
	assert_true(m->gone_ns == NOW_S);
	assert_null(month_find(m, row[0].label_id));
	for (uint32_t i = 1; i < MANY; i++) {
		const struct activity *a = month_find(m, row[i].label_id);
		assert_ptr_equal(a, &m->row[i - 1]);
		assert_true(a->changed_ns == (i % 3 ? 0 : NOW_S));
	}
	month_text_unref(text);
	month_unref(m);
	month_unref(old);
	free(row);
	free(rows);
}

/* Some rows of a list, in another order than theirs. */
static void rows_are_picked(void **state)
{
	const struct item items[] = {{LABEL, 20221230, 450, "\"a\"", NULL},
				     {LABEL + 1, 20221229, 450, "\"bb\"", NULL},
				     {LABEL + 2, 20221228, 450, "\"ccc\"", NULL}};
	const struct month_past past = {0};
	const uint32_t rows[] = {0, 2};
	struct month_text *text;
	struct activities list;
	struct month *m;
	size_t len;

	(void)state;
	items_list(items, 3, &list);
	assert_int_equal(month_build(DECEMBER, &list, rows, 2, &past, NOW_S, names, &m, &text), 0);
	activities_clear(&list);
	const char *title = activity_title(&m->row[1], m->strings, &len);
	assert_int_equal(len, 3);
	assert_memory_equal(title, "ccc", 3);
	title = activity_cell(&m->row[1], m->strings, CELL_DISTANCE, &len);
	assert_int_equal(len, 7);
	assert_memory_equal(title, "1000.50", 7);
	assert_int_equal(m->row[1].json_at, m->row[0].json_len);
	month_unref(m);
	month_text_unref(text);
}

/* ---- references ---- */

static atomic_int made, freed;

static void *make(const struct month *m)
{
	(void)m;
	atomic_fetch_add(&made, 1);
	return malloc(1);
}

static void *make_nothing(const struct month *m)
{
	(void)m;
	return NULL;
}

static void free_made(void *derived)
{
	atomic_fetch_add(&freed, 1);
	free(derived);
}

static void *derive(void *arg)
{
	return month_derive(arg, make, free_made);
}

static void derived_once(void **state)
{
	pthread_t thread[8];
	void *have[8];
	struct month *m = month_alloc(0, 0);

	(void)state;
	made = freed = 0;
	assert_non_null(m);
	assert_null(month_derive(m, make_nothing, free_made));
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, derive, m), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(thread[i], &have[i]);
	/* Who came second got the first one's, and its own was freed. */
	for (int i = 0; i < 8; i++)
		assert_ptr_equal(have[i], have[0]);
	assert_int_equal(made - freed, 1);
	month_ref(m);
	month_unref(m);
	assert_int_equal(made - freed, 1);
	month_unref(m);
	assert_int_equal(made, freed);
}

static void kept_text_goes_with_the_month(void **state)
{
	struct month *m = month_alloc(0, 0);
	struct month_text *t = month_text_alloc(0, 10);

	(void)state;
	assert_true(m && t);
	atomic_store(&m->kept_text, month_text_ref(t));
	month_unref(m);
	assert_int_equal(atomic_load(&t->refs), 1);
	month_text_unref(t);
}

/* ---- no memory ---- */

static int try_build(void *arg)
{
	const struct month_past past = {0};
	const uint32_t rows[] = {0, 1};
	struct month_text *text;
	struct month *m;
	int r = month_build(DECEMBER, arg, rows, 2, &past, NOW_S, names, &m, &text);

	if (r == 0) {
		month_unref(m);
		month_text_unref(text);
	}
	return r;
}

static void out_of_memory(void **state)
{
	const struct item items[] = {{LABEL, 20221230, 450, NULL, NULL},
				     {LABEL + 1, 20221229, 450, NULL, NULL}};
	struct activities list;

	(void)state;
	items_list(items, 2, &list);
	failing_alloc_try(try_build, &list, 0);
	activities_clear(&list);
}

/* Two changes in a second have two times. */
static void times_of_change(void **state)
{
	(void)state;
	assert_true(month_change(0, NOW_S, 1) == NOW_S);
	assert_true(month_change(NOW_S - 1, NOW_S, 1) == NOW_S);
	assert_true(month_change(NOW_S, NOW_S, 1) == NOW_S + 1);
	assert_true(month_change(NOW_S + 1, NOW_S, 1) == NOW_S + 2);
	assert_true(month_change(NOW_S + 365 * 86400, NOW_S, 1) == NOW_S);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, change_cases, change);
	rows_add(&rows, "two months of very many", many_are_compared, NULL);
	rows_add(&rows, "a change stays seen", changes_are_handed_on, NULL);
	rows_add(&rows, "two changes in a second have two times", times_of_change, NULL);
	rows_add(&rows, "at first sight times are those of the data", first_sight, NULL);
	rows_add(&rows, "rows are picked from a list", rows_are_picked, NULL);
	rows_add(&rows, "what is derived is made once and goes with it", derived_once, NULL);
	rows_add(&rows, "a kept text goes with it", kept_text_goes_with_the_month, NULL);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	return rows_run("month", &rows);
}
