/* SPDX-License-Identifier: MIT */
/* How soon the next call may go. */
#include "api/bucket.h"

#include "tests/support/rows.h"

static const struct bucket_case {
	const char *why;
	int rate;
	int taken;         /* tokens, at time 0 */
	int64_t passed_ms; /* since then */
	int64_t want_ms;   /* for one more */
} bucket_cases[] = {
	{"a full bucket lets go at once", 10, 0, 0, 0},
	{"the last of the burst goes at once", 10, 49, 0, 0},
	{"the next waits for its token", 10, 50, 0, 100},
	{"the one after it waits for two", 10, 51, 0, 200},
	{"tokens come back with time", 10, 50, 100, 0},
	{"half a token is half the wait", 10, 50, 50, 50},
	{"waits are rounded up", 3, 50, 0, 334},
	{"it never holds more than the burst", 10, 0, 3600000, 0},
	{"a long pause fills it", 10, 90, 3600000, 0},
	{"years do not overflow it", 1000000, 50, INT64_MAX / 2, 0},
	{"no rate, no wait", 0, 1000, 0, 0},
	{"a clock that steps back gives nothing", 10, 50, -5000, 100},
};

static void bucket(void **state)
{
	const struct bucket_case *c = *state;
	struct bucket b;

	bucket_init(&b, c->rate, 0);
	for (int i = 0; i < c->taken; i++)
		bucket_take(&b, 0);
	assert_int_equal(bucket_take(&b, c->passed_ms), c->want_ms);
}

static void pause_then_burst(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 10, 0);
	for (int i = 0; i < 70; i++)
		bucket_take(&b, 0);
	for (int i = 0; i < BUCKET_BURST; i++)
		assert_int_equal(bucket_take(&b, 100000), 0);
	assert_int_equal(bucket_take(&b, 100000), 100);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, bucket_cases, bucket);
	rows_add(&rows, "after a pause the burst is there again, and no more", pause_then_burst,
		 NULL);
	return rows_run("bucket", &rows);
}
