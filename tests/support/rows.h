/* SPDX-License-Identifier: MIT */
/* cmocka tests from tables: a row a test, named by its `why`. Includes what cmocka.h needs. */
#ifndef TESTS_SUPPORT_ROWS_H
#define TESTS_SUPPORT_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* At most so many tests in one program. */
#define ROWS_MAX 400

struct rows {
	struct CMUnitTest test[ROWS_MAX];
	size_t n;
};

/* Adds a test for each row of the array `table`; `function` finds the row in *state. */
#define ROWS_ADD(rows, table, function)                                                            \
	do {                                                                                       \
		for (size_t i_ = 0; i_ < sizeof(table) / sizeof((table)[0]); i_++)                 \
			rows_add((rows), (table)[i_].why, (function), &(table)[i_]);               \
	} while (0)

static inline void rows_add(struct rows *rows, const char *name, CMUnitTestFunction function,
			    const void *row)
{
	if (rows->n < ROWS_MAX)
		rows->test[rows->n++] = (struct CMUnitTest){
			.name = name, .test_func = function, .initial_state = (void *)row};
}

static inline int rows_run(const char *name, const struct rows *rows)
{
	return _cmocka_run_group_tests(name, rows->test, rows->n, NULL, NULL);
}

#endif
