/* SPDX-License-Identifier: MIT */
/* Wall and monotonic time behind a struct, so that a test can move it. */
#ifndef API_CLOCK_H
#define API_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*wall_s)(void);  /* seconds since 1970, UTC; may step either way */
	int64_t (*wall_ns)(void); /* the same, finer; NULL: wall_s has to do */
	int64_t (*mono_ms)(
		void); /* milliseconds since some start; never steps; stands in suspend */
	/* NULL: a wait is slept through. Or how many of the `ms` that the transport has nothing to
	 * do for are to be slept: a test's clock moves on by the others instead. */
	int (*nap_ms)(int ms);
};

#define CLOCK_NS 1000000000LL /* in a second */
static inline int64_t clock_wall_ns(const struct clock *c)
{
	return c->wall_ns ? c->wall_ns() : c->wall_s() * CLOCK_NS;
}

/* The machine's own clocks. */
extern const struct clock clock_system;

#endif
