/* SPDX-License-Identifier: MIT */
/*
 * Command line and config file -> struct options, from one table: the same words in -o and
 * in ~/.config/corosfs/config (`key = value`). The command line wins.
 */
#ifndef FS_OPTIONS_H
#define FS_OPTIONS_H

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#include "api/err.h"

enum options_action { OPTIONS_MOUNT, OPTIONS_HELP, OPTIONS_VERSION };

/* Strings are the struct's own, NULL when not given. */
struct options {
	char *account;
	char *mountpoint;
	int foreground;
	int debug;

	char *password_command;
	char *password_file;
	char *api;
	char *cache_dir;
	char *ca_file;
	char *log_file;
	int64_t memory;   /* bytes */
	int64_t ttl;      /* seconds */
	int64_t rate;     /* calls a second, 0: no limit */
	int64_t timeout;  /* seconds */
	int64_t log;      /* enum log_level */
	int64_t uid, gid; /* -1: the mounting user's */
	int64_t umask;    /* -1: 0600 and 0700 */
	int offline;
	int raw_csv;
	int csv_bom;
	int allow_other;
	int nonempty;

	char config_path[PATH_MAX]; /* the config file, there or not; "" without a home */
};

/*
 * Reads the config file, then the arguments. 0 and *action, or a negative errno with words:
 * -EPERM for a config file that others can read, -EINVAL for anything that is wrong.
 */
int options_parse(int argc, char **argv, struct options *o, enum options_action *action,
		  struct err *err);
void options_clear(struct options *o);

void options_help(FILE *out);

/* One "key=value" or "key", as in -o. For tests. */
int options_set(struct options *o, const char *word, const char *where, struct err *err);

#endif
