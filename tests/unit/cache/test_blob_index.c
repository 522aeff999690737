/* SPDX-License-Identifier: MIT */
/* The index of files: one entry an activity and form, counted, least recently used out first. */
#include "cache/blob_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/rows.h"

static struct blob_key key(uint64_t label, enum export form)
{
	return (struct blob_key){.label_id = label, .form = form};
}

static struct blob_entry entry(uint64_t label, enum export form, uint64_t size, int64_t used_s)
{
	return (struct blob_entry){.id = label << 4 | (uint64_t)form,
				   .edition = 7,
				   .info = {size, size * 31},
				   .used_s = used_s};
}

static void put(struct blob_index *x, const struct blob_entry *e, struct blob_entry *old)
{
	assert_int_equal(blob_index_put(x, e, old), 0);
}

static void put_and_found(void **state)
{
	struct blob_index x = {0};
	struct blob_entry old, e = entry(5, EXPORT_FIT, 100, 1);
	struct blob_key want = key(5, EXPORT_FIT), other = key(5, EXPORT_GPX),
			next = key(6, EXPORT_FIT);

	(void)state;
	assert_null(blob_index_find(&x, &want));
	put(&x, &e, &old);
	assert_true(old.id == 0);
	const struct blob_entry *found = blob_index_find(&x, &want);
	assert_non_null(found);
	assert_true(found->info.size == 100 && found->edition == 7);
	assert_null(blob_index_find(&x, &other));
	assert_null(blob_index_find(&x, &next));
	struct blob_key back = blob_entry_key(found);
	assert_true(back.label_id == 5 && back.form == EXPORT_FIT && back.edition == 7);
	assert_true(x.files == 1 && x.bytes == 100);
	blob_index_clear(&x);
	assert_true(x.files == 0 && x.bytes == 0);
	assert_null(blob_index_find(&x, &want));
}

static void one_takes_the_place_of_another(void **state)
{
	struct blob_index x = {0};
	struct blob_entry old, e = entry(5, EXPORT_FIT, 100, 1);

	(void)state;
	put(&x, &e, &old);
	e.edition = 8;
	e.info.size = 30;
	put(&x, &e, &old);
	assert_true(old.id == e.id && old.edition == 7 && old.info.size == 100);
	assert_true(x.files == 1 && x.bytes == 30);
	/* One that does not exist is no file. */
	e.state = BLOB_ABSENT;
	e.info = (struct blob_info){0};
	put(&x, &e, &old);
	assert_true(old.info.size == 30 && old.state == BLOB_FILE);
	assert_true(x.files == 0 && x.bytes == 0);
	e = entry(5, EXPORT_FIT, 40, 2);
	put(&x, &e, &old);
	assert_true(old.state == BLOB_ABSENT);
	assert_true(x.files == 1 && x.bytes == 40);
	blob_index_clear(&x);
}

static void removed(void **state)
{
	struct blob_index x = {0};
	struct blob_entry old;

	(void)state;
	for (uint64_t label = 1; label <= 50; label++)
		for (enum export form = 0; form < EXPORTS; form++) {
			struct blob_entry e = entry(label, form, label, 1);
			e.state = form == EXPORT_KML ? BLOB_ABSENT : BLOB_FILE;
			put(&x, &e, &old);
		}
	assert_true(x.files == 50U * (EXPORTS - 1) && x.bytes == 1275U * (EXPORTS - 1));
	for (uint64_t label = 1; label <= 50; label++)
		for (enum export form = 0; form < EXPORTS; form++) {
			struct blob_key k = key(label, form);
			struct blob_entry *e = blob_index_find(&x, &k);
			assert_non_null(e);
			blob_index_remove(&x, e);
			free(e);
			assert_null(blob_index_find(&x, &k));
		}
	assert_true(x.files == 0 && x.bytes == 0);
	assert_null(x.root);
}

/* ---- eviction ---- */

