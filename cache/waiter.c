/* SPDX-License-Identifier: MIT */
/*
 * Callers who wait: each says what it needs, and after every event (a month came from
 * disk or hub, a fetch failed, a deadline passed) those who can be answered are.
 * Asking the same question again is simpler than telling each waiter what happened,
 * and cannot forget one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/metrics.h"
#include "cache/store_impl.h"

/* How long an old copy may be believed while the hub is looked at behind it. */
#define STALE_VALID_S 10

/* ---- verdicts; each returns whether the waiter is answered ---- */

static int fail(struct waiter *w, const struct err *err)
{
	w->err = *err;
	return 1;
}

static int fail_offline(struct month_store *s, struct waiter *w) REQUIRES(s->lock);
static int fail_offline(struct month_store *s, struct waiter *w)
{
	if (!s->config.offline)
		return fail(w, &s->last_err);
	err_set(&w->err, -EHOSTUNREACH, "not in the cache, and the mount is offline");
	return 1;
}

static int old_copy_valid_s(const struct month_store *s)
{
	return s->config.ttl_s < STALE_VALID_S ? s->config.ttl_s : STALE_VALID_S;
}

/* Whether a reader should not be kept waiting for a fetch (again). */
static int impatient(struct month_store *s, const struct waiter *w, uint64_t failed_seq,
		     int64_t failed_ms, int64_t *patience_ms) REQUIRES(s->lock);
static int impatient(struct month_store *s, const struct waiter *w, uint64_t failed_seq,
		     int64_t failed_ms, int64_t *patience_ms)
{
	int64_t now_ms = s->config.clock->mono_ms();

	if (s->quiet || failed_seq > w->seq || now_ms < *patience_ms)
		return 1;
	if (failed_ms != INT64_MIN && now_ms - failed_ms < PATIENCE_MS)
		return 1;
	if (now_ms < w->soft_ms)
		return 0;
	*patience_ms = now_ms + PATIENCE_MS;
	return 1;
}

/* The waiter has an old copy to fall back on. That may show when others of its months have come
 * from disk, long after it parked. */
static void wait_softly(struct waiter *w, struct todo *todo)
{
	if (!w->soft && (!todo->soft_ms || w->soft_ms < todo->soft_ms))
		todo->soft_ms = w->soft_ms;
	w->soft = 1;
}

/* ---- months ---- */

/* Marks a month that has to be fetched, or sees that it cannot be. */
static int want_missing(struct month_store *s, struct waiter *w, struct slot *slot,
			unsigned char *need) REQUIRES(s->lock);
static int want_missing(struct month_store *s, struct waiter *w, struct slot *slot,
			unsigned char *need)
{
	if (slot->failed_seq > w->seq)
		return fail(w, &s->last_err);
	if (s->quiet)
		return fail_offline(s, w);
	*need |= !slot->in_flight;
	return 0;
}

static struct freshness_left slot_freshness(struct month_store *s, const struct slot *slot,
					    int number) REQUIRES(s->lock);
static struct freshness_left slot_freshness(struct month_store *s, const struct slot *slot,
					    int number)
{
	struct freshness_left f =
		freshness(number, slot->fetched_s, s->config.clock->wall_s(), s->config.ttl_s);

	/* The history's count moved for no visible reason: every month is stale once. The mark is
	 * exact; the time, of whole seconds, is what a new mount knows of it. (Not when that was
	 * in the future: the clock was wrong then, and is not now.) */
	int64_t stale_s = s->history.stale_s;
	if (f.state == FRESH &&
	    (slot->suspect || (slot->fetched_s < stale_s && stale_s <= s->config.clock->wall_s())))
		f = (struct freshness_left){STALE_SERVE, 0};
	return f;
}

/* One month of a span: 1 it can be shown, 0 it has to be waited for. */
static int look_at(struct month_store *s, struct waiter *w, struct slot *slot, int number,
		   unsigned char *need, struct todo *todo) REQUIRES(s->lock);
static int look_at(struct month_store *s, struct waiter *w, struct slot *slot, int number,
		   unsigned char *need, struct todo *todo)
{
	struct freshness_left f = slot_freshness(s, slot, number);

	if (f.state == FRESH) {
		if (f.left_s < w->valid_s)
			w->valid_s = f.left_s;
		return 1;
	}
	int64_t now_ms = s->config.clock->mono_ms();
	int rest = slot->failed_ms != INT64_MIN && now_ms - slot->failed_ms < PATIENCE_MS;
	if (!s->quiet && !rest && !slot->in_flight)
		*need = 1;
	if (f.state == STALE_SERVE ||
	    impatient(s, w, slot->failed_seq, slot->failed_ms, &slot->patience_ms)) {
		if (old_copy_valid_s(s) < w->valid_s)
			w->valid_s = old_copy_valid_s(s);
		return 1;
	}
	wait_softly(w, todo);
	return 0;
}

