/* SPDX-License-Identifier: MIT */
/* A loopback server that answers each connection with fixed bytes, for what the sample hub is too
 * well-behaved to do. */
#ifndef TESTS_SUPPORT_CANNED_H
#define TESTS_SUPPORT_CANNED_H

#include <stddef.h>

enum canned_end {
	CANNED_CLOSE, /* after the bytes the connection is closed */
	CANNED_RESET, /* or reset */
	CANNED_STALL, /* or kept until the client gives up */
	CANNED_AGAIN, /* or the last line comes again and again until the client leaves */
};

struct canned;

struct canned *canned_new(void);
void canned_free(struct canned *c);

int canned_port(const struct canned *c);

/* What the next connections get. The bytes are copied. */
void canned_set(struct canned *c, const void *bytes, size_t len, enum canned_end end);

/* The last request as it came, header and body; the caller frees it. */
char *canned_request(struct canned *c);

#endif
