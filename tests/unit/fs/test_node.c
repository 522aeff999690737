/* SPDX-License-Identifier: MIT */
/* Node ids: a version each, counted, and pinned when it is superseded. */
#include "fs/node.h"

#include <errno.h>
#include <pthread.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/make_span.h"

#define LABEL    UINT64_C(481230045566778800)
#define DECEMBER (2022 * 12 + 11)

struct made {
	struct node_table *table;
	struct made_span s;
	struct thing month, file;
};

static void setup(struct made *d)
{
	const struct item item = {LABEL, 20221230, 450, NULL, NULL};

	d->table = node_table_new();
	assert_non_null(d->table);
	make_span(&d->s, DECEMBER, 1, &item, 1);
	d->month = thing_month(2022, 12);
	d->file = thing_activity(&d->month, LABEL);
}

static void teardown(struct made *d)
{
	node_table_free(d->table);
	assert_int_equal(atomic_load(&d->s.span->refs), 1);
	free_span(&d->s);
}

/* A span's months, which the caller unrefs; NULL: not pinned; fails the test when not there. */
static struct span *pinned_of(struct made *d, uint64_t id)
{
	struct span *pinned;
	struct hold *hold;
	struct thing t;
	uint64_t version;

	assert_int_equal(node_find(d->table, id, &t, &version, &pinned, &hold), 0);
	return pinned;
}

static int is_there(struct made *d, uint64_t id)
{
	struct span *pinned = NULL;
	struct hold *hold;
	struct thing t;
	uint64_t version;
	int r = node_find(d->table, id, &t, &version, &pinned, &hold);

	span_unref(pinned);
	assert_true(r == 0 || r == -ESTALE);
	return r == 0;
}

static void entered_and_found(void **state)
{
	struct made d;
	struct thing t;
	uint64_t version;
	struct span *pinned;
	struct hold *hold;

	(void)state;
	setup(&d);
	uint64_t id = node_enter(d.table, &d.file, 7, d.s.span);
	assert_true(id > 15 && (id & 15) == 0 && id != UINT32_MAX);
	assert_int_equal(node_find(d.table, id, &t, &version, &pinned, &hold), 0);
	assert_true(version == 7);
	assert_null(pinned);
	assert_true(t.label_id == LABEL && t.kind == THING_ACTIVITY);
	/* Another version is another node, the same one is the same. */
	uint64_t other = node_enter(d.table, &d.file, 8, d.s.span);
	assert_true(other != id);
	assert_true(node_enter(d.table, &d.file, 7, d.s.span) == id);
	/* No directory has such an id. */
	assert_int_not_equal(inode_dir(id, &t), 0);
	teardown(&d);
}

static void forgotten_when_all_is_given_back(void **state)
{
	struct made d;

	(void)state;
	setup(&d);
	uint64_t id = node_enter(d.table, &d.file, 7, d.s.span);
	for (int i = 0; i < 4; i++)
		node_enter(d.table, &d.file, 7, d.s.span);
	node_forget(d.table, id, 2);
	assert_true(is_there(&d, id));
	node_forget(d.table, id, 2);
	assert_true(is_there(&d, id));
	node_forget(d.table, id, 1);
	assert_false(is_there(&d, id));
	/* Once more, too many, and of what is not a file: nothing happens. */
	node_forget(d.table, id, 1);
	id = node_enter(d.table, &d.file, 7, d.s.span);
	node_forget(d.table, id, UINT64_MAX);
	assert_false(is_there(&d, id));
	node_forget(d.table, inode_of(&d.month), 1);
	node_forget(d.table, INODE_ROOT, 1);
	node_forget(d.table, 0, 1);
	teardown(&d);
}

static void pinned_before_it_is_superseded(void **state)
{
	struct made d;

	(void)state;
	setup(&d);
	uint64_t id = node_enter(d.table, &d.file, 7, d.s.span);
	/* Nobody knows that version, so nothing is kept. */
	node_pin(d.table, &d.file, 8, d.s.span);
	assert_int_equal(atomic_load(&d.s.span->refs), 1);
	node_pin(d.table, &d.file, 7, d.s.span);
	node_pin(d.table, &d.file, 7, d.s.span);
	assert_int_equal(atomic_load(&d.s.span->refs), 2);
	struct span *pinned = pinned_of(&d, id);
	assert_ptr_equal(pinned, d.s.span);
	span_unref(pinned);
	node_forget(d.table, id, 1);
	assert_int_equal(atomic_load(&d.s.span->refs), 1);
	teardown(&d);
}

/* Looked up from months that were superseded meanwhile: pinned at once. */
static void entered_too_late(void **state)
{
	struct made d;

	(void)state;
	setup(&d);
	uint64_t before = node_enter(d.table, &d.file, 7, d.s.span);
	atomic_store(&d.s.span->month[0]->superseded, 1);
	uint64_t id = node_enter(d.table, &d.file, 8, d.s.span);
	struct span *pinned = pinned_of(&d, id);
	assert_ptr_equal(pinned, d.s.span);
	span_unref(pinned);
	/* One that was there and was missed is pinned at its next lookup. */
	assert_null(pinned_of(&d, before));
	node_enter(d.table, &d.file, 7, d.s.span);
	pinned = pinned_of(&d, before);
	assert_ptr_equal(pinned, d.s.span);
	span_unref(pinned);
	teardown(&d);
}

