/* SPDX-License-Identifier: MIT */
/* Whether a request that failed is sent again, and when. Pure, but for retry_random(). */
#ifndef API_RETRY_H
#define API_RETRY_H

#include <stdint.h>

#define RETRY_ATTEMPTS 3

/* How one attempt ended. */
struct retry_outcome {
	int code;          /* 0: an answer came; else the transport's negative errno (http.h) */
	long status;       /* HTTP's, when code is 0 */
	int retry_after_s; /* the hub's wish, -1: none */
};

/*
 * Milliseconds to wait before the next attempt, or -1: give up. `attempt` counts
 * from 1; `left_ms` is what the call still has; `random` spreads the waits (full
 * jitter), so that clients that failed together do not come back together.
 */
int retry_wait_ms(const struct retry_outcome *o, int attempt, int64_t left_ms, uint32_t random);

/* A number for it, from the system. */
uint32_t retry_random(void);

#endif
