/* SPDX-License-Identifier: MIT */
/* What is where; see tree.h. */
#include "fs/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "api/clock.h"
#include "api/day.h"
#include "fs/view.h"

static const char *const summary_names[FORMATS] = {
	[FORMAT_CSV] = "activities.csv",
	[FORMAT_JSON] = "activities.json",
};
/* In name order. */
static const enum thing_format summaries[] = {FORMAT_CSV, FORMAT_JSON};
#define SUMMARIES (int)(sizeof(summaries) / sizeof(summaries[0]))

/* There are summaries in the main tree alone. */
static int summaries_in(const struct thing *dir)
{
	return dir->view ? 0 : SUMMARIES;
}

/* ---- names ---- */

/* Exactly `digits` decimal digits, or -1. */
static int number(const char *s, int digits)
{
	int n = 0;

	for (int i = 0; i < digits; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		n = n * 10 + s[i] - '0';
	}
	return n;
}

static enum shape summary_shape(const struct thing *dir, const char *name, struct thing *t)
{
	for (int i = 0; i < summaries_in(dir); i++) {
		if (strcmp(name, summary_names[summaries[i]]) != 0)
			continue;
		*t = thing_summary(dir, summaries[i]);
		return SHAPE_THING;
	}
	return SHAPE_IMPOSSIBLE;
}

static int year_of(const char *name)
{
	int year = strlen(name) == 4 ? number(name, 4) : -1;

	return year >= HISTORY_YEAR_MIN && year < HISTORY_YEAR_MIN + HISTORY_YEARS ? year : -1;
}

static enum shape view_shape(const struct thing *dir, const char *name, struct thing *t)
{
	int year = year_of(name);

	if (year < 0)
		return SHAPE_IMPOSSIBLE;
	*t = thing_in(dir->view, thing_year(year));
	return SHAPE_THING;
}

static enum shape root_shape(const char *name, struct thing *t)
{
	int year = year_of(name);

	enum thing_format view = view_of_name(name);

	if (strcmp(name, "all") == 0)
		*t = thing_all(0, 0);
	else if (view)
		*t = thing_view(view);
	else if (year >= 0)
		*t = thing_year(year);
	else
		return SHAPE_IMPOSSIBLE;
	return SHAPE_THING;
}

static enum shape year_shape(const struct thing *dir, const char *name, struct thing *t)
{
	int month = strlen(name) == 2 ? number(name, 2) : -1;

	if (month < 1 || month > 12)
		return summary_shape(dir, name, t);
	*t = thing_in(dir->view, thing_month(dir->year, month));
	return SHAPE_THING;
}

/* YYYYMMDD-title.json, or as the view has it, of this month. */
static enum shape month_shape(const struct thing *dir, const char *name, struct thing *t)
{
	const char *ending = view_ending(dir->view);
	size_t len = strlen(name), end = strlen(ending);
	int day = len > 9 + end && name[8] == '-' ? number(name, 8) : -1;

	if (day < 0)
		return summary_shape(dir, name, t);
	if (day / 100 != dir->year * 100 + dir->month || !day_valid(day) ||
	    len - end >= NAME_STEM_MAX || strcmp(name + len - end, ending) != 0)
		return SHAPE_IMPOSSIBLE;
	*t = thing_activity(dir, 0);
	return SHAPE_ACTIVITY;
}

enum shape tree_shape(const struct thing *dir, const char *name, struct thing *t)
{
	switch (dir->kind) {
	case THING_ROOT:
		return root_shape(name, t);
	case THING_ALL:
		return summary_shape(dir, name, t);
	case THING_VIEW:
		return view_shape(dir, name, t);
	case THING_YEAR:
		return year_shape(dir, name, t);
	case THING_MONTH:
		return month_shape(dir, name, t);
	default:
		return SHAPE_IMPOSSIBLE;
	}
}

/* ---- attributes ---- */

static void begin(struct tree_entry *e, const struct thing *t)
{
	*e = (struct tree_entry){.thing = *t, .ino = inode_of(t)};
}

/* Data have whole seconds: the nanoseconds are then a hash of the content, so that an edit of equal
 * length shows, also after the cache was wiped. A moment when a change was seen stands as it is:
 * not in the future, and not before the start of a backup that read the old content. The version
 * moves with either. */
static void date(struct tree_entry *e, int64_t mtime_ns, uint64_t content)
{
	e->mtime_s = mtime_ns / CLOCK_NS;
	e->mtime_ns = (uint32_t)(mtime_ns % CLOCK_NS);
	if (!e->mtime_ns)
		e->mtime_ns = (uint32_t)(content % CLOCK_NS);
	e->version = XXH3_64bits_withSeed(&mtime_ns, sizeof(mtime_ns), content);
}

void tree_upper_dir(const struct thing *t, const struct history *h, struct tree_entry *e)
{
	begin(e, t);
	e->mtime_s = t->kind == THING_ROOT || t->kind == THING_VIEW ? history_root_mtime_s(h)
		     : t->kind == THING_YEAR ? history_year_mtime_s(h, t->year)
					     : history_all_mtime_s(h);
}

