/* SPDX-License-Identifier: MIT */
/*
 * Every activity in a range of days, page by page, four pages at a time.
 *
 * A listing is whole or an error: pages are asked for again when the hub's
 * `count` moved in between or items are missing, and an item that slipped onto
 * a second page is counted once (coros-api.md 4.2).
 */
#ifndef API_LISTING_H
#define API_LISTING_H

#include <stdint.h>

#include "api/activity.h"
#include "api/err.h"

struct session;

/* Newest first. The one who gets it frees it with listing_free(). */
struct listing {
	struct activities list;
	int64_t count;      /* what the hub says it holds, in the range asked for */
	size_t bad;         /* items that could not be read and are left out of `list` */
	int32_t newest_day; /* YYYYMMDD of the newest and oldest of all `count`; 0 when count is 0
			     */
	int32_t oldest_day;
	int32_t whole_from; /* days from this one on (to the range's end) are complete in `list` */
};

void listing_free(struct listing *l);

/* `listing` is NULL on failure, with err->code as in call.h. On the transport thread, once. */
typedef void listing_done(void *arg, struct listing *listing, const struct err *err);

/*
 * All activities whose local date is first..last (YYYYMMDD, inclusive). `at_least`: so many are
 * expected, so that their pages can be asked for before the first one tells the count; 0: unknown.
 * Transport thread only.
 */
void listing_range(struct session *s, int32_t first, int32_t last, int64_t at_least,
		   listing_done *done, void *arg);

/*
 * The ends of the whole history: the newest page and, for the oldest day, the last
 * one. `known_count` and `known_oldest` are what an earlier call gave (0: nothing):
 * while the count is the same the last page is not asked for again.
 */
void listing_ends(struct session *s, int64_t known_count, int32_t known_oldest, listing_done *done,
		  void *arg);

#endif
