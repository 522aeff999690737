/* SPDX-License-Identifier: MIT */
/* Conditions by monotonic time; see cond.h. */
#include "api/cond.h"

#include <time.h>

void cond_init(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

void cond_wait_ms(pthread_cond_t *c, struct lock *l, int64_t ms)
{
	struct timespec until;

	if (ms < 0) {
		pthread_cond_wait(c, &l->mutex);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms % 1000 * 1000000L;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_cond_timedwait(c, &l->mutex, &until);
}
