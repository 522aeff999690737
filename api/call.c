/* SPDX-License-Identifier: MIT */
/*
 * API calls: a queue in the order they came, four of which are under way. One that
 * is keeps its place while it waits for a token, for the pace or for the cheap call:
 * whatever holds it up would hold up the next one too. One that waits for its next
 * attempt, or whose answer is late, does not: that may be its own trouble.
 */
#include "api/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/call_impl.h"

#define SLOW_MS  5000 /* an answer that takes longer makes nobody wait for its place */
#define WATCH_MS 1000 /* between looks for such */

static void pump(struct session *s);

/* ---- the end ---- */

static void call_free(struct call *c)
{
	json_split_clear(&c->split);
	free(c->path);
	free(c);
}

void call_end(struct call *c, const struct http_answer *a, const struct err *why)
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

/* ---- places ---- */

static int is_slow(const struct call *c)
{
	return c->sent_ms && session_now_ms(c->session) - c->sent_ms >= SLOW_MS;
}

static int free_slot(const struct session *s)
{
	int busy = 0, slot = -1;

	for (int i = 0; i < CALLS_MAX; i++) {
		if (!s->active[i])
			slot = i;
		else
			busy += !is_slow(s->active[i]);
	}
	return busy < CALLS_AT_ONCE ? slot : -1;
}

static void look_at_places(void *arg)
{
	struct session *s = arg;

	s->is_watching = 0;
	pump(s);
}

void calls_watch(struct session *s)
{
	int is_sent = 0;

	for (int i = 0; i < CALLS_MAX; i++)
		is_sent |= s->active[i] && s->active[i]->sent_ms;
	if (s->queue && is_sent && !s->is_watching)
		s->is_watching = http_after(s->http, WATCH_MS, look_at_places, s) == 0;
}

/* ---- the queue ---- */

/* The first that may be sent, taken from the queue; NULL: none. */
static struct call *next_ready(struct session *s)
{
	int64_t now_ms = session_now_ms(s);

	for (struct call **at = &s->queue; *at; at = &(*at)->next) {
		struct call *c = *at;
		if (c->ready_ms > now_ms)
			continue;
		*at = c->next;
		if (s->last_queued == &c->next)
			s->last_queued = at;
		return c;
	}
	return NULL;
}

/* Why it ends before its first attempt. */
static int may_not(struct call *c, struct err *err)
{
	struct session *s = c->session;
	int64_t now_ms = session_now_ms(s);

	if (c->attempt)
		return 0;
	int r = rests_ask(&s->rests, c->path, now_ms, err);
	return r < 0 ? r : breaker_ask(&s->breaker, now_ms, err);
}

/* Starts what may start. A call that ends at once comes back here, hence the flag: the loop
 * that is there already goes on with the next one. */
static void pump(struct session *s)
{
	struct call *c;
	struct err err;
	int slot;

	if (s->is_pumping)
		return;
	s->is_pumping = 1;
	while ((slot = free_slot(s)) >= 0 && (c = next_ready(s))) {
		c->slot = slot;
		s->active[slot] = c;
		if (may_not(c, &err))
			call_end(c, NULL, &err);
		else
			call_attempt(c);
	}
	s->is_pumping = 0;
	calls_watch(s);
}

static void look_at_queue(void *session)
{
	pump(session);
}

int call_postpone(struct call *c, int ms)
{
	struct session *s = c->session;

	c->ready_ms = session_now_ms(s) + ms;
	int r = http_after(s->http, ms, look_at_queue, s);
	if (r < 0)
		return r;
	s->active[c->slot] = NULL;
	c->next = s->queue;
	if (!s->queue)
		s->last_queued = &c->next;
	s->queue = c;
	pump(s);
	return 0;
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
	for (int i = 0; i < CALLS_MAX; i++)
		if (s->active[i])
			call_end(s->active[i], NULL, &err);
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

static void start(struct session *s, const char *method, const char *path, int timeout_ms,
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
	c->timeout_ms = timeout_ms;
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

void call_start(struct session *s, const char *method, const char *path, call_done *done, void *arg)
{
	start(s, method, path, 0, NULL, done, arg);
}

void call_start_within(struct session *s, const char *method, const char *path, int timeout_ms,
		       call_done *done, void *arg)
{
	start(s, method, path, timeout_ms, NULL, done, arg);
}

void call_start_sunk(struct session *s, const char *method, const char *path,
		     const struct call_sink *sink, call_done *done, void *arg)
{
	start(s, method, path, 0, sink, done, arg);
}
