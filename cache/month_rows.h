/* SPDX-License-Identifier: MIT */
/*
 * The rows of a listing that make up a month, beside what the month was before. An activity whose
 * item could not be read is counted by the hub, and so it is not deleted: it stays as it was. Pure.
 */
#ifndef CACHE_MONTH_ROWS_H
#define CACHE_MONTH_ROWS_H

#include "api/listing.h"
#include "cache/month.h"

struct month_rows {
	const struct activities *list;
	const uint32_t *row; /* indices in it, newest first */
	size_t n;
};

/* Whether the month holds exactly these. */
int month_rows_same(const struct month_rows *r, const struct month *m);

/* How many activities of `old` the rows of listing `l` lack, and how many of these may be among the
 * listing's unreadable ones. 0 or -ENOMEM. */
int month_rows_lost(const struct month_rows *r, const struct listing *l, const struct month *old,
		    size_t *lost, size_t *unread);

/* Appends the rows and those of `old`, whose text is `text`, that may be unreadable; newest first.
 * 0, -ENOMEM or -EFBIG. */
int month_rows_with_unread(const struct month_rows *r, const struct listing *l,
			   const struct month *old, const struct month_text *text,
			   struct activities *out);

#endif
