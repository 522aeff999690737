/* SPDX-License-Identifier: MIT */
/* The transport's thread: tasks in time, many requests, and an end that answers all. */
#include "api/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* ---- connections that may be dead: the test is the server ---- */

#define LATE_MS 4000 /* http.c's */

static int listen_somewhere(int *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(at);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/* Whether somebody comes, says something or leaves; at once, or as soon as it happens. */
static int has_news(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, wait_ms) == 1;
}

static int take_connection(int listener)
{
	assert_true(has_news(listener, 30000));
	int fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	return fd;
}

/* The next request on it; 0: the client has left. */
static int take_request(int fd)
{
	char text[2048];
	size_t len = 0;

	while (len < 4 || memcmp(text + len - 4, "\r\n\r\n", 4) != 0) {
		assert_true(has_news(fd, 30000));
		ssize_t n = read(fd, text + len, sizeof(text) - len);
		if (n <= 0)
			return 0;
		len += (size_t)n;
	}
	return 1;
}

static void give(int fd, const char *body)
{
	char text[200];
	int len = snprintf(text, sizeof(text), HEAD "Content-Length: %zu\r\n\r\n%s", strlen(body),
			   body);

	assert_int_equal(send(fd, text, (size_t)len, MSG_NOSIGNAL), len);
}

static void expect_end(struct exchange *x, const char *body)
{
	exchange_wait(&x->ended);
	assert_int_equal(x->ends, 1);
	assert_int_equal(x->err.code, 0);
	assert_string_equal(x->data, body);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void renew(void *http)
{
	http_renew(http);
}

/* The transport looks at its clock, and it is later. */
static void later(struct http *http, int ms)
{
	net_clock_add(ms);
	assert_int_equal(http_run(http, nothing, NULL), 0);
}

/* The request comes once more. When the transport saw that it was sent is its own affair. */
static int take_again(struct http *http, int listener)
{
	later(http, LATE_MS - 100);
	assert_false(has_news(listener, 0));
	for (int i = 0; i < 300 && !has_news(listener, 100); i++)
		later(http, LATE_MS);
	int fd = take_connection(listener);
	assert_true(take_request(fd));
	return fd;
}

static void ask(struct exchange *x, struct http *http, int port)
{
	exchange_init(x, http, port);
	x->request.timeout_ms = 100000;
	assert_int_equal(http_run(http, exchange_submit, x), 0);
}

struct pair {
	struct http *http;
	int listener, port, old;
};

/* A connection that was used, and a request that came on it and has no answer. */
static void pair_setup(struct pair *p, struct exchange *x)
{
	struct exchange first;

	p->listener = listen_somewhere(&p->port);
	p->http = exchange_start();
	ask(&first, p->http, p->port);
	p->old = take_connection(p->listener);
	assert_true(take_request(p->old));
	give(p->old, "first");
	expect_end(&first, "first");
	ask(x, p->http, p->port);
	assert_true(take_request(p->old));
}

static void pair_clear(struct pair *p)
{
	exchange_stop(p->http);
	close(p->old);
	close(p->listener);
}

enum first { FRESH_FIRST, OLD_FIRST, OLD_BREAKS, FRESH_BREAKS };

static const struct twice_case {
	const char *why;
	enum first first;
	const char *body;
} twice_cases[] = {
	{"a connection that swallows: the fresh one answers", FRESH_FIRST, "fresh"},
	{"a slow hub: the answer that comes first counts", OLD_FIRST, "old"},
	{"the old connection breaks in the end", OLD_BREAKS, "fresh"},
	{"the fresh connection breaks", FRESH_BREAKS, "old"},
};

static void twice(void **state)
{
	const struct twice_case *c = *state;
	struct exchange x, next;
	struct pair p;

	pair_setup(&p, &x);
	int fresh = take_again(p.http, p.listener);
	if (c->first == OLD_BREAKS)
		shutdown(p.old, SHUT_RDWR);
	if (c->first == FRESH_BREAKS) {
		shutdown(fresh, SHUT_RDWR);
		/* Once is enough. */
		later(p.http, LATE_MS);
	}
	int good = strcmp(c->body, "old") == 0 ? p.old : fresh;
	int bad = good == fresh ? p.old : fresh;
	give(good, c->body);
	expect_end(&x, c->body);
	assert_true(has_news(bad, 30000));
	/* The next one goes where the answer came from. */
	ask(&next, p.http, p.port);
	assert_true(take_request(good));
	give(good, "next");
	expect_end(&next, "next");
	/* libcurl itself tries once more where an old connection breaks. */
	assert_true(c->first == OLD_BREAKS || !has_news(p.listener, 0));
	close(fresh);
	pair_clear(&p);
}

/* A login is sent once, on a connection of its own. */
static void once(void **state)
{
	struct pair p = {.http = exchange_start(), .old = -1};
	struct exchange x;

	(void)state;
	p.listener = listen_somewhere(&p.port);
	for (int i = 0; i < 2; i++) {
		exchange_init(&x, p.http, p.port);
		x.request.is_once = 1;
		assert_int_equal(http_run(p.http, exchange_submit, &x), 0);
		int fd = take_connection(p.listener);
		assert_true(take_request(fd));
		later(p.http, LATE_MS);
		later(p.http, LATE_MS);
		assert_int_equal(http_run(p.http, renew, p.http), 0);
		later(p.http, LATE_MS);
		give(fd, "in");
		expect_end(&x, "in");
		assert_false(has_news(p.listener, 0));
		if (p.old >= 0)
			close(p.old);
		p.old = fd;
	}
	pair_clear(&p);
}

/* Whatever was on its way when the machine slept is asked again. */
static void slept(void **state)
{
	struct pair p = {.http = exchange_start()};
	struct exchange x;

	(void)state;
	p.listener = listen_somewhere(&p.port);
	ask(&x, p.http, p.port);
	p.old = take_connection(p.listener);
	assert_true(take_request(p.old));
	later(p.http, LATE_MS);
	assert_int_equal(http_run(p.http, renew, p.http), 0);
	int fresh = take_again(p.http, p.listener);
	give(fresh, "awake");
	expect_end(&x, "awake");
	close(fresh);
	pair_clear(&p);
}

static void stop_answers_twins_once(void **state)
{
	struct exchange x;
	struct pair p;

	(void)state;
	pair_setup(&p, &x);
	int fresh = take_again(p.http, p.listener);
	pair_clear(&p);
	close(fresh);
	assert_int_equal(x.ends, 1);
	assert_int_equal(x.err.code, -ECANCELED);
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
	ROWS_ADD(&rows, twice_cases, twice);
	rows_add(&rows, "a login is never sent twice", once, NULL);
	rows_add(&rows, "after a sleep what is on its way is asked again", slept, NULL);
	rows_add(&rows, "the end answers a request that is there twice once",
		 stop_answers_twins_once, NULL);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	int failed = rows_run("http", &rows);
	canned_free(server);
	return failed;
}
