/* SPDX-License-Identifier: MIT */
/* A month store on a temporary folder, a fake hub and a fake clock: what its tests share. */
#ifndef TESTS_UNIT_CACHE_STORE_H
#define TESTS_UNIT_CACHE_STORE_H

#include "cache/month_store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "api/log.h"
#include "cache/month_file.h"
#include "cache/store_impl.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_hub.h"
#include "tests/support/make_month.h"
#include "tests/support/temp_dir.h"

/* Noon of 15 January 2023. */
#define NOW_S    INT64_C(1673784000)
#define JANUARY  (2023 * 12)
#define DECEMBER (JANUARY - 1)
#define SETTLED  (2021 * 12 + 4)
#define LABEL    UINT64_C(481230045566778800)
#define TTL_S    60
#define WAIT_MS  30000
#define HOUR_MS  INT64_C(3600000)
#define DAY_MS   (24 * HOUR_MS)
#define PLENTY   ((size_t)64 << 20)

/* ---- a store, its disk and its hub ---- */

struct news {
	struct lock lock;
	int before, after, history; /* how often */
	struct month *old, *fresh;  /* of the last `before`; references */
	int superseded_early;       /* `old` was marked in time */
	int after_without_old;
};

struct store {
	struct temp_dir dir;
	struct cache_dir folder; /* in it: `account` */
	int months_fd;           /* the folder's */
	struct fake_hub *hub;
	struct month_store *store;
	struct month_store_config config;
	struct news news;
};

static inline uint64_t names(const struct month *m)
{
	return XXH3_64bits(m->strings, m->strings_len) + m->n;
}

static inline void on_before(void *ctx, struct month *old, struct month *fresh)
{
	struct news *n = ctx;

	lock_take(&n->lock);
	n->before++;
	month_unref(n->old);
	month_unref(n->fresh);
	n->old = month_ref(old);
	n->fresh = month_ref(fresh);
	n->superseded_early = atomic_load(&old->superseded);
	lock_drop(&n->lock);
}

static inline void on_after(void *ctx, struct month *old, struct month *fresh)
{
	struct news *n = ctx;

	(void)fresh;
	lock_take(&n->lock);
	n->after++;
	n->after_without_old += !old;
	lock_drop(&n->lock);
}

static inline void on_history(void *ctx, const struct history *old, const struct history *fresh)
{
	struct news *n = ctx;

	(void)old;
	(void)fresh;
	lock_take(&n->lock);
	n->history++;
	lock_drop(&n->lock);
}

static inline void start(struct store *t)
{
	struct err err;

	t->store = month_store_new(&t->config, &err);
	if (!t->store)
		fail_msg("%s", err.text);
}

static inline void open_folder(struct store *t)
{
	char path[sizeof(t->dir.path) + 16];
	struct err err;

	snprintf(path, sizeof(path), "%s/account", t->dir.path);
	if (cache_dir_open(&t->folder, path, 0, &err) < 0)
		fail_msg("%s", err.text);
	t->months_fd = t->folder.months_fd;
}

static inline void setup(struct store *t)
{
	memset(t, 0, sizeof(*t));
	log_open(LOG_LEVEL_ERROR, STDERR_FILENO);
	fake_clock_set(NOW_S);
	temp_dir_new(&t->dir);
	open_folder(t);
	t->hub = fake_hub_new();
	lock_init(&t->news.lock);
	t->config = (struct month_store_config){
		.hub = fake_hub_door(t->hub),
		.clock = &fake_clock,
		.dir = &t->folder,
		.memory = PLENTY,
		.disk_max = PLENTY,
		.ttl_s = TTL_S,
		.names = names,
		.before = on_before,
		.after = on_after,
		.history = on_history,
		.ctx = &t->news,
	};
}

/* As http_stop() does: what is under way is cancelled, and tasks run no more. */
static inline void stop(struct store *t)
{
	month_store_quiet(t->store);
	fake_hub_free(t->hub);
	month_store_stop(t->store);
	month_store_free(t->store);
}

static inline void teardown(struct store *t)
{
	stop(t);
	month_unref(t->news.old);
	month_unref(t->news.fresh);
	lock_clear(&t->news.lock);
	cache_dir_close(&t->folder);
	temp_dir_free(&t->dir);
}

/* The next mount, on another hub of no activities. */
static inline void restart(struct store *t)
{
	stop(t);
	cache_dir_close(&t->folder);
	open_folder(t);
	t->hub = fake_hub_new();
	t->config.hub = fake_hub_door(t->hub);
	start(t);
}

static inline void put(struct store *t, uint64_t label, int32_t day, const char *name)
{
	fake_hub_put(t->hub, &(struct item){LABEL + label, day, 480, name, NULL});
}

/* ---- waiting for the store's threads ---- */

struct barrier {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	int passed;
};
#define BARRIER                                                                                    \
	{                                                                                          \
		PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0                             \
	}

static inline void pass(void *arg)
{
	struct barrier *b = arg;

	pthread_mutex_lock(&b->mutex);
	b->passed = 1;
	pthread_cond_signal(&b->cond);
	pthread_mutex_unlock(&b->mutex);
}

