/* SPDX-License-Identifier: MIT */
/* When calls are answered at once with an earlier failure. */
#include "api/breaker.h"

#include <errno.h>

#include "tests/support/rows.h"

/*
 * What happens, a letter a step: f a call fails, s one succeeds, u one ends undecided; a ask and
 * be let through, d ask and be denied; a digit: so many tenths of the open time pass; r the hub
 * asks for a firm rest of twice the open time, R for one that is not, n somebody nudges; ? the next
 * failure would open it or keep it open, ! it would not.
 */
static const struct breaker_case {
	const char *why, *steps;
} breaker_cases[] = {
	{"a fresh one lets through", "aaaa"},
	{"four failures are bad luck", "ffffa"},
	{"five in a row open it", "fffffdd"},
	{"a success in between starts the count anew", "ffffsffffa"},
	{"it stays open for its time", "fffff9d"},
	{"then one call is let through, the others wait for it", "fffff91add"},
	{"that one's success closes it", "fffff91asaa"},
	{"that one's failure opens it for as long again", "fffff91af9d1ad"},
	{"that one's undecided end lets the next one try", "fffff91auad"},
	{"a late failure of an earlier call does not prolong it", "fffff9f1a"},
	{"any success closes it", "fffffsaa"},
	{"after closing five more are needed", "fffff91asffffafd"},
	{"a rest begins at once, and lasts as long as asked", "rd99d2ad"},
	{"then one call is let through", "r992ad"},
	{"whose success ends it", "r992asaa"},
	{"a success of an earlier call ends a rest", "rdsa"},
	{"a nudge lets one call try", "fffffdnad"},
	{"which may fail as well", "fffffnafd9d1a"},
	{"a nudge without need changes nothing", "ffffnafd"},
	{"a rest is not cut short by a nudge", "rndn99d2a"},
	{"one that is not firm is as long", "Rd99d2ad"},
	{"and cut short by a nudge", "Rdnad"},
	{"but does not shorten a firm one", "r5Rn9d6a"},
	{"the fifth failure opens it, and that of a trial keeps it open", "!fff!f?f!d91a?f!"},
};

static void breaker(void **state)
{
	const struct breaker_case *c = *state;
	const struct err why = {-EHOSTUNREACH, "no route"};
	struct breaker b;
	int64_t now_ms = 5;

	breaker_init(&b);
	for (const char *p = c->steps; *p; p++) {
		struct err err = {0};
		if (*p == 'f')
			breaker_failed(&b, now_ms, &why);
		else if (*p == 's')
			breaker_succeeded(&b);
		else if (*p == 'u')
			breaker_undecided(&b);
		else if (*p == 'r')
			breaker_rest(&b, now_ms, INT64_C(2) * BREAKER_OPEN_MS, 1, &why);
		else if (*p == 'R')
			breaker_rest(&b, now_ms, INT64_C(2) * BREAKER_OPEN_MS, 0, &why);
		else if (*p == '?' || *p == '!')
			assert_int_equal(breaker_is_near(&b), *p == '?');
		else if (*p == 'n')
			breaker_nudge(&b, now_ms);
		else if (*p == 'a')
			assert_int_equal(breaker_ask(&b, now_ms, &err), 0);
		else if (*p == 'd')
			assert_int_equal(breaker_ask(&b, now_ms, &err), -EHOSTUNREACH);
		else
			now_ms += (*p - '0') * (BREAKER_OPEN_MS / 10);
		if (*p == 'd')
			assert_string_equal(err.text, "no route");
	}
}

static void rest_has_an_end(void **state)
{
	const struct err why = {-EBUSY, "slow down"};
	struct breaker b;
	struct err err;

	(void)state;
	breaker_init(&b);
	breaker_rest(&b, 0, INT64_C(10) * BREAKER_REST_MS, 1, &why);
	assert_int_equal(breaker_ask(&b, BREAKER_REST_MS - 1, &err), -EBUSY);
	assert_int_equal(breaker_ask(&b, BREAKER_REST_MS, &err), 0);
}

static void last_failure_speaks(void **state)
{
	const struct err first = {-ETIMEDOUT, "slow"}, last = {-EIO, "a web page"};
	struct breaker b;
	struct err err;

	(void)state;
	breaker_init(&b);
	for (int i = 0; i < BREAKER_FAILURES - 1; i++)
		breaker_failed(&b, 0, &first);
	breaker_failed(&b, 0, &last);
	assert_int_equal(breaker_ask(&b, 1, &err), -EIO);
	assert_string_equal(err.text, "a web page");
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, breaker_cases, breaker);
	rows_add(&rows, "an hour's rest is enough, whatever is asked for", rest_has_an_end, NULL);
	rows_add(&rows, "the failure that opened it is the answer", last_failure_speaks, NULL);
	return rows_run("breaker", &rows);
}
