/* SPDX-License-Identifier: MIT */
/* Logging in: schemes, regions, refusals and patience, against the sample hub. */
#include "api/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/net.h"
#include "tests/support/rows.h"

#define QUERY      "/activity/query?size=1&pageNumber=1"
#define LEGACY     1 /* enum login_scheme, as kept on disk */
#define BCRYPT     2
#define MINUTES(n) ((n)*60000)

static struct hub_process *hub;

/* Nothing is known of the account. */
static struct net *start(const struct net_config *config)
{
	static const struct session_token none;
	struct net_config new = *config;

	new.kept = &none;
	net_fresh_hub(hub);
	return net_new(hub, &new);
}

static void assert_no_violations(void)
{
	char *text = hub_process_stat_text(hub, "violations");

	assert_string_equal(text, "[]\n");
	free(text);
}

/* ---- the first login ---- */

static const struct login_case {
	const char *why, *knobs, *password;
	int routes, timeout_ms;
	int want;
	const char *words;
	int logins, failures;
	int region, scheme; /* of the token that is kept */
} login_cases[] = {
	{"the usual login", "{}", NET_PASSWORD, 1, 0, 0, "", 1, 0, 1, BCRYPT},
	{"another home is moved to", "{\"region\":3}", NET_PASSWORD, 1, 0, 0, "", 1, 0, 3, BCRYPT},
	{"legacy when bcrypt is a wrong parameter", "{\"schemes\":[\"legacy\"]}", NET_PASSWORD, 1,
	 0, 0, "", 1, 1, 1, LEGACY},
	{"legacy when bcrypt is a wrong password",
	 "{\"schemes\":[\"legacy\"],\"refused_scheme\":\"1030\"}", NET_PASSWORD, 1, 0, 0, "", 1, 1,
	 1, LEGACY},
	{"a missing region is found", "{\"region\":3,\"region_in_login\":\"missing\"}",
	 NET_PASSWORD, 1, 0, 0, "", 1, 0, 3, BCRYPT},
	{"an unknown region is found", "{\"region\":4,\"region_in_login\":\"unknown\"}",
	 NET_PASSWORD, 1, 0, 0, "", 1, 0, 4, BCRYPT},
	{"a missing region that is the login host's", "{\"region_in_login\":\"missing\"}",
	 NET_PASSWORD, 1, 0, 0, "", 1, 0, 0, BCRYPT},
	{"a fixed URL stays", "{}", NET_PASSWORD, 0, 0, 0, "", 1, 0, 1, BCRYPT},
	{"a wrong password is tried once a scheme", "{}", "wrong", 1, 0, -EACCES, "check both", 0,
	 2, 0, 0},
	{"a second factor is beyond us", "{\"two_factor\":true}", NET_PASSWORD, 1, 0, -EACCES,
	 "two-factor", 0, 0, 0, 0},
	{"a hub that asks to wait for longer than we can",
	 "{\"login_status\":429,\"retry_after\":100}", NET_PASSWORD, 1, 0, -EBUSY, "slow down", 0,
	 1, 0, 0},
	{"a hub that is down", "{\"login_status\":502}", NET_PASSWORD, 1, 100, -EIO, "out of order",
	 0, -1, 0, 0},
	{"a login page of the network",
	 "{\"fault\":{\"kind\":\"html200\",\"path\":\"/account/login\"}}", NET_PASSWORD, 1, 0, -EIO,
	 "web page", 0, 0, 0, 0},
	{"a redirect is not followed",
	 "{\"fault\":{\"kind\":\"redirect\",\"path\":\"/account/login\"}}", NET_PASSWORD, 1, 0,
	 -EIO, "302", 0, 0, 0, 0},
};

static void login(void **state)
{
	const struct login_case *c = *state;
	const struct net_config config = {.routes = c->routes, .timeout_ms = c->timeout_ms};
	struct net *n = start(&config);
	struct err err;

	hub_process_post(hub, "set", c->knobs);
	net_password(n, c->password);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), c->want);
	assert_non_null(strstr(err.text, c->words));
	assert_int_equal(hub_process_stat(hub, "logins"), c->logins);
	if (c->failures >= 0)
		assert_int_equal(hub_process_stat(hub, "login_failures"), c->failures);
	assert_int_equal(net_asked(n), 1);
	if (c->want == 0) {
		struct session_token token = net_token(n);
		assert_int_equal(token.region, c->region);
		assert_int_equal(token.scheme, c->scheme);
		/* From now on nothing but the call itself. */
		long before = hub_process_stat(hub, "requests");
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
		assert_int_equal(hub_process_stat(hub, "requests"), before + 1);
	} else {
		assert_int_equal(net_kept(n), 0);
	}
	net_free(n);
	assert_no_violations();
}

