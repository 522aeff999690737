/* SPDX-License-Identifier: MIT */
/* The transport's thread: tasks in time, many requests, and an end that answers all. */
#include "api/http.h"

#include <errno.h>
#include <signal.h>

#include "tests/support/canned.h"
#include "tests/support/exchange.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/net_clock.h"
#include "tests/support/rows.h"

#define HEAD "HTTP/1.1 200 OK\r\n"

static struct canned *server;

/* ---- the thread ---- */

struct tally {
	struct http *http;
	sem_t *done;
	int n, order[8];
};

static struct tally tally;

static void note(void *arg)
{
	tally.order[tally.n++] = (int)(intptr_t)arg;
	if (tally.done)
		sem_post(tally.done);
}

static void look_at_the_clock(void *arg)
{
	(void)arg;
}

static void tasks_in_order(void **state)
{
	struct http *http = exchange_start();
	sem_t done;

	(void)state;
	sem_init(&done, 0, 0);
	tally = (struct tally){.done = &done};
	net_clock_hold(1);
	assert_int_equal(http_after(http, 150, note, (void *)4), 0);
	assert_int_equal(http_after(http, 50, note, (void *)3), 0);
	assert_int_equal(http_run(http, note, (void *)1), 0);
	assert_int_equal(http_run(http, note, (void *)2), 0);
	exchange_wait(&done);
	exchange_wait(&done);
	net_clock_wait_for_nap();
	assert_int_equal(tally.n, 2);
	net_clock_hold(0);
	assert_int_equal(http_run(http, look_at_the_clock, NULL), 0);
	exchange_wait(&done);
	exchange_wait(&done);
	exchange_stop(http);
	for (int i = 0; i < 4; i++)
		assert_int_equal(tally.order[i], i + 1);
}

static void stop_answers_all(void **state)
{
	struct http *http = exchange_start();
	struct exchange o, late;

	(void)state;
	tally = (struct tally){0};
	canned_set(server, "", 0, CANNED_STALL);
	exchange_init(&o, http, canned_port(server));
	exchange_init(&late, http, canned_port(server));
	assert_int_equal(http_run(http, exchange_submit, &o), 0);
	assert_int_equal(http_after(http, 3600000, note, (void *)9), 0);
	assert_int_equal(http_at_stop(http, note, (void *)2), 0);
	assert_int_equal(http_run(http, exchange_submit, &late), 0);
	assert_int_equal(http_run(http, note, (void *)1), 0);
	http_stop(http);
	assert_int_equal(o.ends, 1);
	assert_int_equal(o.err.code, -ECANCELED);
	assert_int_equal(late.ends, 1);
	assert_int_equal(late.err.code, -ECANCELED);
	assert_int_equal(tally.n, 2);
	assert_int_equal(tally.order[0], 1);
	assert_int_equal(tally.order[1], 2);
	assert_int_equal(http_run(http, note, NULL), -ECANCELED);
	assert_int_equal(http_after(http, 5, note, NULL), -ECANCELED);
	http_free(http);
}

static void stop_without_a_thread(void **state)
{
	const struct http_config config = {.user_agent = "corosfs/test"};
	struct http *http = http_new(&config, NULL);
	struct exchange o;

	(void)state;
	tally = (struct tally){0};
	exchange_init(&o, http, 1);
	assert_int_equal(http_run(http, exchange_submit, &o), 0);
	assert_int_equal(http_at_stop(http, note, (void *)1), 0);
	http_stop(http);
	assert_int_equal(o.err.code, -ECANCELED);
	assert_int_equal(tally.n, 1);
	http_free(http);
}

static void see_signals(void *arg)
{
	sigset_t *mask = arg;

	pthread_sigmask(SIG_SETMASK, NULL, mask);
	sem_post(tally.done);
}

static void signals_are_blocked(void **state)
{
	struct http *http = exchange_start();
	sigset_t mask;
	sem_t done;

	(void)state;
	sem_init(&done, 0, 0);
	tally = (struct tally){.done = &done};
	assert_int_equal(http_run(http, see_signals, &mask), 0);
	exchange_wait(&done);
	exchange_stop(http);
	assert_true(sigismember(&mask, SIGTERM) && sigismember(&mask, SIGPIPE));
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	assert_false(sigismember(&mask, SIGTERM));
}

#define MANY 50

static void submit_many(void *arg)
{
	struct exchange *all = arg;

	for (int i = 0; i < MANY; i++)
		exchange_submit(&all[i]);
}

static void many_at_once(void **state)
{
	static struct exchange all[MANY];
	struct http *http = exchange_start();

	(void)state;
	canned_set(server, HEAD "Content-Length: 2\r\n\r\nok", 40, CANNED_CLOSE);
	for (int i = 0; i < MANY; i++)
		exchange_init(&all[i], http, canned_port(server));
	assert_int_equal(http_run(http, submit_many, all), 0);
	for (int i = 0; i < MANY; i++) {
		exchange_wait(&all[i].ended);
		assert_int_equal(all[i].err.code, 0);
		assert_string_equal(all[i].data, "ok");
	}
	exchange_stop(http);
}

/* ---- no memory ---- */

#define TASKS 40 /* more than there is room for at first, twice */

static void count(void *arg)
{
	++*(int *)arg;
}

/* The whole life of a transport (what a request needs is transfer's): what it takes it runs, and
 * what it does not take it does not. */
static int live(void *arg, struct err *err)
{
	const struct http_config config = {.user_agent = "corosfs/test",
					   .ca_file = "/no/such/file"};
	int ran = 0, taken = 0, r = 0;

	(void)arg;
	struct http *http = http_new(&config, err);
	if (!http)
		return err->code;
	for (int i = 0; i < TASKS && r == 0; i++) {
		r = i % 2 ? http_run(http, count, &ran) : http_at_stop(http, count, &ran);
		taken += r == 0;
	}
	/* Without a thread they run at the end. */
	if (r == 0)
		r = http_start(http, err);
	http_stop(http);
	http_free(http);
	assert_int_equal(ran, taken);
	return r < 0 ? err_sys(err, r, "take a task") : 0;
}

static void out_of_memory(void **state)
{
	static const struct failing_job life = {"a transport", NULL, live, NULL, 0, 0};

	(void)state;
	failing_alloc_everywhere(&life, NULL);
}

int main(void)
{
	static struct rows rows;

	failing_alloc_in_curl();
	server = canned_new();
	rows_add(&rows, "tasks run in the order of their times", tasks_in_order, NULL);
	rows_add(&rows, "the end answers all", stop_answers_all, NULL);
	rows_add(&rows, "the end without a beginning", stop_without_a_thread, NULL);
	rows_add(&rows, "signals are the main thread's", signals_are_blocked, NULL);
	rows_add(&rows, "many requests at once", many_at_once, NULL);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	int failed = rows_run("http", &rows);
	canned_free(server);
	return failed;
}