/* What is not in a view's month, as far as was found out: a hash, 0 nothing, and since when: from
 * the second before, with some of the hash, since two names that go within a second are two
 * changes. */
static uint64_t absent_hash(const struct thing *t, const struct tree_views *v, struct month *m,
			    int64_t *last_ns)
{
	uint64_t hash = 0;
	int64_t last_s = 0;

	for (size_t i = 0; t->view && i < m->n; i++) {
		const struct blob_key key = blob_key(view_export(t->view), &m->row[i], m->strings);
		int64_t s = blob_store_absent(v->blobs, &key);
		if (s)
			hash ^= XXH3_64bits(&key.label_id, sizeof(key.label_id));
		if (s > last_s)
			last_s = s;
	}
	if ((last_s - 1) * CLOCK_NS > *last_ns)
		*last_ns = (last_s - 1) * CLOCK_NS;
	*last_ns += (int64_t)(hash % (CLOCK_NS / 1000));
	return hash;
}

int tree_month_dir(const struct thing *t, const struct tree_views *known, const struct span *span,
		   struct tree_entry *e)
{
	struct month *m = span->month[t->first - span->first];
	const struct month_view *v;

	begin(e, t);
	if (!m->n)
		return -ENOENT;
	if (!(v = month_view(m)))
		return -ENOMEM;
	int64_t last_ns = m->names_ns;
	uint64_t absent = absent_hash(t, known, m, &last_ns);
	date(e, last_ns, v->names.hash ^ absent);
	e->version = 0;
	return 0;
}

int tree_summary(const struct thing *t, const struct render_options *o, const struct span *span,
		 struct tree_entry *e)
{
	int64_t newest_ns = 0;
	struct part p;

	begin(e, t);
	if (render_summary(t->format, o, span, &p) < 0)
		return -ENOMEM;
	for (int i = 0; i < span->n; i++) {
		struct month *m = span->month[i];
		/* render_summary() has made the views of those that have any rows. */
		int64_t ns = m->n ? month_view(m)->mtime_ns : month_mtime_ns(m);
		if (ns > newest_ns)
			newest_ns = ns;
	}
	e->size = p.size;
	date(e, newest_ns, p.hash);
	return t->kind == THING_SUMMARY && t->month && !span->month[0]->n ? -ENOENT : 0;
}

static void activity(const struct thing *t, const struct activity *a, struct tree_entry *e)
{
	begin(e, t);
	e->thing.label_id = a->label_id;
	e->ino = inode_of(&e->thing);
	e->size = a->json_len;
	date(e, activity_mtime_ns(a), a->hash);
}

int tree_activity(const struct thing *t, const struct span *span, struct tree_entry *e)
{
	const struct activity *a = month_find(span->month[t->first - span->first], t->label_id);

	if (!a)
		return -ENOENT;
	activity(t, a, e);
	return 0;
}

int tree_download(const struct thing *t, const struct span *span, const struct blob_info *info,
		  struct tree_entry *e)
{
	const struct activity *a = month_find(span->month[t->first - span->first], t->label_id);

	if (!a)
		return -ENOENT;
	begin(e, t);
	e->size = info->size;
	date(e, activity_mtime_ns(a), info->hash);
	return 0;
}

int tree_blob_key(const struct thing *t, const struct span *span, struct blob_key *key)
{
	const struct month *m = span->month[t->first - span->first];
	const struct activity *a = month_find(m, t->label_id);
	enum export form = view_export(t->format);

	if (!a || export_never(form, a->sport))
		return -ENOENT;
	*key = blob_key(form, a, m->strings);
	return 0;
}

int tree_find(const struct thing *month, const char *name, const struct span *span,
	      struct tree_entry *e)
{
	struct month *m = span->month[month->first - span->first];
	const struct month_view *v = month_view(m);
	size_t len = strlen(name) - strlen(view_ending(month->view));
	struct thing t = thing_activity(month, 0);

	if (!v)
		return -ENOMEM;
	long row = names_find(&v->names, m->n, name, len);
	if (row < 0)
		return -ENOENT;
	activity(&t, &m->row[row], e);
	return 0;
}

/* ---- listings ---- */

static int years(const struct history *h)
{
	int n = 0;

	for (int y = h->oldest_day / 10000; h->newest_day && y <= h->newest_day / 10000; y++)
		n += history_has_year(h, y);
	return n;
}

static int nth_year(const struct history *h, int i)
{
	int y = h->oldest_day / 10000;

	while (y < h->newest_day / 10000 && (!history_has_year(h, y) || i--))
		y++;
	return y;
}

/* One that did not come may have activities: it must not look deleted. */
static int is_listed(const struct month *m)
{
	return !m || m->n;
}

/* The i-th month of a year that is listed, as an index in the span; -1: fewer. */
static int nth_month(const struct span *span, int i)
{
	for (int m = 0; m < span->n; m++)
		if (is_listed(span->month[m]) && i-- == 0)
			return m;
	return -1;
}

