/* SPDX-License-Identifier: MIT */
/* Snapshots of months from items, for the tests of cache/ and fs/. */
#ifndef TESTS_SUPPORT_MAKE_MONTH_H
#define TESTS_SUPPORT_MAKE_MONTH_H

#include <stdlib.h>

#include "api/day.h"
#include "cache/month.h"
#include "tests/support/item.h"
#include "tests/support/rows.h"

/* A month of those rows of the list that are in it. */
static inline struct month *make_month_of(int number, const struct activities *list,
					  month_names *names, struct month_text **text)
{
	const struct month_past past = {0};
	uint32_t *rows = calloc(list->n + 1, sizeof(*rows));
	struct month *m;
	size_t n = 0;

	assert_non_null(rows);
	for (size_t i = 0; i < list->n; i++)
		if (month_of_day(list->row[i].day) == number)
			rows[n++] = (uint32_t)i;
	assert_int_equal(month_build(number, list, rows, n, &past, 0, names, &m, text), 0);
	free(rows);
	return m;
}

static inline struct month *make_month(int number, const struct item *items, size_t n,
				       month_names *names, struct month_text **text)
{
	struct activities list;

	items_list(items, n, &list);
	struct month *m = make_month_of(number, &list, names, text);
	activities_clear(&list);
	return m;
}

#endif
