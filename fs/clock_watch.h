/* SPDX-License-Identifier: MIT */
/*
 * Word of time that jumped: the machine slept, or its clock was set. Nobody else would notice:
 * timers stand still while it sleeps, and what the kernel was told to believe while the clock was
 * wrong by years it believes for its time, and asks nothing meanwhile.
 */
#ifndef FS_CLOCK_WATCH_H
#define FS_CLOCK_WATCH_H

#include <stdint.h>

enum clock_jump {
	CLOCK_STEADY,
	CLOCK_JUMPED, /* there was a sleep, or a correction: the network may be another one */
	CLOCK_SET,    /* the time of day moved by more than an hour */
};

struct clock_watch {
	int fd; /* readable when there is something to look at; -1: it cannot be watched */
	int64_t slept_s, set_s;
};

void clock_watch_open(struct clock_watch *w);
void clock_watch_close(struct clock_watch *w);

/* What happened since the last look, or the opening. */
enum clock_jump clock_watch_look(struct clock_watch *w);

#endif
