/* SPDX-License-Identifier: MIT */
/* Characters in JSON, for the scanner and the decoder. Pure. */
#ifndef API_JSON_CHARS_H
#define API_JSON_CHARS_H

#include <stddef.h>

/* The four hexadecimal digits behind a \u, or -1. */
int json_hex4(const char *p, const char *end);

/* Where the bytes from p on end that can be copied as they stand: printable ASCII without " and \.
 */
const char *json_pass_plain(const char *p, const char *end);

/* One escape at p (a backslash), a pair of surrogates counted as one: its length, or 0 when it is
 * none of JSON's. `is_character` is 0 for half a pair. */
size_t json_escape_length(const char *p, const char *end, int *is_character);

/* Where the decimal digits from p on end. */
const char *json_pass_digits(const char *p, const char *end);

#endif
