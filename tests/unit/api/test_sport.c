/* SPDX-License-Identifier: MIT */
/* Sport codes and names. */
#include "api/sport.h"

#include "tests/support/rows.h"

static const struct sport_case {
	const char *why;
	int code;
	const char *want;
} sport_cases[] = {
	{"the first of the table", 98, "Custom Sport"},
	{"a run", 100, "Run"},
	{"an indoor run", 101, "Indoor Run"},
	{"strength", 402, "Strength"},
	{"fishing", 707, "Boat Lure"},
	{"a climb outside", 802, "Outdoor Climb"},
	{"a hybrid race", 1200, "Hybrid"},
	{"the last of the table", 10003, "Multi-pitch"},
	{"a gap in the table", 703, NULL},
	{"one seen in the wild without a name", 9800, NULL},
	{"all sports is no sport", 0, NULL},
	{"nor is the other way to say all", 65535, NULL},
	{"negative codes are menus", -1, NULL},
};

static void sport(void **state)
{
	const struct sport_case *c = *state;
	const char *name = sport_name(c->code);

	if (c->want) {
		assert_non_null(name);
		assert_string_equal(name, c->want);
	} else {
		assert_null(name);
	}
}

/* bsearch() finds every row only in order. */
static void every_code_is_found(void **state)
{
	int n = 0;

	(void)state;
	for (int code = 0; code < 20000; code++)
		n += sport_name(code) != NULL;
	assert_int_equal(n, 63);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, sport_cases, sport);
	rows_add(&rows, "every row is found", every_code_is_found, NULL);
	return rows_run("sport", &rows);
}
