/* SPDX-License-Identifier: MIT */
/*
 * The hub's answer -> snapshots. What is unchanged costs a new time stamp; what is new
 * takes its place at once; what changed goes by way of the loader thread, since the old
 * version may have to come back from disk first: those who still read it keep it whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/log.h"
#include "api/metrics.h"
#include "cache/month_file.h"
#include "cache/store_impl.h"

/* ---- the rows of a listing by month ---- */

/* Counts first, then places: rows keep their order, newest first, within each month. */
static int group_rows(struct flight *f)
{
	const struct activities *list = &f->listing->list;
	size_t months = (size_t)f->last - (size_t)f->first + 1;

	f->rows = calloc(list->n + 1, sizeof(*f->rows));
	f->start = calloc(months + 2, sizeof(*f->start));
	if (!f->rows || !f->start)
		return -ENOMEM;
	/* start[m + 1] counts month m, then becomes where m ends, which is where m + 1 begins. */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < list->n; i++) {
			int m = month_of_day(list->row[i].day) - f->first;
			if (m < 0 || (size_t)m >= months)
				continue;
			if (pass == 0)
				f->start[m + 2]++;
			else
				f->rows[f->start[m + 1]++] = (uint32_t)i;
		}
		for (size_t m = 2; pass == 0 && m < months + 2; m++)
			f->start[m] += f->start[m - 1];
	}
	return 0;
}

static size_t rows_of(const struct flight *f, int number, const uint32_t **rows)
{
	uint32_t from = f->start[number - f->first];

	*rows = f->rows + from;
	return f->start[number - f->first + 1] - from;
}

static int listing_same(const struct flight *f, int number, const struct month *m)
{
	const uint32_t *rows;
	size_t n = rows_of(f, number, &rows);

	if (n != m->n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const struct activity *a = &f->listing->list.row[rows[i]];
		if (a->label_id != m->row[i].label_id || a->hash != m->row[i].hash)
			return 0;
	}
	return 1;
}

/* ---- one month ---- */

/* The ends of the history took nobody's place in the air: another flight may have the month. */
static void leave_flight(const struct flight *f, int number)
{
	struct month_store *s = f->store;

	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, number);
	if (!f->ends)
		slot->in_flight = 0;
	slot->publishing = 0;
	lock_drop(&s->lock);
}

/* Without a disk a text that was evicted is nowhere: then this answer's is kept. */
static int has_text_locked(const struct slot *slot)
{
	return slot_has_text(slot) || slot->on_disk;
}

/* The hub says the same as before. */
static void confirm(struct flight *f, int number)
{
	struct month_store *s = f->store;

	metrics_add(METRIC_MONTHS_SAME, 1);
	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, number);
	slot->fetched_s = f->now_s;
	slot->suspect = 0;
	slot->failed_ms = INT64_MIN;
	slot->patience_ms = 0;
	int dirty = slot->dirty;
	lock_drop(&s->lock);
	/* The disk would not take it before; it may now. */
	if (dirty)
		persist_month(s, number);
	else
		persist_time(s, number);
	leave_flight(f, number);
}

static void fail_month(struct flight *f, int number, int code)
{
	struct month_store *s = f->store;

	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, number);
	slot->failed_seq = ++s->seq;
	slot->failed_ms = s->config.clock->mono_ms();
	err_set(&s->last_err, code,
		code == -ENOMEM ? "no memory to keep %04d-%02d"
				: "activities of %04d-%02d cannot be read any more",
		month_year(number), month_month(number));
	lock_drop(&s->lock);
	leave_flight(f, number);
}

/*
 * What a change of a month means for the history: a name in the year's directory that appeared
 * or went, and how many activities the cache holds, so that the hub's next count is compared with
 * that. (A count that comes with the ends of the history is the hub's own already.)
 */
static void note_change(const struct flight *f, const struct month *old, const struct month *fresh)
{
	struct month_store *s = f->store;

	lock_take(&s->lock);
	struct history *h = &s->history;
	int64_t *changed_s = &h->year_changed_s[month_year(fresh->number) - HISTORY_YEAR_MIN];
	if (!old->n != !fresh->n)
		*changed_s = month_change(*changed_s, f->now_s, 1);
	if (!f->ends) {
		h->count += (int64_t)fresh->n - (int64_t)old->n;
		if (fresh->n && fresh->row[0].start_s > h->newest_s)
			h->newest_s = fresh->row[0].start_s;
	}
	lock_drop(&s->lock);
	if (old->n != fresh->n)
		persist_history(s);
}

