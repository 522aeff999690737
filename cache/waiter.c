/* SPDX-License-Identifier: MIT */
/*
 * Callers who wait: each says what it needs, and after every event (a month came from
 * disk or hub, a fetch failed, a deadline passed) those who can be answered (evaluate.c) are.
 * Asking the same question again is simpler than telling each waiter what happened,
 * and cannot forget one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/metrics.h"
#include "cache/store_impl.h"

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
