/* SPDX-License-Identifier: MIT */
/* The token of a session: who waits for it and when it may be renewed; see session.h. */
#include "api/session.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/clean.h"
#include "api/gate.h"
#include "api/region.h"
#include "api/session_impl.h"

/* ---- creation ---- */

/* The end of the transport thread. */
static void stop(void *arg)
{
	struct session *s = arg;
	struct err err;

	err_set(&err, -ECANCELED, "the session ends");
	s->is_stopped = 1;
	/* A person's login has somebody who waits for it; its thread is about to end. */
	if (s->login.person)
		session_login_end(s, &err);
	session_settle(s, &err);
	session_probe_end(s, VERDICT_NONE, &err);
	calls_cancel(s);
}

/* What an earlier mount knew. A token for another hub than the configured one is not used. */
static void adopt(struct session *s, const struct session_token *kept)
{
	s->token.scheme = kept->scheme == LOGIN_LEGACY ? LOGIN_LEGACY : LOGIN_BCRYPT;
	if (!login_is_token(kept->token) || !login_is_user_id(kept->user_id) ||
	    !region_fits(s->config.api, kept->region, kept->base))
		return;
	s->token = *kept;
	clean_secret(CLEAN_TOKEN, s->token.token);
	s->generation++;
}

struct session *session_new(struct http *http, const struct session_config *config,
			    const struct session_token *kept, struct err *err)
{
	struct session *s;

	if (region_check(config->api, err) < 0)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s) {
		err_sys(err, -ENOMEM, "start the session");
		return NULL;
	}
	s->http = http;
	s->config = *config;
	s->config.account = strdup(config->account);
	s->config.api = config->api ? strdup(config->api) : NULL;
	s->last_waiting = &s->waiting;
	s->page_size = PAGE_SIZE;
	s->listed_ms = INT64_MIN;
	/* As the web app does; what the legacy scheme sends is as good as the password. */
	s->token.scheme = LOGIN_BCRYPT;
	buf_init(&s->login.body, LOGIN_BODY_MAX);
	calls_init(s);
	if (kept)
		adopt(s, kept);
	if (!s->config.account || (config->api && !s->config.api) ||
	    http_at_stop(http, stop, s) < 0) {
		session_free(s);
		err_sys(err, -ENOMEM, "start the session");
		return NULL;
	}
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	session_login_clear(s);
	free((char *)s->config.account);
	free((char *)s->config.api);
	explicit_bzero(s, sizeof(*s));
	free(s);
}

/* ---- the token ---- */

void session_block(struct session *s, int64_t ms, const struct err *why)
{
	s->blocked_ms = session_now_ms(s) + ms;
	s->is_taken = 0;
	s->is_wished = 0;
	s->why = *why;
}

void session_again(struct session *s)
{
	if (!s->is_wished)
		s->blocked_ms = session_now_ms(s);
	breaker_nudge(&s->breaker, session_now_ms(s));
	rests_clear(&s->rests);
}

int session_blocked(const struct session *s, struct err *err)
{
	int64_t left_ms = s->blocked_ms - session_now_ms(s);

	if (!s->why.code || left_ms <= 0)
		return 0;
	*err = s->why;
	if (s->is_taken)
		err_set(err, s->why.code,
			"logged out by the web app; trying again in %d minutes, what is cached is "
			"served meanwhile",
			(int)((left_ms + 59999) / 60000));
	return err->code;
}

/* A host that serves one region takes everybody's login, and then the calls of its own accounts
 * alone (coros-api.md 1.2). */
static void not_at_home(const struct session *s, struct err *why)
{
	if (s->home)
		err_set(why, -EACCES,
			"%.80s does not take the login that it has just given: somebody logged in "
			"elsewhere (kill -HUP, and it is tried again), or api= must name the host "
			"of region %d, where the account lives",
			s->token.base, s->home);
	else
		err_set(why, -EACCES,
			"%.80s does not take the login that it has just given: somebody logged in "
			"elsewhere (kill -HUP, and it is tried again), or api= must name the host "
			"of the account's region",
			s->token.base);
}

void session_forget(struct session *s)
{
	int64_t age_ms = session_now_ms(s) - s->login_ms;

	explicit_bzero(s->token.token, sizeof(s->token.token));
	s->generation++;
	s->config.keep(s->config.arg, NULL);
	/* One web session an account: whoever ended ours so soon is at the web app right now, and
	 * a new login would end theirs. */
	if (!s->is_ours || age_ms >= SESSION_TAKEN_MS)
		return;
	struct err why;
	if (!s->is_proven && !region_routes(s->config.api)) {
		not_at_home(s, &why);
		session_block(s, SESSION_TAKEN_MS - age_ms, &why);
	} else {
		err_set(&why, -EACCES, "logged out by the web app");
		session_block(s, SESSION_TAKEN_MS - age_ms, &why);
		s->is_taken = 1;
	}
}

void session_token_died(struct session *s, unsigned generation)
{
	if (generation != s->generation || s->phase != SESSION_IDLE || !s->token.token[0])
		return;
	if (session_may_seek(s))
		session_seek(s);
	else
		session_forget(s);
}

/* Until session_settle(). */
static void park(struct session *s, struct session_waiter *w)
{
	w->next = NULL;
	*s->last_waiting = w;
	s->last_waiting = &w->next;
}

