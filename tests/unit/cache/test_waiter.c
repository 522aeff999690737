/* SPDX-License-Identifier: MIT */
/* Who waits for what, how long, and what it gets. */
#include "tests/unit/cache/store.h"

/* ---- one fetch ---- */

static void lone_month(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20221230, NULL);
	put(&t, 2, 20221231, NULL);
	put(&t, 3, 20221130, NULL);
	put(&t, 4, 20230101, NULL);
	assert_int_equal(fetch(&t, DECEMBER, DECEMBER, &g), 1);
	expect_range(&t, 0, DECEMBER, DECEMBER);
	assert_int_equal(g.span->month[0]->n, 2);
	assert_true(g.span->month[0]->row[0].label_id == LABEL + 2);
	assert_true(g.span->month[0]->row[1].label_id == LABEL + 1);
	drop(&g);
	assert_int_equal(fetch_and_drop(&t, DECEMBER, DECEMBER), 0);
	assert_int_equal(t.news.before + t.news.after, 0);
	teardown(&t);
}

static const struct valid_case {
	const char *why;
	int month, valid_s;
} valid_cases[] = {
	{"the current month is believed for ttl", JANUARY, TTL_S},
	{"a young month for an hour", DECEMBER, 3600},
	{"a settled month for a week", SETTLED, 7 * 86400},
};

static void valid(void **state)
{
	const struct valid_case *c = *state;
	struct store t;
	struct got g;

	setup(&t);
	start(&t);
	fetch(&t, c->month, c->month, &g);
	assert_int_equal(g.valid_s, c->valid_s);
	drop(&g);
	/* To the last second, and not one longer. */
	pass_ms(&t, (int64_t)(c->valid_s - 1) * 1000);
	assert_int_equal(fetch(&t, c->month, c->month, &g), 0);
	assert_int_equal(g.valid_s, 1);
	drop(&g);
	pass_ms(&t, 1000);
	assert_int_equal(fetch_and_drop(&t, c->month, c->month), 1);
	teardown(&t);
}

#define CALLERS 64

static void many_callers_share_one_fetch(void **state)
{
	static struct got g[CALLERS];
	struct store t;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20221230, NULL);
	for (int i = 0; i < CALLERS; i++)
		ask(&t, DECEMBER, DECEMBER, &g[i]);
	assert_int_equal(fake_hub_calls(t.hub), 1);
	run(&t);
	for (int i = 0; i < CALLERS; i++) {
		assert_int_equal(g[i].times, 1);
		assert_ptr_equal(g[i].span->month[0], g[0].span->month[0]);
	}
	for (int i = 0; i < CALLERS; i++)
		drop(&g[i]);
	assert_int_equal(fake_hub_calls(t.hub), 1);
	teardown(&t);
}

static const struct failure_case {
	const char *why;
	int code;
	int rest_ms; /* so long it is remembered; else the next one asks again */
} failure_cases[] = {
	{"no network reaches all who wait", -EHOSTUNREACH, 0},
	{"a refused login reaches all who wait", -EACCES, 0},
	{"a strange answer reaches all who wait", -EIO, 10000},
	{"a slow hub reaches all who wait", -ETIMEDOUT, 10000},
};

static void failure(void **state)
{
	const struct failure_case *c = *state;
	static struct got g[CALLERS], h;
	struct store t;

	setup(&t);
	start(&t);
	log_open(LOG_LEVEL_ERROR, STDERR_FILENO);
	fake_hub_fail(t.hub, c->code);
	for (int i = 0; i < CALLERS; i++)
		ask(&t, DECEMBER, DECEMBER, &g[i]);
	ask_history(&t, &h);
	assert_int_equal(run(&t), 2);
	for (int i = 0; i < CALLERS; i++) {
		assert_int_equal(g[i].times, 1);
		assert_null(g[i].span);
		assert_int_equal(g[i].err.code, c->code);
		assert_int_not_equal(g[i].err.text[0], 0);
	}
	assert_int_equal(h.times, 1);
	assert_int_equal(h.err.code, c->code);
	fake_hub_fail(t.hub, 0);
	if (c->rest_ms) {
		pass_ms(&t, c->rest_ms - 1);
		ask(&t, DECEMBER, DECEMBER, &h);
		assert_int_equal(h.times, 1);
		assert_int_equal(h.err.code, c->code);
		pass_ms(&t, 1);
	}
	assert_int_equal(fetch_and_drop(&t, DECEMBER, DECEMBER), 1);
	teardown(&t);
}

