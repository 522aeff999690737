/* SPDX-License-Identifier: MIT */
/*
 * Which password the hub refused, and in which schemes, so that it is never sent
 * twice: a lock-out rule is unknown. Only a salted hash of it is kept.
 */
#ifndef API_REFUSAL_H
#define API_REFUSAL_H

#include "api/session.h"

struct refusal {
	unsigned schemes; /* bit per enum login_scheme; 0: nothing was refused */
	unsigned char salt[16], hash[32];
};

void refusal_clear(struct refusal *r);

/* The schemes in which this password was refused, as bits. */
unsigned refusal_of(const struct refusal *r, const char md5[PASSWORD_MD5]);

/* One more. A password other than the remembered one takes its place. 0 or -EIO: no randomness
 * or hash to be had; then any password counts as refused. */
int refusal_add(struct refusal *r, const char md5[PASSWORD_MD5], int scheme);

#endif
