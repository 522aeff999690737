/* SPDX-License-Identifier: MIT */
/*
 * API calls: a queue in the order they came, four of which are under way. One that
 * is keeps its place while it waits for a token, for the pace or for its next
 * attempt: whatever holds it up would hold up the next one too.
 */
#include "api/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/json_split.h"
#include "api/log.h"
#include "api/retry.h"
#include "api/session_impl.h"

struct call {
	struct call *next; /* in the queue */
	struct session *session;
	const char *method;
	char *path;
	call_done *done;
	void *arg;
	const struct call_sink *sink; /* NULL: the answer is collected */
	struct json_split split;
	struct session_waiter waiter;
	int64_t start_ms;
	int attempt;
	int is_repeat;       /* the token died once under this call */
	unsigned generation; /* of the token it was sent with */
	int slot;            /* in session->active, -1: not there */
};

static void pump(struct session *s);
static void pace(void *arg);

/* ---- the end ---- */

static void call_free(struct call *c)
{
	json_split_clear(&c->split);
	free(c->path);
	free(c);
}

static void end(struct call *c, const struct http_answer *a, const struct err *why)
{
	struct session *s = c->session;
	struct err err = *why;

	/* What that is to a start it is not to a reader. */
	if (err.code == -EKEYREJECTED)
		err.code = -EACCES;
	s->active[c->slot] = NULL;
	c->done(c->arg, a ? a->data : NULL, a ? a->len : 0, &err);
	call_free(c);
	pump(s);
}

static void end_now(call_done *done, void *arg, int code)
{
	struct err err;

	err_sys(&err, code, "ask the Training Hub");
	done(arg, NULL, 0, &err);
}

/* ---- one exchange ---- */

/* Tries again later if that may help. Returns whether it will. */
static int again(struct call *c, const struct http_answer *a, const struct err *why)
{
	struct session *s = c->session;
	struct retry_outcome outcome = {why->code, a ? a->status : 0, a ? a->retry_after_s : -1};
	int64_t left_ms = c->start_ms + 2 * (int64_t)s->config.timeout_ms - session_now_ms(s);
	int wait_ms = retry_wait_ms(&outcome, c->attempt, left_ms, retry_random());

	if (wait_ms < 0 || http_after(s->http, wait_ms, pace, c) < 0)
		return 0;
	log_debug("%s %s: again in %d ms", c->method, c->path, wait_ms);
	return 1;
}

/* The token is dead: once with the next one, if there will be one. */
static void token_died(struct call *c, const struct err *why)
{
	struct session *s = c->session;
	struct err err = *why;

	breaker_succeeded(&s->breaker);
	session_token_died(s, c->generation);
	/* A search for the token's home may find that it is not dead. */
	if (c->is_repeat && s->phase != SESSION_SEEKING) {
		session_blocked(s, &err);
		end(c, NULL, &err);
		return;
	}
	c->is_repeat = 1;
	c->attempt = 0;
	pace(c);
}

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
	struct http_answer rest;
	struct err err, lost;
	int r = 0;

	if (c->sink && a && a->status == 200) {
		rest = *a;
		r = take_rest(c, &rest);
		a = r < 0 ? NULL : &rest;
	}
	if (r < 0) {
		err_sys(&lost, r, "take an answer of the Training Hub");
		why = &lost;
	}
	enum verdict verdict = envelope_judge(a, why, result, &err);

	exchange_note(metrics_call(c->path), c->method, c->path, verdict, result, a, why);
	if (verdict == VERDICT_DEAD) {
		token_died(c, &err);
		return;
	}
	if (verdict != VERDICT_GOOD && again(c, a, why))
		return;
	if (verdict == VERDICT_FAILED && a && a->retry_after_s > 0)
		breaker_rest(&s->breaker, session_now_ms(s), (int64_t)a->retry_after_s * 1000,
			     &err);
	else if (verdict == VERDICT_FAILED)
		breaker_failed(&s->breaker, session_now_ms(s), &err);
	else if (verdict == VERDICT_NONE)
		breaker_undecided(&s->breaker);
	else
		breaker_succeeded(&s->breaker);
	s->is_proven |= verdict == VERDICT_GOOD && c->generation == s->generation;
	end(c, verdict == VERDICT_GOOD ? a : NULL, &err);
}

