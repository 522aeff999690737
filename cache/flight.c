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

int flight_misses(const struct listing *l, int number)
{
	return listing_misses(l, month_first_day(number), month_last_day(number));
}

static int add_flight_locked(struct month_store *s, int first, int last, struct todo *todo)
	REQUIRES(s->lock);
static int add_flight_locked(struct month_store *s, int first, int last, struct todo *todo)
{
	struct flight *f = calloc(1, sizeof(*f));

	if (!f) {
		todo->no_memory = 1;
		return -ENOMEM;
	}
	f->store = s;
	f->seq = ++s->seq;
	f->born_seq = todo->born_seq ? todo->born_seq : f->seq;
	f->is_asked = todo->is_asked;
	f->first = first;
	f->last = last;
	f->at_least = expected_locked(s, first, last);
	f->next = todo->flights;
	todo->flights = f;
	for (int m = first; m <= last; m++)
		slot_locked(s, m)->in_flight = 1;
	return 0;
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
		if (run && (slot->in_flight || slot->failed.times || gap > BRIDGE_ACTIVITIES)) {
			add_flight_locked(s, run, run_last, todo);
			run = 0;
		}
		if (need[m - first] && !slot->in_flight && slot->failed.times) {
			/* It would fail the others, too. */
			add_flight_locked(s, m, m, todo);
		} else if (need[m - first] && !slot->in_flight) {
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
	f->seq = ++s->seq;
	f->ends = 1;
	f->is_asked = todo->is_asked;
	f->known.count = s->history.count;
	f->known.oldest = s->history.oldest_day;
	f->known.is_narrow = failed_rests_locked(s, &s->newest_failed);
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
		if (!slot->month && !slot->on_disk && !slot->in_flight && !slot->failed.times)
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

/* Says each cause once, and once that all is well again; of a month that fails by itself once that
 * it does. */
static void log_failure(struct month_store *s, const struct flight *f, const struct err *err)
{
	lock_take(&s->lock);
	unsigned times = f->ends ? 0 : slot_locked(s, f->first)->failed.times;
	s->failure = *err;
	s->failure_s = s->config.clock->wall_s();
	s->is_failing |= !times;
	int news = times ? times == 1 : said_news(&s->said, err, s->config.clock->mono_ms());
	lock_drop(&s->lock);
	if (!news)
		log_debug("a look at the hub failed: %s", err->text);
	else if (!f->ends)
		log_warn("cannot fetch %04d-%02d from the Training Hub: %s%s", month_year(f->first),
			 month_month(f->first), err->text,
			 times ? "; other months come, and this one is asked for now and then"
			       : "");
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

/* Whether smaller pieces may do better. A hub that is down is the breaker's; one that wants quiet
 * gets it, unless it answers others meanwhile. */
static int may_narrow_locked(const struct month_store *s, const struct flight *f,
			     const struct err *err) REQUIRES(s->lock);
static int may_narrow_locked(const struct month_store *s, const struct flight *f,
			     const struct err *err)
{
	if (err->code == -EBUSY && s->worked_seq < f->born_seq)
		return 0;
	return f->first < f->last && !f->is_whole && !s->quiet && failed_is_own(err->code);
}

/* So many pieces of so many months that two more rounds reach the month that is to blame. */
static int piece_of(int months)
{
	int piece = 1;

	while ((piece + 1) * (piece + 1) <= months)
		piece++;
	return piece;
}

/* Months of a flight that did not come: all of it, or a hole in it. They are asked for again in
 * pieces, until each month is one of its own. */
static void months_failed_locked(struct month_store *s, struct flight *f, int first, int last,
				 const struct err *err, struct todo *todo) REQUIRES(s->lock);
static void months_failed_locked(struct month_store *s, struct flight *f, int first, int last,
				 const struct err *err, struct todo *todo)
{
	int piece = piece_of(last - first + 1);

	todo->is_asked = f->is_asked;
	todo->born_seq = f->born_seq;
	for (int m = first; m <= last;) {
		int end = m + piece - 1 < last ? m + piece - 1 : last;
		int is_asked =
			may_narrow_locked(s, f, err) && add_flight_locked(s, m, end, todo) == 0;
		for (; m <= end; m++) {
			struct slot *slot = slot_locked(s, m);
			if (!is_asked)
				failed_note_locked(s, &slot->failed, f->born_seq, err);
			slot->in_flight = is_asked != 0;
		}
	}
	s->last_err = *err;
}

static void flight_failed(struct flight *f, const struct err *err)
{
	struct month_store *s = f->store;
	struct todo todo = {0};

	lock_take(&s->lock);
	if (f->ends) {
		s->history_in_flight = 0;
		failed_note_locked(s, &s->history_failed, UINT64_MAX, err);
		s->last_err = *err;
	} else {
		months_failed_locked(s, f, f->first, f->last, err, &todo);
	}
	lock_drop(&s->lock);
	if (err->code != -ECANCELED && !todo.flights)
		log_failure(s, f, err);
	flight_free(f);
	flight_start(s, &todo);
	waiter_progress(s);
}

/* It brought something; of the months in the listing's holes nothing is said. */
static void note_landing(struct flight *f, const struct listing *l)
{
	struct month_store *s = f->store;
	struct todo todo = {0};
	int run = 0;

	lock_take(&s->lock);
	if (l->list.n)
		failed_others_worked_locked(s);
	for (int m = f->first; m <= f->last + 1 && l->holes; m++) {
		int misses = m <= f->last && flight_misses(l, m);
		if (misses && !run)
			run = m;
		if (!misses && run)
			months_failed_locked(s, f, run, m - 1, &l->why, &todo);
		run = misses ? run : 0;
	}
	lock_drop(&s->lock);
	flight_start(s, &todo);
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
	int64_t had = f->ends || l->is_lost ? s->history.count : 0;
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
		f->is_whole = 1;
		flight_failed(f, &emptied);
		return;
	}
	log_success(f->store);
	f->listing = listing;
	note_landing(f, listing);
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
				: hub->ends(hub->ctx, &f->known, flight_landed, f);
		if (r < 0)
			not_started(f, r);
	}
	todo->flights = NULL;
}
