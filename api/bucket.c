/* SPDX-License-Identifier: MIT */
/* A token bucket; see bucket.h. */
#include "api/bucket.h"

#define TOKEN INT64_C(1000)
#define FULL  (BUCKET_BURST * TOKEN)

void bucket_init(struct bucket *b, int rate, int64_t now_ms)
{
	*b = (struct bucket){.rate = rate, .level = FULL, .at_ms = now_ms};
}

static void refill(struct bucket *b, int64_t now_ms)
{
	int64_t ms = now_ms - b->at_ms;

	/* rate tokens a second are rate thousandths a millisecond. */
	if (ms > 0 && (FULL - b->level) / b->rate < ms)
		b->level = FULL;
	else if (ms > 0)
		b->level += ms * b->rate;
	b->at_ms = now_ms;
}

int64_t bucket_take(struct bucket *b, int64_t now_ms)
{
	if (b->rate <= 0)
		return 0;
	refill(b, now_ms);
	b->level -= TOKEN;
	return b->level >= 0 ? 0 : (-b->level + b->rate - 1) / b->rate;
}
