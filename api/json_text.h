/* SPDX-License-Identifier: MIT */
/*
 * A scanner over JSON text that copies what it passes, re-indented.
 *
 * Why not a library: a file in the mount must show the hub's numbers and key
 * order exactly as they were sent, and a document tree gives neither (14651.11
 * would come back as 14651.110000000001). For small answers, of which a few
 * members matter, there is json_member.h over it.
 *
 * Strict about structure (RFC 8259), lenient in three places where the result is
 * then valid all the same: invalid UTF-8 becomes U+FFFD, the escape of half a
 * surrogate pair (which jq and Jansson refuse) becomes \ufffd, and a raw control
 * character in a string becomes its \u escape. Nesting has a ceiling: what lies
 * deeper is passed over, and copied as null, so that one odd value does not hide
 * the rest of its item and its list. What lies below JSON_INDENT_MAX levels shares
 * a line, so that a copy is never longer than JSON_GROWTH times what is copied.
 * Nothing is allocated but in the output buffer. One thread at a time.
 */
#ifndef API_JSON_TEXT_H
#define API_JSON_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "api/buf.h"

#define JSON_DEPTH_MAX  64
#define JSON_INDENT_MAX 5 /* the hub's own texts need no more */
#define JSON_GROWTH     9

struct json_text {
	const char *at, *end;
	int depth;
};

void json_text_init(struct json_text *in, const char *data, size_t len);

/* The next character that is not white space, '\0' at the end. Nothing is consumed. */
char json_text_peek(struct json_text *in);

/*
 * Consumes `open` ('{' or '['), and then says before each member whether there
 * is one:
 *
 *     if (json_text_open(in, '{') == 0)
 *             for (int first = 1; (r = json_text_more(in, '}', &first)) == 1;)
 *                     ... json_text_key() and a value ...
 *
 * json_open: 0, or -EIO. json_more: 1 a member follows, 0 the end was consumed, or -EIO.
 */
int json_text_open(struct json_text *in, char open);
int json_text_more(struct json_text *in, char close, int *first);

/* A member's name with its quotes as it stands, and the colon. 0 or -EIO. */
int json_text_key(struct json_text *in, const char **raw, size_t *len);
int json_text_key_is(const char *raw, size_t len, const char *name);

/* Any value, passed over: where its text stands. 0 or -EIO. */
int json_text_skip(struct json_text *in, const char **raw, size_t *len);

/* Any value, passed over, and appended to `out` re-indented by 2 spaces, `indent` levels deep
 * (its first line is not indented). 0, -EIO, -ENOMEM or -EFBIG. */
int json_text_copy(struct json_text *in, int indent, struct buf *out);

/* A raw string value (with quotes) decoded to UTF-8 and appended: escapes undone, lone
 * surrogates and invalid bytes become U+FFFD. 0, -EINVAL (no string), -ENOMEM, -EFBIG. */
int json_text_string(const char *raw, size_t len, struct buf *out);

/*
 * A raw value as an integer: a number with or without a fraction (cut off), or
 * a string of decimal digits. 0, -EINVAL when it is none, -ERANGE outside int64.
 */
int json_text_integer(const char *raw, size_t len, int64_t *value);

#endif
