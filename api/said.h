/* SPDX-License-Identifier: MIT */
/*
 * What the log has said already: each cause once, however many calls fail of it.
 * Two errors have one cause when code and words agree, numbers in the words aside
 * (minutes that are left, sizes, ids). Pure: time is an argument.
 */
#ifndef API_SAID_H
#define API_SAID_H

#include <stdint.h>

#include "api/err.h"

/* So many causes are told apart; a hub with more of them is not worth a line each. */
#define SAID_MAX 16
/* What was over and comes back sooner is not said again: a hub that comes and goes would fill the
 * log. */
#define SAID_AGAIN_MS 60000

struct said {
	struct {
		uint64_t cause;
		int64_t at_ms;
		int is_over;
	} entry[SAID_MAX];
	int n;
};

/* Whether this is to be said now; then it counts as said. Zeroed memory has said nothing. */
int said_news(struct said *s, const struct err *err, int64_t now_ms);

/* All is well again. Whether anything was said that this contradicts. */
int said_over(struct said *s);

#endif
