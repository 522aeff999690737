/* SPDX-License-Identifier: MIT */
/* One page of the hub's activity list: asked for, decoded, counted (coros-api.md 4.2). */
#ifndef API_PAGE_H
#define API_PAGE_H

#include <stdint.h>

#include "api/activity.h"
#include "api/err.h"

struct session;

#define PAGE_COUNT_MAX 100000 /* activities; a longer list is not believed */

struct page {
	int64_t count;       /* what the hub holds in the range, on all pages */
	int64_t total_pages; /* as it says, 0: it does not */
	size_t items;        /* on this page, the bad ones too */
	size_t bad;          /* could not be decoded to a row */
	struct err why_bad;  /* the first of them */
};

/*
 * Decodes the answer of a call that succeeded, appending its rows to `list`.
 * 0; -EIO when it is not what the API sends; -ENOMEM, -EFBIG. With words.
 */
int page_decode(const char *data, size_t len, struct activities *list, struct page *out,
		struct err *err);

/* How many pages of `size` there are, judging by the first: what `count` needs and at most
 * one more, whatever totalPage says. At least 1. */
int page_total(const struct page *first, int size);

/* `page` is NULL on failure. -EAGAIN: the hub takes smaller pages alone; begin again with the
 * session's page size. Else as in call.h. May come before page_get() returns. */
typedef void page_done(void *arg, const struct page *page, const struct err *err);

/* Asks for a page (from 1) of days first..last, or of everything with 0 and 0; rows are
 * appended to `list`. Transport thread only. */
void page_get(struct session *s, int number, int size, int32_t first, int32_t last,
	      struct activities *list, page_done *done, void *arg);

#endif
