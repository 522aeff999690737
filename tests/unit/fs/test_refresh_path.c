/* SPDX-License-Identifier: MIT */
/* From a path in the mount to the months that it is about. */
#include "fs/refresh_path.h"

#include <errno.h>
#include <limits.h>

#include "tests/support/rows.h"

#define MONTH(year, month) ((year)*12 + (month)-1)

static const struct path_case {
	const char *why, *path;
	int want, first, last;
} cases[] = {
	{"the mountpoint is everything", "", 0, 0, INT_MAX},
	{"slashes alone are, too", "//", 0, 0, INT_MAX},
	{"all", "all", 0, 0, INT_MAX},
	{"a file of all", "all/activities.csv", 0, 0, INT_MAX},
	{"a year", "2022", 0, MONTH(2022, 1), MONTH(2022, 12)},
	{"a year with a slash", "2022/", 0, MONTH(2022, 1), MONTH(2022, 12)},
	{"a file of a year", "2022/activities.csv", 0, MONTH(2022, 1), MONTH(2022, 12)},
	{"a month", "2022/12", 0, MONTH(2022, 12), MONTH(2022, 12)},
	{"an activity", "2022/02/20220203-Run.json", 0, MONTH(2022, 2), MONTH(2022, 2)},
	{"many slashes", "/2022//02//", 0, MONTH(2022, 2), MONTH(2022, 2)},
	{"a view is about everything", "fit", 0, 0, INT_MAX},
	{"a month of a view", "fit/2022/02", 0, MONTH(2022, 2), MONTH(2022, 2)},
	{"a year of the days", "days/2022/2022-12.csv", 0, MONTH(2022, 1), MONTH(2022, 12)},
	{"the thirteenth month", "2022/13", -ENOENT, 0, 0},
	{"a year before all years", "1969", -ENOENT, 0, 0},
	{"a year after all years", "2100/01", -ENOENT, 0, 0},
	{"a name that is none", "nonsense", -ENOENT, 0, 0},
	{"a year with a letter", "2022x", -ENOENT, 0, 0},
	{"a view with a letter more", "fits/2022", -ENOENT, 0, 0},
};

static void path(void **state)
{
	const struct path_case *c = *state;
	int first, last;

	assert_int_equal(refresh_path(c->path, &first, &last), c->want);
	if (c->want)
		return;
	assert_int_equal(first, c->first);
	assert_int_equal(last, c->last);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, cases, path);
	return rows_run("refresh_path", &rows);
}
