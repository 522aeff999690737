/* SPDX-License-Identifier: MIT */
/*
 * Listings of a range of days; see listing.h.
 *
 * A pass over all pages is believed when every page says the same count and as many different
 * activities came as it says. When the count moved the next pass decides. When a page failed, the
 * days that it may hold are a hole; when activities are lacking, the month that lacks them is
 * looked for by asking what halves of the range count.
 */
#include "api/listing.h"

#include <errno.h>
#include <stdlib.h>

#include "api/day.h"
#include "api/lacking.h"
#include "api/listing_impl.h"
#include "api/session_impl.h"
#include "api/sheets.h"

#define PAGES_AT_ONCE 4
#define LACKING_MAX   3      /* counted and not listed: left out, like what cannot be read */
#define FAILED_MAX    3      /* pages of a pass; then the rest is not asked for */
#define LIST_MS       300000 /* for all pages */
#define LISTED_MS     60000  /* so long after a list of something an empty one is believed */

struct range {
	struct session *session;
	int32_t first, last;
	listing_done *done;
	void *arg;
	struct listing *listing;
	int64_t until_ms;

	/* -- this pass */
	int pass; /* from 1 */
	int size; /* activities asked for a page; the hub may give fewer ... */
	int each; /* ... which is this many */
	int pages, next_page, in_flight;
	int is_counted;   /* `pages` is what the hub says, not what was expected */
	int64_t at_least; /* activities that are expected; 0: unknown */
	int is_advancing;
	int is_moved; /* two pages gave different counts */
	int filled;   /* pages that had anything */
	int failures; /* pages that did not come */
	size_t items; /* on the others */
	size_t bad;
	struct err why_bad, failed;
	struct sheets sheets;
	int64_t lacking;

	struct activities scratch; /* what nobody needs */
};

static void pass_start(struct range *r);
static void advance(struct range *r);

/* ---- the end ---- */

static void finish(struct range *r, struct listing *l, const struct err *err)
{
	if (!l)
		listing_free(r->listing);
	r->done(r->arg, l, err);
	activities_clear(&r->scratch);
	sheets_clear(&r->sheets);
	free(r);
}

static void give_up(struct range *r, const char *why)
{
	struct err err;

	err_set(&err, -EIO, "%s", why);
	finish(r, NULL, &err);
}

/* A hub that lost its place has nothing anywhere. */
static void take_proof(void *arg, int number, const struct page *page, const struct err *err)
{
	const struct err none = {0};
	struct range *r = arg;

	(void)number;
	if (!page) {
		finish(r, NULL, err);
		return;
	}
	r->listing->is_lost = !page->count;
	finish(r, r->listing, &none);
}

static int is_one_month(const struct range *r)
{
	return r->first / 100 == r->last / 100;
}

/* Whether nothing is said of any day. */
static int is_all_hole(const struct range *r)
{
	const struct listing *l = r->listing;

	for (int i = 0; i < l->holes; i++)
		if (l->hole[i].first <= r->first && l->hole[i].last >= r->last)
			return 1;
	return 0;
}

static void succeed(struct range *r)
{
	const struct page_want proof = {.size = 1, .number = 1};
	const struct err none = {0};
	struct session *s = r->session;
	struct listing *l = r->listing;

	listing_warn_bad(s, r->bad, &r->why_bad);
	/* A hub that does not look at the days it was asked for says nothing of these; that they
	 * are empty is the last thing to believe. */
	if (listing_drop_outside(s, l, r->first, r->last) && !l->list.n) {
		give_up(r, "the Training Hub lists activities of other days alone than it was "
			   "asked for");
		return;
	}
	listing_sort(l);
	listing_find_crowded(l);
	if (is_all_hole(r)) {
		struct err err = l->why;
		finish(r, NULL, &err);
		return;
	}
	l->whole_from = r->first;
	l->bad += r->bad;
	if (!l->count && !l->list.n &&
	    (s->listed_ms == INT64_MIN || session_now_ms(s) - s->listed_ms > LISTED_MS))
		page_get(s, &proof, &r->scratch, take_proof, r);
	else
		finish(r, l, &none);
}

