/* SPDX-License-Identifier: MIT */
/* From a path in the mount to what it is. */
#include "fs/refresh_path.h"

#include <errno.h>

#include "tests/support/rows.h"

#define MONTH(year, month) ((year)*12 + (month)-1)

static const struct path_case {
	const char *why, *path;
	int want, first, last;
	const char *name;
} cases[] = {
	{"the mountpoint is everything", "", 0, 0, 0, ""},
	{"slashes alone are, too", "//", 0, 0, 0, ""},
	{"all", "all", 0, 0, 0, ""},
	{"a file of all", "all/activities.csv", 0, 0, 0, ""},
	{"a year", "2022", 0, MONTH(2022, 1), MONTH(2022, 12), ""},
	{"a year with a slash", "2022/", 0, MONTH(2022, 1), MONTH(2022, 12), ""},
	{"a file of a year", "2022/activities.csv", 0, MONTH(2022, 1), MONTH(2022, 12), ""},
	{"a month", "2022/12", 0, MONTH(2022, 12), MONTH(2022, 12), ""},
	{"an activity", "2022/02/20220203-Run.json", 0, MONTH(2022, 2), MONTH(2022, 2),
	 "20220203-Run.json"},
	{"many slashes", "/2022//02//", 0, MONTH(2022, 2), MONTH(2022, 2), ""},
	{"a view is about everything", "fit", 0, 0, 0, ""},
	{"a month of a view", "fit/2022/02", 0, MONTH(2022, 2), MONTH(2022, 2), ""},
	{"a recording", "fit/2022/02/20220203-Run.fit", 0, MONTH(2022, 2), MONTH(2022, 2),
	 "20220203-Run.fit"},
	{"the thirteenth month", "2022/13", -ENOENT, 0, 0, NULL},
	{"a year before all years", "1969", -ENOENT, 0, 0, NULL},
	{"a year after all years", "2100/01", -ENOENT, 0, 0, NULL},
	{"a name that is none", "nonsense", -ENOENT, 0, 0, NULL},
	{"a year with a letter", "2022x", -ENOENT, 0, 0, NULL},
	{"a name that is none, in a year", "2022/nonsense", -ENOENT, 0, 0, NULL},
	{"an activity of another month", "2022/03/20220203-Run.json", -ENOENT, 0, 0, NULL},
	{"below a file", "2022/02/20220203-Run.json/x", -ENOENT, 0, 0, NULL},
	{"below a summary", "2022/activities.csv/x", -ENOENT, 0, 0, NULL},
	{"a view with a letter more", "fits/2022", -ENOENT, 0, 0, NULL},
};

static void path(void **state)
{
	const struct path_case *c = *state;
	char name[TREE_NAME_MAX];
	struct thing t;

	assert_int_equal(refresh_path(c->path, &t, name), c->want);
	if (c->want)
		return;
	assert_int_equal(t.first, c->first);
	assert_int_equal(t.last, c->last);
	assert_string_equal(name, c->name);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, cases, path);
	return rows_run("refresh_path", &rows);
}
