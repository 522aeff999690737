/* SPDX-License-Identifier: MIT */
/* The newest page of the whole history and its oldest day; see listing_ends(). */
#include <errno.h>
#include <stdlib.h>

#include "api/day.h"
#include "api/listing_impl.h"
#include "api/page.h"
#include "api/session_impl.h"

#define ZONE_EAST_MAX (14 * 60) /* minutes; no clock is further ahead of UTC */

struct ends {
	struct session *session;
	int64_t known_count;
	int32_t known_oldest;
	listing_done *done;
	void *arg;
	struct listing *listing;
	struct activities last; /* the oldest page, and the one behind it; never shown */
	int pages;
	int32_t oldest_day;
	struct page first;
	int size, pass;
};

static void pass_start(struct ends *e);

static void finish(struct ends *e, const struct err *err)
{
	struct listing *l = e->listing;
	struct err unreadable;

	/* That nothing can be read must not look as if there were nothing. */
	if (!err->code && l->count && !l->list.n) {
		err_set(&unreadable, -EIO,
			"no activity of the Training Hub's newest page can be read (%s)",
			e->first.why_bad.text);
		err = &unreadable;
	}
	if (err->code) {
		listing_free(l);
		l = NULL;
	} else {
		l->bad = e->first.bad;
		listing_warn_bad(e->session, e->first.bad, &e->first.why_bad);
	}
	listing_ended(e->session, err);
	e->done(e->arg, l, err);
	activities_clear(&e->last);
	free(e);
}

static void succeed(struct ends *e, int32_t oldest_day)
{
	const struct err none = {0};

	e->listing->oldest_day = oldest_day;
	finish(e, &none);
}

static void fail(struct ends *e, const struct err *err)
{
	const struct err why = *err;

	if (why.code == -EAGAIN && e->size > e->session->page_size)
		pass_start(e);
	else
		finish(e, &why);
}

static void again(struct ends *e)
{
	struct err err;

	if (e->pass++ < LISTING_PASSES) {
		pass_start(e);
		return;
	}
	err_set(&err, -EIO, "the Training Hub's list changes while it is read; try again");
	finish(e, &err);
}

/*
 * Days that are complete when only the newest page is known. What is not on it
 * started before all that is, but its local date may be later: a start in Samoa
 * is dated by a clock 14 hours ahead.
 */
static int32_t whole_from(const struct activities *list)
{
	const struct activity *oldest = &list->row[list->n - 1];
	int32_t day = day_of(oldest->start_s, ZONE_EAST_MAX);

	if (day < oldest->day)
		day = oldest->day;
	return day_next(day);
}

/* The page behind a last one that is full. */
static void take_behind(void *arg, const struct page *page, const struct err *err)
{
	struct ends *e = arg;

	if (!page)
		fail(e, err);
	else if (page->items)
		again(e);
	else
		succeed(e, e->oldest_day);
}

/* The oldest day was on the last page, unless a count that is too low hides others: only a page
 * that is not full is the last for sure. */
static void succeed_behind(struct ends *e, size_t items, int32_t oldest_day)
{
	e->oldest_day = oldest_day;
	if (items < (size_t)e->size)
		succeed(e, oldest_day);
	else
		page_get(e->session, e->pages + 1, e->size, 0, 0, &e->last, take_behind, e);
}

static void take_last(void *arg, const struct page *page, const struct err *err)
{
	struct ends *e = arg;
	int32_t oldest;

	if (!page) {
		fail(e, err);
		return;
	}
	/* A full page where the rest of the count should be: there are more than it says. */
	int is_cut = page->items >= (size_t)e->size && page->count % e->size;
	if (page->count != e->first.count || !e->last.n || is_cut) {
		again(e);
		return;
	}
	oldest = e->listing->oldest_day;
	for (size_t i = 0; i < e->last.n; i++)
		if (e->last.row[i].day < oldest)
			oldest = e->last.row[i].day;
	succeed_behind(e, page->items, oldest);
}

static void take_first(void *arg, const struct page *page, const struct err *err)
{
	struct ends *e = arg;
	struct listing *l = e->listing;

	if (!page) {
		fail(e, err);
		return;
	}
	e->pages = page_total(page, e->size);
	/* One page too few, in a list that should be whole: the same twice is the hub's own way. */
	int is_off = e->pages == 1 && (int64_t)page->items != page->count;
	int is_same = e->pass > 1 && e->first.count == page->count && e->first.items == page->items;
	e->first = *page;
	l->count = page->count;
	listing_unique(&l->list);
	listing_sort(l);
	/* A full page that holds more than is counted: there may be others behind it. */
	int is_cut = (int64_t)page->items > page->count && page->items >= (size_t)e->size;
	if ((is_off && (!is_same || is_cut)) || (l->count && !page->items)) {
		again(e);
		return;
	}
	int is_known = e->known_oldest && l->count == e->known_count;
	if (e->pages == 1) {
		l->whole_from = DAY_MIN;
		if (is_known)
			succeed(e, l->oldest_day);
		else
			succeed_behind(e, page->items, l->oldest_day);
		return;
	}
	if (!l->list.n) {
		struct err why;
		err_set(&why, -EIO, "the newest page of the Training Hub's list cannot be read: %s",
			page->why_bad.text);
		finish(e, &why);
		return;
	}
	l->whole_from = whole_from(&l->list);
	if (is_known)
		succeed(e, e->known_oldest);
	else
		page_get(e->session, e->pages, e->size, 0, 0, &e->last, take_last, e);
}

static void pass_start(struct ends *e)
{
	activities_clear(&e->listing->list);
	activities_clear(&e->last);
	e->size = e->session->page_size;
	page_get(e->session, 1, e->size, 0, 0, &e->listing->list, take_first, e);
}

void listing_ends(struct session *s, int64_t known_count, int32_t known_oldest, listing_done *done,
		  void *arg)
{
	struct ends *e = calloc(1, sizeof(*e));
	struct listing *l = listing_new();
	struct err err;

	if (!e || !l)
		err_sys(&err, -ENOMEM, "list activities");
	if (!e || !l || listing_may_start(s, &err) < 0) {
		free(e);
		listing_free(l);
		done(arg, NULL, &err);
		return;
	}
	*e = (struct ends){.session = s,
			   .known_count = known_count,
			   .known_oldest = known_oldest,
			   .done = done,
			   .arg = arg,
			   .listing = l,
			   .pass = 1};
	activities_init(&e->last);
	pass_start(e);
}