/* ---- a pass ---- */

/* So many are passed over; a page that is missing is another matter. */
static int64_t tolerance(const struct range *r)
{
	int pages = (int)((r->listing->count + r->each - 1) / r->each);

	return r->filled + r->failures < pages ? 0 : LACKING_MAX;
}

static void not_believed(const struct range *r, int64_t lacking, const char *so, struct err *err)
{
	long long count = r->listing->count;

	err_set(err, -EIO, "the Training Hub counts %lld activities in %d..%d but lists %lld; %s",
		count, r->first, r->last, count - (long long)lacking, so);
}

/* The months that lack activities are known. */
static void searched(void *arg, int low, int high)
{
	struct range *r = arg;
	struct listing *l = r->listing;
	struct listing_hole hole = {r->first, r->last};

	not_believed(r, r->lacking, "such a list is not believed", &l->why);
	if (low <= high) {
		if (month_first_day(low) > hole.first)
			hole.first = month_first_day(low);
		if (month_last_day(high) < hole.last)
			hole.last = month_last_day(high);
		listing_add_hole(l, hole);
	} else {
		/* A few here and a few there. */
		l->bad += (size_t)r->lacking;
	}
	succeed(r);
}

/* Every page that was to come did, or is a hole; the count rests. */
static void judge(struct range *r)
{
	struct listing *l = r->listing;
	int64_t missing = sheets_missing(&r->sheets, l->count, r->each);
	int64_t lacking = l->count - missing - (int64_t)(l->list.n + r->bad);
	struct err err;

	if (r->failures) {
		l->why = r->failed;
		sheets_holes(&r->sheets, r->pages, r->first, r->last, l);
	}
	if (lacking > 0 && lacking <= tolerance(r)) {
		not_believed(r, lacking, "these are shown", &err);
		listing_warn_once(r->session, &err);
		l->bad += (size_t)lacking;
		lacking = 0;
	}
	if (lacking <= 0) {
		succeed(r);
	} else if (r->failures || !r->filled || (is_one_month(r) && r->pass > 1)) {
		not_believed(r, lacking, "such a list is not believed", &err);
		finish(r, NULL, &err);
	} else if (is_one_month(r)) {
		r->pass++;
		pass_start(r);
	} else {
		int64_t most = tolerance(r) + (int64_t)r->bad;
		r->lacking = lacking;
		if (lacking_find(r->session, l, r->first, r->last, lacking, most, searched, r) <
		    0) {
			err_sys(&err, -ENOMEM, "list activities");
			finish(r, NULL, &err);
		}
	}
}

static void pass_end(struct range *r)
{
	struct listing *l = r->listing;
	struct err err = r->failed;

	if (err.code == -EAGAIN && r->size > r->session->page_size) {
		pass_start(r);
		return;
	}
	if (err.code &&
	    (!r->is_counted || is_one_month(r) || err.code == -ENOMEM || err.code == -ECANCELED)) {
		finish(r, NULL, &err);
		return;
	}
	listing_unique(&l->list);
	if (r->is_moved && r->pass++ < LISTING_PASSES) {
		pass_start(r);
	} else if (r->is_moved) {
		give_up(r, "the Training Hub's list changes while it is read; try again");
	} else if (!l->list.n && r->bad >= LISTING_BAD) {
		err_set(&err, -EIO, "no activity of the Training Hub's list can be read (%s)",
			r->why_bad.text);
		finish(r, NULL, &err);
	} else {
		judge(r);
	}
}

