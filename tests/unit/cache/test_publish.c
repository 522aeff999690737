/* SPDX-License-Identifier: MIT */
/* What the hub says anew: changed months, and the ends of the history. */
#include "tests/unit/cache/store.h"

/* ---- changes ---- */

static void changed(void **state)
{
	struct store t;
	struct got old, fresh, text;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20230110, NULL);
	put(&t, 2, 20230111, NULL);
	fetch(&t, JANUARY, JANUARY, &old);
	pass_ms(&t, TTL_S * 1000);
	put(&t, 2, 20230111, "\"Rum\"");
	put(&t, 3, 20230115, NULL);
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &fresh), 1);

	struct month *was = old.span->month[0], *is = fresh.span->month[0];
	assert_int_equal(was->n, 2);
	assert_int_equal(is->n, 3);
	assert_int_equal(t.news.before, 1);
	assert_int_equal(t.news.after, 1);
	assert_int_equal(t.news.after_without_old, 0);
	assert_ptr_equal(t.news.old, was);
	assert_ptr_equal(t.news.fresh, is);
	assert_true(t.news.superseded_early);
	assert_true(atomic_load(&was->superseded));
	assert_false(atomic_load(&is->superseded));
	/* Times: what changed was seen to do so now. */
	const struct activity *edited = month_find(is, LABEL + 2),
			      *same = month_find(is, LABEL + 1);
	assert_true(edited->changed_ns == (NOW_S + TTL_S) * CLOCK_NS);
	assert_true(same->changed_ns == 0);
	assert_true(is->names_ns == (NOW_S + TTL_S) * CLOCK_NS);
	assert_true(was->names_ns < is->names_ns);
	/* Each version has its own text. */
	ask_text(&t, was, &text);
	assert_text_of(was, &text);
	drop(&text);
	ask_text(&t, is, &text);
	assert_text_of(is, &text);
	drop(&text);
	drop(&old);
	drop(&fresh);
	teardown(&t);
}

/* The old version's text is not in memory when it is replaced. */
static void changed_while_only_on_disk(void **state)
{
	struct store t;
	struct got old, fresh, text;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20230110, NULL);
	fetch_and_drop(&t, JANUARY, JANUARY);
	restart(&t);
	put(&t, 1, 20230110, "\"Rum\"");
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &old), 0);
	pass_ms(&t, TTL_S * 1000);
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &fresh), 1);
	assert_int_equal(t.news.before, 1);
	ask_text(&t, old.span->month[0], &text);
	assert_text_of(old.span->month[0], &text);
	drop(&text);
	drop(&old);
	drop(&fresh);
	teardown(&t);
}

/* Nobody has looked at it in this mount: times are still compared with what was. */
static void changed_before_it_was_looked_at(void **state)
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
	put(&t, 1, 20230110, "\"Rum\"");
	month_store_refresh(t.store);
	run(&t);
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &g), 0);
	assert_true(g.span->month[0]->row[0].changed_ns == (NOW_S + TTL_S) * CLOCK_NS);
	drop(&g);
	teardown(&t);
}

/* A hub that has nothing where there was much is not believed at once. */
static size_t rows_shown(struct store *t)
{
	struct got g;

	/* Stale: the hub is asked, and what comes is shown, or the old copy. */
	pass_ms(t, 2 * TTL_S * 1000);
	fetch(t, JANUARY, JANUARY, &g);
	size_t n = g.span->month[0]->n;
	drop(&g);
	return n;
}

static void put_six(struct store *t)
{
	for (uint64_t i = 0; i < 6; i++)
		put(t, i, 20230110 + (int32_t)i, NULL);
}

static void lose_six(struct store *t)
{
	for (uint64_t i = 0; i < 6; i++)
		fake_hub_remove(t->hub, LABEL + i);
}

/* Six were shown, and are shown though the hub has lost them. */
static void setup_lost(struct store *t)
{
	setup(t);
	start(t);
	put_six(t);
	fetch_history(t);
	assert_int_equal(rows_shown(t), 6);
	lose_six(t);
	assert_int_equal(rows_shown(t), 6);
}

