/* SPDX-License-Identifier: MIT */
/* One page of the hub's activity list: asked for, decoded, counted (coros-api.md 4.2). */
#ifndef API_PAGE_H
#define API_PAGE_H

#include <stdint.h>

#include "api/activity.h"
#include "api/err.h"

struct session;

#define PAGE_COUNT_MAX 100000 /* activities; a longer list is not believed */

/* A list has no more pages, whatever the hub says. */
#define PAGES_MAX(count, size) (4 * (count) / (size) + 4)

struct page {
	int64_t count;       /* what the hub holds in the range, on all pages */
	int64_t total_pages; /* as it says, 0: it does not */
	size_t items;        /* on this page, the bad ones too */
	size_t bad;          /* could not be decoded to a row */
	struct err why_bad;  /* the first of them */
	/* What stands on the pages before began at `before_s` or later, what stands on those behind
	 * at `behind_s` or earlier, by the starts of this page's rows; 0: nothing is known. */
	int64_t before_s, behind_s;
};

/*
 * Decodes the answer of a call that succeeded, appending its rows to `list`.
 * 0; -EIO when it is not what the API sends; -ENOMEM, -EFBIG. With words.
 */
int page_decode(const char *data, size_t len, struct activities *list, struct page *out,
		struct err *err);

/* Whether the row's start is the hub's own, by which the hub sorts. */
int page_row_is_sorted(const struct activity *a);

/* How many pages of `size` there are, judging by the first: what `count` needs and at most
 * one more, whatever totalPage says. At least 1. 0: there would be more than a list of so many
 * activities may have, since the pages are short. */
int page_total(const struct page *first, int size);

struct page_want {
	int size, number;    /* from 1 */
	int32_t first, last; /* days; 0 and 0: everything */
	int is_hurried; /* a third of the timeout must do: there is another way if it does not */
};

/* `page` is NULL on failure. -EAGAIN: the hub takes smaller pages alone; begin again with the
 * session's page size. Else as in call.h. May come before page_get() returns. */
typedef void page_done(void *arg, int number, const struct page *page, const struct err *err);

/* Asks for a page; rows are appended to `list`, which must live as long. Transport thread only. */
void page_get(struct session *s, const struct page_want *want, struct activities *list,
	      page_done *done, void *arg);

#endif
