/* SPDX-License-Identifier: MIT */
/* API calls against the sample hub: order, pace, patience, and what failures become. */
#include "api/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/breaker.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/net.h"
#include "tests/support/rows.h"

#define QUERY "/activity/query?size=1&pageNumber=2"
#define ITEM  "/activity/detail/query?labelId=%d&sportType=100"

static struct hub_process *hub;

static struct net *start(const struct net_config *config)
{
	struct err err;

	hub_process_post(hub, "clear", "");
	struct net *n = net_new(hub, config);
	assert_int_equal(session_login(n->session, &err), 0);
	hub_process_post(hub, "reset", "");
	return n;
}

/* ---- outcomes ---- */

static const struct outcome_case {
	const char *why, *knobs;
	int timeout_ms;
	int want;
	const char *words;
	long requests; /* how many it took, -1: depends (curl repeats one on an old connection) */
} outcome_cases[] = {
	{"a success", "{}", 0, 0, "", 1},
	{"a hub that stumbles once", "{\"fault\":{\"kind\":\"status\",\"code\":502,\"times\":1}}",
	 0, 0, "", 2},
	{"a connection that breaks once", "{\"fault\":{\"kind\":\"reset\",\"times\":1}}", 0, 0, "",
	 2},
	{"an answer that is cut off once", "{\"fault\":{\"kind\":\"cut\",\"times\":1}}", 0, 0, "",
	 2},
	{"a request to slow down, obeyed",
	 "{\"fault\":{\"kind\":\"status\",\"code\":429,\"retry_after\":1,\"times\":1}}", 0, 0, "",
	 2},
	{"a request to slow down for too long",
	 "{\"fault\":{\"kind\":\"status\",\"code\":429,\"retry_after\":60}}", 0, -EBUSY,
	 "slow down", 1},
	{"a hub that stays down", "{\"fault\":{\"kind\":\"status\",\"code\":500}}", 0, -EIO,
	 "HTTP 500", 2},
	{"a hub that stays down as a page",
	 "{\"fault\":{\"kind\":\"status\",\"code\":502,\"body\":\"html\"}}", 0, -EIO, "HTTP 502",
	 2},
	{"connections that always break", "{\"fault\":{\"kind\":\"reset\"}}", 0, -EHOSTUNREACH,
	 "broke", -1},
	{"no patience left, no retry", "{\"fault\":{\"kind\":\"status\",\"code\":500}}", 1, -EIO,
	 "", -1},
	{"a web page is no answer", "{\"fault\":{\"kind\":\"html200\"}}", 0, -EIO, "not JSON", 1},
	{"half an answer in whole clothes", "{\"fault\":{\"kind\":\"not_json\"}}", 0, -EIO,
	 "not JSON", 1},
	{"another host is not visited", "{\"fault\":{\"kind\":\"redirect\"}}", 0, -EIO, "302", 1},
	{"404", "{\"fault\":{\"kind\":\"status\",\"code\":404}}", 0, -EIO, "404", 1},
	{"the hub's generic failure", "{\"fault\":{\"kind\":\"result\",\"code\":\"1001\"}}", 0,
	 -EIO, "1001: Service exceptions", 1},
	{"a failure nobody knows",
	 "{\"fault\":{\"kind\":\"result\",\"code\":\"5006\",\"message\":\"x\\ny\"}}", 0,
	 -EOPNOTSUPP, "5006: x?y", 1},
	{"parameters the hub does not take", "{\"fault\":{\"kind\":\"result\",\"code\":\"1031\"}}",
	 0, -EINVAL, "1031", 1},
	{"no answer in time", "{\"fault\":{\"kind\":\"stall_headers\"}}", 300, -ETIMEDOUT, "300 ms",
	 1},
	{"an answer that stops in the middle", "{\"fault\":{\"kind\":\"stall_body\"}}", 300,
	 -ETIMEDOUT, "", 1},
	{"an answer of 64 MB", "{\"fault\":{\"kind\":\"huge\"}}", 0, -EIO, "KiB", 1},
	{"unknown keys are no failure", "{\"fault\":{\"kind\":\"extra_keys\"}}", 0, 0, "", 1},
};

static void outcome(void **state)
{
	const struct outcome_case *c = *state;
	const struct net_config config = {.routes = 1};
	const struct net_config hasty = {.routes = 1, .timeout_ms = c->timeout_ms};
	struct net *n = start(c->timeout_ms > 1 ? &hasty : &config);
	char *text = NULL;
	struct err err;

	if (c->timeout_ms == 1) {
		/* All but no time: with a token, so that the login does not fail already. */
		struct session_token token = net_token(n);
		const struct net_config none = {.routes = 1, .timeout_ms = 40, .kept = &token};
		net_free(n);
		n = net_new(hub, &none);
	}
	hub_process_post(hub, "set", c->knobs);
	assert_int_equal(net_call(n, "GET", QUERY, &text, &err), c->want);
	assert_int_equal(err.code, c->want);
	assert_non_null(strstr(err.text, c->words));
	if (c->requests >= 0)
		assert_int_equal(hub_process_stat(hub, "requests"), c->requests);
	if (c->want == 0)
		assert_non_null(strstr(text, "\"result\""));
	else
		assert_null(text);
	free(text);
	net_free(n);
}