static void emptied_by_a_hub_that_lost_its_place(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup_lost(&t);
	ask_history(&t, &g);
	run(&t);
	assert_true(g.history.count == 6);
	/* It comes back, and goes again: that counts from now. */
	put_six(&t);
	pass_ms(&t, 500000);
	assert_int_equal(rows_shown(&t), 6);
	lose_six(&t);
	assert_int_equal(rows_shown(&t), 6);
	pass_ms(&t, 300000);
	assert_int_equal(rows_shown(&t), 6);
	/* Ten minutes of the same. */
	pass_ms(&t, 500000);
	assert_int_equal(rows_shown(&t), 0);
	ask_history(&t, &g);
	run(&t);
	assert_true(g.history.count == 0);
	/* And back: the kernel keeps a listing of the root for as long as its time is the same. */
	int64_t root_s = history_root_mtime_s(&g.history);
	put_six(&t);
	pass_ms(&t, TTL_S * 1000);
	ask_history(&t, &g);
	run(&t);
	assert_true(history_has_year(&g.history, 2023));
	assert_true(history_root_mtime_s(&g.history) != root_s);
	teardown(&t);
}

/* A look that somebody asked for is believed. */
static void emptied_and_asked_for(void **state)
{
	struct store t;

	(void)state;
	setup_lost(&t);
	month_store_refresh(t.store);
	run(&t);
	assert_int_equal(rows_shown(&t), 0);
	teardown(&t);
}

static void emptied(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20210510, NULL);
	fetch_and_drop(&t, SETTLED, SETTLED);
	struct history h;
	month_store_history_now(t.store, &h);
	assert_true(h.year_changed_s[2021 - HISTORY_YEAR_MIN] == 0);
	fake_hub_remove(t.hub, LABEL + 1);
	pass_ms(&t, 7 * DAY_MS);
	fetch_and_drop(&t, SETTLED, SETTLED);
	fetch(&t, SETTLED, SETTLED, &g);
	assert_int_equal(g.span->month[0]->n, 0);
	assert_true(g.span->month[0]->gone_ns == (NOW_S + 7 * 86400) * CLOCK_NS);
	drop(&g);
	/* A name in the year went. */
	month_store_history_now(t.store, &h);
	assert_true(h.year_changed_s[2021 - HISTORY_YEAR_MIN] == NOW_S + 7 * 86400);
	teardown(&t);
}

/* ---- items that cannot be read ---- */

/* Three activities of a month, of which one becomes unreadable while one is deleted, one edited and
 * one added: it stays as it was, what can be told of the others is shown. */
static const struct unread_case {
	const char *why;
	int labelled; /* its label can be read */
	size_t n;     /* activities then */
} unread_cases[] = {
	{"an unreadable item stays as it was", 1, 3},
	{"without a label it may be any that is missing", 0, 4},
};

static void unread(void **state)
{
	const struct unread_case *c = *state;
	struct store t;
	struct got g, text;

	setup(&t);
	start(&t);
	for (uint64_t i = 1; i <= 3; i++)
		put(&t, i, 20230100 + (int32_t)i, NULL);
	fetch_and_drop(&t, JANUARY, JANUARY);
	fake_hub_unread(t.hub, LABEL + 1, c->labelled);
	fake_hub_remove(t.hub, LABEL + 2);
	put(&t, 3, 20230103, "\"Rum\"");
	put(&t, 4, 20230104, NULL);
	for (int look = 0; look < 2; look++) {
		pass_ms(&t, TTL_S * 1000);
		fetch(&t, JANUARY, JANUARY, &g);
		const struct month *m = g.span->month[0];
		assert_int_equal(m->n, c->n);
		assert_true(m->row[0].label_id == LABEL + 4);
		assert_true(month_find(m, LABEL + 1)->changed_ns == 0);
		assert_true(month_find(m, LABEL + 3)->changed_ns == (NOW_S + TTL_S) * CLOCK_NS);
		assert_int_equal(month_find(m, LABEL + 2) != NULL, !c->labelled);
		ask_text(&t, g.span->month[0], &text);
		assert_text_of(m, &text);
		drop(&text);
		drop(&g);
	}
	/* The second look found nothing new. */
	assert_int_equal(t.news.before, 1);
	/* It can be read again. */
	fake_hub_unread(t.hub, 0, 0);
	pass_ms(&t, TTL_S * 1000);
	fetch(&t, JANUARY, JANUARY, &g);
	assert_int_equal(g.span->month[0]->n, 3);
	drop(&g);
	teardown(&t);
}

