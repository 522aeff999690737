/* SPDX-License-Identifier: MIT */
/* Which pages of a list came, and which days those may hold that did not. Pure. */
#ifndef API_SHEETS_H
#define API_SHEETS_H

#include "api/listing.h"
#include "api/page.h"

struct sheets {
	struct sheet {
		int is_here;
		int64_t before_s, behind_s; /* page.h */
	} * sheet;                          /* by number, from 1 */
	int n;
};

/* Zeroed: none came. */
void sheets_clear(struct sheets *s);
/* 0 or -ENOMEM. */
int sheets_add(struct sheets *s, int number, const struct page *page);
int sheets_have(const struct sheets *s, int number);

/* How many of `count` activities, `each` a page, stand on pages that did not come. */
int64_t sheets_missing(const struct sheets *s, int64_t count, int each);

/* Adds holes to a listing of the days first..last, whose pages are 1..pages. */
void sheets_holes(const struct sheets *s, int pages, int32_t first, int32_t last,
		  struct listing *l);

#endif
