/* SPDX-License-Identifier: MIT */
/*
 * The door for words that are not our own (of libcurl, OpenSSL, the hub, file names) on their way
 * to people: every error text and log line passes it, and so does what commands print. Behind it
 * there is
 *
 *   - one line: each control character (C0, DEL, C1, line separators) and each format character
 *     (bidirectional, invisible) is a ?, each byte that is no UTF-8 is U+FFFD;
 *   - no secret part of a URL: user info and query are ***, whatever the scheme and however
 *     malformed the rest;
 *   - none of the session's secrets, should the hub send one back: these are made known with
 *     clean_secret(). Their form is the hub's choice, so what merely looks like one is not guessed.
 *
 * What is clean passes unchanged. Any thread may call.
 */
#ifndef API_CLEAN_H
#define API_CLEAN_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* Those of the session's, the last one of each kind. */
enum clean_secret {
	CLEAN_TOKEN,
	CLEAN_MD5,    /* of the password */
	CLEAN_BCRYPT, /* of that */
	CLEAN_SECRETS,
};

/* From now on this text is *** wherever it appears. Not the text is kept but a fingerprint. Less
 * than 8 bytes are no secret. */
void clean_secret(enum clean_secret kind, const char *text);

/* Copies a text so that it can be shown, cut between characters to `size` with its NUL. A secret
 * that stands across the cut is gone as well: give the whole text, and let this cut it. */
void clean_words(const char *text, char *out, size_t size);

/* Prints words so, up to 2 KiB of them. Without a newline, which would be a ? in `fmt`. */
void clean_print(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void clean_vprint(FILE *to, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

#endif
