/* SPDX-License-Identifier: MIT */
/* Staying logged in, and giving way, against the sample hub. */
#include "api/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/net.h"
#include "tests/support/rows.h"

#define QUERY      "/activity/query?size=1&pageNumber=2"
#define ITEM       "/activity/detail/query?labelId=7&sportType=100"
#define LEGACY     1 /* enum login_scheme, as kept on disk */
#define BCRYPT     2
#define MINUTES(n) ((n)*60000)

static struct hub_process *hub;

static void expire(void)
{
	hub_process_post(hub, "set", "{\"expire_token\":true}");
}

static struct net *start(const struct net_config *config)
{
	net_fresh_hub(hub);
	return net_new(hub, config);
}

static void assert_no_violations(void)
{
	char *text = hub_process_stat_text(hub, "violations");

	assert_string_equal(text, "[]\n");
	free(text);
}

/* ---- a token that is kept ---- */

static struct session_token a_token(int region)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	char knobs[64];
	struct err err;

	snprintf(knobs, sizeof(knobs), "{\"region\":%d}", region);
	hub_process_post(hub, "set", knobs);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	struct session_token token = net_token(n);
	net_free(n);
	hub_process_post(hub, "reset", "");
	return token;
}

static const struct kept_case {
	const char *why;
	int routes, expired, foreign;
	int logins, asked, dropped;
} kept_cases[] = {
	{"a kept token is used as it is", 1, 0, 0, 0, 0, 0},
	{"a kept token that died is replaced once", 1, 1, 0, 1, 1, 1},
	{"a kept token for another URL is not sent there", 1, 0, 1, 1, 1, 0},
};

static void kept(void **state)
{
	const struct kept_case *c = *state;
	struct session_token token = a_token(2);
	const struct net_config config = {.routes = c->routes, .kept = &token};
	struct err err;

	if (c->foreign)
		strcpy(token.base, "http://127.0.0.1:1");
	if (c->expired)
		expire();
	struct net *n = net_new(hub, &config);
	for (int i = 0; i < 3; i++)
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	assert_int_equal(hub_process_stat(hub, "logins"), c->logins);
	assert_int_equal(net_asked(n), c->asked);
	assert_int_equal(net_dropped(n), c->dropped);
	/* The login goes to the region that is known already. */
	assert_int_equal(hub_process_stat(hub, "by_region|1"), c->foreign);
	net_free(n);
	assert_no_violations();
}

static void kept_scheme_first(void **state)
{
	struct session_token token = a_token(1);
	const struct net_config config = {.routes = 1, .kept = &token};
	struct err err;

	(void)state;
	expire();
	hub_process_post(hub, "set", "{\"schemes\":[\"legacy\"]}");
	token.scheme = LEGACY;
	struct net *n = net_new(hub, &config);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	assert_int_equal(hub_process_stat(hub, "login_failures"), 0);
	net_free(n);
}

static void kept_without_region(void **state)
{
	struct session_token token = a_token(3);
	const struct net_config config = {.routes = 1, .kept = &token};
	struct err err;

	(void)state;
	/* As an older version may have left it: at the host that gave the token. */
	token.region = 0;
	token.base[strlen(token.base) - 1] = '1';
	struct net *n = net_new(hub, &config);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	assert_int_equal(hub_process_stat(hub, "logins"), 0);
	assert_int_equal(net_token(n).region, 3);
	net_free(n);
}

/* ---- a token that dies ---- */

static void one_login_for_all(void **state)
{
	struct session_token token = a_token(1);
	const struct net_config config = {.routes = 1, .kept = &token};
	struct err err;

	(void)state;
	expire();
	struct net *n = net_new(hub, &config);
	assert_int_equal(net_calls(n, 20, QUERY, &err), 0);
	assert_int_equal(hub_process_stat(hub, "logins"), 1);
	assert_int_equal(hub_process_stat(hub, "results|0000"), 21);
	/* Four were on their way with the dead one, and one cheap call proved it. */
	assert_in_range(hub_process_stat(hub, "results|1019"), 2, 5);
	net_free(n);
}

/* The login is dead, says the hub of one call that it says that of for ever. */
static const struct alone_case {
	const char *why, *code;
} alone_cases[] = {
	{"1019 for one call alone", "1019"},
	{"1006 for one call alone", "1006"},
	{"0101 for one call alone", "0101"},
};