/* The newest page, which is in the order of time, is not asked whether something is gone. */
static void ends_delete_nothing(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20230110, NULL);
	put(&t, 2, 20230111, NULL);
	fetch_and_drop(&t, JANUARY, JANUARY);
	fake_hub_remove(t.hub, LABEL + 1);
	set_fetched(&t, JANUARY, NOW_S);
	fetch_history(&t);
	settle(&t);
	struct span *span = month_store_peek(t.store, JANUARY, JANUARY, 0);
	assert_int_equal(span->month[0]->n, 2);
	span_unref(span);
	/* The month's own answer is. */
	ask(&t, JANUARY, JANUARY, &g);
	drop(&g);
	run(&t);
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &g), 0);
	assert_int_equal(g.span->month[0]->n, 1);
	drop(&g);
	teardown(&t);
}

/* Two fetches of a month in the air: the later question is right, whatever lands last. */
static void later_question_wins(void **state)
{
	struct store t;
	struct got g, h;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20230110, NULL);
	fetch_and_drop(&t, JANUARY, JANUARY);
	pass_ms(&t, TTL_S * 1000);
	/* The ends' answer is made now, and comes after the month's. */
	ask_history(&t, &h);
	fake_hub_hold(t.hub);
	put(&t, 2, 20230111, NULL);
	ask(&t, JANUARY, JANUARY, &g);
	run(&t);
	assert_int_equal(g.span->month[0]->n, 2);
	drop(&g);
	fake_hub_let_go(t.hub);
	settle(&t);
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &g), 0);
	assert_int_equal(g.span->month[0]->n, 2);
	drop(&g);
	teardown(&t);
}

/* ---- no memory, no time ---- */

/* A month that cannot be kept is an error for who waits, and can be asked for again; one that was
 * there stays. */
static void out_of_memory(void **state)
{
	const enum failing_alloc ways[] = {FAIL_ONE, FAIL_REST};

	(void)state;
	for (int w = 0; w < 2; w++)
		for (unsigned long n = 1, failed = 1; failed; n++) {
			struct got g, old;
			struct store t;
			setup(&t);
			start(&t);
			put(&t, 1, 20210110, NULL);
			put(&t, 2, 20230110, NULL);
			fetch(&t, JANUARY, JANUARY, &old);
			put(&t, 2, 20230110, "\"Rum\"");
			pass_ms(&t, TTL_S * 1000);
			/* A new month and a changed one, at once. */
			ask(&t, 2021 * 12, 2021 * 12, &g);
			struct got changed;
			ask(&t, JANUARY, JANUARY, &changed);
			failed = 0;
			while (fake_hub_waiting(t.hub))
				failed |= (unsigned long)fake_hub_answer_failing(t.hub, n, ways[w]);
			settle(&t);
			pass_ms(&t, WAIT_MS + 1);
			assert_int_equal(g.times, 1);
			assert_int_equal(changed.times, 1);
			if (g.err.code)
				assert_int_equal(g.err.code, -ENOMEM);
			assert_int_equal(changed.err.code, 0);
			drop(&g);
			drop(&changed);
			fetch(&t, 2021 * 12, 2021 * 12, &g);
			assert_int_equal(g.span->month[0]->n, 1);
			drop(&g);
			drop(&old);
			teardown(&t);
		}
}

static void hold_until_stop(void *arg)
{
	struct barrier *begun = ((void **)arg)[0];
	struct store *t = ((void **)arg)[1];

	pass(begun);
	for (int r = 0; r == 0;) {
		void *job_arg = calloc(1, sizeof(struct store_job));
		r = worker_post(t->store->loader, free, job_arg);
		if (r < 0)
			free(job_arg);
	}
}

