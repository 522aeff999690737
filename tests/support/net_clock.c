/* SPDX-License-Identifier: MIT */
/* A clock that jumps; see net_clock.h. */
#include "tests/support/net_clock.h"

#include "api/lock.h"

#define JUMP_MAX_MS 5000

static struct lock lock = {PTHREAD_MUTEX_INITIALIZER};
/* -- guarded by lock */
static pthread_cond_t napped = PTHREAD_COND_INITIALIZER;
static int64_t added_ms, held_ms;
static int is_held, naps;

static int64_t wall_s(void)
{
	lock_take(&lock);
	int64_t s = clock_system.wall_s() + added_ms / 1000;
	lock_drop(&lock);
	return s;
}

static int64_t mono_ms(void)
{
	lock_take(&lock);
	int64_t ms = (is_held ? held_ms : clock_system.mono_ms()) + added_ms;
	lock_drop(&lock);
	return ms;
}

static int nap_ms(int ms)
{
	if (ms > JUMP_MAX_MS)
		return ms;
	lock_take(&lock);
	int sleep_ms = is_held ? JUMP_MAX_MS : 0;
	if (is_held) {
		naps++;
		pthread_cond_signal(&napped);
	} else {
		added_ms += ms;
	}
	lock_drop(&lock);
	return sleep_ms;
}

const struct clock net_clock = {.wall_s = wall_s, .mono_ms = mono_ms, .nap_ms = nap_ms};

void net_clock_add(int64_t ms)
{
	lock_take(&lock);
	added_ms += ms;
	lock_drop(&lock);
}

void net_clock_hold(int on)
{
	lock_take(&lock);
	if (on && !is_held)
		held_ms = clock_system.mono_ms();
	is_held = on;
	naps = 0;
	lock_drop(&lock);
}

void net_clock_wait_for_nap(void)
{
	lock_take(&lock);
	while (!naps)
		pthread_cond_wait(&napped, &lock.mutex);
	naps = 0;
	lock_drop(&lock);
}
