/* SPDX-License-Identifier: MIT */
/*
 * Listings of a range of days; see listing.h.
 *
 * One pass over all pages is believed when every page says the same count and as
 * many different activities came as it says. Else something moved from page to
 * page while they were read, and the next pass decides.
 */
#include "api/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/listing_impl.h"
#include "api/log.h"
#include "api/page.h"
#include "api/session_impl.h"

#define PAGES_AT_ONCE 4
#define LACKING_MAX   3 /* activities that are counted and never listed */

/* What came of a pass, for comparison with the next. */
struct outcome {
	int64_t count;
	size_t bad, n;
	uint64_t *ids; /* n of them, ascending */
};

struct range {
	struct session *session;
	int32_t first, last;
	listing_done *done;
	void *arg;
	struct listing *listing;

	/* -- this pass */
	int pass; /* from 1 */
	int size; /* activities a page */
	int pages, next_page, in_flight;
	int is_counted;   /* `pages` is what the hub says, not what was expected */
	int64_t at_least; /* activities that are expected; 0: unknown */
	int is_advancing;
	int is_moved;  /* two pages gave different counts */
	int is_behind; /* the page behind the last one was asked for, too */
	int filled;    /* pages that had anything */
	size_t items;  /* on them */
	size_t bad;
	struct err why_bad, failed;

	struct outcome before; /* the last pass that is worth comparing; ids NULL: none */
};

static void pass_start(struct range *r);
static void advance(struct range *r);

/* ---- rows; used by ends.c too ---- */

static int by_label(const void *a, const void *b)
{
	const struct activity *x = a, *y = b;

	return (x->label_id > y->label_id) - (x->label_id < y->label_id);
}

void listing_unique(struct activities *list)
{
	size_t n = 0;

	if (list->n)
		qsort(list->row, list->n, sizeof(list->row[0]), by_label);
	for (size_t i = 0; i < list->n; i++)
		if (n == 0 || list->row[n - 1].label_id != list->row[i].label_id)
			list->row[n++] = list->row[i];
	list->n = n;
}

void listing_sort(struct listing *l)
{
	struct activities *list = &l->list;

	if (list->n)
		qsort(list->row, list->n, sizeof(list->row[0]), activity_compare);
	l->newest_day = l->oldest_day = list->n ? list->row[0].day : 0;
	/* By day and not by place: across time zones a later start may have an earlier date. */
	for (size_t i = 1; i < list->n; i++) {
		if (list->row[i].day > l->newest_day)
			l->newest_day = list->row[i].day;
		if (list->row[i].day < l->oldest_day)
			l->oldest_day = list->row[i].day;
	}
}

void listing_warn_bad(struct session *s, size_t bad, const struct err *why)
{
	if (bad && said_news(&s->said, why, session_now_ms(s)))
		log_warn("%zu activities of the Training Hub's list are left out; the first: %s",
			 bad, why->text);
}

static void warn_once(struct session *s, const struct err *odd)
{
	if (said_news(&s->said, odd, session_now_ms(s)))
		log_warn("%s", odd->text);
}

int listing_may_start(struct session *s, struct err *err)
{
	return breaker_ask(&s->lists, session_now_ms(s), err);
}

void listing_ended(struct session *s, const struct err *err)
{
	if (!err->code)
		breaker_succeeded(&s->lists);
	else if (err->code == -EIO && !s->breaker.failures)
		breaker_failed(&s->lists, session_now_ms(s), err);
	else
		breaker_undecided(&s->lists);
}

struct listing *listing_new(void)
{
	struct listing *l = calloc(1, sizeof(*l));

	if (l)
		activities_init(&l->list);
	return l;
}

void listing_free(struct listing *l)
{
	if (!l)
		return;
	activities_clear(&l->list);
	free(l);
}

/* ---- the end ---- */

static void finish(struct range *r, struct listing *l, const struct err *err)
{
	if (!l)
		listing_free(r->listing);
	listing_ended(r->session, err);
	r->done(r->arg, l, err);
	free(r->before.ids);
	free(r);
}

/* Rows that the hub should not have listed; they stay out of days they do not belong to. How many.
 */
static size_t drop_outside(struct range *r)
{
	struct activities *list = &r->listing->list;
	size_t n = 0, before = list->n;

	for (size_t i = 0; i < before; i++)
		if (list->row[i].day >= r->first && list->row[i].day <= r->last)
			list->row[n++] = list->row[i];
	list->n = n;
	if (n == before)
		return 0;
	struct err odd;
	err_set(&odd, 0,
		"the Training Hub lists %zu activities outside %d..%d when asked for these days; "
		"they are left out",
		before - n, r->first, r->last);
	warn_once(r->session, &odd);
	return before - n;
}

static void succeed(struct range *r)
{
	const struct err none = {0};
	struct listing *l = r->listing;

	listing_warn_bad(r->session, r->bad, &r->why_bad);
	size_t dropped = drop_outside(r);
	/* A hub that does not look at the days it was asked for says nothing of these; that they
	 * are empty is the last thing to believe. */
	if (dropped && !l->list.n) {
		struct err err;
		err_set(&err, -EIO,
			"the Training Hub lists activities of other days alone than %d..%d",
			r->first, r->last);
		finish(r, NULL, &err);
		return;
	}
	listing_sort(l);
	l->whole_from = r->first;
	l->bad = r->bad;
	finish(r, l, &none);
}

/* ---- a pass ---- */

