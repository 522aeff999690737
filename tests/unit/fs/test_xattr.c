/* SPDX-License-Identifier: MIT */
/* Extended attributes: an activity in five words. */
#include "fs/xattr.h"

#include <errno.h>
#include <string.h>

#include "tests/support/item.h"
#include "tests/support/rows.h"

#define LABEL UINT64_C(481230045566778899)

static const struct value_case {
	const char *why, *name, *more, *want; /* NULL: none */
} value_cases[] = {
	{"the label", "user.coros.label_id", NULL, "481230045566778899"},
	{"the sport", "user.coros.sport", ",\"sportType\":102", "102"},
	{"the distance as the hub writes it", "user.coros.distance_m", ",\"distance\":14651.110",
	 "14651.110"},
	{"a distance that is null", "user.coros.distance_m", ",\"distance\":null", NULL},
	{"a distance of nothing", "user.coros.distance_m", ",\"distance\":0", "0"},
	{"the duration", "user.coros.duration_s", ",\"totalTime\":9538", "9538"},
	{"no duration", "user.coros.duration_s", ",\"totalTime\":null", NULL},
	{"no sport", "user.coros.sport", ",\"sportType\":null", NULL},
	{"the start, in UTC", "user.coros.start", NULL, "2022-12-30T08:00:00+00:00"},
	{"east of it", "user.coros.start", ",\"startTimezone\":32", "2022-12-30T16:00:00+08:00"},
	{"half an hour off", "user.coros.start", ",\"startTimezone\":22",
	 "2022-12-30T13:30:00+05:30"},
	{"west of it", "user.coros.start", ",\"startTimezone\":-20", "2022-12-30T03:00:00-05:00"},
	{"half an hour off in the west", "user.coros.start", ",\"startTimezone\":-14",
	 "2022-12-30T04:30:00-03:30"},
	{"another of ours", "user.coros.password", NULL, NULL},
	{"ours without a name", "user.coros.", NULL, NULL},
	{"a part of ours", "user.coros", NULL, NULL},
	{"more than ours", "user.coros.sports", ",\"sportType\":102", NULL},
	{"other capitals", "user.coros.Sport", ",\"sportType\":102", NULL},
	{"somebody else's", "user.sport", ",\"sportType\":102", NULL},
	{"the kernel's", "security.capability", NULL, NULL},
	{"none", "", NULL, NULL},
};

static void value(void **state)
{
	const struct value_case *c = *state;
	const struct item item = {LABEL, 20221230, 480, NULL, c->more};
	char text[XATTR_VALUE_MAX];
	struct activities list;

	items_list(&item, 1, &list);
	int len = xattr_value(c->name, &list.row[0], list.strings.data, text);
	assert_int_equal(len, c->want ? (int)strlen(c->want) : -ENODATA);
	if (c->want)
		assert_memory_equal(text, c->want, strlen(c->want));
	activities_clear(&list);
}

/* Each of the names that are listed has a value. */
static void names(void **state)
{
	const struct item item = {LABEL, 20221230, 480, NULL,
				  ",\"sportType\":100,\"totalTime\":1,\"distance\":2"};
	char text[XATTR_VALUE_MAX];
	struct activities list;
	int n = 0;

	(void)state;
	items_list(&item, 1, &list);
	for (const char *name = xattr_names; name < xattr_names + xattr_names_len;
	     name += strlen(name) + 1, n++)
		assert_true(xattr_value(name, &list.row[0], list.strings.data, text) > 0);
	assert_int_equal(n, 5);
	activities_clear(&list);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, value_cases, value);
	rows_add(&rows, "names", names, NULL);
	return rows_run("xattr", &rows);
}
