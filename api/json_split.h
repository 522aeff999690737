/* SPDX-License-Identifier: MIT */
/*
 * An answer taken apart while it arrives, since some are too large for memory (coros-api.md 5): its
 * member "data" is passed on piece by piece, re-indented, and what stands beside it is kept as a
 * small JSON text of its own, for those who judge it.
 *
 *     {"apiCode":"..","data":{"a":1},"result":"0000"}
 *     data:  {\n  "a": 1\n}\n       beside it:  {"apiCode":"..","data":null,"result":"0000"}
 *
 * Scalars are copied as json_text.h does, and so are depth and indentation. The values of links
 * that work for whoever has them are emptied: imageUrl, and voice notes. One thread at a time.
 */
#ifndef API_JSON_SPLIT_H
#define API_JSON_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#include "api/buf.h"

/* What is passed on: 0 or a negative errno, which ends it. */
typedef int json_split_out(void *arg, const char *data, size_t len);

struct json_split {
	json_split_out *out;
	void *arg;
	struct buf in;     /* the beginning of a token that has not come whole */
	size_t seen;       /* so much of that was looked at */
	struct buf data;   /* on its way out */
	struct buf beside; /* what is not data; whole at the end if it is JSON */
	uint64_t arrays;   /* a bit for each level: it is an array */
	int depth, over;   /* open brackets; those that are passed over */
	int want;          /* what may come next */
	int is_data;       /* inside it */
	int is_link;       /* the value that comes is to be emptied */
	int has_data;      /* 1: an object, and not empty; -1: something else */
	int is_bad;        /* it is no JSON: the rest does not matter */
};

void json_split_init(struct json_split *s, json_split_out *out, void *arg);
void json_split_clear(struct json_split *s); /* empty, for the next answer */

/* The next piece. 0, also when it turns out to be no JSON; -ENOMEM, or what `out` says. */
int json_split_add(struct json_split *s, const char *text, size_t len);

/* Nothing more comes. As above. */
int json_split_end(struct json_split *s);

#endif
