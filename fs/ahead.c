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
		return p->run > 0;
	p->run = next || (same && step >= -STEP && step <= STEP) ? p->run + 1 : 0;
	p->month = month;
	p->at = at;
	p->last = last;
	return p->run > 0;
}

/* Where a row stands in name order. */
static long place_of(const struct month *m, const struct month_view *v, uint64_t label_id)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->row[v->names.order[i]].label_id == label_id)
			return (long)i;
	return -1;
}

void ahead_note(struct fs *fs, const struct thing *t, const struct span *span, enum blob_need need)
{
	struct month *m = span->month[t->first - span->first];
	const struct month_view *v = month_view(m);
	enum export form = view_export(t->format);
	struct blob_key key[WINDOW];
	long at = v ? place_of(m, v, t->label_id) : -1;
	int n = 0;

	if (at < 0)
		return;
	lock_take(&fs->ahead.lock);
	int in_order = ahead_step(&fs->ahead.place[t->format], m->number, at, (long)m->n - 1);
	lock_drop(&fs->ahead.lock);
	for (size_t i = (size_t)at + 1; in_order && i < m->n && n < WINDOW; i++) {
		const struct activity *a = &m->row[v->names.order[i]];
		if (!export_never(form, a->sport))
			key[n++] = blob_key(form, a, m->strings);
	}
	if (n)
		blob_store_ahead(fs->views.blobs, key, n, need);
}
