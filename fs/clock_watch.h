/* SPDX-License-Identifier: MIT */
/*
 * Word of a clock that was set. What the kernel was told to believe while the clock was wrong by
 * years it believes for its time, and asks nothing meanwhile, so nobody else would notice.
 */
#ifndef FS_CLOCK_WATCH_H
#define FS_CLOCK_WATCH_H

#include <stdint.h>

struct clock_watch {
	int fd; /* readable when the clock was set; -1: it cannot be watched */
	int64_t offset_s;
};

void clock_watch_open(struct clock_watch *w);
void clock_watch_close(struct clock_watch *w);

/* After `fd` became readable: whether the clock has moved by more than an hour since the last call,
 * or the opening. A suspend is no step. */
int clock_watch_stepped(struct clock_watch *w);

#endif
