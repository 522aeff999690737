/* SPDX-License-Identifier: MIT */
/* When more is fetched than was asked for. */
#include "cache/readahead.h"

#include "tests/support/rows.h"

#define M(year, month) ((year)*12 + (month)-1)
#define MISSES         10

/* Misses in their order; the scope of each as a letter: . nothing, y the year, a all. */
static const struct readahead_case {
	const char *why;
	int miss[MISSES][2]; /* first and last month, 0: the end */
	const char *want;
} readahead_cases[] = {
	{"a lone miss", {{M(2022, 12), M(2022, 12)}}, "."},
	{"the same again, for it failed",
	 {{M(2022, 12), M(2022, 12)}, {M(2022, 12), M(2022, 12)}},
	 ".."},
	{"a second month of the year",
	 {{M(2022, 12), M(2022, 12)}, {M(2022, 11), M(2022, 11)}},
	 ".y"},
	{"one that is not its neighbour",
	 {{M(2022, 12), M(2022, 12)}, {M(2022, 1), M(2022, 1)}},
	 ".y"},
	{"one month each of many years",
	 {{M(2022, 12), M(2022, 12)},
	  {M(2021, 12), M(2021, 12)},
	  {M(2020, 12), M(2020, 12)},
	  {M(2019, 12), M(2019, 12)}},
	 "...."},
	{"a year at once", {{M(2022, 1), M(2022, 12)}}, "y"},
	{"a second year at once", {{M(2022, 1), M(2022, 12)}, {M(2021, 1), M(2021, 12)}}, "ya"},
	{"a year at once again, for it failed",
	 {{M(2022, 1), M(2022, 12)}, {M(2022, 1), M(2022, 12)}},
	 "yy"},
	{"a walk by months, newest first",
	 {{M(2022, 12), M(2022, 12)},
	  {M(2022, 11), M(2022, 11)},
	  {M(2021, 12), M(2021, 12)},
	  {M(2021, 11), M(2021, 11)},
	  {M(2020, 12), M(2020, 12)},
	  {M(2020, 11), M(2020, 11)}},
	 ".y.a.a"},
	{"a walk by months, oldest first",
	 {{M(2020, 1), M(2020, 1)},
	  {M(2020, 2), M(2020, 2)},
	  {M(2021, 1), M(2021, 1)},
	  {M(2021, 2), M(2021, 2)}},
	 ".y.a"},
	{"two years, but not in a row",
	 {{M(2022, 12), M(2022, 12)},
	  {M(2022, 11), M(2022, 11)},
	  {M(2015, 6), M(2015, 6)},
	  {M(2018, 12), M(2018, 12)},
	  {M(2018, 11), M(2018, 11)}},
	 ".y..y"},
	{"the year was fetched but some of it is missing again",
	 {{M(2022, 12), M(2022, 12)}, {M(2022, 11), M(2022, 11)}, {M(2022, 3), M(2022, 3)}},
	 ".yy"},
	{"several years at once", {{M(2019, 1), M(2022, 12)}}, "y"},
};

static void misses(void **state)
{
	const struct readahead_case *c = *state;
	static const char letters[] = {
		[READAHEAD_NOTHING] = '.', [READAHEAD_YEAR] = 'y', [READAHEAD_ALL] = 'a'};
	struct readahead r = {0};
	char have[MISSES + 1] = "";

	for (int i = 0; i < MISSES && c->miss[i][0]; i++)
		have[i] = letters[readahead_miss(&r, c->miss[i][0], c->miss[i][1])];
	assert_string_equal(have, c->want);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, readahead_cases, misses);
	return rows_run("readahead", &rows);
}
