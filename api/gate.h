/* SPDX-License-Identifier: MIT */
/* Something that happens once, and a thread that waits for it. */
#ifndef API_GATE_H
#define API_GATE_H

#include <pthread.h>

#include "api/lock.h"

struct gate {
	struct lock lock;
	pthread_cond_t opened;
	int is_open GUARDED;
};

void gate_init(struct gate *g);
void gate_clear(struct gate *g);

/* What was written before it is seen by whoever has passed. Whoever waits may clear and free the
 * gate then. */
void gate_open(struct gate *g);

/* 0: open; -ETIMEDOUT after `wait_ms` of monotonic time. Below 0: without a deadline, for what has
 * one itself. */
int gate_wait(struct gate *g, int wait_ms);

#endif
