/* SPDX-License-Identifier: MIT */
/*
 * The system's clocks, but nobody waits for them: when a transport has nothing under way and would
 * sleep until an attempt, a look or its pace is due, they jump there. Not far: longer waits are
 * deadlines, and a test moves the clock to them.
 */
#ifndef TESTS_SUPPORT_NET_CLOCK_H
#define TESTS_SUPPORT_NET_CLOCK_H

#include "api/clock.h"

extern const struct clock net_clock;

void net_clock_add(int64_t ms);

/* 1: from now on it stands still, so that a test can look at what waits; 0: it goes on. */
void net_clock_hold(int on);
/* Waits until a transport waits for the clock that is held. */
void net_clock_wait_for_nap(void);

#endif
