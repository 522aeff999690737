/* SPDX-License-Identifier: MIT */
/*
 * The password: from a command, a file, the environment, systemd or a prompt. Only its MD5
 * is handed on (both login schemes are made of that), and everything is wiped after use.
 */
#ifndef FS_SECRET_H
#define FS_SECRET_H

#include <stdatomic.h>

#include "api/err.h"
#include "api/session.h"

struct secret {
	const char *command, *file; /* password_command=, password_file= */
	const char *account;        /* for the prompt */
	int may_prompt;             /* somebody sits at the terminal */
	/* What cannot be asked for again is kept, in memory that is not swapped or dumped. */
	char *kept; /* [PASSWORD_MD5] */
	atomic_int cancelled;
};

/* Takes the environment's password out of the environment. 0 or -ENOMEM with words. */
int secret_init(struct secret *s, const char *command, const char *file, const char *account,
		struct err *err);

/* session_config.password; `arg` is the struct secret. -EACCES when there is no source. */
int secret_md5(void *arg, char md5[PASSWORD_MD5], struct err *err);

/* From now on nobody is at the terminal. */
void secret_no_prompt(struct secret *s);
/* The mount ends: a password_command that is running is ended. */
void secret_cancel(struct secret *s);
void secret_clear(struct secret *s);

#endif