/* A changed month is on its way to the loader when the store stops: nothing is lost but it. */
static void stopped_meanwhile(void **state)
{
	struct barrier begun = BARRIER;
	struct store t;
	void *arg[] = {&begun, &t};

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20230110, NULL);
	fetch_and_drop(&t, JANUARY, JANUARY);
	put(&t, 1, 20230110, "\"Rum\"");
	month_store_refresh(t.store);
	assert_int_equal(worker_post(t.store->loader, hold_until_stop, arg), 0);
	wait_to_pass(&begun);
	fake_hub_answer(t.hub);
	teardown(&t);
}

/* ---- history ---- */

static void history_brings_its_months(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20221105, NULL);
	put(&t, 2, 20230101, NULL);
	ask_history(&t, &g);
	run(&t);
	assert_int_equal(g.times, 1);
	assert_true(g.history.known);
	assert_int_equal(g.history.count, 2);
	assert_int_equal(g.history.newest_day, 20230101);
	assert_int_equal(g.history.oldest_day, 20221105);
	assert_int_equal(g.valid_s, TTL_S);
	assert_int_equal(t.news.history, 1);
	/* All of them are there, from the oldest month to this one. */
	assert_int_equal(fetch(&t, JANUARY - 2, JANUARY, &g), 0);
	assert_int_equal(g.span->month[0]->n, 1);
	assert_int_equal(g.span->month[1]->n, 0);
	assert_int_equal(g.span->month[2]->n, 1);
	drop(&g);
	assert_int_equal(fake_hub_calls(t.hub), 1);
	assert_true(fake_hub_call(t.hub, 0).ends);
	assert_int_equal(fake_hub_call(t.hub, 0).known.count, 0);
	/* It is not asked for again while it is fresh; then with what is known. */
	fetch_history(&t);
	assert_int_equal(fake_hub_calls(t.hub), 1);
	pass_ms(&t, TTL_S * 1000);
	fetch_history(&t);
	assert_int_equal(fake_hub_calls(t.hub), 2);
	assert_int_equal(fake_hub_call(t.hub, 1).known.count, 2);
	assert_int_equal(fake_hub_call(t.hub, 1).known.oldest, 20221105);
	teardown(&t);
}

/* The month in which the newest page ends is not whole. */
static void history_of_more_than_a_page(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	for (int i = 0; i < 250; i++)
		put(&t, (uint64_t)i, month_first_day(JANUARY - i / 60) + i % 15, NULL);
	fetch_history(&t);
	assert_int_equal(fetch(&t, JANUARY - 2, JANUARY, &g), 0);
	assert_int_equal(g.span->month[0]->n, 60);
	drop(&g);
	assert_int_equal(fetch(&t, JANUARY - 3, JANUARY - 3, &g), 1);
	assert_int_equal(g.span->month[0]->n, 60);
	drop(&g);
	teardown(&t);
}

static const struct empty_case {
	const char *why;
	int64_t now_s;
} empty_cases[] = {
	{"an empty account", NOW_S},
	{"an empty account, and a clock that says 1970", 1000},
	{"an empty account, and a clock before 1970", -1000000},
	{"an empty account, and a clock past the last year", INT64_C(4133980800)},
};

static void empty_account(void **state)
{
	const struct empty_case *c = *state;
	struct store t;
	struct got g;

	setup(&t);
	fake_clock_set(c->now_s);
	start(&t);
	ask_history(&t, &g);
	run(&t);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, 0);
	assert_true(g.history.known);
	assert_int_equal(g.history.count, 0);
	assert_int_equal(g.history.newest_day, 0);
	teardown(&t);
}

static void history_stale_waits_three_seconds(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20230101, NULL);
	fetch_history(&t);
	pass_ms(&t, TTL_S * 1000);
	ask_history(&t, &g);
	assert_int_equal(g.times, 0);
	pass_ms(&t, SOFT_WAIT_MS + 1);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, 0);
	assert_int_equal(g.history.count, 1);
	ask_history(&t, &g);
	assert_int_equal(g.times, 1);
	run(&t);
	teardown(&t);
}

