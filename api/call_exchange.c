/* SPDX-License-Identifier: MIT */
/*
 * The way of one API call: the pace, the token, the request, and what its answer means for the
 * call, the login and the hub. What it says of these two is not believed before another call says
 * it as well (session_probe.c).
 */
#include <errno.h>

#include "api/call_impl.h"
#include "api/exchange.h"
#include "api/failure.h"
#include "api/log.h"
#include "api/retry.h"

/* ---- what failed ---- */

void call_counts(struct session *s, enum verdict verdict, const struct http_answer *a,
		 const struct err *err)
{
	int64_t now_ms = session_now_ms(s);

	if (verdict == VERDICT_FAILED && a && a->retry_after_s > 0)
		breaker_rest(&s->breaker, now_ms, (int64_t)a->retry_after_s * 1000,
			     a->status == 429, err);
	else if (verdict == VERDICT_FAILED)
		breaker_failed(&s->breaker, now_ms, err);
	else if (verdict == VERDICT_NONE)
		breaker_undecided(&s->breaker);
	else
		breaker_succeeded(&s->breaker);
}

/*
 * Tries again later if that may help. Returns whether it will. One more attempt is enough, since
 * whoever wants it looks again; what failed the last time as well is not worth that one. A hub that
 * asks to slow down says itself how often it wants to be asked.
 */
static int again(struct call *c, const struct http_answer *a, const struct err *why)
{
	const struct session *s = c->session;
	struct retry_outcome outcome = {why->code, a ? a->status : 0, a ? a->retry_after_s : -1};
	int64_t left_ms = c->start_ms + 2 * (int64_t)s->config.timeout_ms - session_now_ms(s);
	int wait_ms = retry_wait_ms(&outcome, c->attempt, left_ms, retry_random());
	int is_odd = outcome.status != 429;

	if (wait_ms < 0 || (is_odd && (c->attempt > 1 || rests_has(&s->rests, c->path))))
		return 0;
	log_debug("%s %s: again in %d ms", c->method, c->path, wait_ms);
	return call_postpone(c, wait_ms) == 0;
}

/* Whether the cheap call can tell: it would be made with the token that this one had. */
static int can_tell(const struct call *c)
{
	const struct session *s = c->session;

	return c->generation == s->generation && s->phase == SESSION_IDLE && s->token.token[0];
}

static void doubt(struct call *c, void (*told)(void *arg, enum verdict v, const struct err *err))
{
	c->doubt = (struct session_doubt){.told = told, .arg = c};
	session_probe(c->session, &c->doubt);
}

/* Not to be asked again for a while, whatever becomes of others. */
static void rest(struct call *c, int64_t ms, const struct err *why)
{
	struct session *s = c->session;

	rests_add(&s->rests, c->path, session_now_ms(s) + ms, why);
}

/* The token is dead: once with the next one, if there will be one. */
static void renew(struct call *c)
{
	struct session *s = c->session;
	struct err err = c->why;

	/* A search for the token's home may find that it is not dead. */
	if (c->is_repeat && s->phase != SESSION_SEEKING) {
		session_blocked(s, &err);
		call_end(c, NULL, &err);
		return;
	}
	c->is_repeat = 1;
	c->attempt = 0;
	call_attempt(c);
}

static void told_of_login(void *arg, enum verdict verdict, const struct err *why)
{
	struct call *c = arg;
	struct err err = *why;

	if (verdict == VERDICT_DEAD) {
		renew(c);
		return;
	}
	/* Without an answer nothing is decided, and the token stays. */
	if (verdict == VERDICT_GOOD) {
		err_set(&err, -EIO, "the login works, but not for this: %.200s", c->why.text);
		rest(c, failure_wait_ms(FAILURE_ITEM, 1), &err);
	}
	call_end(c, NULL, &err);
}

/* The breaker knows by now. */
static void told_of_hub(void *arg, enum verdict verdict, const struct err *why)
{
	struct call *c = arg;

	(void)verdict;
	(void)why;
	call_end(c, NULL, &c->why);
}

/* With no attempt left. */
static void failed(struct call *c, const struct http_answer *a)
{
	struct session *s = c->session;
	/* A wish for rest is about all calls when it comes with 429, else about this one. */
	int is_wish = a && a->retry_after_s > 0, is_firm = is_wish && a->status == 429;

	rest(c, is_wish && !is_firm ? (int64_t)a->retry_after_s * 1000 : 0, &c->why);
	if (!is_firm && breaker_is_near(&s->breaker) && can_tell(c)) {
		doubt(c, told_of_hub);
		return;
	}
	call_counts(s, VERDICT_FAILED, is_firm ? a : NULL, &c->why);
	call_end(c, NULL, &c->why);
}