static int evaluate_months(struct month_store *s, struct waiter *w, struct todo *todo)
	REQUIRES(s->lock);
static int evaluate_months(struct month_store *s, struct waiter *w, struct todo *todo)
{
	unsigned char need[STORE_MONTHS] = {0};
	int wait = 0, missing = 0, any = 0, load_first = 0, load_last = 0;

	for (int m = w->first; m <= w->last; m++) {
		struct slot *slot = slot_locked(s, m);
		unsigned char *n = &need[m - STORE_FIRST];
		slot->used = ++s->tick;
		if (slot->month) {
			wait |= !look_at(s, w, slot, m, n, todo);
		} else if (slot->on_disk) {
			load_first = load_first ? load_first : m;
			load_last = m;
			wait = 1;
		} else if (want_missing(s, w, slot, n)) {
			return 1;
		} else {
			missing |= *n;
			wait = 1;
		}
		any |= *n;
	}
	todo->no_memory |= load_first && residence_load_locked(s, load_first, load_last) < 0;
	if (missing && !w->noted) {
		w->noted = 1;
		flight_readahead_locked(s, w->first, w->last, need);
	}
	/* The read-ahead may have marked months on both sides of what was asked for. */
	if (any)
		flight_plan_locked(s, STORE_FIRST, STORE_FIRST + STORE_MONTHS - 1, need, todo);
	if (wait)
		return 0;
	/* None that somebody waits for is evicted, so that they are there together at last. */
	for (int m = w->first; m <= w->last; m++)
		w->span->month[m - w->first] = month_ref(slot_locked(s, m)->month);
	w->span->valid_s = w->valid_s;
	return 1;
}

/* ---- text ---- */

static int has_part(const struct slot *slot, const struct waiter *w)
{
	const struct month_text *t = slot->text;

	return t && t->at <= w->from && w->to <= t->at + t->len;
}

static int evaluate_text(struct month_store *s, struct waiter *w, struct todo *todo)
	REQUIRES(s->lock);
static int evaluate_text(struct month_store *s, struct waiter *w, struct todo *todo)
{
	struct slot *slot = slot_locked(s, w->month->number);
	unsigned char need = 0;

	struct month_text *kept = atomic_load(&w->month->kept_text);
	if (kept || (slot->month == w->month && has_part(slot, w))) {
		slot->used = ++s->tick;
		w->text = month_text_ref(kept ? kept : slot->text);
		return 1;
	}
	/* The month may have been dropped from memory and have come back as another object. */
	if (slot->month && slot->month != w->month &&
	    (slot->month->json_hash != w->month->json_hash ||
	     slot->month->json_len != w->month->json_len)) {
		err_set(&w->err, -ESTALE, "that version of the month is gone");
		return 1;
	}
	if (slot->month && has_part(slot, w)) {
		w->text = month_text_ref(slot->text);
		return 1;
	}
	if (slot->on_disk) {
		int number = w->month->number;
		int r = slot->month ? residence_load_text_locked(s, number, w->from, w->to)
				    : residence_load_locked(s, number, number);
		todo->no_memory |= r < 0;
		return 0;
	}
	if (want_missing(s, w, slot, &need))
		return 1;
	flight_plan_locked(s, w->month->number, w->month->number, &need, todo);
	return 0;
}

/* ---- history ---- */

static int evaluate_history(struct month_store *s, struct waiter *w, struct todo *todo)
	REQUIRES(s->lock);
static int evaluate_history(struct month_store *s, struct waiter *w, struct todo *todo)
{
	const struct history *h = &s->history;
	struct freshness_left f =
		freshness_of_history(h->fetched_s, s->config.clock->wall_s(), s->config.ttl_s);

	w->valid_s = f.state == FRESH ? f.left_s : old_copy_valid_s(s);
	if (!h->known) {
		if (s->history_failed_seq > w->seq)
			return fail(w, &s->last_err);
		if (s->quiet)
			return fail_offline(s, w);
	} else if (f.state == FRESH || impatient(s, w, s->history_failed_seq, s->history_failed_ms,
						 &s->history_patience_ms)) {
		*w->history = *h;
		return 1;
	} else {
		wait_softly(w, todo);
	}
	flight_plan_history_locked(s, todo);
	return 0;
}

/* ---- park and wake ---- */

/* ---- fetches ---- */

static int evaluate_landed(struct month_store *s, struct waiter *w) REQUIRES(s->lock);
static int evaluate_landed(struct month_store *s, struct waiter *w)
{
	int wait = w->ends_too && s->history_in_flight;

	if (w->ends_too && s->history_failed_seq > w->seq)
		return fail(w, &s->last_err);
	for (int m = w->first; m <= w->last; m++) {
		const struct slot *slot = slot_locked(s, m);
		if (slot->failed_seq > w->seq)
			return fail(w, &s->last_err);
		wait |= slot->in_flight;
	}
	return !wait;
}

static int evaluate_locked(struct month_store *s, struct waiter *w, struct todo *todo)
	REQUIRES(s->lock);