/* What happens at the hub between two looks, and whether a settled month is stale by it. */
static const struct count_case {
	const char *why;
	int remove;
	int32_t add;
	int stale;
} count_cases[] = {
	{"nothing new: nothing stale", 0, 0, 0},
	{"a new activity explains the count", 0, 20230115, 0},
	{"an old one was added: every month is stale once", 0, 20200101, 1},
	{"one was deleted: every month is stale once", 1, 0, 1},
	{"one was deleted and a new one added", 1, 20230115, 1},
};

static void count(void **state)
{
	const struct count_case *c = *state;
	struct store t;

	setup(&t);
	start(&t);
	put(&t, 1, 20190101, NULL);
	put(&t, 2, 20210510, NULL);
	put(&t, 3, 20230101, NULL);
	fetch_history(&t);
	fetch_and_drop(&t, SETTLED, SETTLED);
	pass_ms(&t, TTL_S * 1000);
	if (c->remove)
		fake_hub_remove(t.hub, LABEL + 1);
	if (c->add)
		put(&t, 4, c->add, NULL);
	fetch_history(&t);
	pass_ms(&t, 1000);
	/* Months that the newest page brought are as young as it: look at one that was not. */
	set_fetched(&t, SETTLED, NOW_S);
	assert_int_equal(fetch_and_drop(&t, SETTLED, SETTLED), c->stale);
	assert_int_equal(fetch_and_drop(&t, SETTLED, SETTLED), 0);
	teardown(&t);
}

/* The clock was wrong when the count moved: not everything is stale until that time comes. */
static void stale_in_the_future(void **state)
{
	struct store t;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20190101, NULL);
	put(&t, 2, 20210510, NULL);
	fetch_history(&t);
	fake_clock_step(3 * 365 * 86400);
	fake_hub_remove(t.hub, LABEL + 1);
	fetch_history(&t);
	fake_clock_step(-3 * 365 * 86400);
	fetch_and_drop(&t, SETTLED, SETTLED);
	assert_int_equal(fetch_and_drop(&t, SETTLED, SETTLED), 0);
	teardown(&t);
}

/* ---- activities far away ---- */

static int fetches_after_a_new_one(struct store *t, uint64_t label)
{
	struct got g;

	pass_ms(t, TTL_S * 1000);
	int calls = fake_hub_calls(t->hub);
	fake_hub_put(t->hub, &(struct item){LABEL + label, 20230115, 480 + (int)label, NULL, NULL});
	fetch_history(t);
	for (int m = 2021 * 12; m <= JANUARY; m++) {
		set_fetched(t, m, fake_clock.wall_s());
		ask(t, m, m, &g);
		drop(&g);
	}
	run(t);
	return fake_hub_calls(t->hub) - calls;
}

/* A clock's mistake makes neither years nor questions. */
static void far_away(void **state)
{
	struct history h;
	struct store t;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 100, 19890105, NULL);
	put(&t, 101, 20360105, NULL);
	for (int m = 2021 * 12; m <= JANUARY; m++)
		put(&t, (uint64_t)m, month_first_day(m), NULL);
	fetch_history(&t);
	fetch_and_drop(&t, 1989 * 12, 2036 * 12 + 11);
	/* Years that were looked at and are empty are none. */
	month_store_history_now(t.store, &h);
	for (int y = 1980; y < 2050; y++)
		assert_int_equal(history_has_year(&h, y),
				 y == 1989 || y == 2036 || (y >= 2021 && y <= 2023));
	assert_true(h.root_changed_s > 0);
	assert_int_equal(t.news.history > 1, 1);
	for (uint64_t i = 1; i <= 3; i++)
		assert_int_equal(fetches_after_a_new_one(&t, i), 1);
	/* The next mount knows. */
	restart(&t);
	struct history after;
	month_store_history_now(t.store, &after);
	assert_memory_equal(after.is_empty, h.is_empty, sizeof(h.is_empty));
	/* One that was added in such a year shows. */
	put(&t, 200, 20100505, NULL);
	month_store_refresh(t.store);
	run(&t);
	month_store_history_now(t.store, &after);
	assert_true(history_has_year(&after, 2010));
	teardown(&t);
}