static inline struct timespec deadline(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += 60;
	return t;
}

static inline void wait_to_pass(struct barrier *b)
{
	struct timespec until = deadline();

	pthread_mutex_lock(&b->mutex);
	while (!b->passed)
		assert_int_equal(pthread_cond_timedwait(&b->cond, &b->mutex, &until), 0);
	pthread_mutex_unlock(&b->mutex);
}

static inline void wait_for(struct worker *w)
{
	struct barrier b = BARRIER;

	assert_int_equal(worker_post(w, pass, &b), 0);
	wait_to_pass(&b);
}

/* What the loader does may lead to more for it, a few times over; the saver comes last. */
static inline void settle(struct store *t)
{
	for (int i = 0; i < 6; i++)
		wait_for(t->store->loader);
	wait_for(t->store->saver);
}

/* Everything that can happen without time going on. Returns how many calls were answered. */
static inline int run(struct store *t)
{
	int answers = 0;

	settle(t);
	for (int n; (n = fake_hub_answer(t->hub)); settle(t))
		answers += n;
	return answers;
}

static inline void pass_ms(struct store *t, int64_t ms)
{
	fake_clock_add(ms);
	fake_hub_tick(t->hub);
	settle(t);
}

/* What the snapshots in memory, or their texts alone, take. */
static inline size_t memory_of(struct store *t, int texts)
{
	lock_take(&t->store->lock);
	size_t size = texts ? t->store->text_memory : t->store->memory;
	lock_drop(&t->store->lock);
	return size;
}

/* Makes a month older than it is. */
static inline void set_fetched(struct store *t, int month, int64_t fetched_s)
{
	lock_take(&t->store->lock);
	slot_locked(t->store, month)->fetched_s = fetched_s;
	lock_drop(&t->store->lock);
}

/* ---- callers ---- */

struct got {
	int times;
	struct span *span;
	struct month_text *text;
	struct history history;
	int valid_s;
	struct err err;
};

/* From a thread of the store's or this one, but settle() stands between: no lock. */
static inline void got_span(void *ctx, struct span *span, const struct err *err)
{
	struct got *g = ctx;

	g->times++;
	g->span = span;
	g->valid_s = span ? span->valid_s : 0;
	g->err = *err;
}

static inline void got_text(void *ctx, struct month_text *text, const struct err *err)
{
	struct got *g = ctx;

	g->times++;
	g->text = text;
	g->err = *err;
}

static inline void got_history(void *ctx, const struct history *h, int valid_s,
			       const struct err *err)
{
	struct got *g = ctx;

	g->times++;
	if (h)
		g->history = *h;
	g->valid_s = valid_s;
	g->err = *err;
}

static inline void ask(struct store *t, int first, int last, struct got *g)
{
	*g = (struct got){0};
	month_store_get(t->store, first, last, WAIT_MS, got_span, g);
	settle(t);
}

static inline void drop(struct got *g)
{
	span_unref(g->span);
	month_text_unref(g->text);
	*g = (struct got){0};
}

/* Asks, lets the hub answer, and expects months. Returns how many calls that took. */
static inline int fetch(struct store *t, int first, int last, struct got *g)
{
	int calls = fake_hub_calls(t->hub);

	ask(t, first, last, g);
	run(t);
	/* With little memory months may have to come from disk more than once. */
	for (int round = 0; round < 100 && !g->times; round++)
		run(t);
	assert_int_equal(g->times, 1);
	if (g->err.code)
		fail_msg("%s", g->err.text);
	assert_int_equal(g->span->first, first);
	assert_int_equal(g->span->n, last - first + 1);
	for (int i = 0; i < g->span->n; i++)
		assert_int_equal(g->span->month[i]->number, first + i);
	return fake_hub_calls(t->hub) - calls;
}

static inline int fetch_and_drop(struct store *t, int first, int last)
{
	struct got g;
	int calls = fetch(t, first, last, &g);

	drop(&g);
	return calls;
}

static inline void ask_text(struct store *t, struct month *m, struct got *g)
{
	*g = (struct got){0};
	month_store_text(t->store, m, 0, m->json_len, WAIT_MS, got_text, g);
	settle(t);
}

static inline void ask_history(struct store *t, struct got *g)
{
	*g = (struct got){0};
	month_store_history(t->store, WAIT_MS, got_history, g);
	settle(t);
}

static inline void fetch_history(struct store *t)
{
	struct got g;

	ask_history(t, &g);
	run(t);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, 0);
}

static inline void expect_range(struct store *t, int call, int first, int last)
{
	struct fake_call c = fake_hub_call(t->hub, call);

	assert_false(c.ends);
	assert_int_equal(c.first, month_first_day(first));
	assert_int_equal(c.last, month_last_day(last));
}

static inline void assert_text_of(const struct month *m, const struct got *g)
{
	assert_int_equal(g->times, 1);
	if (!g->text)
		fail_msg("%s", g->err.text);
	assert_int_equal(g->text->len, m->json_len);
	assert_true(XXH3_64bits(g->text->data, g->text->len) == m->json_hash);
}

#endif
