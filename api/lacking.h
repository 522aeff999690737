/* SPDX-License-Identifier: MIT */
/*
 * Where a list lacks activities that the hub counts: one question for each halving of its months,
 * for a page of one activity, whose count tells. Transport thread only.
 */
#ifndef API_LACKING_H
#define API_LACKING_H

#include "api/listing.h"

struct session;

/* Months low..high lack more than may be; low > high: none does. */
typedef void lacking_done(void *arg, int low, int high);

/* `l`, which stays the caller's and lives until `done`, lists the days first..last; `lacking` of
 * its activities are not there, up to `most` in a month are no matter. 0 or -ENOMEM. */
int lacking_find(struct session *s, const struct listing *l, int32_t first, int32_t last,
		 int64_t lacking, int64_t most, lacking_done *done, void *arg);

#endif
