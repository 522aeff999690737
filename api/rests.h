/* SPDX-License-Identifier: MIT */
/*
 * Calls that failed, each by itself: for how long they are left alone, because the hub asked for
 * that in answer to one, or said something of it that was found not to be true; and that they are
 * not worth a second attempt the next time. Pure: time is an argument.
 */
#ifndef API_RESTS_H
#define API_RESTS_H

#include <stdint.h>

#include "api/err.h"

#define RESTS_MAX 16 /* more take the place of those that end first */

struct rests {
	struct rest {
		uint64_t path; /* its hash */
		int64_t until_ms;
		struct err why;
	} rest[RESTS_MAX];
};

/* Zeroed memory holds none, and so does this. */
void rests_clear(struct rests *r);

void rests_add(struct rests *r, const char *path, int64_t until_ms, const struct err *why);

/* It works. */
void rests_remove(struct rests *r, const char *path);

/* Whether the call failed before. */
int rests_has(const struct rests *r, const char *path);
/* 0, or the errno and words of a call that rests. */
int rests_ask(const struct rests *r, const char *path, int64_t now_ms, struct err *err);

#endif
