/* SPDX-License-Identifier: MIT */
/*
 * One login: the password from its own thread, the request, the other scheme once
 * when the first is refused, and what the outcome means for the calls that wait.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/envelope.h"
#include "api/log.h"
#include "api/region.h"
#include "api/retry.h"
#include "api/session_impl.h"

#define ANSWER_MAX  (1u << 20)
#define FACTOR_MS   600000 /* before an account with a second factor is tried again */
#define BIT(scheme) (1u << (unsigned)(scheme))

/*
 * What the thread does: ask for the password, unless it is known, and write the
 * body, which takes its time with bcrypt. The thread has it until `prepared` runs.
 */
struct login_job {
	struct session *session;
	pthread_t thread;
	enum login_scheme scheme;
	char md5[PASSWORD_MD5];
	struct buf body;
	struct err err;
};

static void prepared(void *arg);
static void post(void *arg);

/* ---- the thread ---- */

static void *prepare(void *arg)
{
	struct login_job *job = arg;
	const struct session_config *config = &job->session->config;
	int r = 0;

	pthread_setname_np(pthread_self(), "corosfs-login");
	if (!job->md5[0])
		r = config->password(config->arg, job->md5, &job->err);
	if (r == 0)
		r = login_body(job->scheme, config->account, job->md5, &job->body, &job->err);
	job->err.code = r;
	/* Without memory the news must wait, or the session would for ever. After http_stop()
	 * nobody asks any more; session_free() joins and frees. */
	while (http_run(job->session->http, prepared, job) == -ENOMEM)
		poll(NULL, 0, 100);
	return NULL;
}

static void job_free(struct login_job *job)
{
	login_wipe(&job->body);
	explicit_bzero(job, sizeof(*job));
	free(job);
}

static int job_start(struct session *s)
{
	struct login_job *job = calloc(1, sizeof(*job));
	sigset_t all, before;

	if (!job)
		return -ENOMEM;
	job->session = s;
	job->scheme = s->login.scheme;
	memcpy(job->md5, s->login.md5, sizeof(job->md5));
	buf_init(&job->body, LOGIN_BODY_MAX);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	s->login.job = job;
	int r = pthread_create(&job->thread, NULL, prepare, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r) {
		s->login.job = NULL;
		job_free(job);
	}
	return -r;
}

/* ---- outcomes ---- */

void session_login_clear(struct session *s)
{
	if (s->login.job) {
		pthread_join(s->login.job->thread, NULL);
		job_free(s->login.job);
		s->login.job = NULL;
	}
	login_wipe(&s->login.body);
	explicit_bzero(s->login.md5, sizeof(s->login.md5));
}

static void end(struct session *s, const struct err *err)
{
	session_login_clear(s);
	session_settle(s, err);
}

/* The hub cannot be reached or is out of order: its breaker decides when to try again. */
static void end_failed(struct session *s, const struct err *err)
{
	breaker_failed(&s->breaker, session_now_ms(s), err);
	end(s, err);
}

static void end_blocked(struct session *s, int64_t ms, const struct err *err)
{
	session_block(s, ms, err);
	end(s, err);
}

static void end_refused(struct session *s)
{
	struct err err;

	err_set(&err, -EACCES,
		"the Training Hub refuses this e-mail and password; check both (corosfs does not "
		"try again until they change)");
	end_blocked(s, SESSION_LOGIN_GAP_MS, &err);
}

static void end_logged_in(struct session *s, const struct login_answer *answer)
{
	const struct err none = {0};
	char base[sizeof(s->token.base)];

	memcpy(s->token.token, answer->token, sizeof(s->token.token));
	memcpy(s->token.user_id, answer->user_id, sizeof(s->token.user_id));
	memcpy(s->token.base, s->login.base, sizeof(s->token.base));
	s->token.region = 0;
	if (region_base(s->config.api, answer->region, base, sizeof(base)) == 0) {
		memcpy(s->token.base, base, sizeof(base));
		s->token.region = answer->region;
	}
	s->token.scheme = (int)s->login.scheme;
	s->generation++;
	s->is_ours = 1;
	s->is_sought = 0;
	s->login_ms = session_now_ms(s);
	s->why = (struct err){0};
	refusal_clear(&s->refusal);
	breaker_succeeded(&s->breaker);
	log_info("logged in to the Training Hub, region %d", answer->region);
	s->config.keep(s->config.arg, &s->token);
	end(s, &none);
}

/* ---- the steps ---- */

/* A scheme that was not refused: the one that worked before, then the other. */
static enum login_scheme pick(const struct session *s, unsigned refused)
{
	enum login_scheme first = (enum login_scheme)s->token.scheme;

	if (!(refused & BIT(first)))
		return first;
	enum login_scheme other = first == LOGIN_BCRYPT ? LOGIN_LEGACY : LOGIN_BCRYPT;
	return (refused & BIT(other)) ? LOGIN_NONE : other;
}

static void prepare_start(struct session *s)
{
	struct err err;

	s->phase = SESSION_ASKING;
	int r = job_start(s);
	if (r < 0) {
		s->phase = SESSION_IDLE;
		err_sys(&err, r, "start the login");
		end(s, &err);
	}
}