static void alone(void **state)
{
	const struct alone_case *c = *state;
	struct session_token token = a_token(1);
	const struct net_config config = {.routes = 1, .kept = &token};
	char knobs[128];
	struct err err;

	snprintf(knobs, sizeof(knobs),
		 "{\"fault\":{\"kind\":\"result\",\"code\":\"%s\",\"path\":\"/activity/detail\"}}",
		 c->code);
	hub_process_post(hub, "set", knobs);
	struct net *n = net_new(hub, &config);
	/* Four of them ask, the others are told. */
	net_calls_begin(n, 20, ITEM);
	assert_int_equal(net_calls_end(n, &err), 20);
	assert_int_equal(err.code, -EIO);
	assert_non_null(strstr(err.text, "the login works, but not for this"));
	assert_non_null(strstr(err.text, c->code));
	assert_in_range(hub_process_stat(hub, "by_path|/activity/detail/query"), 1, 4);
	assert_in_range(hub_process_stat(hub, "queries"), 1, 4);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	/* It is asked for again after a minute, or when somebody wants that. */
	long before = hub_process_stat(hub, "requests");
	assert_int_equal(net_call(n, "POST", ITEM, NULL, &err), -EIO);
	assert_int_equal(hub_process_stat(hub, "requests"), before);
	n->calls.again(n->calls.ctx);
	assert_int_equal(net_call(n, "POST", ITEM, NULL, &err), -EIO);
	assert_int_equal(hub_process_stat(hub, "requests"), before + 2);
	net_clock_add(MINUTES(1));
	assert_int_equal(net_call(n, "POST", ITEM, NULL, &err), -EIO);
	assert_int_equal(hub_process_stat(hub, "requests"), before + 4);
	assert_int_equal(net_dropped(n), 0);
	assert_int_equal(net_asked(n), 0);
	net_free(n);
}

/* Somebody stands in between for a while: what he says is not the hub's, and the token is good. */
static const struct between_case {
	const char *why, *fault;
	int by_hub; /* 1: it speaks of one thing itself, then nobody but him; 2: it speaks always */
} between_cases[] = {
	{"403 as a page", "{\"kind\":\"status\",\"code\":403,\"body\":\"html\",\"path\":\"\"}", 0},
	{"401 without a word",
	 "{\"kind\":\"status\",\"code\":401,\"body\":\"empty\",\"path\":\"\"}", 0},
	{"403 as JSON", "{\"kind\":\"status\",\"code\":403,\"path\":\"\"}", 2},
	{"a login page", "{\"kind\":\"html200\",\"path\":\"\"}", 0},
	{"a redirect", "{\"kind\":\"redirect\",\"path\":\"\"}", 0},
	{"1019, and no proof to be had", "{\"kind\":\"html200\"}", 1},
};

static void between(void **state)
{
	const struct between_case *c = *state;
	struct session_token token = a_token(1);
	const struct net_config config = {.routes = 1, .kept = &token};
	char knobs[512];
	struct err err;

	snprintf(knobs, sizeof(knobs), "{\"faults\":[%s%s]}",
		 c->by_hub == 1
			 ? "{\"kind\":\"result\",\"code\":\"1019\",\"path\":\"/activity/detail\"},"
			 : "",
		 c->fault);
	hub_process_post(hub, "set", knobs);
	struct net *n = net_new(hub, &config);
	for (int i = 0; i < 7; i++) {
		assert_int_equal(net_call(n, "POST", ITEM, NULL, &err), -EIO);
		assert_null(strstr(err.text, "the login works"));
	}
	hub_process_post(hub, "set", "{\"faults\":[]}");
	net_clock_add(10000);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	assert_int_equal(net_dropped(n), 0);
	assert_int_equal(net_asked(n), 0);
	/* The same without a token: nobody is kept out for longer than the breaker is open. */
	net_free(n);
	net_fresh_hub(hub);
	if (!c->by_hub)
		hub_process_post(hub, "set", knobs);
	n = net_new(hub, &(const struct net_config){.routes = 1});
	if (!c->by_hub)
		for (int i = 0; i < 7; i++)
			assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EIO);
	hub_process_post(hub, "set", "{\"faults\":[]}");
	net_clock_add(10000);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	net_free(n);
}

/* For ten minutes, or (with a state) until somebody says that it is over. */
static void gives_way_to_the_web_app(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	net_clock_add(MINUTES(4));
	expire();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EACCES);
		assert_non_null(strstr(err.text, "web app"));
		assert_non_null(strstr(err.text, "in 6 minutes"));
	}
	assert_int_equal(hub_process_stat(hub, "logins"), 1);
	/* The call, and the cheap one. */
	assert_int_equal(hub_process_stat(hub, "results|1019"), 2);
	if (*state)
		n->calls.again(n->calls.ctx);
	else
		net_clock_add(MINUTES(6) + 1000);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	assert_int_equal(hub_process_stat(hub, "logins"), 2);
	/* After more than ten minutes it is just old. */
	net_clock_add(MINUTES(11));
	expire();
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	assert_int_equal(hub_process_stat(hub, "logins"), 3);
	net_free(n);
}

