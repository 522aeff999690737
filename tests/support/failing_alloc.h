/* SPDX-License-Identifier: MIT */
/*
 * An allocator that fails when it is told to. Every unit test is linked with it
 * (--wrap in the Makefile); until failing_alloc_begin() it passes all through. It
 * sees the calls of our own objects: a library's only if it can be given functions.
 */
#ifndef TESTS_SUPPORT_FAILING_ALLOC_H
#define TESTS_SUPPORT_FAILING_ALLOC_H

enum failing_alloc {
	FAIL_ONE,  /* the n-th allocation fails, the next ones succeed */
	FAIL_REST, /* it and all after it */
};

/* Of this thread's allocations from now on; n counts from 1. */
void failing_alloc_begin(unsigned long n, enum failing_alloc how);

/* All succeed again. Returns whether one was refused. */
int failing_alloc_end(void);

/* Gives Jansson these functions, for good. */
void failing_alloc_in_jansson(void);

/*
 * Runs `try(arg)` with the first allocation failing, then the second, and so on until it
 * needs no more, both ways. `try` returns its result and frees what it made; what it
 * returned while an allocation failed must be -ENOMEM, and 0 in the end.
 * `fallback`: 0 is fine too, the failure had a way around.
 */
void failing_alloc_try(int (*try)(void *arg), void *arg, int fallback);

#endif
