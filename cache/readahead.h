/* SPDX-License-Identifier: MIT */
/*
 * When to fetch more than was asked for: a pure policy over the order of misses.
 *
 * Somebody who looks at two months of a year is likely to look at them all, and
 * who has gone through two years is on a walk. A lone miss fetches what it asked
 * for, so that a `cat` of one month costs one request.
 */
#ifndef CACHE_READAHEAD_H
#define CACHE_READAHEAD_H

enum readahead_scope {
	READAHEAD_NOTHING, /* what was asked for */
	READAHEAD_YEAR,    /* everything missing of that year */
	READAHEAD_ALL,     /* everything missing */
};

struct readahead {
	int year;  /* of the last miss; 0: none yet */
	int month; /* the last month that was missed alone */
	int whole; /* that year was fetched whole */
	int years; /* how many years in a row were fetched whole, without a lone miss elsewhere */
};

/* Months first..last (day.h's numbers) of one year or more are not in the cache. Zeroed: start. */
enum readahead_scope readahead_miss(struct readahead *r, int first, int last);

#endif
