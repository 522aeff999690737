/* SPDX-License-Identifier: MIT */
/* The trees of downloads: names, endings, and the words of views=. */
#include "fs/view.h"

#include <string.h>

#include "tests/support/rows.h"

#define BIT(view) (1 << (view))

static const struct mask_case {
	const char *why, *list;
	int want;
} mask_cases[] = {
	{"one", "fit", BIT(FORMAT_FIT)},
	{"two", "fit:gpx", BIT(FORMAT_FIT) | BIT(FORMAT_GPX)},
	{"in any order", "gpx:fit", BIT(FORMAT_FIT) | BIT(FORMAT_GPX)},
	{"one twice", "fit:fit", BIT(FORMAT_FIT)},
	{"all", "fit:gpx:tcx:kml:track:detail",
	 BIT(FORMAT_FIT) | BIT(FORMAT_GPX) | BIT(FORMAT_TCX) | BIT(FORMAT_KML) | BIT(FORMAT_TRACK) |
		 BIT(FORMAT_DETAIL)},
	{"none", "none", 0},
	{"none among others", "none:fit", -1},
	{"nothing", "", -1},
	{"a colon alone", ":", -1},
	{"nothing behind the colon", "fit:", -1},
	{"nothing before it", ":fit", -1},
	{"nothing between two", "fit::gpx", -1},
	{"another word", "zip", -1},
	{"the main tree's formats are no views", "json", -1},
	{"csv is called track", "csv", -1},
	{"a part of a word", "fi", -1},
	{"more than a word", "fits", -1},
	{"capitals", "FIT", -1},
	{"a comma", "fit,gpx", -1},
	{"a blank", "fit: gpx", -1},
};

static void mask(void **state)
{
	const struct mask_case *c = *state;

	assert_int_equal(view_mask(c->list), c->want);
}

static void names_and_back(void **state)
{
	(void)state;
	for (int i = 0; i < VIEWS; i++) {
		assert_int_equal(view_of_name(view_name(views[i])), views[i]);
		assert_string_equal(view_name(views[i]), export_name(view_export(views[i])));
		assert_string_equal(view_ending(views[i]), export_ending(view_export(views[i])));
		/* The root is listed in this order, and the kernel wants it by name. */
		if (i)
			assert_true(strcmp(view_name(views[i - 1]), view_name(views[i])) < 0);
	}
	assert_int_equal(view_of_name("all"), FORMAT_JSON);
	assert_int_equal(view_of_name("2022"), FORMAT_JSON);
	assert_int_equal(view_of_name(""), FORMAT_JSON);
	assert_string_equal(view_ending(FORMAT_JSON), ".json");
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, mask_cases, mask);
	rows_add(&rows, "names and back", names_and_back, NULL);
	return rows_run("view", &rows);
}