/* ---- several ---- */

static void four_at_once(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"delay_ms\":20}");
	assert_int_equal(net_calls(n, 40, QUERY, &err), 0);
	assert_int_equal(hub_process_stat(hub, "requests"), 40);
	assert_in_range(hub_process_stat(hub, "max_parallel"), 2, 4);
	net_free(n);
}

static void pace(void **state)
{
	const struct net_config config = {.routes = 1, .rate = 20};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	int64_t before_ms = net_clock.mono_ms();
	assert_int_equal(net_calls(n, 60, QUERY, &err), 0);
	/* Fifty at once, ten at twenty a second; what passed meanwhile counts too. */
	assert_true(net_clock.mono_ms() - before_ms >= 400);
	assert_int_equal(hub_process_stat(hub, "requests"), 60);
	net_free(n);
}

static void breaker(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"fault\":{\"kind\":\"html200\"}}");
	for (int i = 0; i < 2 * BREAKER_FAILURES; i++) {
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EIO);
		assert_non_null(strstr(err.text, "not JSON"));
	}
	/* The fifth was not believed before the cheap call failed as well. */
	assert_int_equal(hub_process_stat(hub, "requests"), BREAKER_FAILURES + 1);
	/* Half open: one is let through and fails. */
	net_clock_add(BREAKER_OPEN_MS);
	for (int i = 0; i < 3; i++)
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EIO);
	assert_int_equal(hub_process_stat(hub, "requests"), BREAKER_FAILURES + 3);
	/* The hub is back. */
	hub_process_post(hub, "set", "{\"faults\":[]}");
	net_clock_add(BREAKER_OPEN_MS);
	/* One goes through; the others are turned away unless it is back before they come. */
	assert_in_range(net_calls(n, 3, QUERY, &err), 0, 2);
	assert_int_equal(net_calls(n, 10, QUERY, &err), 0);
	net_free(n);
}

/* What fails for ever for some things costs them alone. */
static const struct item_case {
	const char *why, *fault;
	int timeout_ms;
	int most; /* requests for each, the cheap call aside */
} item_cases[] = {
	{"some things are 500", "\"kind\":\"status\"", 0, 2},
	{"some things are 403 as a page", "\"kind\":\"status\",\"code\":403,\"body\":\"html\"", 0,
	 1},
	{"some things are 401", "\"kind\":\"status\",\"code\":401,\"body\":\"empty\"", 0, 1},
	{"some things are 404", "\"kind\":\"status\",\"code\":404,\"body\":\"html\"", 0, 1},
	{"some things are 1001", "\"kind\":\"result\"", 0, 1},
	{"some things are 1019", "\"kind\":\"result\",\"code\":\"1019\"", 0, 1},
	{"some things are 1006", "\"kind\":\"result\",\"code\":\"1006\"", 0, 1},
	{"some things are 1030", "\"kind\":\"result\",\"code\":\"1030\"", 0, 1},
	{"some things are a page", "\"kind\":\"html200\"", 0, 1},
	{"some things are half an answer", "\"kind\":\"not_json\"", 0, 1},
	{"some things are cut off", "\"kind\":\"cut\"", 0, 2},
	{"some things have no answer", "\"kind\":\"stall_headers\"", 300, 1},
};

static void items(void **state)
{
	const struct item_case *c = *state;
	const struct net_config config = {.routes = 1, .timeout_ms = c->timeout_ms};
	struct net *n = start(&config);
	char knobs[200], path[80];
	struct err err;

	snprintf(knobs, sizeof(knobs), "{\"fault\":{%s,\"path\":\"/activity/detail\"}}", c->fault);
	hub_process_post(hub, "set", knobs);
	/* One seven times, then twelve neighbours. */
	for (int i = 0; i < 19; i++) {
		snprintf(path, sizeof(path), ITEM, i < 7 ? 1 : i);
		int r = net_call(n, "POST", path, NULL, &err);
		assert_int_equal(r, c->timeout_ms ? -ETIMEDOUT : -EIO);
	}
	assert_true(hub_process_stat(hub, "by_path|/activity/detail/query") <= 19 * c->most);
	assert_in_range(hub_process_stat(hub, "queries"), 0, 19);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	assert_int_equal(net_dropped(n), 0);
	assert_int_equal(hub_process_stat(hub, "logins"), 0);
	net_free(n);
}

