/* SPDX-License-Identifier: MIT */
/*
 * Every activity in a range of days, page by page, four pages at a time.
 *
 * What a listing says of a day is whole: pages are asked for again when the hub's `count` moved in
 * between, and an item that slipped onto a second page is counted once (coros-api.md 4.2). Days of
 * which a page failed, or that hold fewer activities than the hub counts there, are holes: nothing
 * is said of them, and a narrower range may tell.
 */
#ifndef API_LISTING_H
#define API_LISTING_H

#include <stdint.h>

#include "api/activity.h"
#include "api/err.h"

struct session;

#define LISTING_HOLES 4
#define LISTING_YEARS (DAY_MAX / 10000 - DAY_MIN / 10000 + 1)

/* Newest first. The one who gets it frees it with listing_free(). */
struct listing {
	struct activities list;
	int64_t count;      /* what the hub says it holds, in the range asked for */
	size_t bad;         /* counted, and not in `list`: they could not be read */
	int32_t newest_day; /* YYYYMMDD of the newest and oldest of all `count`; 0 when count is 0
			     */
	int32_t oldest_day;
	int32_t whole_from; /* days from this one on (to the range's end) are complete in `list`,
			       but for the holes; 0: none */
	struct listing_hole {
		int32_t first, last; /* days */
	} hole[LISTING_HOLES];
	int holes;
	struct err why; /* of the holes; of the ends: why they are not told by their own pages */
	int is_lost;    /* a range without activities, at a hub that has none at all */
	unsigned char is_empty[LISTING_YEARS]; /* the ends: years seen to have none, by
						  year - DAY_MIN / 10000 */
};

void listing_free(struct listing *l);

/* One that does not fit widens the last. */
void listing_add_hole(struct listing *l, struct listing_hole hole);
/* Whether any of the days is in a hole. */
int listing_misses(const struct listing *l, int32_t first, int32_t last);

/* `listing` is NULL on failure, with err->code as in call.h. On the transport thread, once. */
typedef void listing_done(void *arg, struct listing *listing, const struct err *err);

/*
 * All activities whose local date is first..last (YYYYMMDD, inclusive). `at_least`: so many are
 * expected, so that their pages can be asked for before the first one tells the count; 0: unknown.
 * A range within one month has no holes: it fails. Transport thread only.
 */
void listing_range(struct session *s, int32_t first, int32_t last, int64_t at_least,
		   listing_done *done, void *arg);

/* What an earlier call gave; zeroed: nothing. */
struct listing_known {
	int64_t count;
	int32_t oldest;
	int is_narrow; /* the newest page failed lately: begin with what takes its place */
};

/*
 * The ends of the whole history: the newest page and, for the oldest day, the last
 * one. While the count is the same the last page is not asked for again. Where such a page fails
 * the ends are told by single activities and by years, less exactly, and `why` says so.
 */
void listing_ends(struct session *s, const struct listing_known *known, listing_done *done,
		  void *arg);

#endif
