/* SPDX-License-Identifier: MIT */
/* A one-shot event; see gate.h. */
#include "api/gate.h"

#include <errno.h>
#include <time.h>

void gate_init(struct gate *g)
{
	pthread_condattr_t attr;

	lock_init(&g->lock);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->opened, &attr);
	pthread_condattr_destroy(&attr);
	lock_take(&g->lock);
	g->is_open = 0;
	lock_drop(&g->lock);
}

void gate_clear(struct gate *g)
{
	pthread_cond_destroy(&g->opened);
	lock_clear(&g->lock);
}

void gate_open(struct gate *g)
{
	lock_take(&g->lock);
	g->is_open = 1;
	pthread_cond_signal(&g->opened);
	lock_drop(&g->lock);
}

int gate_wait(struct gate *g, int wait_ms)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += wait_ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	lock_take(&g->lock);
	while (!g->is_open && r != ETIMEDOUT)
		r = wait_ms < 0 ? pthread_cond_wait(&g->opened, &g->lock.mutex)
				: pthread_cond_timedwait(&g->opened, &g->lock.mutex, &until);
	r = g->is_open ? 0 : -ETIMEDOUT;
	lock_drop(&g->lock);
	return r;
}
