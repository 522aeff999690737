/* SPDX-License-Identifier: MIT */
/* A token bucket: how soon the next call may go. Pure: time is an argument. */
#ifndef API_BUCKET_H
#define API_BUCKET_H

#include <stdint.h>

#define BUCKET_BURST 50

struct bucket {
	int rate;      /* tokens a second; 0: no limit */
	int64_t level; /* thousandths of a token; below 0: promised to calls that wait */
	int64_t at_ms; /* when that was the level */
};

/* A full bucket. */
void bucket_init(struct bucket *b, int rate, int64_t now_ms);

/* Takes a token for a call, which must go that many milliseconds from now: 0 is at once. */
int64_t bucket_take(struct bucket *b, int64_t now_ms);

#endif
