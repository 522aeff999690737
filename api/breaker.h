/* SPDX-License-Identifier: MIT */
/*
 * A circuit breaker is about a host: one that does not work is spared, and calls are answered at
 * once with the failure that opened it, instead of each waiting for its own. Pure: time is an
 * argument. The rule:
 *
 *   Five failures in a row open it, whatever failed. Any success ends the row.
 *   The hub's does not believe the fifth: that may be one bad thing that somebody asks for again
 * and again, or five neighbours. A cheap call of another kind is made (session_probe()), and counts
 * in its place. So things that fail never open it, and a hub that is down does. Every ten seconds
 * one call is let through. A success closes it; a failure is not believed either, and the cheap
 * call counts. For longer it is open only when the host asks for that: by a 429, or by a
 * Retry-After in answer to the cheap call; in answer to another call that is about this one thing
 * (rests.h). An hour at most. A person ends every wait but that of a 429 (breaker_nudge()).
 */
#ifndef API_BREAKER_H
#define API_BREAKER_H

#include <stdint.h>

#include "api/err.h"
#include "api/failure.h"

#define BREAKER_FAILURES 5
#define BREAKER_OPEN_MS  failure_wait_ms(FAILURE_HUB, 1)
#define BREAKER_REST_MS  3600000 /* the longest rest that the hub may ask for */

struct breaker {
	int failures;     /* in a row; open from BREAKER_FAILURES on */
	int on_trial;     /* the one call that was let through has not ended */
	int64_t since_ms; /* the open time began */
	int64_t rest_ms;  /* the hub wants quiet until then, whoever nudges; 0: it does not */
	struct err why;
};

void breaker_init(struct breaker *b);

/* 0: the call may go, and must end with one of the three below. Else the errno and the words
 * of the failure that opened it. */
int breaker_ask(struct breaker *b, int64_t now_ms, struct err *err);

void breaker_failed(struct breaker *b, int64_t now_ms, const struct err *why);
void breaker_succeeded(struct breaker *b);
/* Whether the next failure would open it, or keep it open. */
int breaker_is_near(const struct breaker *b);
/* The hub asks to be left alone for `ms`: open at once, and until then. `is_firm`: whoever nudges.
 */
void breaker_rest(struct breaker *b, int64_t now_ms, int64_t ms, int is_firm,
		  const struct err *why);
/* Somebody knows better: the next call may try, unless there is a firm rest. */
void breaker_nudge(struct breaker *b, int64_t now_ms);
/* The call ended for reasons that say nothing about the hub. */
void breaker_undecided(struct breaker *b);

#endif
