/* SPDX-License-Identifier: MIT */
/* The machine's clocks; see clock.h. */
#include "api/clock.h"

#include <time.h>

static int64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * CLOCK_NS + t.tv_nsec;
}

static int64_t wall_s(void)
{
	return wall_ns() / CLOCK_NS;
}

static int64_t mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const struct clock clock_system = {.wall_s = wall_s, .wall_ns = wall_ns, .mono_ms = mono_ms};