/* Keeps the text of a month that is about to be replaced, for those who still read it. */
static void keep_text(struct month_store *s, struct month *old, struct month_text *in_memory)
{
	struct month_text *t = month_text_ref(in_memory);
	struct err err;

	if (!t && month_file_read_text(months_fd(s), old, 0, old->json_len, &t, &err) < 0)
		log_debug("the old text of a month is lost: %s", err.text);
	atomic_store(&old->kept_text, t);
	atomic_store(&old->superseded, 1);
}

/* Builds the month and puts it in its place. `old` is what the slot holds, or NULL. */
static void replace(struct flight *f, int number, struct month *old, struct month_text *old_text,
		    int64_t seen_s)
{
	struct month_store *s = f->store;
	struct month_past past = {.old = old, .seen_s = seen_s};
	struct month_text *text;
	struct month *fresh;
	const uint32_t *rows;
	size_t n = rows_of(f, number, &rows);

	int r = month_build(number, &f->listing->list, rows, n, &past,
			    clock_wall_ns(s->config.clock), s->config.names, &fresh, &text);
	if (r < 0) {
		fail_month(f, number, r);
		return;
	}
	metrics_add(old ? METRIC_MONTHS_CHANGED : METRIC_MONTHS_NEW, 1);
	lock_take(&s->lock);
	int seen = slot_locked(s, number)->seen;
	lock_drop(&s->lock);
	if (old) {
		keep_text(s, old, old_text);
		if (s->config.before)
			s->config.before(s->config.ctx, old, fresh);
		note_change(f, old, fresh);
	}
	month_ref(fresh);
	residence_install(s, number, fresh, text, f->now_s, 1);
	if ((old || seen) && s->config.after)
		s->config.after(s->config.ctx, old, fresh);
	month_unref(fresh);
	persist_month(s, number);
	leave_flight(f, number);
}

static void flight_unref(struct flight *f)
{
	if (atomic_fetch_sub(&f->left, 1) == 1)
		flight_free(f);
}

static void flight_done_with(struct flight *f)
{
	struct month_store *s = f->store;

	flight_unref(f);
	waiter_progress(s);
}

void publish_drop(void *job)
{
	struct store_job *j = job;

	if (j->flight)
		flight_unref(j->flight);
	free(j);
}

/* Whether an activity that was there is missing from a list with items that could not be read: it
 * is one of those then, not deleted, and the old copy is the better one. */
static int loses_unreadable(const struct flight *f, int number, const struct month *old)
{
	const uint32_t *rows;
	size_t n = rows_of(f, number, &rows), found = 0;

	if (!f->listing->bad)
		return 0;
	for (size_t i = 0; i < n; i++)
		found += month_find(old, f->listing->list.row[rows[i]].label_id) != NULL;
	return found < old->n;
}

/* On the loader thread: the disk may be asked for what was there before. */
static void publish_deferred(void *arg)
{
	struct store_job *j = arg;
	struct flight *f = j->flight;
	struct month_store *s = f->store;
	int number = j->first;

	free(j);
	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, number);
	slot->publishing = 1;
	lock_drop(&s->lock);
	residence_load_now(s, number);
	lock_take(&s->lock);
	struct month *old = month_ref(slot->month);
	struct month_text *text = slot_has_text(slot) ? month_text_ref(slot->text) : NULL;
	int64_t seen_s = slot->fetched_s + s->config.ttl_s;
	int has_text = has_text_locked(slot);
	lock_drop(&s->lock);

	if (old && has_text && listing_same(f, number, old))
		confirm(f, number);
	else if (old && loses_unreadable(f, number, old))
		fail_month(f, number, -EIO);
	else
		replace(f, number, old, text, seen_s);
	month_text_unref(text);
	month_unref(old);
	flight_done_with(f);
}

static void defer(struct flight *f, int number)
{
	struct store_job *j = malloc(sizeof(*j));

	if (j) {
		*j = (struct store_job){f->store, f, number, number};
		atomic_fetch_add(&f->left, 1);
		if (worker_post(f->store->loader, publish_deferred, j) == 0)
			return;
		atomic_fetch_sub(&f->left, 1);
		free(j);
	}
	fail_month(f, number, -ENOMEM);
}

