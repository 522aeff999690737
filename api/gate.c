/* SPDX-License-Identifier: MIT */
/* A one-shot event; see gate.h. */
#include "api/gate.h"

#include <errno.h>

#include "api/clock.h"
#include "api/cond.h"

void gate_init(struct gate *g)
{
	lock_init(&g->lock);
	cond_init(&g->opened);
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
	int64_t end_ms = clock_system.mono_ms() + wait_ms, left_ms = wait_ms;

	lock_take(&g->lock);
	while (!g->is_open && (wait_ms < 0 || left_ms > 0)) {
		cond_wait_ms(&g->opened, &g->lock, left_ms);
		if (wait_ms >= 0)
			left_ms = end_ms - clock_system.mono_ms();
	}
	int r = g->is_open ? 0 : -ETIMEDOUT;
	lock_drop(&g->lock);
	return r;
}
