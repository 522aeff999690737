/* SPDX-License-Identifier: MIT */
/* Fetching on purpose and waiting for it: what month_store_land() asks for, and when it says done;
 * and the store in figures. */
#include "tests/unit/cache/store.h"

#include <limits.h>

static void got_landed(void *ctx, const struct err *err)
{
	struct got *g = ctx;

	g->times++;
	g->err = *err;
}

static void land(struct store *t, int first, int last, enum land_what what, struct got *g)
{
	*g = (struct got){0};
	month_store_land(t->store, first, last, what, WAIT_MS, got_landed, g);
	settle(t);
}

static void begin(struct store *t)
{
	setup(t);
	start(t);
	put(t, 1, 20210510, NULL);
	put(t, 2, 20210610, NULL);
}

static void nothing_to_wait_for(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	begin(&t);
	land(&t, SETTLED, SETTLED + 3, LAND_WAIT, &g);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, 0);
	assert_int_equal(fake_hub_calls(t.hub), 0);
	teardown(&t);
}

static void what_is_missing(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	begin(&t);
	fetch_and_drop(&t, SETTLED, SETTLED);
	int calls = fake_hub_calls(t.hub);
	land(&t, SETTLED, SETTLED + 1, LAND_MISSING, &g);
	assert_int_equal(g.times, 0);
	assert_int_equal(fake_hub_calls(t.hub), calls + 1);
	expect_range(&t, calls, SETTLED + 1, SETTLED + 1);
	run(&t);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, 0);
	/* Now all is there. */
	land(&t, SETTLED, SETTLED + 1, LAND_MISSING, &g);
	assert_int_equal(g.times, 1);
	assert_int_equal(fake_hub_calls(t.hub), calls + 1);
	teardown(&t);
}

/* Two misses in a year would make a reader's store fetch the rest of it. */
static void nothing_ahead(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	begin(&t);
	for (int m = SETTLED; m < SETTLED + 3; m++) {
		int calls = fake_hub_calls(t.hub);
		land(&t, m, m, LAND_MISSING, &g);
		expect_range(&t, calls, m, m);
		assert_int_equal(fake_hub_calls(t.hub), calls + 1);
		run(&t);
	}
	teardown(&t);
}

static void what_is_cached_again(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	begin(&t);
	fetch_and_drop(&t, SETTLED, SETTLED);
	int calls = fake_hub_calls(t.hub);
	land(&t, SETTLED - 2, SETTLED + 4, LAND_AGAIN, &g);
	assert_int_equal(fake_hub_calls(t.hub), calls + 1);
	expect_range(&t, calls, SETTLED, SETTLED);
	run(&t);
	assert_int_equal(g.times, 1);
	/* A month of its own, cached or not. */
	land(&t, SETTLED + 3, SETTLED + 3, LAND_AGAIN, &g);
	expect_range(&t, calls + 1, SETTLED + 3, SETTLED + 3);
	run(&t);
	assert_int_equal(g.times, 1);
	/* Everything: with the ends of the history. */
	land(&t, 0, INT_MAX, LAND_AGAIN, &g);
	assert_int_equal(g.times, 0);
	int ends = 0;
	for (int i = calls + 2; i < fake_hub_calls(t.hub); i++)
		ends += fake_hub_call(t.hub, i).ends;
	assert_int_equal(ends, 1);
	run(&t);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, 0);
	teardown(&t);
}

static void a_failure(void **state)
{
	struct month_store_state s;
	struct store t;
	struct got g;

	(void)state;
	begin(&t);
	fake_hub_fail(t.hub, -EHOSTUNREACH);
	land(&t, SETTLED, SETTLED, LAND_MISSING, &g);
	run(&t);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, -EHOSTUNREACH);
	month_store_state(t.store, &s);
	assert_true(s.is_failing);
	assert_int_equal(s.failure.code, -EHOSTUNREACH);
	assert_int_equal(s.failure_s, NOW_S);
	fake_hub_fail(t.hub, 0);
	land(&t, SETTLED, SETTLED, LAND_MISSING, &g);
	run(&t);
	assert_int_equal(g.err.code, 0);
	month_store_state(t.store, &s);
	assert_false(s.is_failing);
	/* What it was is still known. */
	assert_int_equal(s.failure.code, -EHOSTUNREACH);
	teardown(&t);
}

static void offline(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	t.config.offline = 1;
	start(&t);
	land(&t, SETTLED, SETTLED, LAND_AGAIN, &g);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, -EHOSTUNREACH);
	land(&t, SETTLED, SETTLED, LAND_MISSING, &g);
	assert_int_equal(g.err.code, -EHOSTUNREACH);
	land(&t, SETTLED, SETTLED, LAND_WAIT, &g);
	assert_int_equal(g.err.code, 0);
	assert_int_equal(fake_hub_calls(t.hub), 0);
	teardown(&t);
}

static void figures(void **state)
{
	struct month_store_state s;
	struct store t;

	(void)state;
	begin(&t);
	month_store_state(t.store, &s);
	assert_int_equal(s.months, 0);
	assert_true(s.newest_s == 0 && s.oldest_s == 0);
	fetch_and_drop(&t, SETTLED, SETTLED + 1);
	fetch_history(&t);
	set_fetched(&t, SETTLED, NOW_S - 1000);
	month_store_state(t.store, &s);
	/* Those after today are in memory, too, but nobody counts them. */
	assert_true(s.months >= 2 && s.in_memory >= s.months);
	assert_int_equal(s.memory, memory_of(&t, 0));
	assert_int_equal(s.newest_s, NOW_S);
	assert_int_equal(s.oldest_s, NOW_S - 1000);
	assert_int_equal(s.history.count, 2);
	assert_int_equal(s.unsaved, 0);
	assert_int_equal(s.fetching, 0);
	/* The next mount reads the ages from the disk. */
	int months = s.months;
	restart(&t);
	month_store_state(t.store, &s);
	assert_int_equal(s.months, months);
	assert_int_equal(s.in_memory, 0);
	assert_int_equal(s.newest_s, NOW_S);
	teardown(&t);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "nothing to wait for", nothing_to_wait_for, NULL);
	rows_add(&rows, "what is missing is fetched, and that alone", what_is_missing, NULL);
	rows_add(&rows, "nothing is read ahead", nothing_ahead, NULL);
	rows_add(&rows, "what is cached is fetched again", what_is_cached_again, NULL);
	rows_add(&rows, "a failure", a_failure, NULL);
	rows_add(&rows, "offline", offline, NULL);
	rows_add(&rows, "the store in figures", figures, NULL);
	return rows_run("land", &rows);
}