/* Whether this pass found what the one before it found. Either way it is the next's "before". */
static int is_same_again(struct range *r)
{
	const struct activities *list = &r->listing->list;
	struct outcome now = {.count = r->listing->count, .bad = r->bad, .n = list->n};

	now.ids = calloc(list->n + 1, sizeof(*now.ids));
	for (size_t i = 0; now.ids && i < list->n; i++)
		now.ids[i] = list->row[i].label_id;
	int same = now.ids && r->before.ids && now.count == r->before.count &&
		   now.bad == r->before.bad && now.n == r->before.n &&
		   memcmp(now.ids, r->before.ids, now.n * sizeof(*now.ids)) == 0;
	free(r->before.ids);
	r->before = now;
	return same;
}

/* A count that is a little off has been seen with a list that is right; but a list that lacks a
 * page is a failure, and must not look as if activities had been deleted. */
static int is_good_enough(const struct range *r)
{
	const struct listing *l = r->listing;
	int64_t lacking = l->count - (int64_t)(l->list.n + r->bad);
	int is_short = r->filled < (int)((l->count + r->size - 1) / r->size);
	/* More than is counted, on pages that are full: there may be another page. */
	int is_cut = lacking < 0 && r->items >= (size_t)r->filled * (size_t)r->size;

	return !is_short && !is_cut && lacking <= LACKING_MAX;
}

static void pass_end(struct range *r)
{
	struct listing *l = r->listing;
	struct err err;

	if (r->failed.code == -EAGAIN && r->size > r->session->page_size) {
		pass_start(r);
		return;
	}
	if (r->failed.code) {
		err = r->failed;
		finish(r, NULL, &err);
		return;
	}
	listing_unique(&l->list);
	if (!l->list.n && r->bad) {
		err_set(&err, -EIO, "no activity of the Training Hub's list can be read (%s)",
			r->why_bad.text);
		finish(r, NULL, &err);
		return;
	}
	if (!r->is_moved && (int64_t)(l->list.n + r->bad) == l->count) {
		succeed(r);
		return;
	}
	if (!r->is_moved && is_same_again(r)) {
		int is_good = is_good_enough(r);
		err_set(&err, is_good ? 0 : -EIO,
			"the Training Hub counts %lld activities in %d..%d but lists %zu; %s",
			(long long)l->count, r->first, r->last, l->list.n + r->bad,
			is_good ? "these are shown" : "such a list is not believed");
		if (is_good) {
			warn_once(r->session, &err);
			succeed(r);
		} else {
			finish(r, NULL, &err);
		}
		return;
	}
	if (r->pass++ == LISTING_PASSES) {
		err_set(&err, -EIO, "the Training Hub's list changes while it is read; try again");
		finish(r, NULL, &err);
		return;
	}
	pass_start(r);
}

static void take_page(void *arg, const struct page *page, const struct err *err)
{
	struct range *r = arg;

	r->in_flight--;
	if (!page) {
		if (!r->failed.code)
			r->failed = *err;
	} else {
		if (!r->is_counted) {
			r->is_counted = 1;
			r->listing->count = page->count;
			r->pages = page_total(page, r->size);
		} else if (page->count != r->listing->count) {
			r->is_moved = 1;
		}
		if (!r->bad)
			r->why_bad = page->why_bad;
		r->bad += page->bad;
		r->filled += page->items > 0;
		r->items += page->items;
		/* Behind an empty page there is nothing, whatever the count says. */
		if (!page->items && r->pages >= r->next_page)
			r->pages = r->next_page - 1;
	}
	advance(r);
}

/* With every page full, a count that is too low would hide what is behind them: only a page that is
 * not full is the last one. One more tells. */
static int is_full(const struct range *r)
{
	return !r->is_behind && r->filled && r->filled == r->pages &&
	       r->items >= (size_t)r->filled * (size_t)r->size;
}

/* Asks for what may be asked for now. A page that fails at once comes back here from inside the
 * loop, which then goes on by itself. */
static void advance(struct range *r)
{
	if (r->is_advancing)
		return;
	r->is_advancing = 1;
	/* Unless it is known, the first page alone tells how many there are. */
	while (!r->failed.code && r->in_flight < PAGES_AT_ONCE &&
	       (r->next_page == 1 || r->next_page <= r->pages)) {
		r->in_flight++;
		page_get(r->session, r->next_page++, r->size, r->first, r->last, &r->listing->list,
			 take_page, r);
	}
	r->is_advancing = 0;
	if (r->in_flight)
		return;
	if (!r->failed.code && is_full(r)) {
		r->is_behind = 1;
		r->pages++;
		advance(r);
	} else {
		pass_end(r);
	}
}

static void pass_start(struct range *r)
{
	activities_clear(&r->listing->list);
	r->size = r->session->page_size;
	/* A page too many would be a request that nobody needs, so only full ones count. */
	r->pages = (int)(r->at_least < PAGE_COUNT_MAX ? r->at_least / r->size : 0);
	r->is_counted = 0;
	r->next_page = 1;
	r->is_moved = 0;
	r->is_behind = 0;
	r->filled = 0;
	r->items = 0;
	r->bad = 0;
	r->failed = (struct err){0};
	advance(r);
}

void listing_range(struct session *s, int32_t first, int32_t last, int64_t at_least,
		   listing_done *done, void *arg)
{
	struct range *r = calloc(1, sizeof(*r));
	struct listing *l = listing_new();
	struct err err;

	if (!r || !l)
		err_sys(&err, -ENOMEM, "list activities");
	if (!r || !l || listing_may_start(s, &err) < 0) {
		free(r);
		listing_free(l);
		done(arg, NULL, &err);
		return;
	}
	r->session = s;
	r->first = first;
	r->last = last;
	r->at_least = at_least;
	r->done = done;
	r->arg = arg;
	r->listing = l;
	r->pass = 1;
	pass_start(r);
}