static int evaluate_locked(struct month_store *s, struct waiter *w, struct todo *todo)
{
	todo->no_memory = 0;
	int answered = w->what == WAIT_MONTHS   ? evaluate_months(s, w, todo)
		       : w->what == WAIT_TEXT   ? evaluate_text(s, w, todo)
		       : w->what == WAIT_LANDED ? evaluate_landed(s, w)
						: evaluate_history(s, w, todo);

	if (!answered && todo->no_memory) {
		err_set(&w->err, -ENOMEM, "no memory to fetch or load a month");
		return 1;
	}
	if (!answered && s->config.clock->mono_ms() >= w->deadline_ms) {
		err_set(&w->err, -ETIMEDOUT,
			"the Training Hub did not answer in time; -o timeout= allows longer");
		return 1;
	}
	return answered;
}

/* Calls the one who waited; the waiter is gone then. */
static void answer(struct waiter *w)
{
	int ok = w->err.code == 0;

	if (!ok)
		metrics_add(METRIC_CACHE_FAILED, 1);
	if (w->what == WAIT_MONTHS) {
		if (!ok)
			span_unref(w->span);
		w->done.span(w->ctx, ok ? w->span : NULL, &w->err);
	} else if (w->what == WAIT_TEXT) {
		month_unref(w->month);
		w->done.text(w->ctx, ok ? w->text : NULL, &w->err);
	} else if (w->what == WAIT_LANDED) {
		w->done.landed(w->ctx, &w->err);
	} else {
		w->done.history(w->ctx, ok ? w->history : NULL, w->valid_s, &w->err);
		free(w->history);
	}
	free(w);
}

static void answer_all(struct waiter *w)
{
	while (w) {
		struct waiter *next = w->next;
		answer(w);
		w = next;
	}
}

static void arm_soft_timer(struct month_store *s, int64_t soft_ms)
{
	const struct hub *hub = s->config.hub;
	int64_t now_ms = s->config.clock->mono_ms();

	/* Without it the waiter meets its deadline. */
	if (soft_ms)
		hub->after(hub->ctx, soft_ms > now_ms ? (int)(soft_ms - now_ms) + 1 : 1,
			   waiter_progress_task, s);
}

void waiter_progress(struct month_store *s)
{
	struct waiter *ready = NULL, **last = &ready;
	struct todo todo = {0};
	int trim = 0;

	lock_take(&s->lock);
	for (struct waiter **p = &s->waiters; *p;) {
		struct waiter *w = *p;
		if (!evaluate_locked(s, w, &todo)) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		w->next = NULL;
		*last = w;
		last = &w->next;
	}
	trim = ready && s->memory > s->config.memory;
	lock_drop(&s->lock);
	arm_soft_timer(s, todo.soft_ms);
	flight_start(s, &todo);
	answer_all(ready);
	if (trim)
		residence_trim(s);
}

void waiter_progress_task(void *store)
{
	waiter_progress(store);
}

/* Deadlines fire on the transport thread, which no disk can hold up. A timer that cannot be had
 * ends the wait at once: nobody may wait without a deadline. */
static void arm_timers(struct month_store *s, int64_t soft_ms, int64_t deadline_ms)
{
	const struct hub *hub = s->config.hub;
	int64_t now_ms = s->config.clock->mono_ms();
	int wait_ms = deadline_ms > now_ms ? (int)(deadline_ms - now_ms) + 1 : 1;

	arm_soft_timer(s, soft_ms);
	if (hub->after(hub->ctx, wait_ms, waiter_progress_task, s) == 0)
		return;
	lock_take(&s->lock);
	for (struct waiter *w = s->waiters; w; w = w->next)
		if (w->deadline_ms == deadline_ms)
			w->deadline_ms = w->soft_ms = now_ms;
	lock_drop(&s->lock);
	waiter_progress(s);
}

void waiter_submit(struct month_store *s, struct waiter *w)
{
	struct todo todo = {0};
	int64_t deadline_ms = w->deadline_ms;

	lock_take(&s->lock);
	w->seq = ++s->seq;
	int answered = evaluate_locked(s, w, &todo);
	if (!answered) {
		w->next = s->waiters;
		s->waiters = w;
	}
	lock_drop(&s->lock);
	metrics_add(answered ? METRIC_CACHE_AT_ONCE : METRIC_CACHE_WAITED, 1);
	/* Another thread may answer and free a parked waiter from here on. */
	if (!answered)
		arm_timers(s, todo.soft_ms, deadline_ms);
	flight_start(s, &todo);
	if (answered)
		answer(w);
}

void waiter_cancel_all(struct month_store *s)
{
	lock_take(&s->lock);
	struct waiter *all = s->waiters;
	s->waiters = NULL;
	lock_drop(&s->lock);
	for (struct waiter *w = all; w; w = w->next)
		err_set(&w->err, -ECANCELED, "the filesystem is being unmounted");
	answer_all(all);
}
