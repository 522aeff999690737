/* SPDX-License-Identifier: MIT */
/*
 * One login: what it sends from its own thread, the request, the other scheme once
 * when the first is refused, the code of a second factor if there is somebody to ask,
 * and what the outcome means for the calls that wait.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/clean.h"
#include "api/exchange.h"
#include "api/log.h"
#include "api/region.h"
#include "api/retry.h"
#include "api/session_impl.h"

#define ANSWER_MAX  (1u << 20)
#define BIT(scheme) (1u << (unsigned)(scheme))

static const char *const paths[] = {
	[LOGIN_STEP_PASSWORD] = "/account/login",
	[LOGIN_STEP_MAIL] = "/account/captcha",
	[LOGIN_STEP_CODE] = "/account/2fa/login/verify",
};

/* ---- outcomes ---- */

void session_login_clear(struct session *s)
{
	session_prepare_clear(s);
	login_wipe(&s->login.body);
	explicit_bzero(s->login.md5, sizeof(s->login.md5));
	explicit_bzero(&s->login.factor, sizeof(s->login.factor));
}

void session_login_end(struct session *s, const struct err *err)
{
	const struct err none = {0};
	int is_person = s->login.person != NULL;

	session_login_clear(s);
	s->login.person = NULL;
	/* What a person got wrong is nothing to those who have a token. */
	session_settle(s, s->token.token[0] ? &none : err);
	if (is_person)
		s->login.person_done(s->login.person_arg, err);
}

/* The hub cannot be reached, is out of order or hidden by somebody else: its breaker decides when
 * to try again. */
static void end_failed(struct session *s, const struct err *err)
{
	breaker_failed(&s->breaker, session_now_ms(s), err);
	session_login_end(s, err);
}

void session_login_block(struct session *s, int64_t ms, const struct err *err)
{
	session_block(s, ms, err);
	session_login_end(s, err);
}

static void end_refused(struct session *s)
{
	struct err err;

	err_set(&err, -EKEYREJECTED,
		"the Training Hub refuses this e-mail and password; check both%s",
		s->login.person ? "" : " (corosfs will not try the same password again for a day)");
	session_login_block(s, SESSION_LOGIN_GAP_MS, &err);
}

static void end_unknown(struct session *s)
{
	struct err err;

	err_set(&err, -EIO, "the Training Hub's login answer is not what its API sends");
	session_login_block(s, SESSION_LOGIN_GAP_MS, &err);
}