static void deadline_passes(void **state)
{
	struct store t;
	struct got g, h;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20221230, NULL);
	ask(&t, DECEMBER, DECEMBER, &g);
	ask_history(&t, &h);
	pass_ms(&t, WAIT_MS - 1);
	assert_int_equal(g.times + h.times, 0);
	pass_ms(&t, 2);
	assert_int_equal(g.times, 1);
	assert_null(g.span);
	assert_int_equal(g.err.code, -ETIMEDOUT);
	assert_int_equal(h.times, 1);
	assert_int_equal(h.err.code, -ETIMEDOUT);
	/* The fetch goes on: who comes later joins it. */
	ask(&t, DECEMBER, DECEMBER, &g);
	assert_int_equal(run(&t), 2);
	assert_int_equal(fake_hub_calls(t.hub), 2);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.span->month[0]->n, 1);
	drop(&g);
	teardown(&t);
}

/* Nobody waits without a deadline. */
static void no_timer(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	fake_hub_refuse_after(t.hub, -ENOMEM);
	ask(&t, DECEMBER, DECEMBER, &g);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, -ETIMEDOUT);
	teardown(&t);
}

static void refused_calls(void **state)
{
	struct store t;
	struct got g, h;

	(void)state;
	setup(&t);
	start(&t);
	fake_hub_refuse(t.hub, -ENOMEM);
	ask(&t, DECEMBER, DECEMBER, &g);
	ask_history(&t, &h);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, -ENOMEM);
	assert_int_equal(h.times, 1);
	assert_int_equal(h.err.code, -ENOMEM);
	fake_hub_refuse(t.hub, 0);
	assert_int_equal(fetch_and_drop(&t, DECEMBER, DECEMBER), 1);
	teardown(&t);
}

/* ---- no memory ---- */

enum no_memory { FROM_HUB, FROM_DISK, OF_TEXT, OF_HISTORY };

static const struct no_memory_case {
	const char *why;
	enum no_memory what;
} no_memory_cases[] = {
	{"no memory for a month of the hub", FROM_HUB},
	{"no memory for a month on disk", FROM_DISK},
	{"no memory for a text on disk", OF_TEXT},
	{"no memory for the history", OF_HISTORY},
};

/* Asks while the n-th allocation fails. Whether it did. */
static int ask_failing(struct store *t, enum no_memory what, struct month *m, unsigned long n,
		       enum failing_alloc how, struct got *g)
{
	*g = (struct got){0};
	failing_alloc_begin(n, how);
	if (what == OF_TEXT)
		month_store_text(t->store, m, 0, m->json_len, WAIT_MS, got_text, g);
	else if (what == OF_HISTORY)
		month_store_history(t->store, WAIT_MS, got_history, g);
	else
		month_store_get(t->store, SETTLED, SETTLED, WAIT_MS, got_span, g);
	return failing_alloc_end();
}

/* Whoever cannot be helped is told at once, not at its deadline; the next one is served. */
static void no_memory(void **state)
{
	const struct no_memory_case *c = *state;
	int refused = 0;

	for (enum failing_alloc how = FAIL_ONE; how <= FAIL_REST; how++)
		for (unsigned long n = 1, more = 1; more; n++) {
			struct store t;
			struct got g, listing = {0};
			setup(&t);
			start(&t);
			if (c->what == FROM_DISK || c->what == OF_TEXT) {
				put(&t, 1, 20210510, NULL);
				fetch_and_drop(&t, SETTLED, SETTLED);
				restart(&t);
			}
			if (c->what == OF_TEXT)
				fetch(&t, SETTLED, SETTLED, &listing);
			struct month *m = listing.span ? listing.span->month[0] : NULL;
			more = (unsigned long)ask_failing(&t, c->what, m, n, how, &g);
			refused += (int)more;
			run(&t);
			assert_int_equal(g.times, 1);
			/* -ETIMEDOUT: without a timer, see above. */
			assert_true(g.err.code == 0 ||
				    (more && (g.err.code == -ENOMEM || g.err.code == -ETIMEDOUT)));
			drop(&g);
			ask_failing(&t, c->what, m, 0, how, &g);
			run(&t);
			assert_int_equal(g.times, 1);
			assert_int_equal(g.err.code, 0);
			drop(&g);
			drop(&listing);
			teardown(&t);
		}
	assert_true(refused >= 4);
}

