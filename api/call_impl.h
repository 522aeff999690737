/* SPDX-License-Identifier: MIT */
/*
 * The inside of API calls:
 *
 *     call.c           the queue, and the few places of those that are under way
 *     call_exchange.c  the way of one: pace, token, request, and what its answer means
 */
#ifndef API_CALL_IMPL_H
#define API_CALL_IMPL_H

#include "api/json_split.h"
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
	struct session_doubt doubt;
	struct err why; /* what the cheap call is to tell the meaning of */
	int timeout_ms; /* of an exchange; 0: the session's */
	int64_t start_ms;
	int64_t ready_ms; /* not to be sent before */
	int64_t sent_ms;  /* 0: not under way */
	int attempt;
	int is_repeat;       /* the token died once under this call */
	unsigned generation; /* of the token it was sent with */
	int slot;            /* in session->active, -1: not there */
};

/* ---- call.c ---- */

/* The end of one that has a place, which it gives up. */
void call_end(struct call *c, const struct http_answer *a, const struct err *err);
/* Gives its place up for so long. 0, or -errno: then it has it still. */
int call_postpone(struct call *c, int ms);
/* One is under way: if others wait meanwhile, its answer may take so long and no longer. */
void calls_watch(struct session *s);

/* ---- call_exchange.c ---- */

/* An attempt of one that has a place, when the pace lets it go. */
void call_attempt(struct call *c);

#endif