void session_want(struct session *s, struct session_waiter *w)
{
	struct err err = {0};

	if (s->is_stopped)
		err_set(&err, -ECANCELED, "the session ends");
	else if (s->phase == SESSION_ASKING &&
		 session_now_ms(s) - s->login.start_ms >= SESSION_PASSWORD_MS)
		err_set(&err, -ETIMEDOUT, "the password command does not end");
	else if (s->phase == SESSION_IDLE && !s->token.token[0])
		session_blocked(s, &err);
	if (err.code || (s->phase == SESSION_IDLE && s->token.token[0])) {
		w->ready(w->arg, &err);
		return;
	}
	park(s, w);
	if (s->phase == SESSION_IDLE)
		session_login_start(s);
}

void session_settle(struct session *s, const struct err *err)
{
	struct session_waiter *w = s->waiting, *next;
	const struct err why = *err;

	s->phase = s->phase == SESSION_ASKING && s->login.job ? SESSION_ASKING : SESSION_IDLE;
	s->waiting = NULL;
	s->last_waiting = &s->waiting;
	for (; w; w = next) {
		next = w->next;
		/* A search that found no home ends without an error and without a token. */
		if (!why.code && !s->token.token[0] && !w->is_patient)
			session_want(s, w);
		else
			w->ready(w->arg, &why);
	}
}

/* ---- requests ---- */

void session_submit(struct session *s, const char *base, const char *path,
		    const struct http_request *r, http_done *done, void *arg)
{
	char token[sizeof(s->token.token) + 16], user[sizeof(s->token.user_id) + 32];
	const char *headers[] = {token, s->token.user_id[0] ? user : NULL, NULL};
	struct http_request request = *r;
	struct buf url;
	struct err err;

	buf_init(&url, 4096);
	snprintf(token, sizeof(token), "accesstoken: %s", s->token.token);
	snprintf(user, sizeof(user), "yfheader: {\"userId\":\"%s\"}", s->token.user_id);
	request.headers = headers;
	request.url = buf_printf(&url, "%s%s", base, path) == 0 ? buf_cstr(&url) : NULL;
	if (!request.timeout_ms)
		request.timeout_ms = s->config.timeout_ms;
	if (request.url) {
		http_submit(s->http, &request, done, arg);
	} else {
		err_sys(&err, -ENOMEM, "ask the Training Hub");
		done(arg, NULL, &err);
	}
	explicit_bzero(token, sizeof(token));
	buf_clear(&url);
}

/* ---- waiting for a login from another thread ---- */

/* Shared by the thread that waits, which may give up, and the transport thread. */
struct login_wait {
	struct session *session;
	struct session_waiter waiter;
	atomic_int refs;
	struct gate over;
	struct err err; /* before it is over */
};

static void login_wait_unref(struct login_wait *w)
{
	if (atomic_fetch_sub_explicit(&w->refs, 1, memory_order_acq_rel) != 1)
		return;
	gate_clear(&w->over);
	free(w);
}

static void login_ended(void *arg, const struct err *err)
{
	struct login_wait *w = arg;

	w->err = *err;
	gate_open(&w->over);
	login_wait_unref(w);
}

static void login_wanted(void *arg)
{
	struct login_wait *w = arg;

	session_want(w->session, &w->waiter);
}

int session_login(struct session *s, struct err *err)
{
	struct login_wait *w = calloc(1, sizeof(*w));

	if (!w)
		return err_sys(err, -ENOMEM, "log in");
	w->session = s;
	w->waiter = (struct session_waiter){.ready = login_ended, .arg = w};
	atomic_init(&w->refs, 2);
	gate_init(&w->over);
	int r = http_run(s->http, login_wanted, w);
	/* Twice the time of an exchange, as a call; the password may take its own. */
	if (r < 0) {
		err_sys(err, r, "log in");
		/* The task will not run, and so not drop its share. */
		atomic_store_explicit(&w->refs, 1, memory_order_relaxed);
	} else if (gate_wait(&w->over, SESSION_PASSWORD_MS + 2 * s->config.timeout_ms) < 0) {
		err_set(err, -ETIMEDOUT, "the login does not end");
	} else {
		*err = w->err;
	}
	login_wait_unref(w);
	return err->code;
}

/* ---- a person's login ---- */

struct person_wait {
	struct session *session;
	const struct session_person *person;
	struct session_waiter waiter;
	struct gate over;
	struct err err; /* before it is over */
};

static void person_ended(void *arg, const struct err *err)
{
	struct person_wait *w = arg;

	w->err = *err;
	gate_open(&w->over);
}

static void person_wanted(void *arg);

/* The login that was under way is over. */
static void person_ready(void *arg, const struct err *err)
{
	if (err->code == -ECANCELED)
		person_ended(arg, err);
	else
		person_wanted(arg);
}

static void person_wanted(void *arg)
{
	struct person_wait *w = arg;
	struct session *s = w->session;
	struct err err;

	w->waiter = (struct session_waiter){.ready = person_ready, .arg = w, .is_patient = 1};
	if (s->is_stopped) {
		err_sys(&err, -ECANCELED, "log in");
		person_ended(w, &err);
	} else if (s->phase != SESSION_IDLE) {
		park(s, &w->waiter);
	} else {
		session_login_start_person(s, w->person, person_ended, w);
	}
}

int session_login_person(struct session *s, const struct session_person *p, struct err *err)
{
	struct person_wait w = {.session = s, .person = p};

	gate_init(&w.over);
	int r = http_run(s->http, person_wanted, &w);
	if (r < 0) {
		err_sys(err, r, "log in");
	} else {
		/* Each step has a deadline of its own, so this ends. */
		gate_wait(&w.over, -1);
		*err = w.err;
	}
	gate_clear(&w.over);
	return err->code;
}
