/* SPDX-License-Identifier: MIT */
/*
 * The password: from a command or a file that the command line names, the environment, systemd, a
 * command or file that the config names, or a prompt; in this order, what was given for this one
 * run first. Only its MD5 is handed on (both login schemes are made of that), and everything is
 * wiped after use.
 */
#ifndef FS_SECRET_H
#define FS_SECRET_H

#include <stdatomic.h>

#include "api/err.h"
#include "api/lock.h"
#include "api/session.h"
#include "fs/options.h"

enum secret_source {
	SECRET_PROMPT,
	SECRET_COMMAND,
	SECRET_FILE,
	SECRET_ENVIRONMENT,
	SECRET_SYSTEMD
};

/* Which one it is. */
enum secret_source secret_source(const struct options *o);

struct secret {
	const char *command, *file; /* NULL: not to be asked */
	const char *account;        /* for the prompt */
	atomic_int may_prompt;      /* somebody sits at the terminal */
	int ask_first;              /* and is asked before the config's command or file */
	/* What cannot be asked for again is kept, in memory that is not swapped or dumped. */
	struct lock lock;
	char *kept GUARDED; /* [PASSWORD_MD5] */
	atomic_int cancelled;
};

/* Takes the environment's password out of the environment. `o` outlives it. 0 or -ENOMEM with
 * words. */
int secret_init(struct secret *s, const struct options *o, struct err *err);

/* session_config.password; `arg` is the struct secret. -EACCES when there is no source,
 * -EKEYREJECTED when a person gives none, -ETIMEDOUT when nobody types it, -ENOMEM when it cannot
 * be read for want of memory, which passes. */
int secret_md5(void *arg, char md5[PASSWORD_MD5], struct err *err);

/* What a person has just logged in with, for the next time; unless a file or a command is asked
 * then. Any thread. */
void secret_keep(struct secret *s, const char md5[PASSWORD_MD5]);

/* The six digits that the hub has mailed, asked for on the terminal, or the next line of stdin when
 * that is none. 0, or -EACCES with words. */
int secret_code(int wrong, char code[FACTOR_CODE], struct err *err);

/* From now on nobody is at the terminal. */
void secret_no_prompt(struct secret *s);
/* The mount ends: a password_command that is running is ended, and so is a prompt. */
void secret_cancel(struct secret *s);
void secret_clear(struct secret *s);

#endif
