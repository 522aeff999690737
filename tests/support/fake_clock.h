/* SPDX-License-Identifier: MIT */
/* Clocks that stand still until a test moves them. */
#ifndef TESTS_SUPPORT_FAKE_CLOCK_H
#define TESTS_SUPPORT_FAKE_CLOCK_H

#include "api/clock.h"

extern const struct clock fake_clock;

/* Both clocks anew: the wall shows `wall_s`, the monotonic one some time. */
void fake_clock_set(int64_t wall_s);
/* Both go on; wall seconds are whole ones of all the milliseconds since fake_clock_set(). */
void fake_clock_add(int64_t ms);
/* The wall alone steps, as when somebody sets the time. */
void fake_clock_step(int64_t s);

#endif