/* ---- refused ---- */

static void refused_until_changed(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	net_password(n, "wrong");
	for (int i = 0; i < 5; i++)
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EACCES);
	assert_int_equal(net_asked(n), 1);
	assert_int_equal(hub_process_stat(hub, "login_failures"), 2);
	/* A minute later the password is asked for, found unchanged and not sent. */
	net_clock_add(MINUTES(1) + 1000);
	for (int i = 0; i < 5; i++)
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EACCES);
	assert_int_equal(net_asked(n), 2);
	assert_int_equal(hub_process_stat(hub, "login_failures"), 2);
	assert_non_null(strstr(err.text, "check both"));
	/* Another one is tried. */
	net_clock_add(MINUTES(1) + 1000);
	net_password(n, NET_PASSWORD);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	assert_int_equal(hub_process_stat(hub, "login_failures"), 2);
	net_free(n);
}

static void second_wrong_password(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	net_password(n, "wrong");
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EACCES);
	net_clock_add(MINUTES(2));
	net_password(n, "wrong too");
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EACCES);
	assert_int_equal(hub_process_stat(hub, "login_failures"), 4);
	net_clock_add(MINUTES(2));
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EACCES);
	assert_int_equal(hub_process_stat(hub, "login_failures"), 4);
	net_free(n);
}

/* bcrypt is refused, then the hub goes away before the legacy scheme is tried. */
static void half_refused(void **state)
{
	const struct net_config config = {.routes = 1, .timeout_ms = 300};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set",
			 "{\"schemes\":[\"legacy\"],\"fault\":{\"kind\":\"status\",\"code\":503,"
			 "\"path\":\"/account/login\",\"after\":1,\"times\":3}}");
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EIO);
	assert_int_equal(hub_process_stat(hub, "login_failures"), 1);
	hub_process_post(hub, "set", "{\"faults\":[]}");
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	/* What was refused was not sent again. */
	assert_int_equal(hub_process_stat(hub, "login_failures"), 1);
	net_free(n);
}

static void no_password(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	net_password_fails(n, -EACCES);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EACCES);
		assert_non_null(strstr(err.text, "the test's password"));
	}
	assert_int_equal(net_asked(n), 1);
	assert_int_equal(hub_process_stat(hub, "requests"), 0);
	net_password(n, NET_PASSWORD);
	net_clock_add(MINUTES(1) + 1000);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	net_free(n);
}

/* ---- politeness and patience ---- */

static void login_obeys_retry_after(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set",
			 "{\"fault\":{\"kind\":\"status\",\"code\":429,\"retry_after\":1,"
			 "\"path\":\"/account/login\",\"times\":1}}");
	int64_t before_ms = net_clock.mono_ms();
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	assert_true(net_clock.mono_ms() - before_ms >= 1000);
	net_free(n);
}

static void too_many_logins(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"login_status\":429,\"retry_after\":300}");
	for (int i = 0; i < 3; i++)
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EBUSY);
	assert_int_equal(hub_process_stat(hub, "login_failures"), 1);
	hub_process_post(hub, "set", "{\"login_status\":null}");
	net_clock_add(MINUTES(2));
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EBUSY);
	net_clock_add(MINUTES(3) + 1000);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	net_free(n);
}

/* What a call is believed, and no more. */
static void login_rests_an_hour(void **state)
{
	const struct net_config config = {.routes = 1};
	struct net *n = start(&config);
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"login_status\":429,\"retry_after\":80000}");
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EBUSY);
	hub_process_post(hub, "set", "{\"login_status\":null}");
	net_clock_add(MINUTES(59));
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EBUSY);
	net_clock_add(MINUTES(1) + 1000);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	net_free(n);
}

int main(void)
{
	static struct rows rows;

	hub = hub_process_new(NULL);
	ROWS_ADD(&rows, login_cases, login);
	rows_add(&rows, "no second try until the password changes", refused_until_changed, NULL);
	rows_add(&rows, "another wrong password is tried once too", second_wrong_password, NULL);
	rows_add(&rows, "a refused scheme is not repeated after a failure", half_refused, NULL);
	rows_add(&rows, "no password, no login, one question a minute", no_password, NULL);
	rows_add(&rows, "a login waits as long as asked", login_obeys_retry_after, NULL);
	rows_add(&rows, "a login that must wait longer fails meanwhile", too_many_logins, NULL);
	rows_add(&rows, "an hour's rest is enough for a login, too", login_rests_an_hour, NULL);
	int failed = rows_run("session_login", &rows);
	hub_process_free(hub);
	return failed;
}
