/* SPDX-License-Identifier: MIT */
/* Spans of months made from items, with their texts, for the tests of fs/. */
#ifndef TESTS_SUPPORT_MAKE_SPAN_H
#define TESTS_SUPPORT_MAKE_SPAN_H

#include "cache/month_store.h"
#include "fs/render.h"
#include "tests/support/make_month.h"

#define MADE_MONTHS 24

struct made_span {
	struct span *span;
	struct month_text *text[MADE_MONTHS];
};

/* Months first .. first + n - 1, with those of the items that are in them. */
static inline void make_span_of(struct made_span *s, int first, int n,
				const struct activities *list)
{
	assert_true(n <= MADE_MONTHS);
	s->span = calloc(1, sizeof(*s->span) + (size_t)n * sizeof(s->span->month[0]));
	assert_non_null(s->span);
	atomic_init(&s->span->refs, 1);
	s->span->first = first;
	s->span->n = n;
	s->span->valid_s = 1;
	for (int m = 0; m < n; m++)
		s->span->month[m] = make_month_of(first + m, list, month_names_hash, &s->text[m]);
}

static inline void make_span(struct made_span *s, int first, int n, const struct item *items,
			     size_t count)
{
	struct activities list;

	items_list(items, count, &list);
	make_span_of(s, first, n, &list);
	activities_clear(&list);
}

static inline void free_span(struct made_span *s)
{
	for (int m = 0; m < s->span->n; m++)
		month_text_unref(s->text[m]);
	span_unref(s->span);
}

#endif
