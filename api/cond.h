/* SPDX-License-Identifier: MIT */
/* A condition that is waited for by monotonic time, which nobody sets. */
#ifndef API_COND_H
#define API_COND_H

#include <stdint.h>

#include "api/lock.h"

/* Of the caller's storage; pthread_cond_signal() and its relatives go with it. */
void cond_init(pthread_cond_t *c);

/* Waits for a signal, or none, and at most `ms`; below 0: without end. */
void cond_wait_ms(pthread_cond_t *c, struct lock *l, int64_t ms) REQUIRES(*l);

#endif
