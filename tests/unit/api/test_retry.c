/* SPDX-License-Identifier: MIT */
/* Whether a failed request is sent again, and when. */
#include "api/retry.h"

#include <errno.h>

#include "tests/support/rows.h"

#define LEFT 60000

static const struct retry_case {
	const char *why;
	struct retry_outcome outcome;
	int attempt;
	int64_t left_ms;
	uint32_t random;
	int want;
} retry_cases[] = {
	{"a reset is tried again", {-ECONNRESET, 0, -1}, 1, LEFT, 700, 700},
	{"a cut-off answer is tried again", {-ECONNABORTED, 0, -1}, 1, LEFT, 700, 700},
	{"500 is tried again", {0, 500, -1}, 1, LEFT, 700, 700},
	{"502 is tried again", {0, 502, -1}, 1, LEFT, 700, 700},
	{"503 is tried again", {0, 503, -1}, 1, LEFT, 700, 700},
	{"504 is tried again", {0, 504, -1}, 1, LEFT, 700, 700},
	{"501 will not change", {0, 501, -1}, 1, LEFT, 700, -1},
	{"429 without a wish waits like a failure", {0, 429, -1}, 1, LEFT, 700, 700},
	{"429 waits as long as asked", {0, 429, 7}, 1, LEFT, 700, 7000},
	{"503 waits as long as asked", {0, 503, 2}, 1, LEFT, 700, 2000},
	{"429 for longer than is left gives up", {0, 429, 60}, 1, LEFT, 700, -1},
	{"429 for a day does not overflow", {0, 429, 86400}, 1, LEFT, 700, -1},
	{"unreachable is the breaker's", {-EHOSTUNREACH, 0, -1}, 1, LEFT, 700, -1},
	{"a timeout has used up the time", {-ETIMEDOUT, 0, -1}, 1, LEFT, 700, -1},
	{"too large stays too large", {-EIO, 0, -1}, 1, LEFT, 700, -1},
	{"no memory is not asked for twice", {-ENOMEM, 0, -1}, 1, LEFT, 700, -1},
	{"the end of the mount is the end", {-ECANCELED, 0, -1}, 1, LEFT, 700, -1},
	{"404 will not change", {0, 404, -1}, 1, LEFT, 700, -1},
	{"a success is no failure", {0, 200, -1}, 1, LEFT, 700, -1},
	{"the first wait is within a second", {0, 500, -1}, 1, LEFT, 1001, 0},
	{"the second is within two", {0, 500, -1}, 2, LEFT, 2000, 2000},
	{"there is no fourth attempt", {0, 500, -1}, 3, LEFT, 0, -1},
	{"a wait that ends too late gives up", {0, 500, -1}, 1, 700, 700, -1},
	{"a wait that just fits is made", {0, 500, -1}, 1, 701, 700, 700},
	{"no time left", {0, 500, -1}, 1, 0, 0, -1},
	{"time overdrawn", {0, 500, -1}, 1, -5, 0, -1},
	{"a reset knows no wish", {-ECONNRESET, 0, 9}, 1, LEFT, 5, 5},
};

static void retry(void **state)
{
	const struct retry_case *c = *state;

	assert_int_equal(retry_wait_ms(&c->outcome, c->attempt, c->left_ms, c->random), c->want);
}

static void jitter_spreads(void **state)
{
	const struct retry_outcome o = {0, 500, -1};
	uint32_t first = retry_random();
	int differ = 0;

	(void)state;
	for (int i = 0; i < 20; i++)
		differ |= retry_random() != first;
	assert_true(differ);
	for (int i = 0; i < 1000; i++) {
		int ms = retry_wait_ms(&o, 2, LEFT, retry_random());
		assert_in_range(ms, 0, 2000);
	}
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, retry_cases, retry);
	rows_add(&rows, "waits are spread over their whole range", jitter_spreads, NULL);
	return rows_run("retry", &rows);
}
