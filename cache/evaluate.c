/* SPDX-License-Identifier: MIT */
/* What a caller who waits can be answered by now: from what is in memory, what failed and what time
 * it is. What is missing for that is asked for. See waiter.c. */
#include <errno.h>

#include "cache/store_impl.h"

/* How long an old copy may be believed while the hub is looked at behind it. */
#define STALE_VALID_S 10

/* ---- verdicts; each returns whether the waiter is answered ---- */

static int fail(struct waiter *w, const struct err *err)
{
	w->err = *err;
	return 1;
}

static int fail_as(struct month_store *s, struct waiter *w, const struct failed *f)
	REQUIRES(s->lock);
static int fail_as(struct month_store *s, struct waiter *w, const struct failed *f)
{
	return fail(w, f->why ? f->why : &s->last_err);
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
static int impatient(struct month_store *s, const struct waiter *w, const struct failed *f,
		     int64_t *patience_ms) REQUIRES(s->lock);
static int impatient(struct month_store *s, const struct waiter *w, const struct failed *f,
		     int64_t *patience_ms)
{
	int64_t now_ms = s->config.clock->mono_ms();

	if (s->quiet || f->seq > w->seq || now_ms < *patience_ms || failed_rests_locked(s, f))
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

/* Whether it is more than that the hub cannot be reached, which may be over at any moment. */
static int is_answer(const struct err *why)
{
	return why && (why->code == -EIO || why->code == -ETIMEDOUT);
}

/* The disk did not give while the waiter waited what it has: then the hub does, while it is asked.
 */
static int is_unread(const struct slot *slot, const struct waiter *w)
{
	return slot->on_disk && slot->unread_seq > w->seq;
}

/* Marks a month that has to be fetched, or sees that it cannot be. One that failed by itself is
 * asked for again in its own time, and then not waited for as long as others. */
static int want_missing(struct month_store *s, struct waiter *w, struct slot *slot,
			unsigned char *need, struct todo *todo) REQUIRES(s->lock);
static int want_missing(struct month_store *s, struct waiter *w, struct slot *slot,
			unsigned char *need, struct todo *todo)
{
	const struct failed *f = &slot->failed;

	if (f->seq > w->seq || (failed_rests_locked(s, f) && (f->times || is_answer(f->why))))
		return fail_as(s, w, f);
	if (s->quiet)
		return fail_offline(s, w);
	*need |= !slot->in_flight;
	if (!f->times)
		return 0;
	wait_softly(w, todo);
	return (w->partly || s->config.clock->mono_ms() >= w->soft_ms) && fail_as(s, w, f);
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
	if (!s->quiet && !failed_rests_locked(s, &slot->failed) && !slot->in_flight)
		*need = 1;
	if (f.state == STALE_SERVE || impatient(s, w, &slot->failed, &slot->patience_ms)) {
		if (old_copy_valid_s(s) < w->valid_s)
			w->valid_s = old_copy_valid_s(s);
		return 1;
	}
	wait_softly(w, todo);
	return 0;
}

/* What became of a waiter's months so far. */
struct looks {
	int wait;        /* for this many */
	int there;       /* so many can be shown, fresh or not */
	int failed;      /* so many failed, and are not there; w->err says why */
	int missing;     /* one is to be fetched, and no other flight has it */
	int first, last; /* to be loaded from disk, 0: none */
};

static void look(struct month_store *s, struct waiter *w, int number, unsigned char *need,
		 struct looks *l, struct todo *todo) REQUIRES(s->lock);
static void look(struct month_store *s, struct waiter *w, int number, unsigned char *need,
		 struct looks *l, struct todo *todo)
{
	struct slot *slot = slot_locked(s, number);

	slot->used = ++s->tick;
	if (slot->month) {
		l->there++;
		l->wait += !look_at(s, w, slot, number, need, todo);
	} else if (is_unread(slot, w) && s->quiet) {
		l->failed += fail(w, &s->last_err);
	} else if (slot->on_disk && !is_unread(slot, w)) {
		l->first = l->first ? l->first : number;
		l->last = number;
		l->wait++;
	} else if (want_missing(s, w, slot, need, todo)) {
		l->failed++;
	} else {
		l->missing |= *need;
		l->wait++;
	}
}

/* Whether the waiter gets an error: at the first month that fails, or, when it takes what there is,
 * when nothing of it is under way any more and the others are not there, either. */
static int is_failed(const struct waiter *w, const struct looks *l)
{
	return l->failed && (!w->partly || (!l->wait && !l->there));
}

/* Months that the history does not reach are empty, whatever became of them. */
static void fill_outside_locked(struct month_store *s, struct span *span) REQUIRES(s->lock);
static void fill_outside_locked(struct month_store *s, struct span *span)
{
	int oldest, newest;

	history_months(&s->history, s->config.clock->wall_s(), &oldest, &newest);
	for (int i = 0; i < span->n; i++) {
		int m = span->first + i;
		if (span->month[i] || !s->history.known || (m >= oldest && m <= newest))
			continue;
		/* Without memory it is one that is not known. */
		span->month[i] = month_alloc(0, 0);
		if (span->month[i])
			span->month[i]->number = m;
	}
}

static int evaluate_months(struct month_store *s, struct waiter *w, struct todo *todo)
	REQUIRES(s->lock);
static int evaluate_months(struct month_store *s, struct waiter *w, struct todo *todo)
{
	unsigned char need[STORE_MONTHS] = {0};
	struct looks l = {0};
	int any = 0;

	for (int m = w->first; m <= w->last; m++) {
		look(s, w, m, &need[m - STORE_FIRST], &l, todo);
		any |= need[m - STORE_FIRST];
		if (is_failed(w, &l) && !w->partly)
			return 1;
	}
	todo->no_memory |= l.first && residence_load_locked(s, l.first, l.last) < 0;
	if (l.missing && !w->noted) {
		w->noted = 1;
		flight_readahead_locked(s, w->first, w->last, need);
	}
	/* The read-ahead may have marked months on both sides of what was asked for. */
	if (any)
		flight_plan_locked(s, STORE_FIRST, STORE_FIRST + STORE_MONTHS - 1, need, todo);
	if (is_failed(w, &l))
		return 1;
	w->err.code = 0;
	if (l.wait && !(w->partly && l.there && s->config.clock->mono_ms() >= w->deadline_ms))
		return 0;
	/* None that somebody waits for is evicted, so that they are there together at last. */
	for (int m = w->first; m <= w->last; m++)
		w->span->month[m - w->first] = month_ref(slot_locked(s, m)->month);
	fill_outside_locked(s, w->span);
	if ((l.failed || l.wait) && old_copy_valid_s(s) < w->valid_s)
		w->valid_s = old_copy_valid_s(s);
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
	if (is_unread(slot, w) && s->quiet)
		return fail(w, &s->last_err);
	if (slot->on_disk && !is_unread(slot, w)) {
		int number = w->month->number;
		int r = slot->month ? residence_load_text_locked(s, number, w->from, w->to)
				    : residence_load_locked(s, number, number);
		todo->no_memory |= r < 0;
		return 0;
	}
	if (want_missing(s, w, slot, &need, todo))
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
		if (s->history_failed.seq > w->seq)
			return fail_as(s, w, &s->history_failed);
		if (s->quiet)
			return fail_offline(s, w);
	} else if (f.state == FRESH ||
		   impatient(s, w, &s->history_failed, &s->history_patience_ms)) {
		*w->history = *h;
		return 1;
	} else {
		wait_softly(w, todo);
	}
	flight_plan_history_locked(s, todo);
	return 0;
}

/* ---- fetches ---- */

static int evaluate_landed(struct month_store *s, struct waiter *w) REQUIRES(s->lock);
static int evaluate_landed(struct month_store *s, struct waiter *w)
{
	int wait = w->ends_too && s->history_in_flight, failed = 0;

	if (w->ends_too && s->history_failed.seq > w->seq)
		failed = fail_as(s, w, &s->history_failed);
	for (int m = w->first; m <= w->last; m++) {
		const struct slot *slot = slot_locked(s, m);
		wait |= slot->in_flight;
		if (!failed && slot->failed.seq > w->seq)
			failed = fail_as(s, w, &slot->failed);
	}
	return !wait;
}

int evaluate_locked(struct month_store *s, struct waiter *w, struct todo *todo)
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
