/* SPDX-License-Identifier: MIT */
/* Downloads ahead of a reader; see ahead.h. */
#include "fs/ahead.h"

#include <stdlib.h>

#include "cache/month_store.h"
#include "fs/fs.h"
#include "fs/view.h"

#define WINDOW 16 /* files ahead: twice what can be under way */
/* Names that are skipped (no such form) and other orders than by name (cp sorts by inode number,
 * which grows with time, too) are steps of more than one, or back. */
#define STEP 3

int ahead_step(struct ahead_place *p, int month, long at, long last)
{
	long step = at - p->at;
	int same = p->month == month;
	int next = p->month && month > p->month && p->at + STEP >= p->last && at < STEP;

	if (same && step == 0)
		return p->run ? 1 + p->crossed : 0;
	p->run = next || (same && step >= -STEP && step <= STEP) ? p->run + 1 : 0;
	p->crossed = p->run && (p->crossed || next);
	p->month = month;
	p->at = at;
	p->last = last;
	return p->run ? 1 + p->crossed : 0;
}

/* Where a row stands in name order. */
static long place_of(const struct month *m, const struct month_view *v, uint64_t label_id)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->row[v->names.order[i]].label_id == label_id)
			return (long)i;
	return -1;
}

/* Adds keys of the month's files from `at` on. */
static int add_keys(struct month *m, enum export form, long at, struct blob_key key[WINDOW], int n)
{
	const struct month_view *v = month_view(m);

	for (; v && (size_t)at < m->n && n < WINDOW; at++) {
		const struct activity *a = &m->row[v->names.order[at]];
		if (!export_never(form, a->sport))
			key[n++] = blob_key(form, a, m->strings);
	}
	return n;
}

void ahead_note(struct fs *fs, const struct thing *t, const struct span *span, enum blob_need need)
{
	struct month *m = span->month[t->first - span->first];
	const struct month_view *v = month_view(m);
	enum export form = view_export(t->format);
	struct blob_key key[WINDOW];
	long at = v ? place_of(m, v, t->label_id) : -1;

	if (at < 0)
		return;
	lock_take(&fs->ahead.lock);
	int in_order = ahead_step(&fs->ahead.place[t->format], m->number, at, (long)m->n - 1);
	lock_drop(&fs->ahead.lock);
	if (!in_order)
		return;
	int n = add_keys(m, form, at + 1, key, 0);
	/* On through the year, as far as it is at hand. */
	for (int next = m->number + 1; in_order > 1 && n < WINDOW && next % 12; next++) {
		struct span *more = month_store_peek(fs->store, next, next, 0);
		if (!more)
			break;
		n = add_keys(more->month[0], form, 0, key, n);
		span_unref(more);
	}
	if (n)
		blob_store_ahead(fs->views.blobs, key, n, need);
}
