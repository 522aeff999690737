/* SPDX-License-Identifier: MIT */
/* The bytes of a download that left the cache stay for those who know its node. */
#include "fs/node.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/make_span.h"
#include "tests/support/temp_dir.h"

#define LABEL    UINT64_C(481230045566778800)
#define DECEMBER (2022 * 12 + 11)
#define BYTES    "the old bytes"

struct made {
	struct node_table *table;
	struct made_span s;
	struct thing file, other;
	struct temp_dir dir;
	int fd; /* what the next hold gets */
};

static void setup(struct made *d)
{
	const struct item item = {LABEL, 20221230, 450, NULL, NULL};
	struct thing month = thing_in(FORMAT_FIT, thing_month(2022, 12));

	d->table = node_table_new();
	assert_non_null(d->table);
	make_span(&d->s, DECEMBER, 1, &item, 1);
	d->file = thing_activity(&month, LABEL);
	month = thing_in(FORMAT_GPX, month);
	d->other = thing_activity(&month, LABEL);
	assert_true(thing_is_download(&d->file) && thing_is_download(&d->other));
	temp_dir_new(&d->dir);
	temp_dir_write(&d->dir, "blob", BYTES, strlen(BYTES), 0600);
	d->fd = openat(d->dir.fd, "blob", O_RDONLY | O_CLOEXEC);
	assert_true(d->fd >= 0);
	unlinkat(d->dir.fd, "blob", 0);
}

static void teardown(struct made *d)
{
	node_table_free(d->table);
	/* Whatever was held has been let go. */
	assert_int_equal(fcntl(d->fd, F_GETFD), -1);
	assert_int_equal(atomic_load(&d->s.span->refs), 1);
	free_span(&d->s);
	temp_dir_free(&d->dir);
}

static struct hold *make_hold(struct made *d)
{
	struct hold *h = hold_new(d->fd, &(struct blob_info){strlen(BYTES), 99});

	assert_non_null(h);
	return h;
}

static struct hold *hold_of(struct made *d, uint64_t id, struct span **pinned)
{
	struct hold *hold;
	uint64_t version;
	struct thing t;

	assert_int_equal(node_find(d->table, id, &t, &version, pinned, &hold), 0);
	return hold;
}

static void held_until_forgotten(void **state)
{
	char text[32] = "";
	struct span *pinned;
	struct made d;

	(void)state;
	setup(&d);
	uint64_t id = node_enter(d.table, &d.file, 7, d.s.span);
	uint64_t other = node_enter(d.table, &d.other, 7, d.s.span);
	assert_true(id != other);
	assert_null(hold_of(&d, id, &pinned));
	assert_null(pinned);
	struct hold *hold = make_hold(&d);
	node_hold(d.table, &d.file, 7, d.s.span, hold);
	hold_unref(hold);
	/* Who asks gets the bytes and the months. */
	hold = hold_of(&d, id, &pinned);
	assert_non_null(hold);
	assert_ptr_equal(pinned, d.s.span);
	assert_int_equal(pread(hold->fd, text, sizeof(text), 0), strlen(BYTES));
	assert_string_equal(text, BYTES);
	assert_true(hold->info.hash == 99);
	span_unref(pinned);
	/* The same activity in another form is another file. */
	assert_null(hold_of(&d, other, &pinned));
	assert_null(pinned);
	/* Who has them keeps them when the kernel forgets. */
	node_forget(d.table, id, 1);
	assert_int_equal(pread(hold->fd, text, sizeof(text), 0), strlen(BYTES));
	hold_unref(hold);
	teardown(&d);
}

static void known_and_not_held(void **state)
{
	struct made d;

	(void)state;
	setup(&d);
	assert_false(node_known(d.table, &d.file, 7));
	node_enter(d.table, &d.file, 7, d.s.span);
	assert_true(node_known(d.table, &d.file, 7));
	assert_false(node_known(d.table, &d.file, 8));
	assert_false(node_known(d.table, &d.other, 7));
	struct hold *hold = make_hold(&d);
	/* Nobody knows that version: nothing is kept. */
	node_hold(d.table, &d.file, 8, d.s.span, hold);
	assert_int_equal(atomic_load(&hold->refs), 1);
	node_hold(d.table, &d.file, 7, d.s.span, hold);
	assert_int_equal(atomic_load(&hold->refs), 2);
	assert_false(node_known(d.table, &d.file, 7));
	/* Once is enough. */
	node_hold(d.table, &d.file, 7, d.s.span, hold);
	assert_int_equal(atomic_load(&hold->refs), 2);
	hold_unref(hold);
	teardown(&d);
}

static void no_memory(void **state)
{
	struct made d;

	(void)state;
	setup(&d);
	failing_alloc_begin(1, FAIL_ONE);
	assert_null(hold_new(d.fd, &(struct blob_info){1, 2}));
	assert_true(failing_alloc_end());
	/* The descriptor was taken over all the same. */
	assert_int_equal(fcntl(d.fd, F_GETFD), -1);
	hold_unref(NULL);
	teardown(&d);
}

/* ---- threads ---- */

#define ROUNDS 2000

static void *reads(void *arg)
{
	struct made *d = arg;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t id = node_enter(d->table, &d->file, 7, d->s.span);
		struct span *pinned = NULL;
		struct hold *hold = hold_of(d, id, &pinned);
		char byte;
		if (hold)
			assert_int_equal(pread(hold->fd, &byte, 1, 0), 1);
		hold_unref(hold);
		span_unref(pinned);
		node_forget(d->table, id, 1);
	}
	return NULL;
}

static void by_many_at_once(void **state)
{
	pthread_t thread[4];
	struct made d;

	(void)state;
	setup(&d);
	struct hold *hold = make_hold(&d);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, reads, &d), 0);
	for (int i = 0; i < ROUNDS; i++)
		node_hold(d.table, &d.file, 7, d.s.span, hold);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(atomic_load(&hold->refs), 1);
	hold_unref(hold);
	teardown(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(held_until_forgotten),
		cmocka_unit_test(known_and_not_held),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(by_many_at_once),
	};
	return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
