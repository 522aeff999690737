/* SPDX-License-Identifier: MIT */
/* Which months are asked for together. */
#include "tests/unit/cache/store.h"

static void two_years_are_one_fetch(void **state)
{
	const int first = JANUARY - 23;
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	for (int i = 0; i < 24; i += 3)
		put(&t, (uint64_t)i, month_first_day(first + i), NULL);
	assert_int_equal(fetch(&t, first, JANUARY, &g), 1);
	/* All of those years, in case there is more of a walk. */
	expect_range(&t, 0, 2021 * 12, 2023 * 12 + 11);
	for (int i = 0; i < 24; i++)
		assert_int_equal(g.span->month[i]->n, i % 3 == 0);
	drop(&g);
	assert_int_equal(fetch_and_drop(&t, first, JANUARY), 0);
	teardown(&t);
}

static void months_in_flight_are_not_asked_for_twice(void **state)
{
	struct store t;
	struct got one, all;

	(void)state;
	setup(&t);
	start(&t);
	ask(&t, SETTLED + 1, SETTLED + 1, &one);
	ask(&t, SETTLED, SETTLED + 2, &all);
	/* Those before and behind it. */
	assert_int_equal(fake_hub_calls(t.hub), 3);
	int before = fake_hub_call(t.hub, 1).first < fake_hub_call(t.hub, 2).first ? 1 : 2;
	assert_int_equal(fake_hub_call(t.hub, before).last, month_last_day(SETTLED));
	assert_int_equal(fake_hub_call(t.hub, 3 - before).first, month_first_day(SETTLED + 2));
	run(&t);
	assert_int_equal(one.times, 1);
	assert_int_equal(all.times, 1);
	drop(&one);
	drop(&all);
	assert_int_equal(fake_hub_calls(t.hub), 3);
	teardown(&t);
}

/* Two months are stale; those between are fresh and hold `each` activities. */
static const struct bridge_case {
	const char *why;
	int each, calls;
} bridge_cases[] = {
	{"empty months between two are fetched with them", 0, 1},
	{"few activities between are fetched with them", 40, 1},
	{"many are not", 150, 2},
};

static void bridge(void **state)
{
	const struct bridge_case *c = *state;
	struct store t;
	uint64_t label = 0;

	setup(&t);
	start(&t);
	for (int m = SETTLED + 1; m <= SETTLED + 2; m++)
		for (int i = 0; i < c->each; i++)
			put(&t, label++, month_first_day(m) + i % 28, NULL);
	fetch_and_drop(&t, SETTLED, SETTLED + 3);
	set_fetched(&t, SETTLED, NOW_S - 8 * 86400);
	set_fetched(&t, SETTLED + 3, NOW_S - 8 * 86400);
	assert_int_equal(fetch_and_drop(&t, SETTLED, SETTLED + 3), c->calls);
	teardown(&t);
}

static void second_miss_fetches_the_year(void **state)
{
	struct store t;

	(void)state;
	setup(&t);
	start(&t);
	assert_int_equal(fetch_and_drop(&t, SETTLED, SETTLED), 1);
	expect_range(&t, 0, SETTLED, SETTLED);
	assert_int_equal(fetch_and_drop(&t, SETTLED + 1, SETTLED + 1), 1);
	/* April is here and May is asked for: the query spans the year, over April. */
	expect_range(&t, 1, 2021 * 12, 2021 * 12 + 11);
	for (int m = 2021 * 12; m < 2022 * 12; m++)
		assert_int_equal(fetch_and_drop(&t, m, m), 0);
	teardown(&t);
}

static void second_year_fetches_everything(void **state)
{
	struct store t;
	int calls;

	(void)state;
	setup(&t);
	start(&t);
	/* More than a page, so that the ends of the history do not bring it all. */
	for (int i = 0; i < 480; i++)
		put(&t, (uint64_t)i, month_first_day(2010 * 12 + i % 120) + i % 28, NULL);
	put(&t, 999, 20230101, NULL);
	fetch_history(&t);
	assert_int_equal(fetch_and_drop(&t, 2014 * 12 + 11, 2014 * 12 + 11), 1);
	assert_int_equal(fetch_and_drop(&t, 2014 * 12 + 10, 2014 * 12 + 10), 1);
	assert_int_equal(fetch_and_drop(&t, 2013 * 12 + 11, 2013 * 12 + 11), 1);
	calls = fake_hub_calls(t.hub);
	assert_in_range(fetch_and_drop(&t, 2013 * 12 + 10, 2013 * 12 + 10), 1, 2);
	assert_int_equal(fetch_and_drop(&t, 2010 * 12, 2023 * 12), 0);
	assert_in_range(fake_hub_calls(t.hub) - calls, 1, 2);
	teardown(&t);
}

static void refresh_looks_at_all_that_is_cached(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20210510, NULL);
	fetch_history(&t);
	fetch_and_drop(&t, SETTLED, SETTLED);
	put(&t, 1, 20210510, "\"Rum\"");
	int calls = fake_hub_calls(t.hub);
	month_store_refresh(t.store);
	assert_true(run(&t) >= 2);
	assert_int_equal(fetch(&t, SETTLED, SETTLED, &g), 0);
	assert_true(g.span->month[0]->row[0].changed_ns == NOW_S * CLOCK_NS);
	assert_in_range(fake_hub_calls(t.hub) - calls, 2, 3);
	drop(&g);
	teardown(&t);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "two years are one fetch", two_years_are_one_fetch, NULL);
	rows_add(&rows, "months in flight are not asked for twice",
		 months_in_flight_are_not_asked_for_twice, NULL);
	ROWS_ADD(&rows, bridge_cases, bridge);
	rows_add(&rows, "a second miss fetches the year", second_miss_fetches_the_year, NULL);
	rows_add(&rows, "a second year fetches everything", second_year_fetches_everything, NULL);
	rows_add(&rows, "a refresh looks at all that is cached",
		 refresh_looks_at_all_that_is_cached, NULL);
	return rows_run("flight", &rows);
}
