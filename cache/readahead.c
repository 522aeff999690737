/* SPDX-License-Identifier: MIT */
/* Read-ahead; see readahead.h. */
#include "cache/readahead.h"

#include "api/day.h"

static enum readahead_scope whole_year(struct readahead *r, int year)
{
	if (r->year != year || !r->whole)
		r->years++;
	r->year = year;
	r->whole = 1;
	return r->years >= 2 ? READAHEAD_ALL : READAHEAD_YEAR;
}

enum readahead_scope readahead_miss(struct readahead *r, int first, int last)
{
	int year = month_year(last);

	if (first != last)
		return whole_year(r, year);
	if (r->year == year && (r->whole || r->month != first))
		return whole_year(r, year);
	/* The first month of another year: it may be the next step of a walk, so the count
	 * of years stays, but it may as well be a lone look, and so was the last one then. */
	if (r->year != year && !r->whole)
		r->years = 0;
	r->year = year;
	r->month = first;
	r->whole = 0;
	return READAHEAD_NOTHING;
}
