/* SPDX-License-Identifier: MIT */
/* A person who logs in: always tried, the code of a second factor, and what others see of it. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/net.h"
#include "tests/support/rows.h"

#define QUERY      "/activity/query?size=1&pageNumber=1"
#define MINUTES(n) ((n)*60000)

static struct hub_process *hub;

static struct net *start(void)
{
	const struct net_config config = {.routes = 1};

	net_fresh_hub(hub);
	return net_new(hub, &config);
}

/* Says one code after the other, then fails. */
struct mouth {
	const char *codes[4];
	int asked, asked_again;
};

static int say(void *arg, int wrong, char code[FACTOR_CODE], struct err *err)
{
	struct mouth *m = arg;
	const char *text = m->codes[m->asked];

	m->asked_again += wrong;
	if (!text)
		return err_set(err, -EINVAL, "nothing more to say");
	m->asked++;
	return factor_code(text, code);
}

static int person(struct net *n, const char *password, struct mouth *mouth, struct err *err)
{
	struct session_person p = {.code = say, .arg = mouth};

	/* The md5 of it, the way the net has it; the session's own question fails. */
	net_password(n, password);
	lock_take(&n->lock);
	memcpy(p.md5, n->md5, sizeof(p.md5));
	lock_drop(&n->lock);
	net_password_fails(n, -EACCES);
	return session_login_person(n->session, &p, err);
}

static const struct person_case {
	const char *why, *knobs, *password;
	struct mouth mouth;
	int want, asked;
	const char *words;
	int logins, failures, region;
} cases[] = {
	{"a plain login", "{}", NET_PASSWORD, {{NULL}, 0, 0}, 0, 0, "", 1, 0, 1},
	{"by bcrypt",
	 "{\"schemes\":[\"bcrypt\"]}",
	 NET_PASSWORD,
	 {{NULL}, 0, 0},
	 0,
	 0,
	 "",
	 1,
	 1,
	 1},
	{"a wrong password",
	 "{}",
	 "wrong",
	 {{NULL}, 0, 0},
	 -EKEYREJECTED,
	 0,
	 "refuses this",
	 0,
	 2,
	 0},
	{"a code", "{\"two_factor\":true}", NET_PASSWORD, {{"123456"}, 0, 0}, 0, 1, "", 1, 0, 1},
	{"a code, on another region's host",
	 "{\"two_factor\":true,\"region\":3}",
	 NET_PASSWORD,
	 {{"123 456"}, 0, 0},
	 0,
	 1,
	 "",
	 1,
	 0,
	 3},
	{"a code by bcrypt",
	 "{\"two_factor\":true,\"schemes\":[\"bcrypt\"]}",
	 NET_PASSWORD,
	 {{"123456"}, 0, 0},
	 0,
	 1,
	 "",
	 1,
	 1,
	 1},
	{"the second code is right",
	 "{\"two_factor\":true}",
	 NET_PASSWORD,
	 {{"000000", "123456"}, 0, 0},
	 0,
	 2,
	 "",
	 1,
	 1,
	 1},
	{"three codes are wrong",
	 "{\"two_factor\":true}",
	 NET_PASSWORD,
	 {{"000000", "000001", "000002", "123456"}, 0, 0},
	 -EACCES,
	 3,
	 "refuses the code",
	 0,
	 3,
	 0},
	{"no code",
	 "{\"two_factor\":true}",
	 NET_PASSWORD,
	 {{NULL}, 0, 0},
	 -EINVAL,
	 0,
	 "nothing more",
	 0,
	 0,
	 0},
	{"a hub that mails none",
	 "{\"two_factor\":true,\"fault\":{\"kind\":\"result\",\"path\":\"/account/captcha\"}}",
	 NET_PASSWORD,
	 {{"123456"}, 0, 0},
	 -EIO,
	 0,
	 "does not mail",
	 0,
	 0,
	 0},
	{"a proof that is answered with a web page",
	 "{\"two_factor\":true,\"fault\":{\"kind\":\"html200\",\"path\":\"/2fa/\"}}",
	 NET_PASSWORD,
	 {{"123456"}, 0, 0},
	 -EIO,
	 1,
	 "not JSON",
	 0,
	 0,
	 0},
};

static void outcome(void **state)
{
	const struct person_case *c = *state;
	struct mouth mouth = c->mouth;
	struct net *n = start();
	struct err err;

	hub_process_post(hub, "set", c->knobs);
	assert_int_equal(person(n, c->password, &mouth, &err), c->want);
	if (!strstr(err.text, c->words))
		fail_msg("it says: %s", err.text);
	assert_int_equal(mouth.asked, c->asked);
	assert_int_equal(mouth.asked_again, c->want == -EACCES && c->asked ? 2 : c->asked / 2);
	assert_int_equal(hub_process_stat(hub, "logins"), c->logins);
	assert_int_equal(hub_process_stat(hub, "login_failures"), c->failures);
	assert_int_equal(net_kept(n), c->want == 0);
	assert_int_equal(net_asked(n), 0);
	if (c->want == 0) {
		assert_int_equal(net_token(n).region, c->region);
		assert_int_equal(strlen(net_token(n).user_id), 18);
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	}
	net_free(n);
	char *text = hub_process_stat_text(hub, "violations");
	assert_string_equal(text, "[]\n");
	free(text);
}

/* A password that was refused, a minute that is not over, the web app's ten minutes: none of it
 * stops a person. */
