/* SPDX-License-Identifier: MIT */
/* The steps of corosfs --check: each says a line, and what to do if it went wrong. */
#ifndef FS_CHECK_H
#define FS_CHECK_H

#include <stdio.h>

#include "fs/options.h"

struct check {
	const struct options *options;
	FILE *out;
	int is_utf8; /* the terminal knows a tick */
	int bad;     /* steps that went wrong */
	/* What has been told, so that what follows from it is not counted again: why there is no
	 * login, NULL: nothing; whether the password's source is out of order. */
	const char *no_login;
	int no_password;
};

/* All is well. */
void check_good(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Something is wrong; `remedy` is what to do about it. */
void check_bad(struct check *c, const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A step that says nothing today, because of another. */
void check_skipped(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* check_machine.c: what is needed to mount, and the files. */
void check_fuse(struct check *c);
void check_mounts(struct check *c);
void check_config(struct check *c);
void check_cache(struct check *c, const char *cache);
void check_password(struct check *c);

/* check_hub.c: name, connection and clock, login. `cache` is the account's folder. */
void check_hub(struct check *c, const char *cache);

#endif