static void end_logged_in(struct session *s, const struct login_answer *answer)
{
	const struct err none = {0};
	char base[sizeof(s->token.base)];

	/* The proof of a code need not say again what the login said. */
	const struct factor *f = &s->login.factor;
	const char *user = answer->user_id[0] ? answer->user_id : f->user_id;
	int region = answer->region ? answer->region : f->region;
	int serves = region_misses(s->config.api, region);

	if (serves) {
		struct err err;
		err_set(&err, -EACCES,
			"api= is the host of region %d, but this account lives in region %d; "
			"leave api= out, and its host is found",
			serves, region);
		session_login_block(s, SESSION_TAKEN_MS, &err);
		return;
	}
	memcpy(s->token.token, answer->token, sizeof(s->token.token));
	clean_secret(CLEAN_TOKEN, s->token.token);
	snprintf(s->token.user_id, sizeof(s->token.user_id), "%s", user);
	memcpy(s->token.base, s->login.base, sizeof(s->token.base));
	s->token.region = 0;
	if (region_base(s->config.api, region, base, sizeof(base)) == 0) {
		memcpy(s->token.base, base, sizeof(base));
		s->token.region = region;
	}
	s->token.scheme = (int)s->login.scheme;
	s->home = region;
	s->generation++;
	s->is_ours = 1;
	s->is_sought = 0;
	s->is_proven = 0;
	s->login_ms = session_now_ms(s);
	s->why = (struct err){0};
	refusal_clear(&s->refusal);
	breaker_succeeded(&s->breaker);
	log_info("logged in to the Training Hub, region %d", region);
	s->config.keep(s->config.arg, &s->token);
	session_login_end(s, &none);
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

void session_login_prepare(struct session *s)
{
	struct err err;

	s->phase = SESSION_ASKING;
	int r = session_prepare_start(s);
	if (r < 0) {
		s->phase = SESSION_IDLE;
		err_sys(&err, r, "start the login");
		session_login_end(s, &err);
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

static void start(struct session *s, const char *md5)
{
	enum login_scheme scheme = pick(s, s->refusal.schemes);
	int region = s->token.region ? s->token.region : REGION_FIRST;

	s->login.start_ms = session_now_ms(s);
	s->login.step = LOGIN_STEP_PASSWORD;
	s->login.attempt = 0;
	snprintf(s->login.md5, sizeof(s->login.md5), "%s", md5);
	/* With all refused the password is asked for all the same: it may have changed. */
	s->login.scheme = scheme != LOGIN_NONE ? scheme : (enum login_scheme)s->token.scheme;
	if (region_base(s->config.api, region, s->login.base, sizeof(s->login.base)) < 0)
		region_base(s->config.api, REGION_FIRST, s->login.base, sizeof(s->login.base));
	http_after(s->http, SESSION_PASSWORD_MS, asked_too_long, s);
	session_login_prepare(s);
}

void session_login_start(struct session *s)
{
	start(s, "");
}

void session_login_start_person(struct session *s, const struct session_person *p,
				void (*done)(void *arg, const struct err *err), void *arg)
{
	/* Somebody is there to see what comes of it, so what was is forgiven. */
	refusal_clear(&s->refusal);
	s->why = (struct err){0};
	s->login.person = p;
	s->login.person_done = done;
	s->login.person_arg = arg;
	start(s, p->md5);
}

void session_login_prepared(void *arg)
{
	struct session *s = arg;
	struct err err;

	session_prepare_take(s, &err);
	if (err.code == -ENOMEM) {
		session_login_end(s, &err);
		return;
	}
	if (err.code && s->login.step == LOGIN_STEP_CODE) {
		session_login_block(s, SESSION_FACTOR_MS, &err);
		return;
	}
	if (err.code) {
		session_login_block(s, SESSION_LOGIN_GAP_MS, &err);
		return;
	}
	if (s->login.step == LOGIN_STEP_PASSWORD) {
		s->login.refused = refusal_of(&s->refusal, s->login.md5);
		if (s->login.refused & BIT(s->login.scheme)) {
			end_refused(s);
			return;
		}
	}
	s->phase = SESSION_POSTING;
	s->login.start_ms = session_now_ms(s);
	session_login_post(s);
}

/* 1030 or 1031: these credentials, or this way of sending them. */
static void refused(struct session *s)
{
	if (refusal_add(&s->refusal, s->login.md5, (int)s->login.scheme) < 0)
		log_warn("no randomness to remember a refused password with");
	s->login.refused |= BIT(s->login.scheme);
	enum login_scheme other = pick(s, s->login.refused);
	if (other == LOGIN_NONE) {
		if (s->config.refused)
			s->config.refused(s->config.arg, s->login.md5);
		end_refused(s);
		return;
	}
	s->login.scheme = other;
	s->login.attempt = 0;
	session_login_prepare(s);
}

static void judge(struct session *s, const struct http_answer *a)
{
	struct login_answer answer;
	struct err err = {0};

	if (s->login.step == LOGIN_STEP_MAIL) {
		session_factor_mailed(s, a);
		return;
	}
	int r = login_decode(a->data, a->len, &answer, &err);
	if (s->login.step == LOGIN_STEP_CODE && r)
		session_factor_refused(s, r, &err);
	else if (r == 0)
		end_logged_in(s, &answer);
	else if (r == LOGIN_REFUSED)
		refused(s);
	else if (r == LOGIN_CODE_ASKED)
		session_factor_start(s, &answer.factor);
	else if (r == LOGIN_CODE_WRONG)
		end_unknown(s);
	else
		session_login_block(s, r == -EACCES ? SESSION_FACTOR_MS : SESSION_LOGIN_GAP_MS,
				    &err);
	explicit_bzero(&answer, sizeof(answer));
}

/* No answer, or none of the API's, and no attempt left. */
static void failed(struct session *s, const struct http_answer *a, enum verdict verdict,
		   const struct err *err)
{
	int64_t wait_ms = SESSION_LOGIN_GAP_MS;

	if (verdict == VERDICT_NONE) {
		session_login_end(s, err);
	} else if (!a || a->status != 429) {
		end_failed(s, err);
	} else {
		if ((int64_t)a->retry_after_s * 1000 > wait_ms)
			wait_ms = (int64_t)a->retry_after_s * 1000;
		session_block(s, wait_ms, err);
		s->is_wished = 1;
		session_login_end(s, err);
	}
}

static void answered(void *arg, const struct http_answer *a, const struct err *err)
{
	struct session *s = arg;
	struct retry_outcome outcome = {err->code, a ? a->status : 0, a ? a->retry_after_s : -1};
	const char *path = paths[s->login.step];
	char result[ENVELOPE_RESULT];
	struct err why;
	enum verdict verdict = envelope_judge(a, err, result, &why);
	int64_t left_ms = s->login.start_ms + 2 * (int64_t)s->config.timeout_ms - session_now_ms(s);

	exchange_note(metrics_call(path), "POST", path, verdict, result, a, err);
	/* What a firewall or a login page of the network says is no answer. */
	int is_api = strcmp(result, "-") != 0;
	if (a && is_api && a->status != 429 && a->status < 500) {
		judge(s, a);
		return;
	}
	int wait_ms = retry_wait_ms(&outcome, s->login.attempt, left_ms, retry_random());
	if (wait_ms < 0 || http_after(s->http, wait_ms, session_login_post, s) < 0)
		failed(s, a, verdict, &why);
}

void session_login_post(void *arg)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	struct session *s = arg;
	char url[sizeof(s->login.base) + 32];

	s->login.attempt++;
	snprintf(url, sizeof(url), "%s%s", s->login.base, paths[s->login.step]);
	struct http_request request = {.method = "POST",
				       .url = url,
				       .headers = headers,
				       .body = s->login.body.data,
				       .body_len = s->login.body.len,
				       .max_size = ANSWER_MAX,
				       .timeout_ms = s->config.timeout_ms,
				       .is_once = 1};
	http_submit(s->http, &request, answered, s);
}
