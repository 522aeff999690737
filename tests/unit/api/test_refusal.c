/* SPDX-License-Identifier: MIT */
/* A refused password is known again, and nothing else is. */
#include "api/refusal.h"

#include <string.h>

#include "tests/support/rows.h"

#define A "0123456789abcdef0123456789abcdef"
#define B "0123456789abcdef0123456789abcdee"

static void remembers(void **state)
{
	struct refusal r;

	(void)state;
	refusal_clear(&r);
	assert_int_equal(refusal_of(&r, A), 0);
	assert_int_equal(refusal_add(&r, A, 1), 0);
	assert_int_equal(refusal_of(&r, A), 1u << 1);
	assert_int_equal(refusal_of(&r, B), 0);
	assert_int_equal(refusal_add(&r, A, 2), 0);
	assert_int_equal(refusal_of(&r, A), (1u << 1) | (1u << 2));
	assert_int_equal(refusal_add(&r, B, 2), 0);
	assert_int_equal(refusal_of(&r, A), 0);
	assert_int_equal(refusal_of(&r, B), 1u << 2);
	refusal_clear(&r);
	assert_int_equal(refusal_of(&r, B), 0);
}

static void is_salted(void **state)
{
	struct refusal one, two;

	(void)state;
	refusal_clear(&one);
	refusal_clear(&two);
	refusal_add(&one, A, 1);
	refusal_add(&two, A, 1);
	assert_memory_not_equal(one.hash, two.hash, sizeof(one.hash));
	assert_null(memmem(&one, sizeof(one), A, 16));
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "one password and its schemes", remembers, NULL);
	rows_add(&rows, "as a salted hash alone", is_salted, NULL);
	return rows_run("refusal", &rows);
}
