/* SPDX-License-Identifier: MIT */
/*
 * Fetches from the hub: which months are asked for in one query, and never twice at
 * a time. A flight belongs to nobody who waits: it lands in the cache whoever is left.
 */
#include <errno.h>
#include <stdlib.h>

#include "api/log.h"
#include "cache/store_impl.h"

/* Fresh months between two that are needed are fetched with them if that is likely to cost
 * less than the second query: a page holds 200. */
#define BRIDGE_ACTIVITIES 200
#define GUESS_PER_MONTH   35

#define EMPTIED_MIN 5      /* activities that a hub does not lose in one go */
#define EMPTIED_MS  600000 /* unless it says so for that long */

/* Activities in a range that holds most of the history: what the hub counts in all, less what is
 * known to be elsewhere. 0: not known. */
static int64_t expected_locked(struct month_store *s, int first, int last) REQUIRES(s->lock);
static int64_t expected_locked(struct month_store *s, int first, int last)
{
	const struct history *h = &s->history;
	int64_t elsewhere = 0;

	if (!h->known || !h->newest_day)
		return 0;
	for (int m = month_of_day(h->oldest_day); m <= month_of_day(h->newest_day); m++) {
		const struct slot *slot = slot_locked(s, m);
		if (m >= first && m <= last)
			continue;
		/* What it holds was never seen in this mount. */
		if (!slot->seen)
			return 0;
		elsewhere += slot->n;
	}
	return h->count > elsewhere ? h->count - elsewhere : 0;
}

static void add_flight_locked(struct month_store *s, int first, int last, struct todo *todo)
	REQUIRES(s->lock);
static void add_flight_locked(struct month_store *s, int first, int last, struct todo *todo)
{
	struct flight *f = calloc(1, sizeof(*f));

	if (!f) {
		todo->no_memory = 1;
		return;
	}
	f->store = s;
	f->is_asked = todo->is_asked;
	f->first = first;
	f->last = last;
	f->at_least = expected_locked(s, first, last);
	f->next = todo->flights;
	todo->flights = f;
	for (int m = first; m <= last; m++)
		slot_locked(s, m)->in_flight = 1;
}

static unsigned slot_cost(const struct slot *slot)
{
	return slot->month || slot->n ? slot->n : GUESS_PER_MONTH;
}

void flight_plan_locked(struct month_store *s, int first, int last, const unsigned char *need,
			struct todo *todo)
{
	int run = 0, run_last = 0;
	unsigned gap = 0;

	for (int m = first; m <= last; m++) {
		struct slot *slot = slot_locked(s, m);
		if (run && (slot->in_flight || gap > BRIDGE_ACTIVITIES)) {
			add_flight_locked(s, run, run_last, todo);
			run = 0;
		}
		if (need[m - first] && !slot->in_flight) {
			run = run ? run : m;
			run_last = m;
			gap = 0;
		} else if (run) {
			gap += slot_cost(slot);
		}
	}
	if (run)
		add_flight_locked(s, run, run_last, todo);
}

void flight_plan_history_locked(struct month_store *s, struct todo *todo)
{
	if (s->history_in_flight)
		return;
	struct flight *f = calloc(1, sizeof(*f));
	if (!f) {
		todo->no_memory = 1;
		return;
	}
	s->history_in_flight = 1;
	f->store = s;
	f->ends = 1;
	f->is_asked = todo->is_asked;
	f->known_count = s->history.count;
	f->known_oldest = s->history.oldest_day;
	f->next = todo->flights;
	todo->flights = f;
}

void flight_readahead_locked(struct month_store *s, int first, int last, unsigned char *need)
{
	enum readahead_scope scope = readahead_miss(&s->readahead, first, last);
	const struct history *h = &s->history;
	int from = first, to = last;

	if (scope == READAHEAD_NOTHING)
		return;
	from = month_number(month_year(first), 1);
	to = month_number(month_year(last), 12);
	if (scope == READAHEAD_ALL && h->known && h->newest_day) {
		from = month_number(h->oldest_day / 10000, 1);
		to = month_number(h->newest_day / 10000, 12);
	}
	for (int m = from; m <= to; m++) {
		struct slot *slot = slot_locked(s, m);
		if (!slot->month && !slot->on_disk && !slot->in_flight)
			need[m - STORE_FIRST] = 1;
	}
}

/* ---- landing ---- */