/* Whoever still waits when the password takes too long gets an answer; the question stays. */
static void asked_too_long(void *arg)
{
	struct session *s = arg;
	struct err err;

	if (s->phase != SESSION_ASKING ||
	    session_now_ms(s) - s->login.start_ms < SESSION_PASSWORD_MS)
		return;
	err_set(&err, -ETIMEDOUT, "the password command does not end");
	session_settle(s, &err);
}

void session_login_start(struct session *s)
{
	enum login_scheme scheme = pick(s, s->refusal.schemes);
	int region = s->token.region ? s->token.region : REGION_FIRST;

	s->login.start_ms = session_now_ms(s);
	s->login.attempt = 0;
	s->login.md5[0] = '\0';
	/* With all refused the password is asked for all the same: it may have changed. */
	s->login.scheme = scheme != LOGIN_NONE ? scheme : (enum login_scheme)s->token.scheme;
	if (region_base(s->config.api, region, s->login.base, sizeof(s->login.base)) < 0)
		region_base(s->config.api, REGION_FIRST, s->login.base, sizeof(s->login.base));
	http_after(s->http, SESSION_PASSWORD_MS, asked_too_long, s);
	prepare_start(s);
}

/* The thread is done: what it found is now the login's. */
static void take_over(struct session *s, struct login_job *job)
{
	pthread_join(job->thread, NULL);
	memcpy(s->login.md5, job->md5, sizeof(s->login.md5));
	login_wipe(&s->login.body);
	s->login.body = job->body;
	buf_init(&job->body, LOGIN_BODY_MAX);
	s->login.job = NULL;
	job_free(job);
}

static void prepared(void *arg)
{
	struct login_job *job = arg;
	struct session *s = job->session;
	struct err err = job->err;

	take_over(s, job);
	if (err.code == -ENOMEM) {
		end(s, &err);
		return;
	}
	if (err.code) {
		end_blocked(s, SESSION_LOGIN_GAP_MS, &err);
		return;
	}
	s->login.refused = refusal_of(&s->refusal, s->login.md5);
	if (s->login.refused & BIT(s->login.scheme)) {
		end_refused(s);
		return;
	}
	s->phase = SESSION_POSTING;
	s->login.start_ms = session_now_ms(s);
	post(s);
}

/* 1030 or 1031: these credentials, or this way of sending them. */
static void refused(struct session *s)
{
	if (refusal_add(&s->refusal, s->login.md5, (int)s->login.scheme) < 0)
		log_warn("no randomness to remember a refused password with");
	s->login.refused |= BIT(s->login.scheme);
	enum login_scheme other = pick(s, s->login.refused);
	if (other == LOGIN_NONE) {
		end_refused(s);
		return;
	}
	s->login.scheme = other;
	s->login.attempt = 0;
	prepare_start(s);
}

static void judge(struct session *s, const struct http_answer *a)
{
	struct login_answer answer;
	struct err err = {0};
	int r = login_decode(a->data, a->len, &answer, &err);

	if (r == 0)
		end_logged_in(s, &answer);
	else if (r == LOGIN_REFUSED)
		refused(s);
	else
		end_blocked(s, r == -EACCES ? FACTOR_MS : SESSION_LOGIN_GAP_MS, &err);
	explicit_bzero(&answer, sizeof(answer));
}

/* No answer, or one with another status than 200, and no attempt left. */
static void failed(struct session *s, const struct http_answer *a, const struct err *why)
{
	struct err err;
	enum verdict verdict = envelope_judge(a, why, NULL, &err);
	int64_t wait_ms = SESSION_LOGIN_GAP_MS;

	if (verdict == VERDICT_FAILED && (!a || a->status >= 500)) {
		end_failed(s, &err);
	} else if (verdict == VERDICT_NONE) {
		end(s, &err);
	} else {
		if (a && (int64_t)a->retry_after_s * 1000 > wait_ms)
			wait_ms = (int64_t)a->retry_after_s * 1000;
		session_block(s, wait_ms, &err);
		s->is_wished = a && a->status == 429;
		end(s, &err);
	}
}

static void answered(void *arg, const struct http_answer *a, const struct err *err)
{
	struct session *s = arg;
	struct retry_outcome outcome = {err->code, a ? a->status : 0, a ? a->retry_after_s : -1};
	int64_t left_ms = s->login.start_ms + 2 * (int64_t)s->config.timeout_ms - session_now_ms(s);

	if (a && a->status == 200) {
		judge(s, a);
		return;
	}
	int wait_ms = retry_wait_ms(&outcome, s->login.attempt, left_ms, retry_random());
	if (wait_ms < 0 || http_after(s->http, wait_ms, post, s) < 0)
		failed(s, a, err);
}

static void post(void *arg)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	struct session *s = arg;
	char url[sizeof(s->login.base) + 32];

	s->login.attempt++;
	snprintf(url, sizeof(url), "%s/account/login", s->login.base);
	struct http_request request = {.method = "POST",
				       .url = url,
				       .headers = headers,
				       .body = s->login.body.data,
				       .body_len = s->login.body.len,
				       .max_size = ANSWER_MAX,
				       .timeout_ms = s->config.timeout_ms};
	http_submit(s->http, &request, answered, s);
}