static void wide_ones_are_found(void **state)
{
	struct thing all = thing_all(DECEMBER - 20, DECEMBER), year = thing_year(2022), t[3];
	struct thing other = thing_year(2021);
	struct made d;

	(void)state;
	setup(&d);
	all = thing_summary(&all, FORMAT_CSV);
	year = thing_summary(&year, FORMAT_JSON);
	other = thing_summary(&other, FORMAT_CSV);
	struct thing month = thing_summary(&d.month, FORMAT_CSV);
	assert_int_equal(node_wide(d.table, DECEMBER, t, 3), 0);
	uint64_t ids[] = {
		node_enter(d.table, &all, 1, d.s.span), node_enter(d.table, &year, 1, d.s.span),
		node_enter(d.table, &other, 1, d.s.span), node_enter(d.table, &month, 1, d.s.span),
		node_enter(d.table, &d.file, 1, d.s.span)};
	assert_int_equal(node_wide(d.table, DECEMBER, t, 3), 2);
	assert_int_equal(node_wide(d.table, DECEMBER, t, 1), 1);
	assert_int_equal(node_wide(d.table, DECEMBER, t, 0), 0);
	assert_int_equal(node_wide(d.table, DECEMBER - 12, t, 3), 2);
	assert_int_equal(node_wide(d.table, DECEMBER + 1, t, 3), 0);
	/* What is pinned already need not be. */
	node_pin(d.table, &year, 1, d.s.span);
	assert_int_equal(node_wide(d.table, DECEMBER, t, 3), 1);
	assert_int_equal(t[0].kind, THING_SUMMARY);
	assert_int_equal(t[0].first, DECEMBER - 20);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		node_forget(d.table, ids[i], 1);
	assert_int_equal(node_wide(d.table, DECEMBER, t, 3), 0);
	teardown(&d);
}

#define MANY 20000

static void many(void **state)
{
	static uint64_t id[MANY];
	struct made d;

	(void)state;
	setup(&d);
	for (uint64_t i = 0; i < MANY; i++) {
		struct thing t = thing_activity(&d.month, LABEL + i);
		id[i] = node_enter(d.table, &t, i, d.s.span);
		assert_true(id[i] > 15);
	}
	for (uint64_t i = 0; i < MANY; i++) {
		struct thing t;
		uint64_t version;
		struct span *pinned;
		assert_int_equal(
			node_find(d.table, id[i], &t, &version, &pinned, &(struct hold *){NULL}),
			0);
		assert_true(version == i && t.label_id == LABEL + i);
	}
	for (uint64_t i = 0; i < MANY; i += 2)
		node_forget(d.table, id[i], 1);
	for (uint64_t i = 0; i < MANY; i++)
		assert_int_equal(is_there(&d, id[i]), i % 2);
	teardown(&d);
}

/* What is pinned goes with the table. */
static void freed_with_pins(void **state)
{
	struct made d;

	(void)state;
	setup(&d);
	node_enter(d.table, &d.file, 7, d.s.span);
	node_pin(d.table, &d.file, 7, d.s.span);
	teardown(&d);
	node_table_free(NULL);
}

static int try_nodes(void *arg)
{
	struct made *d = arg;
	struct node_table *table = node_table_new();
	int r = table ? 0 : -ENOMEM;

	for (uint64_t i = 0; i < 600 && r == 0; i++)
		if (!node_enter(table, &d->file, i, d->s.span))
			r = -ENOMEM;
	node_table_free(table);
	return r;
}

static void out_of_memory(void **state)
{
	struct made d;

	(void)state;
	setup(&d);
	/* A table that cannot grow gets slower. */
	failing_alloc_try(try_nodes, &d, 1);
	teardown(&d);
}

/* ---- many threads ---- */

static void *enter_and_forget(void *arg)
{
	struct made *d = arg;

	for (uint64_t i = 0; i < 3000; i++) {
		struct thing t = thing_activity(&d->month, LABEL + i % 50), found;
		uint64_t id = node_enter(d->table, &t, i % 3, d->s.span), version;
		struct span *pinned = NULL;
		if (i % 7 == 0)
			node_pin(d->table, &t, i % 3, d->s.span);
		assert_int_equal(
			node_find(d->table, id, &found, &version, &pinned, &(struct hold *){NULL}),
			0);
		assert_true(found.label_id == t.label_id && version == i % 3);
		span_unref(pinned);
		node_forget(d->table, id, 1);
	}
	return NULL;
}

static void threads(void **state)
{
	pthread_t thread[4];
	struct made d;

	(void)state;
	setup(&d);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, enter_and_forget, &d), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	teardown(&d);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "a version is a node", entered_and_found, NULL);
	rows_add(&rows, "it is forgotten when all lookups are given back",
		 forgotten_when_all_is_given_back, NULL);
	rows_add(&rows, "a version that the kernel knows keeps its months",
		 pinned_before_it_is_superseded, NULL);
	rows_add(&rows, "also when it is entered too late", entered_too_late, NULL);
	rows_add(&rows, "files of many months are found by month", wide_ones_are_found, NULL);
	rows_add(&rows, "many nodes", many, NULL);
	rows_add(&rows, "a table goes with what it pins", freed_with_pins, NULL);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	rows_add(&rows, "many threads", threads, NULL);
	return rows_run("node", &rows);
}