/* ---- stale months ---- */

/* A current month that is stale; the hub has another activity and does not answer yet. */
static void setup_stale(struct store *t, struct got *g)
{
	setup(t);
	start(t);
	put(t, 1, 20230110, NULL);
	fetch_and_drop(t, JANUARY, JANUARY);
	pass_ms(t, TTL_S * 1000);
	put(t, 2, 20230115, NULL);
	ask(t, JANUARY, JANUARY, g);
	assert_int_equal(g->times, 0);
	assert_int_equal(fake_hub_waiting(t->hub), 1);
}

static void stale_waits_for_the_hub(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup_stale(&t, &g);
	pass_ms(&t, SOFT_WAIT_MS - 1);
	assert_int_equal(g.times, 0);
	run(&t);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.span->month[0]->n, 2);
	assert_int_equal(g.valid_s, TTL_S);
	drop(&g);
	teardown(&t);
}

static void stale_waits_three_seconds(void **state)
{
	struct store t;
	struct got g, h;

	(void)state;
	setup_stale(&t, &g);
	pass_ms(&t, SOFT_WAIT_MS + 1);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, 0);
	assert_int_equal(g.span->month[0]->n, 1);
	assert_in_range(g.valid_s, 1, 10);
	drop(&g);
	/* The next one does not wait so long again, nor is the hub asked again. */
	ask(&t, JANUARY, JANUARY, &h);
	assert_int_equal(h.times, 1);
	assert_int_equal(h.span->month[0]->n, 1);
	assert_int_equal(fake_hub_calls(t.hub), 2);
	drop(&h);
	/* The answer lands whoever is left. */
	run(&t);
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &h), 0);
	assert_int_equal(h.span->month[0]->n, 2);
	drop(&h);
	teardown(&t);
}

/* Who is to be frozen, and then everybody. */
static void hurried(void **state)
{
	struct store t;
	struct got stale, missing, h;

	(void)state;
	setup_stale(&t, &stale);
	ask(&t, SETTLED, SETTLED, &missing);
	month_store_hurry(t.store, &h, 100);
	month_store_hurry(t.store, &stale, 100);
	assert_int_equal(stale.times, 1);
	assert_int_equal(stale.span->month[0]->n, 1);
	drop(&stale);
	pass_ms(&t, 101);
	assert_int_equal(missing.times, 0);
	month_store_hurry(t.store, NULL, 100);
	assert_int_equal(missing.times, 0);
	pass_ms(&t, 101);
	assert_int_equal(missing.times, 1);
	assert_int_equal(missing.err.code, -ETIMEDOUT);
	run(&t);
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &h), 0);
	assert_int_equal(h.span->month[0]->n, 2);
	drop(&h);
	teardown(&t);
}

/* The same after a remount: that the month is stale shows only when it has come from disk. */
static void stale_from_disk_waits_three_seconds(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20230110, NULL);
	fetch_and_drop(&t, JANUARY, JANUARY);
	pass_ms(&t, TTL_S * 1000);
	restart(&t);
	ask(&t, JANUARY, JANUARY, &g);
	assert_int_equal(g.times, 0);
	assert_int_equal(fake_hub_waiting(t.hub), 1);
	pass_ms(&t, SOFT_WAIT_MS + 1);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, 0);
	assert_int_equal(g.span->month[0]->n, 1);
	drop(&g);
	teardown(&t);
}