void flight_free(struct flight *f)
{
	listing_free(f->listing);
	free(f->rows);
	free(f->start);
	free(f);
}

/* Says each cause once, and once that all is well again. */
static void log_failure(struct month_store *s, const struct flight *f, const struct err *err)
{
	lock_take(&s->lock);
	s->failure = *err;
	s->failure_s = s->config.clock->wall_s();
	s->is_failing = 1;
	int news = said_news(&s->said, err, s->config.clock->mono_ms());
	lock_drop(&s->lock);
	if (!news)
		log_debug("a look at the hub failed: %s", err->text);
	else if (!f->ends)
		log_warn("cannot fetch %04d-%02d from the Training Hub: %s", month_year(f->first),
			 month_month(f->first), err->text);
	else
		log_warn("cannot fetch the list of years from the Training Hub: %s", err->text);
}

static void log_success(struct month_store *s)
{
	lock_take(&s->lock);
	int was_down = said_over(&s->said);
	s->is_failing = 0;
	lock_drop(&s->lock);
	if (was_down)
		log_warn("the Training Hub answers again");
}

static void flight_failed(struct flight *f, const struct err *err)
{
	struct month_store *s = f->store;

	if (err->code != -ECANCELED)
		log_failure(s, f, err);
	lock_take(&s->lock);
	int64_t now_ms = s->config.clock->mono_ms();
	uint64_t seq = ++s->seq;
	s->last_err = *err;
	if (f->ends) {
		s->history_in_flight = 0;
		s->history_failed_seq = seq;
		s->history_failed_ms = now_ms;
	}
	for (int m = f->first; !f->ends && m <= f->last; m++) {
		struct slot *slot = slot_locked(s, m);
		slot->in_flight = 0;
		slot->failed_seq = seq;
		slot->failed_ms = now_ms;
	}
	lock_drop(&s->lock);
	flight_free(f);
	waiter_progress(s);
}

/* A hub that has lost its place answers with a list of nothing, as after everything was deleted.
 * That is rare, and to a backup it is the worst of news: believed when it lasts, or when somebody
 * asked for a look. */
static int is_emptied(struct flight *f, const struct listing *l, struct err *err)
{
	struct month_store *s = f->store;
	int64_t now_ms = s->config.clock->mono_ms();

	lock_take(&s->lock);
	int64_t *since_ms =
		f->ends ? &s->history_emptied_ms : &slot_locked(s, f->first)->emptied_ms;
	int64_t had = f->ends ? s->history.count : 0;
	for (int m = f->first; !f->ends && m <= f->last; m++)
		had += slot_locked(s, m)->n;
	int is_odd = !l->count && !l->list.n && had >= EMPTIED_MIN && !f->is_asked;
	if (!is_odd)
		*since_ms = 0;
	else if (!*since_ms)
		*since_ms = now_ms;
	is_odd = is_odd && now_ms - *since_ms < EMPTIED_MS;
	lock_drop(&s->lock);
	if (is_odd)
		err_set(err, -EIO,
			"the Training Hub has none of %lld activities any more; that is believed "
			"when it has said so for ten minutes, or after corosfs --refresh",
			(long long)had);
	return is_odd;
}

static void flight_landed(void *arg, struct listing *listing, const struct err *err)
{
	struct flight *f = arg;
	struct err emptied;

	if (!listing) {
		flight_failed(f, err);
		return;
	}
	if (is_emptied(f, listing, &emptied)) {
		listing_free(listing);
		flight_failed(f, &emptied);
		return;
	}
	log_success(f->store);
	f->listing = listing;
	publish_flight(f);
}

/* Ends a flight that could not start. The waiters it was for are parked, so that the failure
 * reaches them. */
static void not_started(struct flight *f, int r)
{
	struct err err;

	err_sys(&err, r, "ask the Training Hub");
	flight_failed(f, &err);
}

void flight_start(struct month_store *s, struct todo *todo)
{
	const struct hub *hub = s->config.hub;

	for (struct flight *f = todo->flights, *next; f; f = next) {
		next = f->next;
		int r = !f->ends
				? hub->range(hub->ctx, month_first_day(f->first),
					     month_last_day(f->last), f->at_least, flight_landed, f)
				: hub->ends(hub->ctx, f->known_count, f->known_oldest,
					    flight_landed, f);
		if (r < 0)
			not_started(f, r);
	}
	todo->flights = NULL;
}
