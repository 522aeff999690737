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

enum options_action {
	OPTIONS_MOUNT,
	OPTIONS_LOGIN,
	OPTIONS_SYNC,
	OPTIONS_STATUS,
	OPTIONS_REFRESH,
	OPTIONS_CHECK,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

/* Strings are the struct's own, NULL when not given. */
struct options {
	char *account;
	char *path; /* the mountpoint; with --refresh something in one */
	int foreground;
	int debug;
	int json, metrics; /* --json, --metrics */
	int from_month;    /* --from: month_number(); 0: not given */
	int sync_views;    /* --views: view_mask(); 0: none */

	char *password_command;
	char *password_file;
	char *api;
	char *cache_dir;
	char *ca_file;
	char *log_file;
	int64_t memory;     /* bytes */
	int64_t cache_size; /* bytes of downloads on disk */
	int64_t ttl;        /* seconds */
	int64_t rate;       /* calls a second, 0: no limit */
	int64_t timeout;    /* seconds */
	int64_t log;        /* enum log_level */
	int64_t uid, gid;   /* -1: the mounting user's */
	int64_t umask;      /* -1: 0600 and 0700 */
	int offline;
	int64_t views; /* that the root lists, view_mask() */
	int xattr;
	int raw_csv;
	int csv_bom;
	int allow_other;
	int nonempty;

	char config_path[PATH_MAX]; /* the config file, there or not; "" without a home */
	struct err config_err;      /* why it could not be read, where that stops nothing */
};

/*
 * Reads the config file, then the arguments (options_parse.c). 0 and *action, or a negative errno
 * with words: -EPERM for a config file that others can read, -EINVAL for anything that is wrong.
 */
int options_parse(int argc, char **argv, struct options *o, enum options_action *action,
		  struct err *err);
void options_clear(struct options *o);

void options_help(FILE *out);

/* ---- for the files of options_*.c */

/* One "key=value" or "key", as in -o. `where` is for the words of a refusal. */
int options_set(struct options *o, const char *word, const char *where, struct err *err);
/* The same in two parts; `value` NULL for a flag. */
int options_set_value(struct options *o, const char *name, const char *value, const char *where,
		      struct err *err);
/* options_config.c: 0 also without a file. */
int options_read_config(struct options *o, struct err *err);
/* A line an option. */
void options_list(FILE *out);

#endif
