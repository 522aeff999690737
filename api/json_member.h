/* SPDX-License-Identifier: MIT */
/*
 * A few members of a small answer from outside, by name, over json_text.h.
 *
 * Why not Jansson: without memory its scanner loses bytes of a text and goes on, so that a token
 * or a URL comes out shorter than it was sent, or it runs past the end. Here nothing is allocated.
 */
#ifndef API_JSON_MEMBER_H
#define API_JSON_MEMBER_H

#include <stddef.h>

/* A value as it stands; `at` is NULL for none. */
struct json_value {
	const char *at;
	size_t len;
};

/* The member of an object, the last one of this name; no value when it has none. 0, or -EIO when
 * `object` is not one JSON object with nothing behind it; then there is no value either. */
int json_member(struct json_value object, const char *name, struct json_value *out);

/* As true, false or null, or an object. */
int json_value_is(struct json_value v, const char *word);
int json_value_is_object(struct json_value v);

/* A string, decoded. 0, or -EINVAL with "" in `out` when it is none, holds a NUL or does not fit.
 */
int json_value_text(struct json_value v, char *out, size_t size);

#endif
