/* SPDX-License-Identifier: MIT */
/* What listing.c (a range of days) and ends.c (newest and oldest) share. */
#ifndef API_LISTING_IMPL_H
#define API_LISTING_IMPL_H

#include "api/listing.h"

#define LISTING_PASSES 4
#define LISTING_BAD    5 /* when so many, and no other, cannot be read, it is not for them */

struct listing *listing_new(void);

/* Leaves one row for each label. The order is lost; listing_sort() gives it back. */
void listing_unique(struct activities *list);

/* Newest first, and the days of the ends. */
void listing_sort(struct listing *l);

/* Drops rows that the hub should not have listed: they stay out of days that they do not belong to.
 * How many. */
size_t listing_drop_outside(struct session *s, struct listing *l, int32_t first, int32_t last);

/* Months of more than any athlete has become holes; of a sorted listing. */
void listing_find_crowded(struct listing *l);

/* One line for all of a listing's items that could not be read; a cause once a session, since
 * the same items come with every look at the hub. */
void listing_warn_bad(struct session *s, size_t bad, const struct err *why);

/* A line in the log, the first time. */
void listing_warn_once(struct session *s, const struct err *odd);

#endif
