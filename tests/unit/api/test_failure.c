/* SPDX-License-Identifier: MIT */
#include "api/failure.h"

#include "tests/support/rows.h"

static const struct row {
	const char *why;
	enum failure_scope scope;
	unsigned failures;
	int64_t want_ms;
} rows[] = {
	{"no failure, no wait", FAILURE_ITEM, 0, 0},
	{"the first failure waits the least", FAILURE_ITEM, 1, 10000},
	{"each that follows doubles it", FAILURE_ITEM, 3, 40000},
	{"up to the most", FAILURE_ITEM, 20, 6LL * 3600 * 1000},
	{"any number of failures ends", FAILURE_ITEM, 4000000000u, 6LL * 3600 * 1000},
	{"the hub is tried again every ten seconds", FAILURE_HUB, 7, 10000},
	{"thirty days fit", FAILURE_ABSENT, 2, 30LL * 86400 * 1000},
};

static void waits(void **state)
{
	const struct row *row = *state;

	assert_true(failure_wait_ms(row->scope, row->failures) == row->want_ms);
}

static void every_scope_has_a_rule(void **state)
{
	(void)state;
	for (int i = 0; i < FAILURE_SCOPES; i++) {
		assert_non_null(failure_rules[i].what);
		assert_in_range(failure_rules[i].first_s, 1, failure_rules[i].most_s);
	}
}

int main(void)
{
	static struct rows cases;

	ROWS_ADD(&cases, rows, waits);
	rows_add(&cases, "every scope has a rule", every_scope_has_a_rule, NULL);
	return rows_run("failure", &cases);
}
