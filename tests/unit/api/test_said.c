/* SPDX-License-Identifier: MIT */
/* Which failures the log hears of. */
#include "api/said.h"

#include <errno.h>
#include <stdio.h>

#include "tests/support/rows.h"

/*
 * A letter a step: a..f such a cause is news, A..F it is not; + all is well again after something
 * was said, = all is well and nothing was; m so long passes that it may be said again.
 */
static const struct said_case {
	const char *why, *steps;
} said_cases[] = {
	{"a cause is said once", "aAAAA"},
	{"another one is said, too", "aAbBA"},
	{"the end is said once", "a+==="},
	{"nothing to end, nothing to say", "="},
	{"a hub that comes and goes is not said each time", "a+A=A=A="},
	{"but again after a while", "a+mb+a+"},
	{"a while alone does not repeat what goes on", "ammmA"},
};

static void said(void **state)
{
	const struct said_case *c = *state;
	struct said s = {0};
	int64_t now_ms = 7;

	for (const char *p = c->steps; *p; p++) {
		struct err err;
		if (*p >= 'A' && *p <= 'F') {
			err_set(&err, -EIO, "cause %c", *p - 'A' + 'a');
			assert_false(said_news(&s, &err, now_ms));
		} else if (*p >= 'a' && *p <= 'f') {
			err_set(&err, -EIO, "cause %c", *p);
			assert_true(said_news(&s, &err, now_ms));
		} else if (*p == 'm') {
			now_ms += SAID_AGAIN_MS;
		} else {
			assert_int_equal(said_over(&s), *p == '+');
		}
	}
}

static void numbers_are_no_cause(void **state)
{
	struct said s = {0};
	struct err err;

	(void)state;
	err_set(&err, -EACCES, "again in %d minutes", 10);
	assert_true(said_news(&s, &err, 0));
	err_set(&err, -EACCES, "again in %d minutes", 9);
	assert_false(said_news(&s, &err, 60000));
	err_set(&err, -EIO, "again in %d minutes", 9);
	assert_true(said_news(&s, &err, 60000));
}

/* However inventive the hub's messages are, the log stays short. */
static void bounded(void **state)
{
	struct said s = {0};
	struct err err;
	int news = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		err_set(&err, -EIO, "cause %c%c%c", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676);
		news += said_news(&s, &err, i);
	}
	assert_int_equal(news, SAID_MAX);
	/* Afterwards there is room for new ones. */
	said_over(&s);
	err_set(&err, -EIO, "something else");
	assert_false(said_news(&s, &err, 1000));
	assert_true(said_news(&s, &err, 1000 + SAID_AGAIN_MS));
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, said_cases, said);
	rows_add(&rows, "numbers do not make another cause, a code does", numbers_are_no_cause,
		 NULL);
	rows_add(&rows, "there is an end to what is said", bounded, NULL);
	return rows_run("said", &rows);
}