/* A token that never works must not be replaced for ever. */
static void stillborn(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"token_calls\":0}");
	assert_int_equal(net_calls(n, 10, QUERY, &err), 10);
	assert_int_equal(err.code, -EACCES);
	assert_int_equal(hub_process_stat(hub, "logins"), 1);
	net_free(n);
}

/* A host that gives everybody a login, and then serves the accounts of one region. */
static void another_home_without_routing(void **state)
{
	const struct net_config config = {.routes = 0};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"region\":3}");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EACCES);
		assert_null(strstr(err.text, "web app"));
		assert_non_null(strstr(err.text, "api= must name the host of region 3"));
	}
	assert_int_equal(hub_process_stat(hub, "logins"), 1);
	net_free(n);
}

static void stillborn_without_region(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"token_calls\":0,\"region_in_login\":\"missing\"}");
	assert_int_equal(net_calls(n, 10, QUERY, &err), 10);
	assert_int_equal(err.code, -EACCES);
	assert_int_equal(hub_process_stat(hub, "logins"), 1);
	/* The other three hosts were asked once each. */
	assert_int_equal(hub_process_stat(hub, "by_region|2"), 1);
	assert_int_equal(hub_process_stat(hub, "by_region|3"), 1);
	assert_int_equal(hub_process_stat(hub, "by_region|4"), 1);
	net_free(n);
	assert_no_violations();
}

/* The search ends without a token, and those who waited for it log in. */
static void kept_without_region_and_dead(void **state)
{
	struct session_token token = a_token(1);
	const struct net_config config = {.routes = 1, .kept = &token};
	struct err err;

	(void)state;
	token.region = 0;
	expire();
	struct net *n = net_new(hub, &config);
	assert_int_equal(net_calls(n, 10, QUERY, &err), 0);
	assert_int_equal(hub_process_stat(hub, "logins"), 1);
	net_free(n);
	assert_no_violations();
}

/* A dead token is replaced by one whose region is missing: both detours in one call. */
static void dead_then_lost(void **state)
{
	struct session_token token = a_token(3);
	const struct net_config config = {.routes = 1, .kept = &token};
	struct err err;

	(void)state;
	expire();
	hub_process_post(hub, "set", "{\"region_in_login\":\"missing\",\"region\":2}");
	struct net *n = net_new(hub, &config);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	assert_int_equal(net_token(n).region, 2);
	assert_int_equal(hub_process_stat(hub, "logins"), 1);
	net_free(n);
}

/* ---- session_login() ---- */

static void login_now(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	assert_int_equal(session_login(n->session, &err), 0);
	assert_int_equal(session_login(n->session, &err), 0);
	assert_int_equal(hub_process_stat(hub, "logins"), 1);
	assert_int_equal(net_kept(n), 1);
	net_free(n);
}

static void login_now_refused(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	net_password(n, "wrong");
	assert_int_equal(session_login(n->session, &err), -EKEYREJECTED);
	assert_non_null(strstr(err.text, "check both"));
	net_free(n);
}

static void login_without_network(void **state)
{
	const struct net_config config = {.api = "http://127.0.0.1:1"};
	struct net *n = net_new(NULL, &config);
	struct err err;

	(void)state;
	assert_int_equal(session_login(n->session, &err), -EHOSTUNREACH);
	net_free(n);
}

static void login_after_the_end(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	net_stop(n);
	assert_int_equal(session_login(n->session, &err), -ECANCELED);
	net_free(n);
}

/* The end comes while a login is on its way. */
static void end_during_login(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(
		hub, "set",
		"{\"fault\":{\"kind\":\"delay\",\"ms\":5000,\"path\":\"/account/login\"}}");
	net_calls_begin(n, 8, QUERY);
	while (hub_process_stat(hub, "by_path|/account/login") == 0)
		;
	net_stop(n);
	assert_int_equal(net_calls_end(n, &err), 8);
	assert_int_equal(err.code, -ECANCELED);
	net_free(n);
}

static void bad_url(void **state)
{
	const struct http_config http_config = {.user_agent = "corosfs/test"};
	struct http *http = http_new(&http_config, NULL);
	const struct session_config config = {
		.account = "a", .api = "http://hub.example.org", .clock = &net_clock};
	struct err err;

	(void)state;
	assert_null(session_new(http, &config, NULL, &err));
	assert_int_equal(err.code, -EINVAL);
	http_free(http);
}

