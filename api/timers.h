/* SPDX-License-Identifier: MIT */
/* Tasks by the time they are due: a binary heap. Pure; whoever shares one locks it. */
#ifndef API_TIMERS_H
#define API_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t due_ms;
	uint64_t seq; /* equal times run in the order they were added */
	void (*task)(void *arg);
	void *arg;
};

struct timers {
	struct timer *heap; /* heap[0] is due first */
	size_t n, room;
	uint64_t next_seq;
};

void timers_init(struct timers *t);
void timers_clear(struct timers *t);

/* 0 or -ENOMEM. */
int timers_add(struct timers *t, int64_t due_ms, void (*task)(void *arg), void *arg);

/* Takes the first timer out if it is due: 1 and `*out`, or 0. */
int timers_take(struct timers *t, int64_t now_ms, struct timer *out);

/* Milliseconds until the next one, 0 if it is due, at most `longest`. */
int timers_wait_ms(const struct timers *t, int64_t now_ms, int longest);

#endif
