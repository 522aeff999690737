/* SPDX-License-Identifier: MIT */
/* How long a month is fresh: a pure function of the month, its fetch and now. */
#ifndef CACHE_FRESHNESS_H
#define CACHE_FRESHNESS_H

#include <stdint.h>

enum freshness {
	FRESH,
	STALE_SERVE, /* show the old copy at once, refresh it in the background */
	STALE_WAIT,  /* ask the hub first; the old copy if that takes too long */
};

struct freshness_left {
	enum freshness state;
	int left_s; /* FRESH: for so many seconds more, >= 1; else 0 */
};

/*
 * month: day.h's number. fetched_s: when the hub answered; now_s: both UTC. ttl_s: for
 * the month that holds today or one of the last 3 days (the table in the README).
 * The hub's days are local ones, so "today" is every date that it is somewhere on earth.
 *
 * A month that was last fetched before it was over is waited for however old it is: its
 * copy lacks days, which is more than a late edit.
 */
struct freshness_left freshness(int month, int64_t fetched_s, int64_t now_s, int ttl_s);

/* The same for the ends of the history, which are as young as today. */
struct freshness_left freshness_of_history(int64_t fetched_s, int64_t now_s, int ttl_s);

#endif