/* ---- no memory ---- */

static const struct memory_case {
	const char *why, *knobs;
	int pending; /* tasks of the transport, which has room for 16 before it needs more */
	int is_patient;
} memory_cases[] = {
	{"no memory for a login", "{}", 0, 0},
	{"no memory to move home", "{\"region\":3}", 0, 0},
	{"no memory to look for the home", "{\"region\":3,\"region_in_login\":\"missing\"}", 0, 0},
	/* The login's thread has to say that it is done. */
	{"no memory for the news of a password", "{}", 15, 1},
	{"no memory to begin", "{}", 16, 0},
};

struct starved {
	const struct memory_case *c;
	struct net *net;
};

static void nothing(void *arg)
{
	(void)arg;
}

static void starved_before(void *arg)
{
	const struct net_config config = {.routes = 1};
	struct starved *s = arg;

	s->net = start(&config);
	for (int i = 0; i < s->c->pending; i++)
		assert_int_equal(http_after(s->net->http, 3600000, nothing, NULL), 0);
	hub_process_post(hub, "set", s->c->knobs);
}

/* What failed before may have begun a wait for the next login, which is over. And a login that was
 * given up may still arrive at the hub, and end the one after it. */
static int starved_run(void *arg, struct err *err)
{
	struct starved *s = arg;
	int r;

	for (int try = 0; try < 2; try++) {
		net_clock_add(MINUTES(11));
		r = session_login(s->net->session, err);
		if (r == 0)
			r = net_call(s->net, "GET", QUERY, NULL, err);
		if (r != -EACCES)
			break;
	}
	return r;
}

static void starved_after(void *arg)
{
	struct starved *s = arg;

	net_free(s->net);
	assert_no_violations();
}

static void out_of_memory(void **state)
{
	struct starved s = {.c = *state};
	const struct failing_job job = {s.c->why,      starved_before,  starved_run,
					starved_after, s.c->is_patient, 1};

	failing_alloc_everywhere(&job, &s);
}

/* A session comes and goes, with its transport. */
static int live(void *arg, struct err *err)
{
	const struct http_config http_config = {.user_agent = "corosfs/test"};
	const struct session_config config = {
		.account = "a", .api = "https://hub.example.org", .clock = &net_clock};
	struct http *http = http_new(&http_config, err);
	struct session *s = http ? session_new(http, &config, NULL, err) : NULL;

	(void)arg;
	if (http)
		http_stop(http);
	session_free(s);
	http_free(http);
	return s ? 0 : err->code;
}

static void no_memory_to_live(void **state)
{
	static const struct failing_job job = {"a session", NULL, live, NULL, 0, 0};

	(void)state;
	failing_alloc_everywhere(&job, NULL);
}

int main(void)
{
	static struct rows rows;

	failing_alloc_in_curl();
	hub = hub_process_new(NULL);
	ROWS_ADD(&rows, kept_cases, kept);
	rows_add(&rows, "the scheme that worked comes first", kept_scheme_first, NULL);
	rows_add(&rows, "a kept token without a region finds it", kept_without_region, NULL);
	rows_add(&rows, "one that is dead everywhere is replaced", kept_without_region_and_dead,
		 NULL);
	rows_add(&rows, "one login for all who wait", one_login_for_all, NULL);
	ROWS_ADD(&rows, alone_cases, alone);
	ROWS_ADD(&rows, between_cases, between);
	rows_add(&rows, "the web app has its turn", gives_way_to_the_web_app, NULL);
	rows_add(&rows, "until somebody wants ours", gives_way_to_the_web_app, "again");
	rows_add(&rows, "a token that never works is not replaced for ever", stillborn, NULL);
	rows_add(&rows, "a home that api= does not lead to", another_home_without_routing, NULL);
	rows_add(&rows, "nor one whose region is missing", stillborn_without_region, NULL);
	rows_add(&rows, "a new token in an unknown region", dead_then_lost, NULL);
	rows_add(&rows, "a login in the foreground", login_now, NULL);
	rows_add(&rows, "a login in the foreground that is refused", login_now_refused, NULL);
	rows_add(&rows, "a login in the foreground without network", login_without_network, NULL);
	rows_add(&rows, "a login after the end", login_after_the_end, NULL);
	rows_add(&rows, "the end during a login", end_during_login, NULL);
	rows_add(&rows, "a URL that is not safe", bad_url, NULL);
	ROWS_ADD(&rows, memory_cases, out_of_memory);
	rows_add(&rows, "no memory for a session", no_memory_to_live, NULL);
	int failed = rows_run("session", &rows);
	hub_process_free(hub);
	return failed;
}
