/* SPDX-License-Identifier: MIT */
/* Whether the files of a directory are being asked for in order. */
#include "fs/ahead.h"

#include "tests/support/rows.h"

#define DEC (2022 * 12 + 11)
#define JAN (2023 * 12)
#define MAR (2023 * 12 + 2)
#define MAX 8

static const struct step_case {
	const char *why;
	struct {
		int month;
		long at, last;
		int want; /* 1 in order, 2 on from month to month */
	} step[MAX];      /* ended by month 0 */
} step_cases[] = {
	{"one file", {{DEC, 0, 9, 0}}},
	{"one file in the middle", {{DEC, 5, 9, 0}}},
	{"one file, asked for again and again", {{DEC, 5, 9, 0}, {DEC, 5, 9, 0}, {DEC, 5, 9, 0}}},
	{"the next one", {{DEC, 0, 9, 0}, {DEC, 1, 9, 1}}},
	{"in order", {{DEC, 0, 9, 0}, {DEC, 1, 9, 1}, {DEC, 2, 9, 1}, {DEC, 3, 9, 1}}},
	{"each looked at twice",
	 {{DEC, 0, 9, 0}, {DEC, 0, 9, 0}, {DEC, 1, 9, 1}, {DEC, 1, 9, 1}, {DEC, 2, 9, 1}}},
	{"with a gap", {{DEC, 0, 9, 0}, {DEC, 3, 9, 1}, {DEC, 5, 9, 1}}},
	{"backwards", {{DEC, 9, 9, 0}, {DEC, 8, 9, 1}, {DEC, 6, 9, 1}}},
	{"here and there", {{DEC, 0, 40, 0}, {DEC, 20, 40, 0}, {DEC, 7, 40, 0}, {DEC, 33, 40, 0}}},
	{"a jump ends it", {{DEC, 0, 40, 0}, {DEC, 1, 40, 1}, {DEC, 30, 40, 0}, {DEC, 31, 40, 1}}},
	{"on into the next month",
	 {{DEC, 8, 9, 0}, {DEC, 9, 9, 1}, {JAN, 0, 20, 2}, {JAN, 1, 20, 2}}},
	{"on from a last file alone", {{DEC, 9, 9, 0}, {JAN, 0, 20, 2}}},
	{"on past a month without activities", {{DEC, 8, 9, 0}, {DEC, 9, 9, 1}, {MAR, 0, 20, 2}}},
	{"on, and then elsewhere",
	 {{DEC, 9, 9, 0}, {JAN, 0, 20, 2}, {JAN, 9, 20, 0}, {JAN, 10, 20, 1}}},
	{"from the middle into the next month", {{DEC, 1, 9, 0}, {DEC, 2, 9, 1}, {JAN, 0, 20, 0}}},
	{"into the middle of the next month", {{DEC, 9, 9, 0}, {JAN, 10, 20, 0}}},
	{"back into the month before", {{JAN, 0, 20, 0}, {DEC, 9, 9, 0}, {DEC, 8, 9, 1}}},
	{"the first of each month", {{DEC, 0, 40, 0}, {JAN, 0, 40, 0}, {MAR, 0, 40, 0}}},
	{"months of one file", {{DEC, 0, 0, 0}, {JAN, 0, 0, 2}, {MAR, 0, 0, 2}}},
};

static void step(void **state)
{
	const struct step_case *c = *state;
	struct ahead_place place = {0};

	for (int i = 0; i < MAX && c->step[i].month; i++)
		if (ahead_step(&place, c->step[i].month, c->step[i].at, c->step[i].last) !=
		    c->step[i].want)
			fail_msg("step %d", i + 1);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, step_cases, step);
	return rows_run("ahead", &rows);
}
