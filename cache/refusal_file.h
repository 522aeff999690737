/* SPDX-License-Identifier: MIT */
/*
 * The password that the hub refused, remembered between mounts so that the next one does
 * not send it again: how often may be tried before an account is locked is not known. What
 * is kept is a slow salted hash (bcrypt) of something that no login sends: it can neither be
 * turned back into the password nor be used in its place.
 *
 * It is believed for a day, and until a login succeeds: the account may have been mended on
 * the hub's side, which nobody tells us.
 */
#ifndef CACHE_REFUSAL_FILE_H
#define CACHE_REFUSAL_FILE_H

#include <stdint.h>

#include "api/session.h"

#define REFUSAL_FILE_NAME "refused"
#define REFUSAL_FILE_S    86400

/* Takes about 0.1 s. 0 or a negative errno with words. */
int refusal_file_write(int dirfd, const char md5[PASSWORD_MD5], struct err *err);

/* Whether this password was refused within the last day; takes 0.1 s if any was. 1, 0 (a damaged
 * file remembers nothing), or a negative errno with words: that cannot be told. */
int refusal_file_has(int dirfd, const char md5[PASSWORD_MD5], int64_t now_s, struct err *err);

/* Forgets it. */
void refusal_file_remove(int dirfd);

#endif