/* Four get no answer; or are told to wait. */
static void late(void **state)
{
	const struct net_config config = {.routes = 1, .timeout_ms = 60000};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"fault\":{\"kind\":\"stall_headers\",\"times\":4}}");
	net_calls_begin(n, 5, QUERY);
	while (hub_process_stat(hub, "requests") < 4)
		;
	net_pass(n, 6000);
	while (hub_process_stat(hub, "requests") < 5)
		;
	hub_process_post(hub, "set", "{\"faults\":[]}");
	assert_int_equal(net_calls_end(n, &err), 0);

	hub_process_post(
		hub, "set",
		"{\"fault\":{\"kind\":\"status\",\"code\":429,\"retry_after\":4,\"times\":4}}");
	net_clock_hold(1);
	net_calls_begin(n, 5, QUERY);
	while (hub_process_stat(hub, "requests") < 10)
		;
	net_clock_hold(0);
	assert_int_equal(net_calls_end(n, &err), 0);
	net_free(n);
}

/* Nobody gains by a second attempt each time. */
static void known_to_fail(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"fault\":{\"kind\":\"status\",\"times\":3}}");
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EIO);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EIO);
	assert_int_equal(hub_process_stat(hub, "requests"), 3);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	hub_process_post(hub, "set", "{\"fault\":{\"kind\":\"status\",\"times\":1}}");
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	net_free(n);
}

static void own_rest(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	char path[80];
	struct err err;

	(void)state;
	snprintf(path, sizeof(path), ITEM, 7);
	hub_process_post(hub, "set",
			 "{\"fault\":{\"kind\":\"status\",\"code\":503,\"retry_after\":7200,"
			 "\"path\":\"/activity/detail\"}}");
	for (int i = 0; i < 3; i++)
		assert_int_equal(net_call(n, "POST", path, NULL, &err), -EIO);
	assert_int_equal(hub_process_stat(hub, "requests"), 1);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	/* An hour is enough; and a person ends it. */
	net_clock_add(BREAKER_REST_MS);
	for (int i = 0; i < 3; i++)
		assert_int_equal(net_call(n, "POST", path, NULL, &err), -EIO);
	assert_int_equal(hub_process_stat(hub, "requests"), 3);
	n->calls.again(n->calls.ctx);
	assert_int_equal(net_call(n, "POST", path, NULL, &err), -EIO);
	assert_int_equal(hub_process_stat(hub, "requests"), 4);
	net_free(n);
}

/* A hub that is down for everything, and says for how long. */
static void soft_rest(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	char path[80];
	struct err err;

	(void)state;
	hub_process_post(hub, "set",
			 "{\"fault\":{\"kind\":\"status\",\"code\":503,\"retry_after\":600,"
			 "\"path\":\"\"}}");
	for (int i = 0; i < 9; i++) {
		snprintf(path, sizeof(path), ITEM, i);
		assert_int_equal(net_call(n, "POST", path, NULL, &err), -EIO);
	}
	assert_int_equal(hub_process_stat(hub, "requests"), BREAKER_FAILURES + 1);
	net_clock_add(590000);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EIO);
	assert_int_equal(hub_process_stat(hub, "requests"), BREAKER_FAILURES + 1);
	hub_process_post(hub, "set", "{\"faults\":[]}");
	n->calls.again(n->calls.ctx);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	net_free(n);
}

static void refusals_do_not_open_it(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"fault\":{\"kind\":\"result\",\"code\":\"1031\"}}");
	for (int i = 0; i < 2 * BREAKER_FAILURES; i++)
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EINVAL);
	assert_int_equal(hub_process_stat(hub, "requests"), 2 * BREAKER_FAILURES);
	net_free(n);
}

static void login_failures_open_it(void **state)
{
	const struct net_config config = {.api = "http://127.0.0.1:1"};
	struct net *n = net_new(hub, &config);
	struct err err;

	(void)state;
	for (int i = 0; i < 3 * BREAKER_FAILURES; i++)
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EHOSTUNREACH);
	/* The password was asked for with each login, and no more once it was open. */
	assert_int_equal(net_asked(n), BREAKER_FAILURES);
	net_clock_add(BREAKER_OPEN_MS);
	assert_int_equal(net_calls(n, 20, QUERY, &err), 20);
	assert_int_equal(net_asked(n), BREAKER_FAILURES + 1);
	net_free(n);
}

static void end_answers_all(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"delay_ms\":5000}");
	net_calls_begin(n, 200, QUERY);
	while (hub_process_stat(hub, "requests") == 0)
		;
	net_stop(n);
	assert_int_equal(net_calls_end(n, &err), 200);
	assert_int_equal(err.code, -ECANCELED);
	net_free(n);
}

