/* SPDX-License-Identifier: MIT */
/*
 * The newest page of the whole history and its oldest day; see listing_ends().
 *
 * One page that fails for good must not hide all years. In place of the newest one its first
 * activity tells count and day, or a page behind all others the count alone; in place of the last
 * one its last activity, or else the years, asked from new to old until nothing is left. All of
 * these ask for an activity at a time, of which one alone can be the one that fails.
 */
#include <errno.h>
#include <stdlib.h>

#include "api/day.h"
#include "api/listing_impl.h"
#include "api/page.h"
#include "api/session_impl.h"

#define ZONE_EAST_MAX (14 * 60) /* minutes; no clock is further ahead of UTC */
#define YEARS_MAX     40        /* questions for years */

struct ends {
	struct session *session;
	struct listing_known known;
	listing_done *done;
	void *arg;
	struct listing *listing;
	struct activities scratch; /* of every page but the newest; never shown */
	int size, pages, pass, questions;
	int32_t oldest_day; /* on the last pages so far; 0: none of them came */
	int year;           /* the oldest that is known to be there */
	int is_back;        /* the last page is before where the count says it is */
	struct err why_bad;
	struct err failed; /* the first page that did not come */
};

static void pass_start(struct ends *e);
static void ask_last(struct ends *e);
static void ask_year(struct ends *e);

/* ---- the end ---- */

static void finish(struct ends *e, const struct err *err)
{
	struct listing *l = e->listing;
	const struct err why = *err;

	if (why.code) {
		listing_free(l);
		l = NULL;
	} else {
		listing_warn_bad(e->session, l->bad, &e->why_bad);
	}
	if (l && l->why.code)
		listing_warn_once(e->session, &l->why);
	e->done(e->arg, l, &why);
	activities_clear(&e->scratch);
	free(e);
}

/* Where the newest cannot be told it is at most today. */
static void succeed(struct ends *e, int32_t oldest_day)
{
	const struct err none = {0};
	struct listing *l = e->listing;

	if (l->count && !l->newest_day)
		l->newest_day = day_of(e->session->config.clock->wall_s(), ZONE_EAST_MAX);
	if (l->newest_day < oldest_day)
		l->newest_day = oldest_day;
	l->oldest_day = oldest_day;
	finish(e, &none);
}

/* The first trouble is the reason for all that is less exact, or for the failure of all. */
static void note(struct ends *e, const char *page, const struct err *err)
{
	if (!e->failed.code)
		e->failed = *err;
	if (!e->listing->why.code)
		err_set(&e->listing->why, err->code ? err->code : -EIO,
			"the %s page of the Training Hub's list cannot be read (%s); the years are "
			"told by single activities",
			page, err->code ? err->text : "it is empty");
}

static void ask(struct ends *e, const struct page_want *want, page_done *done)
{
	activities_clear(&e->scratch);
	page_get(e->session, want, &e->scratch, done, e);
}

static void ask_single(struct ends *e, int number, page_done *done)
{
	const struct page_want want = {.size = 1, .number = number, .is_hurried = 1};

	ask(e, &want, done);
}

/* Nobody else can be asked: no memory, an end, no login, a hub that wants quiet. */
static int is_hopeless(const struct err *err)
{
	return err->code == -ENOMEM || err->code == -ECANCELED || err->code == -EBUSY ||
	       err->code == -EACCES;
}

static int wants_smaller(const struct ends *e, const struct err *err)
{
	return err->code == -EAGAIN && e->size > e->session->page_size;
}

static int32_t oldest_in(const struct activities *list, int32_t day)
{
	for (size_t i = 0; i < list->n; i++)
		if (!day || list->row[i].day < day)
			day = list->row[i].day;
	return day;
}

/* Counted, and not listed: that there is nothing is the last thing to believe. */
static void not_to_be_seen(struct ends *e, const struct page *page)
{
	struct err err;

	err_set(&err, -EIO,
		"the Training Hub counts %lld activities but lists none; such a list is not "
		"believed",
		(long long)page->count);
	finish(e, &err);
}