static int months(const struct span *span)
{
	int n = 0;

	for (int m = 0; m < span->n; m++)
		n += is_listed(span->month[m]);
	return n;
}

static int is_whole(const struct span *span)
{
	for (int m = 0; m < span->n; m++)
		if (!span->month[m])
			return 0;
	return 1;
}

static int list_bare(const struct thing *t, struct tree_entry *e)
{
	begin(e, t);
	e->is_bare = 1;
	return 0;
}

int tree_count(const struct tree_dir *d)
{
	switch (d->thing.kind) {
	case THING_ROOT:
		return years(d->h) + 1 + VIEWS;
	case THING_VIEW:
		return years(d->h);
	case THING_ALL:
		return SUMMARIES;
	case THING_YEAR:
		return months(d->span) + summaries_in(&d->thing);
	default:
		return (int)d->span->month[0]->n + summaries_in(&d->thing);
	}
}

static int list_summary(const struct tree_dir *d, int i, struct tree_entry *e)
{
	struct thing t = thing_summary(&d->thing, summaries[i]);
	int r = is_whole(d->span) ? tree_summary(&t, d->options, d->span, e) : list_bare(&t, e);

	snprintf(e->name, sizeof(e->name), "%s", summary_names[summaries[i]]);
	return r;
}

/* The years, in the root and in each view; then, in name order, what else is in the root. */
static int list_upper(const struct tree_dir *d, int i, struct tree_entry *e)
{
	int n = years(d->h), year = nth_year(d->h, i);
	struct thing t = thing_all(0, 0);
	const char *name = "all";

	if (i < n)
		t = thing_in(d->thing.view, thing_year(year));
	if (i > n) {
		t = thing_view(views[i - n - 1]);
		name = view_name(views[i - n - 1]);
	}
	tree_upper_dir(&t, d->h, e);
	if (i < n)
		snprintf(e->name, sizeof(e->name), "%04d", year);
	else
		snprintf(e->name, sizeof(e->name), "%s", name);
	return t.kind == THING_VIEW && !(d->views->listed & 1u << t.view);
}

static int list_year(const struct tree_dir *d, int i, struct tree_entry *e)
{
	int n = months(d->span);

	if (i >= n)
		return list_summary(d, i - n, e);
	int m = nth_month(d->span, i), month = m + 1;
	struct thing t = thing_in(d->thing.view, thing_month(d->thing.year, month));
	int r = d->span->month[m] ? tree_month_dir(&t, d->views, d->span, e) : list_bare(&t, e);
	snprintf(e->name, sizeof(e->name), "%02d", month);
	return r;
}

/* Whether there is no such file of an activity, as far as we know. */
static int is_absent(const struct tree_dir *d, const struct activity *a, const char *strings)
{
	enum export form = view_export(d->thing.view);
	const struct blob_key key = blob_key(form, a, strings);

	return export_never(form, a->sport) || blob_store_absent(d->views->blobs, &key);
}

static int list_month(const struct tree_dir *d, int i, struct tree_entry *e)
{
	struct month *m = d->span->month[0];
	const struct month_view *v = month_view(m);
	struct thing t = thing_activity(&d->thing, 0);

	if (!v)
		return -ENOMEM;
	if ((size_t)i >= m->n)
		return list_summary(d, i - (int)m->n, e);
	uint32_t row = v->names.order[i];
	activity(&t, &m->row[row], e);
	snprintf(e->name, sizeof(e->name), "%s%s", v->names.text + v->names.at[row],
		 view_ending(d->thing.view));
	return d->thing.view && is_absent(d, &m->row[row], m->strings);
}

int tree_list(const struct tree_dir *d, int i, struct tree_entry *e)
{
	switch (d->thing.kind) {
	case THING_ROOT:
	case THING_VIEW:
		return list_upper(d, i, e);
	case THING_ALL:
		return list_summary(d, i, e);
	case THING_YEAR:
		return list_year(d, i, e);
	default:
		return list_month(d, i, e);
	}
}

uint64_t tree_cookie(int i, const char *name)
{
	/* 31 bits of the name's hash, never 0, over the number of the entry behind it. */
	uint64_t hash = XXH3_64bits(name, strlen(name)) >> 33 | 1;

	return hash << 32 | (uint32_t)(i + 1);
}

int tree_resume(const struct tree_dir *d, uint64_t cookie)
{
	int next = (int)(cookie & 0x7fffffff), n = tree_count(d);
	struct tree_entry e;

	if (!cookie)
		return 0;
	if (next >= 1 && next <= n && tree_list(d, next - 1, &e) >= 0 &&
	    tree_cookie(next - 1, e.name) == cookie)
		return next;
	for (int i = 0; i < n; i++)
		if (tree_list(d, i, &e) >= 0 && tree_cookie(i, e.name) >> 32 == cookie >> 32)
			return i + 1;
	/* The entry itself went: what came behind it has its place now. To show one twice would be
	 * better than to hide one. */
	if (next > n)
		return n;
	return next ? next - 1 : 0;
}
