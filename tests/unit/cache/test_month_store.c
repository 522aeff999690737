/* SPDX-License-Identifier: MIT */
/* Months by many threads, and what is there without waiting. */
#include "tests/unit/cache/store.h"

/* ---- peek ---- */

static void peek(void **state)
{
	struct store t;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20210510, NULL);
	assert_null(month_store_peek(t.store, SETTLED, SETTLED, 0));
	fetch_and_drop(&t, SETTLED, SETTLED);
	struct span *span = month_store_peek(t.store, SETTLED, SETTLED, 0);
	assert_non_null(span);
	assert_int_equal(span->n, 1);
	span_unref(span);
	assert_null(month_store_peek(t.store, SETTLED, SETTLED + 1, 0));
	restart(&t);
	assert_null(month_store_peek(t.store, SETTLED, SETTLED, 0));
	assert_int_equal(fake_hub_calls(t.hub), 0);
	teardown(&t);
}

/* ---- many threads ---- */

#define THREADS 6
#define ROUNDS  150

struct asker {
	struct store *t;
	unsigned random;
	atomic_int answers;
};

static void count_span(void *ctx, struct span *span, const struct err *err)
{
	struct asker *a = ctx;

	assert_true(span != NULL || err->code < 0);
	for (int i = 0; span && i < span->n; i++)
		assert_int_equal(span->month[i]->number, span->first + i);
	span_unref(span);
	atomic_fetch_add(&a->answers, 1);
}

static void count_text(void *ctx, struct month_text *text, const struct err *err)
{
	struct asker *a = ctx;

	assert_true(text != NULL || err->code < 0);
	month_text_unref(text);
	atomic_fetch_add(&a->answers, 1);
}

static void count_history(void *ctx, const struct history *h, int valid_s, const struct err *err)
{
	struct asker *a = ctx;

	(void)valid_s;
	assert_true(h != NULL || err->code < 0);
	atomic_fetch_add(&a->answers, 1);
}

static void *asks(void *arg)
{
	struct asker *a = arg;

	for (int i = 0; i < ROUNDS; i++) {
		a->random = a->random * 1103515245 + 12345;
		int first = JANUARY - (int)(a->random >> 16) % 12;
		int n = (int)(a->random >> 8) % 3;
		struct span *span = NULL;
		if (first + n > JANUARY)
			first = JANUARY - n;
		if (a->random >> 28 == 0)
			month_store_refresh(a->t->store);
		if (a->random >> 29 == 1)
			span = month_store_peek(a->t->store, first, first, 0);
		if (span)
			month_store_text(a->t->store, span->month[0], 0, span->month[0]->json_len,
					 WAIT_MS, count_text, a);
		else if (a->random >> 29 == 2)
			month_store_history(a->t->store, WAIT_MS, count_history, a);
		else
			month_store_get(a->t->store, first, first + n, WAIT_MS, count_span, a);
		span_unref(span);
	}
	return NULL;
}

static void threads(void **state)
{
	static struct asker asker[THREADS];
	pthread_t thread[THREADS];
	struct store t;
	int answers = 0;

	(void)state;
	setup(&t);
	t.config.memory = 4000;
	start(&t);
	for (int i = 0; i < 60; i++)
		put(&t, (uint64_t)i, month_first_day(JANUARY - i % 12) + i % 28, NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		asker[i] = (struct asker){.t = &t, .random = i};
		assert_int_equal(pthread_create(&thread[i], NULL, asks, &asker[i]), 0);
	}
	/* Months change, the hub fails now and then, and time goes on. */
	for (int round = 0; round < 5000 && answers < THREADS * ROUNDS; round++) {
		if (fake_hub_calls(t.hub) > FAKE_HUB_CALLS - 60)
			fake_hub_refuse(t.hub, -EHOSTUNREACH);
		put(&t, (uint64_t)(round % 60), month_first_day(JANUARY - round % 12),
		    round % 2 ? "\"a\"" : "\"b\"");
		fake_hub_fail(t.hub, round % 7 == 6 ? -EIO : 0);
		fake_hub_answer(t.hub);
		fake_clock_add(round % 50 == 49 ? 20000 : 100);
		fake_hub_tick(t.hub);
		settle(&t);
		answers = 0;
		for (int i = 0; i < THREADS; i++)
			answers += atomic_load(&asker[i].answers);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	fake_hub_fail(t.hub, 0);
	fake_hub_answer(t.hub);
	pass_ms(&t, 2 * WAIT_MS);
	run(&t);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(atomic_load(&asker[i].answers), ROUNDS);
	teardown(&t);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "peek shows what is in memory", peek, NULL);
	rows_add(&rows, "many threads are each answered once", threads, NULL);
	return rows_run("month_store", &rows);
}
