/* SPDX-License-Identifier: MIT */
/* Characters in UTF-8 (RFC 3629: no overlong forms, no surrogates). Pure. */
#ifndef API_UTF8_H
#define API_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* U+FFFD, for what is no character. */
#define UTF8_REPLACEMENT      0xfffdu
#define UTF8_REPLACEMENT_TEXT "\xef\xbf\xbd"

/* The length of the well-formed character at p < end, or 0. */
size_t utf8_length(const char *p, const char *end);

/* The code point at *p < end, which is moved past it. What is no UTF-8 is U+FFFD, a byte at a
 * time. */
uint32_t utf8_next(const char **p, const char *end);

/* Writes a code point; its length, 1 to 4. */
size_t utf8_put(char out[4], uint32_t c);

/* Unicode's category Cf (bidirectional controls, joiners, tags), but for those that have a shape of
 * their own (number signs of Arabic, Syriac, Kaithi). */
int utf8_is_invisible(uint32_t c);

#endif
