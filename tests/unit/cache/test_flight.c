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

/* ---- months that fail ---- */

#define BAD (SETTLED + 3)

/* An activity in each month of the two years around it; the range of both fails. */
static void setup_bad(struct store *t, int code, int hole)
{
	setup(t);
	start(t);
	for (int m = 2021 * 12; m < 2023 * 12; m++)
		put(t, (uint64_t)m, month_first_day(m) + 9, NULL);
	fake_hub_fail_month(t->hub, BAD, code, hole);
}

static void settle_failures(struct store *t)
{
	for (int i = 0; i < 10; i++)
		run(t);
}

/* What is asked for while a month of two years fails, and how often that fails. */
static const struct bad_case {
	const char *why;
	int code, hole;
	int calls; /* at most */
	int comes; /* the others do */
} bad_cases[] = {
	{"a month that fails costs that month", -EIO, 0, 12, 1},
	{"also when it does not answer", -ETIMEDOUT, 0, 12, 1},
	{"and the fewer months are in doubt", -EIO, 1, 5, 1},
	{"no pieces for want of memory", -ENOMEM, 0, 1, 0},
	{"nor of a hub that wants quiet", -EBUSY, 0, 1, 0},
	{"nor without a login", -EACCES, 0, 1, 0},
};

static void bad_month(void **state)
{
	const struct bad_case *c = *state;
	struct store t;
	struct got g;

	setup_bad(&t, c->code, c->hole);
	ask(&t, 2021 * 12, 2022 * 12 + 11, &g);
	settle_failures(&t);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, c->code);
	assert_in_range(fake_hub_calls(t.hub), 1, c->calls);
	/* Everything else is there. */
	int calls = fake_hub_calls(t.hub);
	for (int m = 2021 * 12; m < 2023 * 12 && c->comes; m++) {
		ask(&t, m, m, &g);
		assert_int_equal(g.times, 1);
		assert_int_equal(g.err.code, m == BAD ? c->code : 0);
		drop(&g);
	}
	if (c->comes)
		assert_int_equal(fake_hub_calls(t.hub), calls);
	teardown(&t);
}

/* It is asked for by itself, after waits that grow; in between its readers get the error at once.
 */
static void bad_month_is_remembered(void **state)
{
	static const int64_t waits_s[] = {60, 120, 240};
	struct store t;
	struct got g;

	(void)state;
	setup_bad(&t, -EIO, 0);
	ask(&t, 2021 * 12, 2022 * 12 + 11, &g);
	settle_failures(&t);
	for (size_t i = 0; i < 3; i++) {
		int calls = fake_hub_calls(t.hub);
		pass_ms(&t, waits_s[i] * 1000 - 1);
		ask(&t, BAD, BAD, &g);
		assert_int_equal(g.times, 1);
		assert_int_equal(g.err.code, -EIO);
		assert_int_equal(fake_hub_calls(t.hub), calls);
		pass_ms(&t, 1);
		ask(&t, 2021 * 12, 2021 * 12 + 11, &g);
		assert_int_equal(fake_hub_calls(t.hub), calls + 1);
		expect_range(&t, calls, BAD, BAD);
		settle_failures(&t);
		assert_int_equal(g.err.code, -EIO);
		assert_int_equal(fake_hub_calls(t.hub), calls + 1);
	}
	/* Who waits for it while it is asked for again does not wait as long as for others. */
	pass_ms(&t, HOUR_MS);
	ask(&t, BAD, BAD, &g);
	assert_int_equal(g.times, 0);
	pass_ms(&t, SOFT_WAIT_MS + 1);
	assert_int_equal(g.err.code, -EIO);
	settle_failures(&t);
	/* It works again, for who asks on purpose at once. */
	fake_hub_fail_month(t.hub, 0, 0, 0);
	month_store_refresh(t.store);
	run(&t);
	fetch(&t, BAD, BAD, &g);
	assert_int_equal(g.span->month[0]->n, 1);
	drop(&g);
	teardown(&t);
}

/* Stale months around it are asked for without it. */
static void bad_month_is_left_out(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup_bad(&t, -EIO, 0);
	ask(&t, 2021 * 12, 2022 * 12 + 11, &g);
	settle_failures(&t);
	for (int m = 2021 * 12; m < 2023 * 12; m++)
		if (m != BAD)
			set_fetched(&t, m, NOW_S - 8 * 86400);
	int calls = fake_hub_calls(t.hub);
	for (int m = 2021 * 12; m < 2023 * 12; m += 12) {
		*(&g) = (struct got){0};
		month_store_get_partly(t.store, m, m + 11, WAIT_MS, got_span, &g);
		settle(&t);
		assert_int_equal(g.times, 1);
		drop(&g);
	}
	settle_failures(&t);
	assert_int_equal(fake_hub_calls(t.hub), calls + 3);
	for (int i = calls; i < calls + 3; i++) {
		struct fake_call call = fake_hub_call(t.hub, i);
		assert_false(month_of_day(call.first) <= BAD && month_of_day(call.last) >= BAD);
	}
	teardown(&t);
}

/* A hub that is down says nothing of the months: when it is back they come together. */
static void hub_is_down(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20210510, NULL);
	fake_hub_fail(t.hub, -EHOSTUNREACH);
	ask(&t, 2021 * 12, 2021 * 12 + 11, &g);
	settle_failures(&t);
	assert_int_equal(g.err.code, -EHOSTUNREACH);
	fake_hub_fail(t.hub, 0);
	pass_ms(&t, 10000);
	assert_int_equal(fetch_and_drop(&t, 2021 * 12, 2021 * 12 + 11), 1);
	teardown(&t);
}

/* The newest page failed: it is left alone like a month. */
static void newest_page_is_remembered(void **state)
{
	struct store t;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20230101, NULL);
	fake_hub_narrow(t.hub, 1);
	fetch_history(&t);
	assert_false(fake_hub_call(t.hub, 0).known.is_narrow);
	for (int i = 1; i < 3; i++) {
		pass_ms(&t, 60000);
		fetch_history(&t);
		assert_int_equal(fake_hub_call(t.hub, i).known.is_narrow, i > 1);
	}
	month_store_refresh(t.store);
	run(&t);
	int asked = 0;
	for (int i = 3; i < fake_hub_calls(t.hub); i++)
		asked += fake_hub_call(t.hub, i).ends && !fake_hub_call(t.hub, i).known.is_narrow;
	assert_int_equal(asked, 1);
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
	ROWS_ADD(&rows, bad_cases, bad_month);
	rows_add(&rows, "a month that fails is remembered", bad_month_is_remembered, NULL);
	rows_add(&rows, "a month that fails is left out", bad_month_is_left_out, NULL);
	rows_add(&rows, "a hub that is down", hub_is_down, NULL);
	rows_add(&rows, "a newest page that fails is remembered", newest_page_is_remembered, NULL);
	return rows_run("flight", &rows);
}