static void publish_month(struct flight *f, int number)
{
	struct month_store *s = f->store;

	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, number);
	struct month *old = month_ref(slot->month);
	int known = old || slot->on_disk, has_text = has_text_locked(slot);
	lock_drop(&s->lock);

	if (!known)
		replace(f, number, NULL, NULL, 0);
	else if (old && has_text && listing_same(f, number, old))
		confirm(f, number);
	else
		defer(f, number);
	month_unref(old);
}

/* ---- the ends of the history ---- */

/* How many activities of the newest page are newer than all that was known. */
static int64_t count_newer(const struct listing *l, int64_t than_s)
{
	int64_t n = 0;

	for (size_t i = 0; i < l->list.n; i++)
		n += l->list.row[i].start_s > than_s;
	return n;
}

static struct history next_history(const struct history *old, const struct listing *l,
				   int64_t now_s)
{
	struct history h = *old;

	h.known = 1;
	h.fetched_s = now_s;
	h.count = l->count;
	h.newest_day = l->newest_day;
	h.oldest_day = l->oldest_day;
	h.newest_s = l->list.n ? l->list.row[0].start_s : 0;
	if (!old->known)
		return h;
	/* The ends may be among those that could not be read: no year goes because of that. */
	if (l->bad && old->newest_day) {
		h.newest_day = h.newest_day > old->newest_day ? h.newest_day : old->newest_day;
		h.oldest_day = h.oldest_day < old->oldest_day ? h.oldest_day : old->oldest_day;
	}
	if (old->oldest_day / 10000 != h.oldest_day / 10000 ||
	    old->newest_day / 10000 > h.newest_day / 10000)
		h.root_changed_s = month_change(old->root_changed_s, now_s, 1);
	/* More or fewer than the new ones explain: something old came or went. */
	if (h.count - old->count != count_newer(l, old->newest_s))
		h.stale_s = now_s;
	return h;
}

/* The months that the newest page shows whole, and the empty ones after them: up to the end of
 * this year, so that a walk through it asks for nothing more. */
static void whole_months(struct flight *f)
{
	const struct listing *l = f->listing;
	int32_t today = day_of(f->now_s, 14 * 60);
	int now = month_of_day(today);
	int newest = l->count ? month_of_day(l->newest_day) : now;
	int from = l->count ? month_of_day(l->whole_from) : now;

	if (l->count && month_first_day(from) < l->whole_from)
		from++;
	/* With everything on one page the months before the oldest are empty: leave them. */
	if (l->count && from < month_of_day(l->oldest_day))
		from = month_of_day(l->oldest_day);
	/* No activity, and by the clock no day that one could be on: no months at all. */
	if (!l->count && !today)
		from = newest + 1;
	f->first = from;
	f->last = today && now >= newest && now - newest <= 12 ? month_number(month_year(now), 12)
							       : newest;
}

static void publish_history(struct flight *f)
{
	struct month_store *s = f->store;
	struct history old, fresh;

	lock_take(&s->lock);
	old = s->history;
	fresh = next_history(&old, f->listing, f->now_s);
	s->history = fresh;
	for (int i = 0; fresh.stale_s != old.stale_s && i < STORE_MONTHS; i++)
		s->slot[i].suspect = 1;
	s->history_in_flight = 0;
	s->history_failed_ms = INT64_MIN;
	s->history_patience_ms = 0;
	lock_drop(&s->lock);
	persist_history(s);
	if (s->config.history)
		s->config.history(s->config.ctx, &old, &fresh);
	whole_months(f);
}

void publish_flight(struct flight *f)
{
	struct month_store *s = f->store;
	atomic_init(&f->left, 1);
	lock_take(&s->lock);
	s->landed_ms = clock_system.mono_ms();
	lock_drop(&s->lock);
	f->now_s = s->config.clock->wall_s();
	if (f->ends)
		publish_history(f);
	if (f->first <= f->last && group_rows(f) < 0) {
		for (int m = f->first; !f->ends && m <= f->last; m++)
			fail_month(f, m, -ENOMEM);
		flight_done_with(f);
		return;
	}
	for (int m = f->first; m <= f->last; m++)
		publish_month(f, m);
	flight_done_with(f);
}