/* Two activities that follow each other, years apart: those between have none. */
static void note_gaps(struct listing *l, const struct activities *list, const struct page *page)
{
	int32_t newer = 0;

	/* Out of order nothing follows. */
	for (size_t i = 0; i < list->n && page->before_s >= page->behind_s; i++) {
		const struct activity *a = &list->row[i];
		if (!page_row_is_sorted(a))
			continue;
		for (int y = a->day / 10000 + 1; newer && y < newer / 10000; y++)
			l->is_empty[y - DAY_MIN / 10000] = 1;
		newer = a->day;
	}
}

/* ---- the oldest, year by year ---- */

static void take_year(void *arg, int number, const struct page *page, const struct err *err)
{
	struct ends *e = arg;
	int32_t day = page ? oldest_in(&e->scratch, 0) : 0;

	(void)number;
	if (page && !page->count) {
		succeed(e, e->oldest_day ? e->oldest_day : e->year * 10000 + 101);
		return;
	}
	if (page && !page->items) {
		not_to_be_seen(e, page);
		return;
	}
	if ((!page && is_hopeless(err)) || e->questions++ > YEARS_MAX) {
		finish(e, page ? &e->listing->why : err);
		return;
	}
	e->oldest_day = 0;
	e->year = day && day / 10000 < e->year ? day / 10000 : e->year - 1;
	ask_year(e);
}

static void ask_year(struct ends *e)
{
	struct page_want want = {.size = 1, .number = 1, .first = DAY_MIN, .is_hurried = 1};

	want.last = (e->year - 1) * 10000 + 1231;
	if (want.last > DAY_MIN)
		ask(e, &want, take_year);
	else
		succeed(e, e->year * 10000 + 101);
}

/* ---- the last page ---- */

static void take_very_last(void *arg, int number, const struct page *page, const struct err *err)
{
	struct ends *e = arg;
	const struct listing *l = e->listing;
	int32_t day = page ? oldest_in(&e->scratch, 0) : 0;
	int is_last = number == (int)l->count;

	if (!page && is_hopeless(err)) {
		finish(e, err);
	} else if (day && is_last) {
		succeed(e, day);
	} else if (!day && is_last && number > 1) {
		ask_single(e, number - 1, take_very_last);
	} else {
		if (!day)
			day = oldest_in(&l->list, l->newest_day);
		if (!day)
			day = day_of(e->session->config.clock->wall_s(), ZONE_EAST_MAX);
		e->year = day / 10000;
		ask_year(e);
	}
}

static void last_is_unknown(struct ends *e)
{
	if (e->known.oldest)
		succeed(e, e->known.oldest);
	else
		ask_single(e, (int)e->listing->count, take_very_last);
}

/* The page is the last one when it is not full: a count that is too low hides what is behind it. */
static void go_behind(struct ends *e, const struct page *page, const struct activities *list)
{
	e->oldest_day = oldest_in(list, e->oldest_day);
	if (e->is_back) {
		e->year = e->oldest_day / 10000;
		ask_year(e);
		return;
	}
	if (page->items < (size_t)e->size || e->pages >= PAGES_MAX(e->listing->count, e->size)) {
		if (e->pages == 1)
			e->listing->whole_from = DAY_MIN;
		succeed(e, e->oldest_day);
		return;
	}
	e->pages++;
	ask_last(e);
}

static void take_last(void *arg, int number, const struct page *page, const struct err *err)
{
	struct ends *e = arg;
	struct listing *l = e->listing;

	(void)number;
	if (!page && is_hopeless(err)) {
		finish(e, err);
	} else if (!page && wants_smaller(e, err)) {
		pass_start(e);
	} else if (page && page->count != l->count && e->pass++ < LISTING_PASSES) {
		e->oldest_day = e->is_back = 0;
		pass_start(e);
	} else if (page && e->scratch.n) {
		note_gaps(l, &e->scratch, page);
		go_behind(e, page, &e->scratch);
	} else if (page && !page->items && e->oldest_day) {
		if (e->pages == 2)
			l->whole_from = DAY_MIN;
		succeed(e, e->oldest_day);
	} else if (page && !page->items && e->pages > 1) {
		/* The count is too high, or something is not listed: years will tell. */
		note(e, "last", err);
		e->is_back = 1;
		e->pages--;
		ask_last(e);
	} else {
		note(e, "last", page ? (page->bad ? &page->why_bad : err) : err);
		last_is_unknown(e);
	}
}

static void ask_last(struct ends *e)
{
	const struct page_want want = {.size = e->size, .number = e->pages, .is_hurried = 1};

	ask(e, &want, take_last);
}