/* Without the newest page a new activity is no reason to look at everything. */
static void narrow_ends(void **state)
{
	struct history h;
	struct store t;

	(void)state;
	setup(&t);
	start(&t);
	for (int i = 0; i < 250; i++)
		put(&t, (uint64_t)i, month_first_day(JANUARY - i / 20) + i % 20, NULL);
	fetch_history(&t);
	fetch_and_drop(&t, SETTLED, JANUARY);
	fake_hub_narrow(t.hub, 1);
	pass_ms(&t, TTL_S * 1000);
	put(&t, 300, 20230115, NULL);
	put(&t, 301, 20230115, NULL);
	fetch_history(&t);
	month_store_history_now(t.store, &h);
	assert_true(h.stale_s == 0);
	/* The month's own fetch shows and counts it. */
	fetch_and_drop(&t, JANUARY, JANUARY);
	month_store_history_now(t.store, &h);
	assert_int_equal(h.count, 252);
	fake_hub_narrow(t.hub, 0);
	pass_ms(&t, TTL_S * 1000);
	fetch_history(&t);
	month_store_history_now(t.store, &h);
	assert_true(h.stale_s == 0);
	teardown(&t);
}

/* A clock that is wrong for a while makes nothing stale. */
static void clock_of_before(void **state)
{
	struct history h;
	struct store t;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20210510, NULL);
	put(&t, 2, 20230101, NULL);
	fetch_history(&t);
	for (int64_t days = 300; days <= 20000; days += 19700) {
		fake_clock_step(-days * 86400);
		fetch_history(&t);
		fake_clock_step(days * 86400 + TTL_S);
		fetch_history(&t);
		month_store_history_now(t.store, &h);
		assert_true(h.stale_s == 0);
	}
	teardown(&t);
}

/* A hub that has nothing at all is not believed about a month that was never seen. */
static void lost_while_unseen(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	for (int i = 0; i < 250; i++)
		put(&t, (uint64_t)i, month_first_day(JANUARY - i / 20) + i % 20, NULL);
	fetch_history(&t);
	for (int i = 0; i < 250; i++)
		fake_hub_remove(t.hub, LABEL + (uint64_t)i);
	ask(&t, JANUARY - 12, JANUARY - 12, &g);
	run(&t);
	assert_int_equal(g.times, 1);
	assert_int_equal(g.err.code, -EIO);
	teardown(&t);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "a changed month takes the old one's place", changed, NULL);
	rows_add(&rows, "its old text is kept though it was on disk", changed_while_only_on_disk,
		 NULL);
	rows_add(&rows, "a change is dated though nobody has looked yet",
		 changed_before_it_was_looked_at, NULL);
	rows_add(&rows, "a month that loses its last activity", emptied, NULL);
	rows_add(&rows, "emptied by a hub that lost its place",
		 emptied_by_a_hub_that_lost_its_place, NULL);
	rows_add(&rows, "emptied, and asked for", emptied_and_asked_for, NULL);
	ROWS_ADD(&rows, unread_cases, unread);
	rows_add(&rows, "the ends of the history delete nothing", ends_delete_nothing, NULL);
	rows_add(&rows, "the later question wins", later_question_wins, NULL);
	rows_add(&rows, "activities far away", far_away, NULL);
	rows_add(&rows, "ends without the newest page", narrow_ends, NULL);
	rows_add(&rows, "a clock of before", clock_of_before, NULL);
	rows_add(&rows, "emptied before it was seen", lost_while_unseen, NULL);
	rows_add(&rows, "the history brings its months", history_brings_its_months, NULL);
	rows_add(&rows, "of more than a page, the whole ones", history_of_more_than_a_page, NULL);
	rows_add(&rows, "each failing allocation is an error or has no effect", out_of_memory,
		 NULL);
	rows_add(&rows, "a stop while a changed month is published", stopped_meanwhile, NULL);
	ROWS_ADD(&rows, empty_cases, empty_account);
	rows_add(&rows, "a stale history waits 3 seconds", history_stale_waits_three_seconds, NULL);
	ROWS_ADD(&rows, count_cases, count);
	rows_add(&rows, "a count that moved in the future", stale_in_the_future, NULL);
	return rows_run("publish", &rows);
}
