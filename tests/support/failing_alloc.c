/* SPDX-License-Identifier: MIT */
/* An allocator that fails on demand; see failing_alloc.h. */
#include "tests/support/failing_alloc.h"

#include <errno.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/rows.h"

#define TRIES_MAX 100000 /* more than any test needs: a call that never succeeds is a failure */

static _Thread_local unsigned long left; /* until the one that fails; 0: none will */
static _Thread_local enum failing_alloc mode;
static _Thread_local int refused;
static atomic_ulong total; /* of the program */

static int refuse(void)
{
	if (!left || --left)
		return 0;
	if (mode == FAIL_REST)
		left = 1;
	refused = 1;
	total++;
	errno = ENOMEM;
	return 1;
}

#define WRAP(type, name, arguments, ...)                                                           \
	type __real_##name arguments;                                                              \
	type __wrap_##name arguments;                                                              \
	type __wrap_##name arguments                                                               \
	{                                                                                          \
		return refuse() ? NULL : __real_##name(__VA_ARGS__);                               \
	}

WRAP(void *, malloc, (size_t size), size)
WRAP(void *, calloc, (size_t n, size_t size), n, size)
WRAP(void *, realloc, (void *p, size_t size), p, size)
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), p, n, size)
WRAP(char *, strdup, (const char *s), s)

__attribute__((destructor)) static void say(void)
{
	if (total)
		printf("# %lu allocations failed on purpose\n", total);
}

void failing_alloc_begin(unsigned long n, enum failing_alloc how)
{
	left = n;
	mode = how;
	refused = 0;
}

int failing_alloc_end(void)
{
	left = 0;
	return refused;
}

void failing_alloc_in_jansson(void)
{
	json_set_alloc_funcs(malloc, free);
}

void failing_alloc_try(int (*try)(void *arg), void *arg, int fallback)
{
	for (enum failing_alloc how = FAIL_ONE; how <= FAIL_REST; how++)
		for (unsigned long n = 1;; n++) {
			assert_true(n < TRIES_MAX);
			failing_alloc_begin(n, how);
			int r = try(arg);
			if (!failing_alloc_end()) {
				assert_int_equal(r, 0);
				break;
			}
			if (!fallback || r != 0)
				assert_int_equal(r, -ENOMEM);
		}
}