static void send_call(void *arg, const struct err *err)
{
	struct call *c = arg;
	struct session *s = c->session;

	if (err->code) {
		/* Whether a login counts for the breaker is the session's business. */
		breaker_undecided(&s->breaker);
		end(c, NULL, err);
		return;
	}
	c->attempt++;
	c->generation = s->generation;
	if (c->sink) {
		json_split_clear(&c->split);
		c->sink->begin(c->arg);
	}
	session_submit(s, s->token.base, c->method, c->path,
		       c->sink ? CALL_SUNK_MAX : CALL_ANSWER_MAX, c->sink ? take_piece : NULL,
		       answered, c);
}

static void get_token(void *arg)
{
	struct call *c = arg;

	c->waiter = (struct session_waiter){.ready = send_call, .arg = c};
	session_want(c->session, &c->waiter);
}

/* An attempt, when the token bucket lets it go. */
static void pace(void *arg)
{
	struct call *c = arg;
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
		end(c, NULL, &err);
	}
}

/* ---- the queue ---- */

static int free_slot(const struct session *s)
{
	for (int i = 0; i < CALLS_AT_ONCE; i++)
		if (!s->active[i])
			return i;
	return -1;
}

/* Starts what may start. A call that ends at once comes back here, hence the flag: the loop
 * that is there already goes on with the next one. */
static void pump(struct session *s)
{
	struct err err;
	int slot;

	if (s->is_pumping)
		return;
	s->is_pumping = 1;
	while (s->queue && (slot = free_slot(s)) >= 0) {
		struct call *c = s->queue;
		s->queue = c->next;
		if (!s->queue)
			s->last_queued = &s->queue;
		c->slot = slot;
		s->active[slot] = c;
		if (breaker_ask(&s->breaker, session_now_ms(s), &err))
			end(c, NULL, &err);
		else
			pace(c);
	}
	s->is_pumping = 0;
}

void calls_init(struct session *s)
{
	s->last_queued = &s->queue;
	breaker_init(&s->breaker);
	bucket_init(&s->bucket, s->config.rate, session_now_ms(s));
}

void calls_cancel(struct session *s)
{
	struct err err;

	/* From here on call_start() turns calls away, so this ends. */
	err_sys(&err, -ECANCELED, "ask the Training Hub");
	s->is_pumping = 1;
	for (int i = 0; i < CALLS_AT_ONCE; i++)
		if (s->active[i])
			end(s->active[i], NULL, &err);
	while (s->queue) {
		struct call *c = s->queue;
		s->queue = c->next;
		c->done(c->arg, NULL, 0, &err);
		call_free(c);
	}
	s->last_queued = &s->queue;
}

int calls_queued(const struct session *s)
{
	int n = 0;

	for (const struct call *c = s->queue; c; c = c->next)
		n++;
	return n;
}

void call_start(struct session *s, const char *method, const char *path, call_done *done, void *arg)
{
	call_start_sunk(s, method, path, NULL, done, arg);
}

void call_start_sunk(struct session *s, const char *method, const char *path,
		     const struct call_sink *sink, call_done *done, void *arg)
{
	struct call *c = s->is_stopped ? NULL : calloc(1, sizeof(*c));

	if (!c) {
		end_now(done, arg, s->is_stopped ? -ECANCELED : -ENOMEM);
		return;
	}
	c->session = s;
	c->method = strcmp(method, "POST") == 0 ? "POST" : "GET";
	c->path = strdup(path);
	c->done = done;
	c->arg = arg;
	c->sink = sink;
	json_split_init(&c->split, sink ? sink->write : NULL, arg);
	c->start_ms = session_now_ms(s);
	c->slot = -1;
	if (!c->path) {
		call_free(c);
		end_now(done, arg, -ENOMEM);
		return;
	}
	*s->last_queued = c;
	s->last_queued = &c->next;
	pump(s);
}