/* ---- the newest page, or what takes its place ---- */

/* Nothing came or went. */
static void as_known(struct ends *e, const struct page *newest)
{
	struct listing *l = e->listing;

	if (newest && e->pages == 1 && l->oldest_day == e->known.oldest)
		l->whole_from = DAY_MIN;
	succeed(e, e->known.oldest);
}

/* The count is known, and the newest page unless it failed. */
static void go_on(struct ends *e, const struct page *newest)
{
	const struct listing_known *known = &e->known;
	struct listing *l = e->listing;

	e->pages = (int)((l->count + e->size - 1) / e->size);
	if (!l->count) {
		l->whole_from = DAY_MIN;
		succeed(e, 0);
	} else if (known->oldest && l->count == known->count) {
		as_known(e, newest);
	} else if (newest && e->pages == 1) {
		go_behind(e, newest, &l->list);
	} else if (e->pages == 1) {
		last_is_unknown(e);
	} else {
		ask_last(e);
	}
}

static void take_count(void *arg, int number, const struct page *page, const struct err *err)
{
	struct ends *e = arg;

	(void)number;
	if (!page) {
		finish(e, is_hopeless(err) ? err : &e->failed);
		return;
	}
	e->listing->count = page->count;
	go_on(e, NULL);
}

static void take_very_newest(void *arg, int number, const struct page *page, const struct err *err)
{
	struct ends *e = arg;
	const struct page_want behind_all = {
		.size = e->size, .number = PAGE_COUNT_MAX / e->size + 1, .is_hurried = 1};

	(void)number;
	if (!page && is_hopeless(err)) {
		finish(e, err);
	} else if (!page) {
		ask(e, &behind_all, take_count);
	} else if (page->count && !page->items) {
		not_to_be_seen(e, page);
	} else {
		e->listing->count = page->count;
		listing_sort(e->listing);
		go_on(e, NULL);
	}
}

static void ask_very_newest(struct ends *e)
{
	const struct page_want want = {.size = 1, .number = 1, .is_hurried = 1};

	page_get(e->session, &want, &e->listing->list, take_very_newest, e);
}

/*
 * Days that are complete when only the newest page is known. What is not on it
 * started before all that is, but its local date may be later: a start in Samoa
 * is dated by a clock 14 hours ahead.
 */
static int32_t whole_from(const struct page *page)
{
	int32_t day = page->behind_s ? day_of(page->behind_s, ZONE_EAST_MAX) : 0;

	return day ? day_next(day) : 0;
}

static void take_newest(void *arg, int number, const struct page *page, const struct err *err)
{
	struct ends *e = arg;
	struct listing *l = e->listing;

	(void)number;
	if (!page && wants_smaller(e, err)) {
		pass_start(e);
	} else if (!page && is_hopeless(err)) {
		finish(e, err);
	} else if (!page || (page->count && !page->items)) {
		note(e, "newest", err);
		ask_very_newest(e);
	} else {
		l->count = page->count || !page->items ? page->count : (int64_t)page->items;
		l->bad = page->bad;
		e->why_bad = page->why_bad;
		if (page->items && !l->list.n)
			note(e, "newest", &page->why_bad);
		note_gaps(l, &l->list, page);
		listing_unique(&l->list);
		listing_sort(l);
		l->whole_from = whole_from(page);
		go_on(e, page->items && !l->list.n ? NULL : page);
	}
}

static void pass_start(struct ends *e)
{
	struct page_want want = {.number = 1, .is_hurried = 1};

	activities_clear(&e->listing->list);
	e->size = want.size = e->session->page_size;
	if (e->known.is_narrow)
		ask_very_newest(e);
	else
		page_get(e->session, &want, &e->listing->list, take_newest, e);
}

void listing_ends(struct session *s, const struct listing_known *known, listing_done *done,
		  void *arg)
{
	struct ends *e = calloc(1, sizeof(*e));
	struct listing *l = listing_new();
	struct err err;

	if (!e || !l) {
		free(e);
		listing_free(l);
		err_sys(&err, -ENOMEM, "list activities");
		done(arg, NULL, &err);
		return;
	}
	*e = (struct ends){
		.session = s, .known = *known, .done = done, .arg = arg, .listing = l, .pass = 1};
	activities_init(&e->scratch);
	pass_start(e);
}