/* ---- one exchange ---- */

static int take_piece(void *arg, const char *data, size_t len)
{
	struct call *c = arg;

	return c->sink->has_room(c->arg) ? json_split_add(&c->split, data, len) : HTTP_LATER;
}

/* What is to be judged of an answer whose data went to the sink: what was beside them. 0 or -errno.
 */
static int take_rest(struct call *c, struct http_answer *a)
{
	int r = json_split_end(&c->split);

	a->len = c->split.is_bad ? 0 : c->split.beside.len;
	a->data = a->len ? buf_cstr(&c->split.beside) : "";
	return r < 0 ? r : a->data ? 0 : -ENOMEM;
}

static void answered(void *arg, const struct http_answer *a, const struct err *why)
{
	struct call *c = arg;
	struct session *s = c->session;
	char result[ENVELOPE_RESULT];
	struct http_answer rest_of_it;
	struct err lost;
	int r = 0;

	if (c->sink && a && a->status == 200) {
		rest_of_it = *a;
		r = take_rest(c, &rest_of_it);
		a = r < 0 ? NULL : &rest_of_it;
	}
	if (r < 0) {
		err_sys(&lost, r, "take an answer of the Training Hub");
		why = &lost;
	}
	enum verdict verdict = envelope_judge(a, why, result, &c->why);

	exchange_note(metrics_call(c->path), c->method, c->path, verdict, result, a, why);
	c->sent_ms = 0;
	if (verdict == VERDICT_DEAD) {
		call_counts(s, verdict, a, &c->why);
		if (can_tell(c))
			doubt(c, told_of_login);
		else
			renew(c);
		return;
	}
	if (verdict != VERDICT_GOOD && again(c, a, why))
		return;
	if (verdict == VERDICT_FAILED) {
		failed(c, a);
		return;
	}
	call_counts(s, verdict, a, &c->why);
	rests_remove(&s->rests, c->path);
	s->is_proven |= verdict == VERDICT_GOOD && c->generation == s->generation;
	call_end(c, verdict == VERDICT_GOOD ? a : NULL, &c->why);
}

/* What is told of one thing is small, or comes in pieces: a hub that works begins with it soon, and
 * one thing that it never tells of must not cost the time of many. */
static int patience_ms(const struct call *c)
{
	int most_ms = c->session->config.timeout_ms, ms = most_ms / 3;
	enum metric_call what = metrics_call(c->path);

	if (c->timeout_ms)
		return c->timeout_ms;
	if (what != METRIC_CALL_DETAIL && what != METRIC_CALL_DOWNLOAD)
		return most_ms;
	ms = ms < SESSION_CHEAP_MS ? SESSION_CHEAP_MS : ms;
	return ms < most_ms ? ms : most_ms;
}

static void send_call(void *arg, const struct err *err)
{
	struct call *c = arg;
	struct session *s = c->session;
	struct http_request request = {
		.method = c->method, .max_size = CALL_ANSWER_MAX, .timeout_ms = patience_ms(c)};

	if (err->code) {
		/* Whether a login counts for the breaker is the session's business. */
		breaker_undecided(&s->breaker);
		call_end(c, NULL, err);
		return;
	}
	c->attempt++;
	c->generation = s->generation;
	c->sent_ms = session_now_ms(s);
	calls_watch(s);
	if (c->sink) {
		json_split_clear(&c->split);
		c->sink->begin(c->arg);
		request.max_size = CALL_SUNK_MAX;
		request.sink = take_piece;
	}
	session_submit(s, s->token.base, c->path, &request, answered, c);
}

static void get_token(void *arg)
{
	struct call *c = arg;

	c->waiter = (struct session_waiter){.ready = send_call, .arg = c};
	session_want(c->session, &c->waiter);
}

void call_attempt(struct call *c)
{
	struct session *s = c->session;
	int64_t wait_ms = bucket_take(&s->bucket, session_now_ms(s));
	struct err err;

	if (wait_ms == 0) {
		get_token(c);
		return;
	}
	int r = http_after(s->http, (int)wait_ms, get_token, c);
	if (r < 0) {
		breaker_undecided(&s->breaker);
		err_sys(&err, r, "ask the Training Hub");
		call_end(c, NULL, &err);
	}
}