static void failure_shows_the_old_copy(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup_stale(&t, &g);
	fake_hub_fail(t.hub, -EHOSTUNREACH);
	run(&t);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, 0);
	assert_int_equal(g.span->month[0]->n, 1);
	drop(&g);
	/* For ten seconds the hub has its peace. */
	assert_int_equal(fetch_and_drop(&t, JANUARY, JANUARY), 0);
	pass_ms(&t, PATIENCE_MS - 1);
	assert_int_equal(fetch_and_drop(&t, JANUARY, JANUARY), 0);
	pass_ms(&t, 1);
	fake_hub_fail(t.hub, 0);
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &g), 1);
	assert_int_equal(g.span->month[0]->n, 2);
	drop(&g);
	teardown(&t);
}

/* A sleep ends that peace: the network is another one. */
static void a_sleep_ends_the_rest(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup_stale(&t, &g);
	fake_hub_fail(t.hub, -EHOSTUNREACH);
	run(&t);
	drop(&g);
	fake_hub_fail(t.hub, 0);
	assert_int_equal(fetch_and_drop(&t, JANUARY, JANUARY), 0);
	month_store_again(t.store);
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &g), 1);
	assert_int_equal(g.span->month[0]->n, 2);
	drop(&g);
	teardown(&t);
}

static void settled_stale_is_shown_at_once(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20210510, NULL);
	fetch_and_drop(&t, SETTLED, SETTLED);
	pass_ms(&t, 7 * DAY_MS);
	put(&t, 2, 20210511, NULL);
	ask(&t, SETTLED, SETTLED, &g);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.span->month[0]->n, 1);
	assert_in_range(g.valid_s, 1, 10);
	drop(&g);
	/* And refreshed behind it, once. */
	ask(&t, SETTLED, SETTLED, &g);
	drop(&g);
	assert_int_equal(run(&t), 1);
	assert_int_equal(fetch(&t, SETTLED, SETTLED, &g), 0);
	assert_int_equal(g.span->month[0]->n, 2);
	assert_int_equal(g.valid_s, 7 * 86400);
	drop(&g);
	teardown(&t);
}

/* Nothing new at the hub: a new time, and the same object. */
static void unchanged_is_confirmed(void **state)
{
	struct store t;
	struct got g, h;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20230110, NULL);
	fetch(&t, JANUARY, JANUARY, &g);
	pass_ms(&t, TTL_S * 1000);
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &h), 1);
	assert_ptr_equal(g.span->month[0], h.span->month[0]);
	assert_int_equal(t.news.before + t.news.after, 0);
	drop(&g);
	drop(&h);
	/* The time is on disk, too. */
	restart(&t);
	assert_int_equal(fetch_and_drop(&t, JANUARY, JANUARY), 0);
	teardown(&t);
}

static void clock_steps_back(void **state)
{
	struct store t;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20210510, NULL);
	fetch_and_drop(&t, SETTLED, SETTLED);
	fake_clock_step(-86400);
	assert_int_equal(fetch_and_drop(&t, SETTLED, SETTLED), 1);
	/* Once: now its time is right. */
	assert_int_equal(fetch_and_drop(&t, SETTLED, SETTLED), 0);
	teardown(&t);
}

/* ---- offline, quiet, stop ---- */

static void offline(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20230110, NULL);
	fetch_and_drop(&t, JANUARY, JANUARY);
	fetch_history(&t);
	t.config.offline = 1;
	restart(&t);
	assert_true(month_store_usable(t.store));
	pass_ms(&t, 400 * DAY_MS);
	ask(&t, JANUARY, JANUARY, &g);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.span->month[0]->n, 1);
	struct month *m = g.span->month[0];
	struct got text;
	ask_text(&t, m, &text);
	assert_int_equal(text.times, 1);
	assert_int_equal(text.text->len, m->json_len);
	drop(&text);
	drop(&g);
	ask(&t, SETTLED, SETTLED, &g);
	assert_int_equal(g.times, 1);
	assert_null(g.span);
	assert_int_equal(g.err.code, -EHOSTUNREACH);
	ask_history(&t, &g);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, 0);
	assert_int_equal(g.history.count, 1);
	month_store_refresh(t.store);
	assert_int_equal(fake_hub_calls(t.hub), 0);
	teardown(&t);
}

