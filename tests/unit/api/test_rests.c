/* SPDX-License-Identifier: MIT */
/* Calls that are left alone, each by itself. */
#include "api/rests.h"

#include <errno.h>
#include <stdio.h>

#include "tests/support/rows.h"

static const struct err why = {-EIO, "not this one"};

static void its_own(void **state)
{
	struct rests r = {0};
	struct err err;

	(void)state;
	assert_int_equal(rests_ask(&r, "/a?1", 0, &err), 0);
	rests_add(&r, "/a?1", 100, &why);
	assert_int_equal(rests_ask(&r, "/a?1", 99, &err), -EIO);
	assert_string_equal(err.text, "not this one");
	assert_int_equal(rests_ask(&r, "/a?2", 99, &err), 0);
	assert_int_equal(rests_ask(&r, "/a?1", 100, &err), 0);
	rests_add(&r, "/a?1", 200, &why);
	assert_int_equal(rests_ask(&r, "/a?1", 199, &err), -EIO);
	rests_clear(&r);
	assert_int_equal(rests_ask(&r, "/a?1", 199, &err), 0);
}

static void known(void **state)
{
	struct rests r = {0};

	(void)state;
	assert_false(rests_has(&r, "/a"));
	rests_add(&r, "/a", 5, &why);
	rests_add(&r, "/b", 6, &why);
	assert_true(rests_has(&r, "/a"));
	rests_remove(&r, "/a");
	rests_remove(&r, "/c");
	assert_false(rests_has(&r, "/a"));
	assert_true(rests_has(&r, "/b"));
}

static void many(void **state)
{
	struct rests r = {0};
	char path[16];
	struct err err;
	int n = 0;

	(void)state;
	for (int i = 0; i < 3 * RESTS_MAX; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		rests_add(&r, path, 1000 + i, &why);
	}
	for (int i = 0; i < 3 * RESTS_MAX; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		n += rests_ask(&r, path, 999, &err) != 0;
	}
	assert_int_equal(n, RESTS_MAX);
	assert_int_equal(rests_ask(&r, path, 999, &err), -EIO);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "a call rests, others do not, until it is over", its_own, NULL);
	rows_add(&rows, "what failed is known until it works", known, NULL);
	rows_add(&rows, "of too many those that rest longest", many, NULL);
	return rows_run("rests", &rows);
}
