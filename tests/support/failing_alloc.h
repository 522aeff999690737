/* SPDX-License-Identifier: MIT */
/*
 * An allocator that fails when it is told to. Every unit test is linked with it
 * (--wrap in the Makefile); until failing_alloc_begin() it passes all through. It
 * sees the calls of our own objects: a library's only if it can be given functions.
 */
#ifndef TESTS_SUPPORT_FAILING_ALLOC_H
#define TESTS_SUPPORT_FAILING_ALLOC_H

#include "api/err.h"

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
/* And libcurl; and OpenSSL's libcrypto. Before their first use. */
void failing_alloc_in_curl(void);
void failing_alloc_in_openssl(void);

/*
 * Runs `try(arg)` with the first allocation failing, then the second, and so on until it
 * needs no more, both ways. `try` returns its result and frees what it made; what it
 * returned while an allocation failed must be -ENOMEM, and 0 in the end.
 * `fallback`: 0 is fine too, the failure had a way around.
 */
void failing_alloc_try(int (*try)(void *arg), void *arg, int fallback);

/* What several threads do together. */
struct failing_job {
	const char *what;
	void (*before)(void *arg); /* each time, with memory; or NULL */
	int (*run)(void *arg, struct err *err);
	void (*after)(void *arg); /* as before */
	int is_patient;           /* it waits for memory: one allocation fails, never all */
	int is_foreign;           /* run() may fail by what a library made of the failure */
};

/*
 * The same over the allocations of all threads. Without memory run() must be 0, or -ENOMEM (or
 * with is_foreign another negative errno) with words; then, with memory again and on what the
 * failure left behind, 0.
 */
void failing_alloc_everywhere(const struct failing_job *job, void *arg);
/* But for what this thread allocates from now on: it is the test's own (1), or not any more (0). */
void failing_alloc_spare(int is_test);

#endif
