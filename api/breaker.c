/* SPDX-License-Identifier: MIT */
/* A circuit breaker; see breaker.h. */
#include "api/breaker.h"

void breaker_init(struct breaker *b)
{
	*b = (struct breaker){0};
}

int breaker_ask(struct breaker *b, int64_t now_ms, struct err *err)
{
	if (b->failures < BREAKER_FAILURES)
		return 0;
	if (!b->on_trial && now_ms - b->since_ms >= BREAKER_OPEN_MS && now_ms >= b->rest_ms) {
		b->on_trial = 1;
		return 0;
	}
	*err = b->why;
	return b->why.code;
}

void breaker_failed(struct breaker *b, int64_t now_ms, const struct err *why)
{
	if (b->failures < BREAKER_FAILURES)
		b->failures++;
	else if (!b->on_trial)
		return; /* a call from before it opened: the clock of the next trial stays */
	b->on_trial = 0;
	b->since_ms = now_ms;
	b->why = *why;
}

int breaker_is_near(const struct breaker *b)
{
	return b->on_trial || b->failures == BREAKER_FAILURES - 1;
}

void breaker_rest(struct breaker *b, int64_t now_ms, int64_t ms, int is_firm, const struct err *why)
{
	int64_t until_ms = now_ms + (ms < BREAKER_REST_MS ? ms : BREAKER_REST_MS);

	b->failures = BREAKER_FAILURES;
	b->on_trial = 0;
	b->why = *why;
	if (is_firm && until_ms > b->rest_ms)
		b->rest_ms = until_ms;
	b->since_ms = (until_ms > b->rest_ms ? until_ms : b->rest_ms) - BREAKER_OPEN_MS;
}

void breaker_nudge(struct breaker *b, int64_t now_ms)
{
	if (now_ms - b->since_ms < BREAKER_OPEN_MS)
		b->since_ms = now_ms - BREAKER_OPEN_MS;
}

void breaker_succeeded(struct breaker *b)
{
	b->failures = 0;
	b->rest_ms = 0;
	b->on_trial = 0;
}

void breaker_undecided(struct breaker *b)
{
	b->on_trial = 0;
}
