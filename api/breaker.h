/* SPDX-License-Identifier: MIT */
/*
 * A circuit breaker: after some failures in a row calls are answered at once with
 * the failure that opened it, instead of each waiting for its own. Every ten
 * seconds one call is let through to see whether the hub is back; a hub that asks
 * for a rest gets it. Pure: time is an argument.
 */
#ifndef API_BREAKER_H
#define API_BREAKER_H

#include <stdint.h>

#include "api/err.h"

#define BREAKER_FAILURES 5
#define BREAKER_OPEN_MS  10000
#define BREAKER_REST_MS  3600000 /* the longest rest that the hub may ask for */

struct breaker {
	int failures;     /* in a row; open from BREAKER_FAILURES on */
	int on_trial;     /* the one call that was let through has not ended */
	int64_t since_ms; /* the open time began */
	int64_t rest_ms;  /* the hub asked for quiet until then; 0: it did not */
	struct err why;
};

void breaker_init(struct breaker *b);

/* 0: the call may go, and must end with one of the three below. Else the errno and the words
 * of the failure that opened it. */
int breaker_ask(struct breaker *b, int64_t now_ms, struct err *err);

void breaker_failed(struct breaker *b, int64_t now_ms, const struct err *why);
void breaker_succeeded(struct breaker *b);
/* The hub asks to be left alone for `ms`: open at once, and until then. */
void breaker_rest(struct breaker *b, int64_t now_ms, int64_t ms, const struct err *why);
/* Somebody knows better: the next call may try, unless the hub asked for a rest. */
void breaker_nudge(struct breaker *b, int64_t now_ms);
/* The call ended for reasons that say nothing about the hub. */
void breaker_undecided(struct breaker *b);

#endif