static void offline_without_anything(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	t.config.offline = 1;
	start(&t);
	assert_false(month_store_usable(t.store));
	ask_history(&t, &g);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, -EHOSTUNREACH);
	teardown(&t);
}

static void quiet(void **state)
{
	struct store t;
	struct got missing, history, later;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20230110, NULL);
	fetch_and_drop(&t, JANUARY, JANUARY);
	pass_ms(&t, 2 * TTL_S * 1000);
	ask(&t, SETTLED, SETTLED, &missing);
	ask_history(&t, &history);
	month_store_quiet(t.store);
	settle(&t);
	assert_int_equal(missing.times, 1);
	assert_int_equal(missing.err.code, -ECANCELED);
	assert_int_equal(history.times, 1);
	/* What is cached is served, stale or not; nothing is asked for. */
	int calls = fake_hub_calls(t.hub);
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &later), 0);
	drop(&later);
	ask(&t, SETTLED + 1, SETTLED + 1, &later);
	assert_int_equal(later.times, 1);
	assert_int_equal(later.err.code, -ECANCELED);
	assert_int_equal(fake_hub_calls(t.hub), calls);
	teardown(&t);
}

/* A caller who waits for the disk when the store stops is answered, too. */
struct stopping {
	struct store *t;
	struct got got;
	struct barrier asked;
};

static void nothing(void *arg)
{
	free(arg);
}

/* On the loader thread: asks for a month that is on disk, and holds the thread until it is told
 * to end, so that the job behind this one is dropped. */
static void ask_and_hold(void *arg)
{
	struct stopping *s = arg;

	month_store_get(s->t->store, SETTLED, SETTLED, WAIT_MS, got_span, &s->got);
	pass(&s->asked);
	for (int r = 0; r == 0;) {
		void *job_arg = calloc(1, sizeof(struct store_job));
		r = worker_post(s->t->store->loader, nothing, job_arg);
		if (r < 0)
			free(job_arg);
	}
}

static void stop_answers_who_waits_for_the_disk(void **state)
{
	struct store t;
	struct stopping s = {.t = &t, .asked = BARRIER};

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20210510, NULL);
	fetch_and_drop(&t, SETTLED, SETTLED);
	restart(&t);
	assert_int_equal(worker_post(t.store->loader, ask_and_hold, &s), 0);
	wait_to_pass(&s.asked);
	month_store_stop(t.store);
	assert_int_equal(s.got.times, 1);
	if (!s.got.span)
		assert_int_equal(s.got.err.code, -ECANCELED);
	drop(&s.got);
	/* And who comes later: there are no timers any more. */
	fake_hub_refuse_after(t.hub, -ECANCELED);
	month_store_get(t.store, SETTLED, SETTLED, WAIT_MS, got_span, &s.got);
	assert_int_equal(s.got.times, 1);
	drop(&s.got);
	fake_hub_free(t.hub);
	month_store_free(t.store);
	cache_dir_close(&t.folder);
	temp_dir_free(&t.dir);
}

/* ---- what there is, without the months that fail ---- */

static void ask_partly(struct store *t, int first, int last, struct got *g)
{
	*g = (struct got){0};
	month_store_get_partly(t->store, first, last, WAIT_MS, got_span, g);
	settle(t);
}

static void remove_file(struct store *t, int month)
{
	char name[MONTH_FILE_NAME];

	month_file_name(month, name);
	unlinkat(t->months_fd, name, 0);
}

static void partly(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	for (int m = 0; m < 12; m++)
		put(&t, (uint64_t)m, 20210101 + 100 * m, NULL);
	fake_hub_fail_month(t.hub, SETTLED, -EIO, 0);
	ask_partly(&t, 2021 * 12, 2021 * 12 + 11, &g);
	for (int i = 0; i < 5; i++)
		run(&t);
	assert_int_equal(g.times, 1);
	assert_non_null(g.span);
	for (int m = 0; m < 12; m++)
		assert_int_equal(g.span->month[m] != NULL, m != SETTLED - 2021 * 12);
	assert_in_range(g.valid_s, 1, 10);
	drop(&g);
	/* Later nobody waits for it. */
	pass_ms(&t, HOUR_MS);
	ask_partly(&t, 2021 * 12, 2021 * 12 + 11, &g);
	assert_int_equal(g.times, 1);
	assert_non_null(g.span);
	drop(&g);
	teardown(&t);
}