/* What the first answer tells. */
static int count_pages(struct range *r, int number, const struct page *page)
{
	int pages = page_total(page, r->size);

	r->is_counted = 1;
	r->listing->count = page->count;
	if (number == 1 && page->items && page->items < (size_t)r->size && pages > 1)
		r->each = (int)page->items;
	/* Later pages are short when they are the last. */
	r->pages = number == 1 ? pages : (int)((page->count + r->size - 1) / r->size);
	return pages ? 0 : -EIO;
}

static void take_page(void *arg, int number, const struct page *page, const struct err *err)
{
	struct range *r = arg;
	struct err why = *err;

	r->in_flight--;
	if (page && sheets_add(&r->sheets, number, page) < 0)
		err_sys(&why, -ENOMEM, "list activities");
	if (page && !why.code && !r->is_counted && count_pages(r, number, page) < 0)
		err_set(&why, -EIO,
			"the Training Hub gives %zu activities a page, of %lld; such a list is not "
			"believed",
			page->items, (long long)page->count);
	if (why.code) {
		r->failures++;
		if (!r->failed.code || why.code == -EAGAIN || why.code == -ENOMEM)
			r->failed = why;
	} else if (page) {
		r->is_moved |= page->count != r->listing->count;
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

/* With every page full, a count that is too low would hide what is behind them: only a page that
 * is not full is the last one. */
static int is_full(const struct range *r)
{
	return !r->failures && r->filled && r->filled == r->pages &&
	       r->items >= (size_t)r->filled * (size_t)r->size;
}

/* Whether there is nobody to ask any more, or no time. */
static int is_over(struct range *r)
{
	if (!r->failures && r->next_page > 1 && session_now_ms(r->session) > r->until_ms) {
		err_set(&r->failed, -ETIMEDOUT, "the Training Hub takes minutes for one list");
		r->failures = FAILED_MAX;
	}
	return r->failures >= FAILED_MAX || r->failed.code == -EAGAIN ||
	       (r->failures && !r->is_counted);
}

/* Asks for what may be asked for now. A page that fails at once comes back here from inside the
 * loop, which then goes on by itself. */
static void advance(struct range *r)
{
	if (r->is_advancing)
		return;
	r->is_advancing = 1;
	/* Unless it is known, the first page alone tells how many there are. */
	while (r->in_flight < PAGES_AT_ONCE && (r->next_page == 1 || r->next_page <= r->pages) &&
	       !is_over(r)) {
		const struct page_want want = {.size = r->size,
					       .number = r->next_page++,
					       .first = r->first,
					       .last = r->last,
					       .is_hurried = !is_one_month(r)};
		r->in_flight++;
		page_get(r->session, &want, &r->listing->list, take_page, r);
	}
	r->is_advancing = 0;
	if (r->in_flight)
		return;
	if (!is_full(r)) {
		pass_end(r);
	} else if (r->pages < PAGES_MAX(r->listing->count, r->size)) {
		r->pages++;
		advance(r);
	} else {
		give_up(r, "the Training Hub's list has far more pages than it counts");
	}
}

static void pass_start(struct range *r)
{
	activities_clear(&r->listing->list);
	sheets_clear(&r->sheets);
	r->size = r->each = r->session->page_size;
	/* A page too many would be a request that nobody needs, so only full ones count. */
	r->pages = (int)(r->at_least < PAGE_COUNT_MAX ? r->at_least / r->size : 0);
	r->is_counted = r->is_moved = 0;
	r->next_page = 1;
	r->filled = r->failures = 0;
	r->items = r->bad = 0;
	r->failed = (struct err){0};
	advance(r);
}

void listing_range(struct session *s, int32_t first, int32_t last, int64_t at_least,
		   listing_done *done, void *arg)
{
	struct range *r = calloc(1, sizeof(*r));
	struct listing *l = listing_new();
	struct err err;

	if (!r || !l) {
		free(r);
		listing_free(l);
		err_sys(&err, -ENOMEM, "list activities");
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
	r->until_ms = session_now_ms(s) + LIST_MS;
	r->pass = 1;
	activities_init(&r->scratch);
	pass_start(r);
}
