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
#include "cache/month_rows.h"
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

static struct month_rows rows_of(const struct flight *f, int number)
{
	uint32_t from = f->start[number - f->first], to = f->start[number - f->first + 1];

	return (struct month_rows){&f->listing->list, f->rows + from, to - from};
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
	return slot_has_text(slot) || (slot->on_disk && !slot->unread_seq);
}

/* The month came, also if it had failed before. Whether it had. */
static int worked(const struct flight *f, int number)
{
	struct month_store *s = f->store;

	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, number);
	slot->answered_seq = f->seq;
	/* What was asked for before the count moved may be as old as that. */
	slot->suspect = f->seq < s->stale_seq;
	int was = failed_over(&slot->failed);
	lock_drop(&s->lock);
	if (was)
		log_info("%04d-%02d can be fetched again", month_year(number), month_month(number));
	return was;
}

/* The hub says the same as before. */
static void confirm(struct flight *f, int number)
{
	struct month_store *s = f->store;

	metrics_add(METRIC_MONTHS_SAME, 1);
	worked(f, number);
	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, number);
	slot->fetched_s = f->now_s;
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

static void fail_month(struct flight *f, int number, const struct err *err)
{
	struct month_store *s = f->store;

	lock_take(&s->lock);
	failed_note_locked(s, &slot_locked(s, number)->failed, UINT64_MAX, err);
	s->last_err = *err;
	lock_drop(&s->lock);
	leave_flight(f, number);
}

static void no_memory(struct flight *f, int number)
{
	struct err err;

	err_set(&err, -ENOMEM, "no memory to keep %04d-%02d", month_year(number),
		month_month(number));
	fail_month(f, number, &err);
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
static void replace(struct flight *f, int number, const struct month_rows *rows, struct month *old,
		    struct month_text *old_text, int64_t seen_s)
{
	struct month_store *s = f->store;
	struct month_past past = {.old = old, .seen_s = seen_s};
	struct month_text *text;
	struct month *fresh;

	if (month_build(number, rows->list, rows->row, rows->n, &past,
			clock_wall_ns(s->config.clock), s->config.names, &fresh, &text) < 0) {
		no_memory(f, number);
		return;
	}
	metrics_add(old ? METRIC_MONTHS_CHANGED : METRIC_MONTHS_NEW, 1);
	int had_failed = worked(f, number);
	lock_take(&s->lock);
	int seen = slot_locked(s, number)->seen;
	lock_drop(&s->lock);
	if (old) {
		keep_text(s, old, old_text);
		if (s->config.before)
			s->config.before(s->config.ctx, old, fresh);
	}
	month_ref(fresh);
	residence_install(s, number, fresh, text, f->now_s, 1);
	/* One that failed was listed, whatever is in it. */
	publish_note_month(f, fresh, old ? (int64_t)old->n : had_failed ? 1 : -1);
	if ((old || seen || had_failed) && s->config.after)
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

/* Some of what was there is among what could not be read. */
static void replace_with_unread(struct flight *f, int number, const struct month_rows *rows,
				struct month *old, struct month_text *old_text, int64_t seen_s)
{
	struct month_text *text = month_text_ref(old_text);
	struct activities all;
	struct err err;

	activities_init(&all);
	int r = text ? 0
		     : month_file_read_text(months_fd(f->store), old, 0, old->json_len, &text,
					    &err);
	uint32_t *row = calloc(rows->n + old->n + 1, sizeof(*row));
	if (r < 0) {
		fail_month(f, number, &err);
	} else if (!row || month_rows_with_unread(rows, f->listing, old, text, &all) < 0) {
		no_memory(f, number);
	} else {
		struct month_rows with = {&all, row, all.n};
		for (uint32_t i = 0; i < all.n; i++)
			row[i] = i;
		if (month_rows_same(&with, old))
			confirm(f, number);
		else
			replace(f, number, &with, old, old_text, seen_s);
	}
	activities_clear(&all);
	free(row);
	month_text_unref(text);
}

/* ---- when something was there before ---- */

/* Whether a later question was answered already; or the month's own is to decide: the newest page,
 * which is sorted by time, does not show what is dated elsewhere. */
static int is_overtaken(struct flight *f, int number, int is_loss)
{
	struct month_store *s = f->store;

	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, number);
	int is_old = f->seq < slot->answered_seq;
	slot->suspect |= !is_old && is_loss;
	lock_drop(&s->lock);
	return is_old || is_loss;
}

/* On the loader thread: the disk may be asked for what was there before. */
static void publish_deferred(void *arg)
{
	struct store_job *j = arg;
	struct flight *f = j->flight;
	struct month_store *s = f->store;
	int number = j->first;
	struct month_rows rows = rows_of(f, number);
	size_t unread = 0, lost = 0;
	int r = 0;

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

	if (old)
		r = month_rows_lost(&rows, f->listing, old, &lost, &unread);
	if (r < 0)
		no_memory(f, number);
	else if (is_overtaken(f, number, f->ends && lost))
		leave_flight(f, number);
	else if (old && has_text && month_rows_same(&rows, old))
		confirm(f, number);
	else if (unread)
		replace_with_unread(f, number, &rows, old, text, seen_s);
	else
		replace(f, number, &rows, old, text, seen_s);
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
	no_memory(f, number);
}

static void publish_month(struct flight *f, int number)
{
	struct month_store *s = f->store;

	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, number);
	struct month *old = month_ref(slot->month);
	int known = old || slot->on_disk, has_text = has_text_locked(slot);
	struct month_rows rows = rows_of(f, number);
	lock_drop(&s->lock);

	if (!known)
		replace(f, number, &rows, NULL, NULL, 0);
	else if (old && has_text && month_rows_same(&rows, old))
		confirm(f, number);
	else
		defer(f, number);
	month_unref(old);
}

/* Years without activities are not listed, so that nobody asks for their months. */
static int is_in_empty_year(struct month_store *s, int number)
{
	lock_take(&s->lock);
	int is_empty = s->history.is_empty[month_year(number) - HISTORY_YEAR_MIN];
	lock_drop(&s->lock);
	return is_empty;
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
			if (!flight_misses(f->listing, m))
				no_memory(f, m);
		flight_done_with(f);
		return;
	}
	for (int m = f->first; m <= f->last; m++)
		if (!flight_misses(f->listing, m) && !(f->ends && is_in_empty_year(s, m)))
			publish_month(f, m);
	flight_done_with(f);
}
