/* SPDX-License-Identifier: MIT */
/* Clocks that stand still; see fake_clock.h. */
#include "tests/support/fake_clock.h"

#include <stdatomic.h>

#define MONO_START 1000000

static atomic_llong start_s, passed_ms;

static int64_t wall_s(void)
{
	return atomic_load(&start_s) + atomic_load(&passed_ms) / 1000;
}

static int64_t mono_ms(void)
{
	return MONO_START + atomic_load(&passed_ms);
}

const struct clock fake_clock = {.wall_s = wall_s, .mono_ms = mono_ms};

void fake_clock_set(int64_t now_s)
{
	atomic_store(&start_s, now_s);
	atomic_store(&passed_ms, 0);
}

void fake_clock_add(int64_t ms)
{
	atomic_fetch_add(&passed_ms, ms);
}

void fake_clock_step(int64_t s)
{
	atomic_fetch_add(&start_s, s);
}
