/* SPDX-License-Identifier: MIT */
/*
 * Command line and config file -> struct options, from one table: the same words in -o and
 * in ~/.config/corosfs/config (`key = value`). The command line wins over the lines of the account
 * (behind `[you@example.org]`), these over those for all, and what the latter say of passwords is
 * for the account that they name alone.
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

/* Where a value comes from: what is greater wins. */
enum options_source {
	OPTIONS_CHECKED = -1, /* looked at for mistakes, not kept */
	OPTIONS_DEFAULT,
	OPTIONS_CONFIG,  /* the config's lines for every account */
	OPTIONS_SECTION, /* those of this account */
	OPTIONS_GIVEN,   /* the command line */
};
#define OPTIONS_COUNT 24

/* Strings are the struct's own, NULL when not given. */
struct options {
	char *account;
	char *path; /* the mountpoint; with --refresh something in one */
	int foreground;
	int debug;
	int json, metrics;  /* --json, --metrics */
	int from_month;     /* --from: month_number(); 0: not given */
	int64_t sync_views; /* --views: view_mask(); 0: none */

	char *password_command;
	char *password_file;
	char *api;
	char *cache_dir;
	char *ca_file;
	char *log_file;
	int64_t memory;     /* bytes */
	int64_t cache_size; /* bytes on disk */
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
	int allow_root;
	int nonempty;
	signed char source[OPTIONS_COUNT]; /* enum options_source, in the table's order */
	int password_given; /* password_command or password_file, on the command line */

	char config_path[PATH_MAX]; /* the config file, there or not; "" without a home */
	struct err config_err;      /* why it could not be read, where that stops nothing */
};

/*
 * Reads the arguments (options_parse.c) and the config file. 0 and *action, or a negative errno
 * with words: -EPERM for a config file that others can write, -EINVAL for anything that is wrong.
 * --check goes on without an account.
 */
int options_parse(int argc, char **argv, struct options *o, enum options_action *action,
		  struct err *err);
void options_clear(struct options *o);

void options_help(FILE *out);

/* The config file as it should be for what was given to a login, where there is none: 1: made;
 * 0: there is one; or a negative errno with words. */
int options_write_config(const struct options *o, struct err *err);

/* ---- for the files of options_*.c */

/* An option; `value` NULL for a flag. -EINVAL: what is wrong, and what is allowed. */
int options_set(struct options *o, const char *name, const char *value, enum options_source source,
		struct err *err);
/* "fit:gpx" as view_mask(), for the option of that name. */
int options_views(const char *name, const char *list, int64_t *mask, struct err *err);
/* What was said of passwords: drops what `below` says or less, and of two sources the lesser. */
void options_settle_password(struct options *o, enum options_source below);
/* The lines of what `o` was given of accounts, passwords and places. */
void options_write_given(const struct options *o, FILE *out);
/* options_config.c: 0 also without a file. */
int options_read_config(struct options *o, struct err *err);
/* A line an option. */
void options_list(FILE *out);

#endif
