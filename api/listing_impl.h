/* SPDX-License-Identifier: MIT */
/* What listing.c (a range of days) and ends.c (newest and oldest) share. */
#ifndef API_LISTING_IMPL_H
#define API_LISTING_IMPL_H

#include "api/listing.h"

#define LISTING_PASSES 4

struct listing *listing_new(void);

/*
 * Before a list is asked for: 0, or the errno and words that several lists in a row
 * ended with. The call's own breaker does not see those: the hub answers, and what it
 * answers cannot be used.
 */
int listing_may_start(struct session *s, struct err *err);
/* A list that was allowed to start has ended so. */
void listing_ended(struct session *s, const struct err *err);

/* Leaves one row for each label. The order is lost; listing_sort() gives it back. */
void listing_unique(struct activities *list);

/* Newest first, and the days of the ends. */
void listing_sort(struct listing *l);

/* One line for all of a listing's items that could not be read; a cause once a session, since
 * the same items come with every look at the hub. */
void listing_warn_bad(struct session *s, size_t bad, const struct err *why);

#endif