static void end_during_backoff(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set",
			 "{\"fault\":{\"kind\":\"status\",\"code\":429,\"retry_after\":15}}");
	net_calls_begin(n, 10, QUERY);
	while (hub_process_stat(hub, "requests") == 0)
		;
	net_stop(n);
	assert_int_equal(net_calls_end(n, &err), 10);
	/* An answer in the very moment of the end is not waited for, and says why itself. */
	assert_true(err.code == -ECANCELED || err.code == -EBUSY);
	net_free(n);
}

static void rests_as_long_as_asked(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set",
			 "{\"fault\":{\"kind\":\"status\",\"code\":429,\"retry_after\":120}}");
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EBUSY);
	long before = hub_process_stat(hub, "requests");
	net_clock_add(110000);
	assert_int_equal(net_calls(n, 5, QUERY, &err), 5);
	assert_int_equal(err.code, -EBUSY);
	n->calls.again(n->calls.ctx);
	assert_int_equal(net_calls(n, 5, QUERY, &err), 5);
	assert_int_equal(hub_process_stat(hub, "requests"), before);
	hub_process_post(hub, "set", "{\"faults\":[]}");
	net_clock_add(11000);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	net_free(n);
}

static void post_without_body(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	/* A wrong method and a wrong id are both 1001; what counts is the shape of the request. */
	assert_int_equal(
		net_call(n, "POST", "/activity/detail/query?labelId=1&sportType=100", NULL, &err),
		-EIO);
	assert_int_equal(hub_process_stat(hub, "details"), 1);
	char *text = hub_process_stat_text(hub, "violations");
	assert_string_equal(text, "[]\n");
	free(text);
	net_free(n);
}

/* ---- no memory ---- */

static int ask(void *arg, struct err *err)
{
	char *text = NULL;
	int r = net_call(arg, "GET", QUERY, &text, err);

	assert_int_equal(text != NULL, r == 0);
	free(text);
	return r;
}

/* As many as stand in the queue, too. */
static int ask_several(void *arg, struct err *err)
{
	struct err first;
	int bad = 0;

	net_calls_begin(arg, 6, QUERY);
	bad = net_calls_end(arg, err);
	first = *err;
	/* Those that found memory were answered; here the others count. */
	if (bad && !first.code)
		return err_set(err, -ENOMEM, "%d of them", bad);
	return first.code;
}

/* The token is dead, and there is a new one for the asking; but a login that was given up may still
 * arrive at the hub, and end the one after it. */
static int ask_with_a_dead_token(void *arg, struct err *err)
{
	net_clock_add(3600000);
	failing_alloc_spare(1);
	hub_process_post(hub, "set", "{\"expire_token\":true}");
	failing_alloc_spare(0);
	if (ask(arg, err) != -EACCES)
		return err->code;
	net_clock_add(3600000);
	return ask(arg, err);
}

static const struct failing_job jobs[] = {
	{"no memory for a call", NULL, ask, NULL, 0, 1},
	{"no memory for several", NULL, ask_several, NULL, 0, 1},
	{"no memory for a call with a dead token", NULL, ask_with_a_dead_token, NULL, 0, 1},
};

static void out_of_memory(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);

	failing_alloc_everywhere(*state, n);
	net_free(n);
}

int main(void)
{
	static struct rows rows;

	failing_alloc_in_curl();
	hub = hub_process_new(NULL);
	ROWS_ADD(&rows, outcome_cases, outcome);
	rows_add(&rows, "four at once", four_at_once, NULL);
	rows_add(&rows, "no faster than the pace", pace, NULL);
	rows_add(&rows, "five failures open the breaker", breaker, NULL);
	ROWS_ADD(&rows, item_cases, items);
	rows_add(&rows, "those who wait for an answer or an attempt hold up nobody", late, NULL);
	rows_add(&rows, "what failed before gets one attempt", known_to_fail, NULL);
	rows_add(&rows, "a rest for one thing is its own", own_rest, NULL);
	rows_add(&rows, "a rest that is not firm", soft_rest, NULL);
	rows_add(&rows, "refusals do not open the breaker", refusals_do_not_open_it, NULL);
	rows_add(&rows, "failed logins do", login_failures_open_it, NULL);
	rows_add(&rows, "the end answers all", end_answers_all, NULL);
	rows_add(&rows, "the end answers those who wait for another try", end_during_backoff, NULL);
	rows_add(&rows, "a POST without a body", post_without_body, NULL);
	rows_add(&rows, "a hub that asks for a rest gets it", rests_as_long_as_asked, NULL);
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		rows_add(&rows, jobs[i].what, out_of_memory, &jobs[i]);
	int failed = rows_run("call", &rows);
	hub_process_free(hub);
	return failed;
}