static void always_tried(void **state)
{
	struct net *n = start();
	struct mouth mouth = {{NULL}, 0, 0};
	struct err err;

	(void)state;
	net_password(n, "wrong");
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EACCES);
	assert_int_equal(person(n, "wrong", &mouth, &err), -EKEYREJECTED);
	assert_int_equal(hub_process_stat(hub, "login_failures"), 4);
	assert_int_equal(person(n, NET_PASSWORD, &mouth, &err), 0);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	hub_process_post(hub, "set", "{\"expire_token\":true}");
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EACCES);
	assert_non_null(strstr(err.text, "logged out by the web app"));
	assert_int_equal(person(n, NET_PASSWORD, &mouth, &err), 0);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	net_free(n);
}

/* Whoever has a token keeps it when somebody mistypes. */
static void failure_takes_nothing(void **state)
{
	struct net *n = start();
	struct mouth mouth = {{NULL}, 0, 0};
	struct err err;

	(void)state;
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	assert_int_equal(person(n, "wrong", &mouth, &err), -EKEYREJECTED);
	assert_int_equal(net_dropped(n), 0);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	assert_int_equal(hub_process_stat(hub, "logins"), 1);
	net_free(n);
}

/* Without a person the second factor is said once, and not asked for again. */
static void nobody_there(void **state)
{
	struct net *n = start();
	struct mouth mouth = {{"123456"}, 0, 0};
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"two_factor\":true}");
	for (int i = 0; i < 3; i++)
		assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), -EACCES);
	assert_non_null(strstr(err.text, "corosfs --login " NET_ACCOUNT));
	assert_int_equal(hub_process_stat(hub, "requests"), 1);
	assert_int_equal(person(n, NET_PASSWORD, &mouth, &err), 0);
	assert_int_equal(net_call(n, "GET", QUERY, NULL, &err), 0);
	net_free(n);
}

struct caller {
	struct net *net;
	pthread_t thread;
	struct err err;
};

static void *call(void *arg)
{
	struct caller *c = arg;

	net_call(c->net, "GET", QUERY, NULL, &c->err);
	return NULL;
}

/* Asks the hub while the code is looked up in the mail. */
static int say_while_called(void *arg, int wrong, char code[FACTOR_CODE], struct err *err)
{
	struct caller *c = arg;

	(void)wrong;
	(void)err;
	assert_int_equal(pthread_create(&c->thread, NULL, call, c), 0);
	return factor_code("123456", code);
}

/* Calls that come while a person logs in wait for that login, and go on with its token. */
static void calls_wait(void **state)
{
	struct net *n = start();
	struct caller caller = {.net = n};
	struct session_person p = {.code = say_while_called, .arg = &caller};
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"two_factor\":true}");
	memcpy(p.md5, n->md5, sizeof(p.md5));
	assert_int_equal(session_login_person(n->session, &p, &err), 0);
	pthread_join(caller.thread, NULL);
	assert_int_equal(caller.err.code, 0);
	assert_int_equal(hub_process_stat(hub, "logins"), 1);
	net_free(n);
}

static const struct code_case {
	const char *why, *text, *want; /* NULL: -EINVAL */
} code_cases[] = {
	{"six digits", "123456", "123456"},
	{"as mails show them", " 123 456\n", "123456"},
	{"five digits", "12345", NULL},
	{"seven digits", "1234567", NULL},
	{"a letter", "12345a", NULL},
	{"a quote", "12345\"", NULL},
	{"nothing", "", NULL},
};

static void code(void **state)
{
	const struct code_case *c = *state;
	char got[FACTOR_CODE];

	assert_int_equal(factor_code(c->text, got), c->want ? 0 : -EINVAL);
	if (c->want)
		assert_string_equal(got, c->want);
}

/* ---- no memory ---- */

static int say_right(void *arg, int wrong, char code[FACTOR_CODE], struct err *err)
{
	(void)arg;
	(void)wrong;
	(void)err;
	return factor_code("123456", code);
}

static void starved_before(void *arg)
{
	struct net **n = arg;

	*n = start();
	hub_process_post(hub, "set", "{\"two_factor\":true}");
}

/* With password, mail and code, whatever the one before left; but a login that was given up may
 * still arrive at the hub, and end the one after it. */
static int starved_run(void *arg, struct err *err)
{
	struct net **n = arg;
	struct session_person p = {.code = say_right};

	memcpy(p.md5, (*n)->md5, sizeof(p.md5));
	int r;

	for (int try = 0; try < 2; try++) {
		r = session_login_person((*n)->session, &p, err);
		if (r == 0)
			r = net_call(*n, "GET", QUERY, NULL, err);
		if (r != -EACCES)
			break;
	}
	return r;
}

static void starved_after(void *arg)
{
	struct net **n = arg;

	net_free(*n);
}

static void out_of_memory(void **state)
{
	static const struct failing_job job = {
		"a person's login", starved_before, starved_run, starved_after, 0, 1};
	struct net *n;

	(void)state;
	failing_alloc_everywhere(&job, &n);
}

int main(void)
{
	static struct rows rows;

	failing_alloc_in_curl();
	hub = hub_process_new(NULL);
	ROWS_ADD(&rows, cases, outcome);
	rows_add(&rows, "a person is always tried", always_tried, NULL);
	rows_add(&rows, "a failure takes nothing from others", failure_takes_nothing, NULL);
	rows_add(&rows, "a second factor without a person", nobody_there, NULL);
	rows_add(&rows, "calls wait for a person's login", calls_wait, NULL);
	rows_add(&rows, "no memory for a person's login", out_of_memory, NULL);
	ROWS_ADD(&rows, code_cases, code);
	int failed = rows_run("session_person", &rows);
	hub_process_free(hub);
	return failed;
}