static const struct evict_case {
	const char *why;
	uint64_t max;
	size_t keep;
	long n;        /* how many go */
	uint64_t left; /* bytes */
} evict_cases[] = {
	/* Ten files of 10 bytes, used at 1 .. 10 s, and one that does not exist. */
	{"there is room", 100, 0, 0, 100},      {"one byte too much", 99, 0, 1, 90},
	{"half of them", 50, 0, 5, 50},         {"a little less than half", 49, 0, 6, 40},
	{"all of them", 0, 0, 10, 0},           {"the last ones stay", 0, 6, 4, 60},
	{"more than there are", 0, 20, 0, 100}, {"some may go, fewer have to", 80, 6, 2, 80},
};

static void evict(void **state)
{
	/* In no order; two within a second. */
	static const int64_t used[] = {7, 2, 10, 5, 1, 9, 3, 8, 7, 4};
	const struct evict_case *c = *state;
	struct blob_entry old, absent = entry(99, EXPORT_GPX, 0, 0), *gone;
	struct blob_index x = {0};

	for (uint64_t i = 0; i < 10; i++) {
		struct blob_entry e = entry(i + 1, EXPORT_FIT, 10, used[i]);
		e.turn = 10 - i;
		put(&x, &e, &old);
	}
	absent.state = BLOB_ABSENT;
	put(&x, &absent, &old);
	assert_int_equal(blob_index_evict(&x, c->max, c->keep, &gone), c->n);
	assert_true(x.bytes == c->left && x.files == 10 - (size_t)c->n);
	for (long i = 0; i < c->n; i++) {
		static const uint64_t order[] = {5, 2, 7, 10, 4, 9, 1, 8, 6, 3};
		struct blob_key k = blob_entry_key(&gone[i]);
		assert_true(k.label_id == order[i] && gone[i].state == BLOB_FILE);
		/* What it was is still known. */
		const struct blob_entry *e = blob_index_find(&x, &k);
		assert_true(e->state == BLOB_LEFT && e->info.size == 10);
	}
	struct blob_key k = blob_entry_key(&absent);
	assert_non_null(blob_index_find(&x, &k));
	free(gone);
	blob_index_clear(&x);
}

static void forgiven(void **state)
{
	struct blob_index x = {0};
	struct blob_entry old;

	(void)state;
	for (uint64_t i = 1; i < 20; i++) {
		struct blob_entry e = entry(i, EXPORT_FIT, 10, 1);
		e.failures = (unsigned)i;
		put(&x, &e, &old);
	}
	blob_index_forgive(&x);
	for (uint64_t i = 1; i < 20; i++) {
		struct blob_key k = key(i, EXPORT_FIT);
		assert_int_equal(blob_index_find(&x, &k)->failures, 0);
	}
	blob_index_clear(&x);
}

/* ---- without memory ---- */

static int try_it(void *arg)
{
	struct blob_entry old, *gone, e = entry(5, EXPORT_FIT, 100, 1);
	struct blob_index x = {0};

	(void)arg;
	int r = blob_index_put(&x, &e, &old);
	if (r == 0) {
		long n = blob_index_evict(&x, 0, 0, &gone);
		r = n < 0 ? (int)n : 0;
		assert_int_equal(x.files, r < 0 ? 1 : 0);
		if (n < 0)
			assert_null(gone);
		free(gone);
	} else {
		assert_true(x.files == 0 && x.bytes == 0);
	}
	blob_index_clear(&x);
	return r;
}

static void without_memory(void **state)
{
	(void)state;
	failing_alloc_try(try_it, NULL, 0);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "put in and found", put_and_found, NULL);
	rows_add(&rows, "one takes the place of another", one_takes_the_place_of_another, NULL);
	rows_add(&rows, "removed", removed, NULL);
	ROWS_ADD(&rows, evict_cases, evict);
	rows_add(&rows, "forgiven", forgiven, NULL);
	rows_add(&rows, "without memory", without_memory, NULL);
	return rows_run("blob_index", &rows);
}
