/* SPDX-License-Identifier: MIT */
/*
 * What a login sends and what comes back (coros-api.md 2). Pure, but for the salt
 * and for the time that bcrypt is meant to take.
 */
#ifndef API_LOGIN_H
#define API_LOGIN_H

#include <stddef.h>

#include "api/buf.h"
#include "api/err.h"
#include "api/factor.h"
#include "api/session.h"

/* Kept on disk as numbers: never renumber. */
enum login_scheme {
	LOGIN_NONE,
	LOGIN_LEGACY, /* the MD5 of the password itself */
	LOGIN_BCRYPT, /* bcrypt of that MD5's hex digits, as the web app does since 2026 */
};

#define LOGIN_BODY_MAX 4096
/* Of login_decode(): */
#define LOGIN_REFUSED    1 /* these credentials, or this scheme */
#define LOGIN_CODE_ASKED 2 /* a second factor: `factor` is set */
#define LOGIN_CODE_WRONG 3 /* of the second factor */

/* Appends the JSON body, a secret: login_wipe() it. Takes about 0.1 s for LOGIN_BCRYPT.
 * 0, -EINVAL (an account that is not UTF-8), -ENOMEM, -EFBIG, -EIO with words. */
int login_body(enum login_scheme scheme, const char *account, const char md5[PASSWORD_MD5],
	       struct buf *out, struct err *err);

/* What an answer says. */
struct login_answer {
	char token[128];  /* a secret */
	char user_id[24]; /* decimal digits, or "" */
	int region;       /* 0: missing or no number */
	char result[8];   /* the hub's code */
	struct factor factor;
};

/*
 * Reads an answer of HTTP status 200, to a login or to the code of a second factor. 0 with a
 * token; LOGIN_REFUSED when the result is 1030 or 1031; LOGIN_CODE_ASKED; LOGIN_CODE_WRONG; -EACCES
 * when a second factor is asked for that cannot be given; -EIO when it is anything else. With words
 * when negative.
 */
int login_decode(const char *data, size_t len, struct login_answer *out, struct err *err);

/* Whether a text may stand in a header as what it says it is: printable and not empty; digits or
 * nothing. */
int login_is_token(const char *text);
int login_is_user_id(const char *text);

/* From now on Jansson, which reads and writes tokens, wipes what it frees. Before its first use. */
void login_wipe_json(void);

/* Empties a buffer that held a secret. */
void login_wipe(struct buf *b);

#endif
