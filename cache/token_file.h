/* SPDX-License-Identifier: MIT */
/* The login token between mounts: token, user, region and host kept together, mode 0600. */
#ifndef CACHE_TOKEN_FILE_H
#define CACHE_TOKEN_FILE_H

#include "api/session.h"

/* 0; -ENOENT: none; -EPERM: others can read it; -EBADMSG: damaged; with words. */
int token_file_read(int dirfd, struct session_token *token, struct err *err);

/* NULL: forget it. 0 or a negative errno with words. */
int token_file_write(int dirfd, const struct session_token *token, struct err *err);

#endif
