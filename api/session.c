/* SPDX-License-Identifier: MIT */
/* The token of a session: who waits for it and when it may be renewed; see session.h. */
#include "api/session.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/lock.h"
#include "api/region.h"
#include "api/session_impl.h"

#define PERSON_RETRY_MS 100

/* ---- creation ---- */

/* The end of the transport thread. */
static void stop(void *arg)
{
	struct session *s = arg;
	struct err err;

	err_sys(&err, -ECANCELED, "the session ends");
	s->is_stopped = 1;
	session_settle(s, &err);
	calls_cancel(s);
}

/* What an earlier mount knew. A token for another hub than the configured one is not used. */
static void adopt(struct session *s, const struct session_token *kept)
{
	s->token.scheme = kept->scheme == LOGIN_BCRYPT ? LOGIN_BCRYPT : LOGIN_LEGACY;
	if (!login_is_token(kept->token) || !login_is_user_id(kept->user_id) ||
	    !region_fits(s->config.api, kept->region, kept->base))
		return;
	s->token = *kept;
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
	s->token.scheme = LOGIN_LEGACY;
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
	breaker_nudge(&s->lists, session_now_ms(s));
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

void session_forget(struct session *s)
{
	int64_t age_ms = session_now_ms(s) - s->login_ms;

	explicit_bzero(s->token.token, sizeof(s->token.token));
	s->generation++;
	s->config.keep(s->config.arg, NULL);
	/* One web session an account: whoever ended ours so soon is at the web app right now, and
	 * a new login would end theirs. */
	if (s->is_ours && age_ms < SESSION_TAKEN_MS) {
		struct err why;
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

void session_want(struct session *s, struct session_waiter *w)
{
	struct err err = {0};

	if (s->is_stopped)
		err_sys(&err, -ECANCELED, "the session ends");
	else if (s->phase == SESSION_ASKING &&
		 session_now_ms(s) - s->login.start_ms >= SESSION_PASSWORD_MS)
		err_set(&err, -ETIMEDOUT, "the password command does not end");
	else if (s->phase == SESSION_IDLE && !s->token.token[0])
		session_blocked(s, &err);
	if (err.code || (s->phase == SESSION_IDLE && s->token.token[0])) {
		w->ready(w->arg, &err);
		return;
	}
	w->next = NULL;
	*s->last_waiting = w;
	s->last_waiting = &w->next;
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
		w->ready(w->arg, &why);
	}
}

/* ---- requests ---- */

void session_submit(struct session *s, const char *base, const char *method, const char *path,
		    size_t max_size, http_done *done, void *arg)
{
	char token[sizeof(s->token.token) + 16], user[sizeof(s->token.user_id) + 32];
	const char *headers[] = {token, s->token.user_id[0] ? user : NULL, NULL};
	struct buf url;
	struct err err;

	buf_init(&url, 4096);
	snprintf(token, sizeof(token), "accesstoken: %s", s->token.token);
	snprintf(user, sizeof(user), "yfheader: {\"userId\":\"%s\"}", s->token.user_id);
	int r = buf_printf(&url, "%s%s", base, path);
	const char *text = r == 0 ? buf_cstr(&url) : NULL;
	if (text) {
		struct http_request request = {.method = method,
					       .url = text,
					       .headers = headers,
					       .max_size = max_size,
					       .timeout_ms = s->config.timeout_ms};
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
	pthread_cond_t ended;

	struct lock lock;
	/* -- guarded by lock */
	int is_over GUARDED;
	struct err err GUARDED;
};

static void login_wait_unref(struct login_wait *w)
{
	if (atomic_fetch_sub_explicit(&w->refs, 1, memory_order_acq_rel) != 1)
		return;
	pthread_cond_destroy(&w->ended);
	lock_clear(&w->lock);
	free(w);
}

static void login_ended(void *arg, const struct err *err)
{
	struct login_wait *w = arg;

	lock_take(&w->lock);
	w->err = *err;
	w->is_over = 1;
	pthread_cond_signal(&w->ended);
	lock_drop(&w->lock);
	login_wait_unref(w);
}

static void login_wanted(void *arg)
{
	struct login_wait *w = arg;

	session_want(w->session, &w->waiter);
}

static struct login_wait *login_wait_new(struct session *s)
{
	struct login_wait *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;

	if (!w)
		return NULL;
	w->session = s;
	w->waiter = (struct session_waiter){.ready = login_ended, .arg = w};
	atomic_init(&w->refs, 2);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->ended, &attr);
	pthread_condattr_destroy(&attr);
	lock_init(&w->lock);
	return w;
}

int session_login(struct session *s, struct err *err)
{
	struct login_wait *w = login_wait_new(s);
	struct timespec until;
	int r;

	if (!w)
		return err_sys(err, -ENOMEM, "log in");
	r = http_run(s->http, login_wanted, w);
	if (r < 0) {
		/* The task will not run, and so not drop its share. */
		atomic_store_explicit(&w->refs, 1, memory_order_relaxed);
		login_wait_unref(w);
		return err_sys(err, r, "log in");
	}
	/* Twice the time of an exchange, as a call; the password may take its own. */
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (SESSION_PASSWORD_MS + 2 * (int64_t)s->config.timeout_ms) / 1000 + 1;

	struct err outcome;
	err_set(&outcome, -ETIMEDOUT, "the login does not end");
	lock_take(&w->lock);
	while (!w->is_over && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&w->ended, &w->lock.mutex, &until);
	if (w->is_over)
		outcome = w->err;
	lock_drop(&w->lock);
	login_wait_unref(w);
	*err = outcome;
	return outcome.code;
}

/* ---- a person's login ---- */

struct person_wait {
	struct session *session;
	const struct session_person *person;
	pthread_cond_t ended;

	struct lock lock;
	/* -- guarded by lock */
	int is_over GUARDED;
	struct err err GUARDED;
};

static void person_ended(void *arg, const struct err *err)
{
	struct person_wait *w = arg;

	lock_take(&w->lock);
	w->err = *err;
	w->is_over = 1;
	pthread_cond_signal(&w->ended);
	lock_drop(&w->lock);
}

/* As soon as no other login is under way; that one comes to its end. */
static void person_wanted(void *arg)
{
	struct person_wait *w = arg;
	struct session *s = w->session;
	struct err err;
	int r = s->is_stopped ? -ECANCELED : 0;

	if (r == 0 && s->phase == SESSION_IDLE) {
		session_login_start_person(s, w->person, person_ended, w);
		return;
	}
	if (r == 0)
		r = http_after(s->http, PERSON_RETRY_MS, person_wanted, w);
	if (r < 0) {
		err_sys(&err, r, "log in");
		person_ended(w, &err);
	}
}

int session_login_person(struct session *s, const struct session_person *p, struct err *err)
{
	struct person_wait w = {.session = s, .person = p};

	lock_init(&w.lock);
	pthread_cond_init(&w.ended, NULL);
	int r = http_run(s->http, person_wanted, &w);
	if (r < 0) {
		err_sys(err, r, "log in");
	} else {
		/* Each step has a deadline of its own, so this ends. */
		lock_take(&w.lock);
		while (!w.is_over)
			pthread_cond_wait(&w.ended, &w.lock.mutex);
		*err = w.err;
		lock_drop(&w.lock);
	}
	pthread_cond_destroy(&w.ended);
	lock_clear(&w.lock);
	return err->code;
}