/* When nothing comes it is an error: the months of such a list would all be made up. What is cached
 * is shown when the hub is down; and what the history does not reach is empty. */
static void partly_down(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	for (int cached = 0; cached < 2; cached++) {
		setup(&t);
		start(&t);
		put(&t, 1, 20210510, NULL);
		put(&t, 2, 20211010, NULL);
		if (cached) {
			fetch_history(&t);
			restart(&t);
			for (int m = SETTLED + 1; m < SETTLED + 8; m++)
				remove_file(&t, m);
			restart(&t);
		}
		fake_hub_fail(t.hub, -EHOSTUNREACH);
		ask_partly(&t, 2021 * 12, 2021 * 12 + 11, &g);
		for (int i = 0; i < 5; i++)
			run(&t);
		assert_int_equal(g.times, 1);
		assert_int_equal(g.err.code, cached ? 0 : -EHOSTUNREACH);
		for (int m = 0; m < 12 && cached; m++)
			assert_int_equal(g.span->month[m] != NULL, m <= 4);
		drop(&g);
		teardown(&t);
	}
}

/* One month does not answer: at the end of the wait the others come. */
static void partly_late(void **state)
{
	struct store t;
	struct got one, g;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20210510, NULL);
	ask(&t, SETTLED, SETTLED, &one);
	fake_hub_hold(t.hub);
	ask_partly(&t, 2021 * 12, 2021 * 12 + 11, &g);
	run(&t);
	assert_int_equal(g.times, 0);
	pass_ms(&t, WAIT_MS + 1);
	assert_int_equal(g.times, 1);
	assert_non_null(g.span);
	assert_null(g.span->month[SETTLED - 2021 * 12]);
	assert_int_equal(one.err.code, -ETIMEDOUT);
	fake_hub_let_go(t.hub);
	drop(&g);
	teardown(&t);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "a lone month is one call of its days", lone_month, NULL);
	ROWS_ADD(&rows, valid_cases, valid);
	rows_add(&rows, "64 callers share one fetch", many_callers_share_one_fetch, NULL);
	ROWS_ADD(&rows, failure_cases, failure);
	rows_add(&rows, "a deadline passes, the fetch goes on", deadline_passes, NULL);
	rows_add(&rows, "without a timer nobody waits", no_timer, NULL);
	rows_add(&rows, "calls that cannot start reach who waits", refused_calls, NULL);
	ROWS_ADD(&rows, no_memory_cases, no_memory);
	rows_add(&rows, "a stale current month waits for the hub", stale_waits_for_the_hub, NULL);
	rows_add(&rows, "for 3 seconds, then the old copy", stale_waits_three_seconds, NULL);
	rows_add(&rows, "who is hurried gets the old copy, or none", hurried, NULL);
	rows_add(&rows, "also when it comes from disk", stale_from_disk_waits_three_seconds, NULL);
	rows_add(&rows, "a failure shows the old copy, and rests", failure_shows_the_old_copy,
		 NULL);
	rows_add(&rows, "a sleep ends the rest", a_sleep_ends_the_rest, NULL);
	rows_add(&rows, "a stale settled month is shown at once", settled_stale_is_shown_at_once,
		 NULL);
	rows_add(&rows, "no news keep the snapshot", unchanged_is_confirmed, NULL);
	rows_add(&rows, "a clock that steps back costs one look", clock_steps_back, NULL);
	rows_add(&rows, "offline serves what is there", offline, NULL);
	rows_add(&rows, "offline without anything says so", offline_without_anything, NULL);
	rows_add(&rows, "quiet answers who waits and asks nothing", quiet, NULL);
	rows_add(&rows, "a stop answers who waits for the disk",
		 stop_answers_who_waits_for_the_disk, NULL);
	rows_add(&rows, "months that come, without the one that fails", partly, NULL);
	rows_add(&rows, "months while the hub is down", partly_down, NULL);
	rows_add(&rows, "months of which one is late", partly_late, NULL);
	return rows_run("waiter", &rows);
}
