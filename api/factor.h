/* SPDX-License-Identifier: MIT */
/*
 * The second factor of a login (coros-api.md 2.2): instead of a token there is a ticket, with
 * which a code is mailed and then proven, both on the account's home host. Pure.
 */
#ifndef API_FACTOR_H
#define API_FACTOR_H

#include "api/buf.h"
#include "api/err.h"
#include "api/json_member.h"

#define FACTOR_CODE 8 /* six digits, and a NUL */

/* What the login said. All of it is secret. Every text may stand in JSON as it is. */
struct factor {
	char ticket[256], app_key[256], account[64];
	char user_id[24];
	int region; /* 0: unknown */
};

/* Whether the `data` of a login asks for a second factor, though it may not say enough. */
int factor_wanted(struct json_value data);

/* 0, or -EIO: something is missing, so that no code can be asked for. */
int factor_decode(struct json_value data, struct factor *f);

/* Six digits, with or without spaces around or between, into `code`. 0 or -EINVAL. */
int factor_code(const char *text, char code[FACTOR_CODE]);

/* The bodies of the two calls; 0 or -ENOMEM. login_wipe() them. */
int factor_captcha_body(const struct factor *f, struct buf *out);
int factor_verify_body(const struct factor *f, const char code[FACTOR_CODE], struct buf *out);

#endif
