/* SPDX-License-Identifier: MIT */
/* Wall and monotonic time behind a struct, so that a test can move it. */
#ifndef API_CLOCK_H
#define API_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*wall_s)(void); /* seconds since 1970, UTC; may step either way */
	int64_t (*mono_ms)(
		void); /* milliseconds since some start; never steps; stands in suspend */
};

/* The machine's own clocks. */
extern const struct clock clock_system;

#endif
