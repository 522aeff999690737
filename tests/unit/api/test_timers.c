/* SPDX-License-Identifier: MIT */
/* Tasks come in the order of their times. */
#include "api/timers.h"

#include <stdlib.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/rows.h"

static void task(void *arg)
{
	(void)arg;
}

static void in_order(void **state)
{
	struct timers t;
	struct timer next;
	int64_t last_ms = -1;
	uint64_t last_seq = 0;
	unsigned random = 1;

	(void)state;
	timers_init(&t);
	for (int i = 0; i < 1000; i++) {
		random = random * 1103515245u + 12345u;
		assert_int_equal(timers_add(&t, (random >> 16) % 50, task, NULL), 0);
	}
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(timers_take(&t, 50, &next), 1);
		assert_true(next.due_ms >= last_ms);
		if (next.due_ms == last_ms)
			assert_true(next.seq > last_seq);
		last_ms = next.due_ms;
		last_seq = next.seq;
	}
	assert_int_equal(timers_take(&t, 50, &next), 0);
	timers_clear(&t);
}

static void not_before_time(void **state)
{
	struct timers t;
	struct timer next;

	(void)state;
	timers_init(&t);
	assert_int_equal(timers_wait_ms(&t, 0, 500), 500);
	timers_add(&t, 100, task, &t);
	assert_int_equal(timers_take(&t, 99, &next), 0);
	assert_int_equal(timers_wait_ms(&t, 30, 500), 70);
	assert_int_equal(timers_wait_ms(&t, 30, 50), 50);
	assert_int_equal(timers_wait_ms(&t, 130, 500), 0);
	assert_int_equal(timers_take(&t, 100, &next), 1);
	assert_ptr_equal(next.arg, &t);
	timers_clear(&t);
}

/* ---- no memory ---- */

#define FEW 40 /* more than there is room for at first, twice */

static void few_before(void *arg)
{
	timers_init(arg);
}

static int few_added(void *arg, struct err *err)
{
	struct timers *t = arg;
	int r = 0;

	while (t->n < FEW && r == 0)
		r = timers_add(t, FEW - (int64_t)t->n, task, t);
	return r < 0 ? err_sys(err, r, "add a timer") : 0;
}

/* Each is there once: what did not fit took nothing with it. */
static void few_after(void *arg)
{
	struct timer next;

	for (int i = 1; i <= FEW; i++) {
		assert_int_equal(timers_take(arg, FEW, &next), 1);
		assert_int_equal(next.due_ms, i);
	}
	timers_clear(arg);
}

static void out_of_memory(void **state)
{
	static const struct failing_job job = {"timers", few_before, few_added, few_after, 0, 0};
	struct timers t;

	(void)state;
	failing_alloc_everywhere(&job, &t);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "by time, equal times by age", in_order, NULL);
	rows_add(&rows, "never before their time", not_before_time, NULL);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	return rows_run("timers", &rows);
}
