/* SPDX-License-Identifier: MIT */
/* An allocator that fails on demand; see failing_alloc.h. */
#include "tests/support/failing_alloc.h"

#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <mntent.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/rows.h"

#define TRIES_MAX 100000 /* more than any test needs: a call that never succeeds is a failure */

struct countdown {
	atomic_ulong left; /* until the one that fails; 0: none will */
	atomic_int mode, refused;
};

static _Thread_local struct countdown own;
static struct countdown everybodys;
static _Thread_local int is_spared;
static atomic_ulong total; /* of the program */

static int is_its_turn(struct countdown *c)
{
	unsigned long left = atomic_load(&c->left), next;

	do {
		if (!left)
			return 0;
		next = left == 1 && c->mode == FAIL_REST ? 1 : left - 1;
	} while (!atomic_compare_exchange_weak(&c->left, &left, next));
	if (left > 1)
		return 0;
	c->refused = 1;
	return 1;
}

static int refuse(void)
{
	if (!is_its_turn(&own) && (is_spared || !is_its_turn(&everybodys)))
		return 0;
	total++;
	errno = ENOMEM;
	return 1;
}

#define WRAP(type, failure, name, arguments, ...)                                                  \
	type __real_##name arguments;                                                              \
	type __wrap_##name arguments;                                                              \
	type __wrap_##name arguments                                                               \
	{                                                                                          \
		return refuse() ? (failure) : __real_##name(__VA_ARGS__);                          \
	}

WRAP(void *, NULL, malloc, (size_t size), size)
WRAP(void *, NULL, calloc, (size_t n, size_t size), n, size)
WRAP(void *, NULL, realloc, (void *p, size_t size), p, size)
WRAP(void *, NULL, reallocarray, (void *p, size_t n, size_t size), p, n, size)
WRAP(char *, NULL, strdup, (const char *s), s)
/* What the C library allocates it takes from inside, so its functions stand for it. */
WRAP(DIR *, NULL, opendir, (const char *name), name)
WRAP(DIR *, NULL, fdopendir, (int fd), fd)
WRAP(FILE *, NULL, fopen, (const char *name, const char *how), name, how)
WRAP(FILE *, NULL, setmntent, (const char *name, const char *how), name, how)
/* getline(3), as its header has it. */
WRAP(ssize_t, -1, __getdelim, (char **line, size_t *size, int end, FILE *f), line, size, end, f)

__attribute__((destructor)) static void say(void)
{
	if (total)
		printf("# %lu allocations failed on purpose\n", total);
}

static void begin(struct countdown *c, unsigned long n, enum failing_alloc how)
{
	c->refused = 0;
	c->mode = (int)how;
	c->left = n;
}

static int end(struct countdown *c)
{
	c->left = 0;
	return c->refused;
}

void failing_alloc_begin(unsigned long n, enum failing_alloc how)
{
	begin(&own, n, how);
}

int failing_alloc_end(void)
{
	return end(&own);
}

void failing_alloc_spare(int is_test)
{
	is_spared = is_test;
}

void failing_alloc_in_jansson(void)
{
	json_set_alloc_funcs(malloc, free);
}

void failing_alloc_in_curl(void)
{
	/* The transport's own start finds it started, and leaves the functions alone. */
	assert_int_equal(
		curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, free, realloc, strdup, calloc),
		CURLE_OK);
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

/* ---- OpenSSL ---- */

static void *crypto_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

static void *crypto_realloc(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return realloc(p, size);
}

static void crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

void failing_alloc_in_openssl(void)
{
	assert_int_equal(CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free), 1);
}

/* ---- jobs ---- */

static void assert_outcome(const struct failing_job *job, int r, const struct err *err)
{
	if (r == 0 || (r == -ENOMEM && err->text[0]))
		return;
	if (r > 0 || !job->is_foreign || !err->text[0])
		fail_msg("%s: without memory %d, %s", job->what, r, err->text);
}

/* Whether an allocation failed. */
static int starve(const struct failing_job *job, void *arg, unsigned long n, enum failing_alloc how)
{
	struct err err = {0};

	if (job->before)
		job->before(arg);
	begin(&everybodys, n, how);
	int r = job->run(arg, &err);
	int refused = end(&everybodys);
	if (refused) {
		assert_outcome(job, r, &err);
		err = (struct err){0};
		r = job->run(arg, &err);
	}
	if (r != 0)
		fail_msg("%s: %d, %s, after allocation %lu", job->what, r, err.text, n);
	if (job->after)
		job->after(arg);
	return refused;
}

void failing_alloc_everywhere(const struct failing_job *job, void *arg)
{
	enum failing_alloc last = job->is_patient ? FAIL_ONE : FAIL_REST;
	unsigned long n;

	for (enum failing_alloc how = FAIL_ONE; how <= last; how++) {
		for (n = 1; starve(job, arg, n, how); n++)
			assert_true(n < TRIES_MAX);
		/* A job without allocations would prove nothing. */
		assert_true(n > 1);
	}
	printf("# %s: each of %lu allocations\n", job->what, n - 1);
}
