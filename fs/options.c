/* SPDX-License-Identifier: MIT */
/* Options; see options.h. */
#include "fs/options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/log.h"
#include "cache/atomic_file.h"

#include <fcntl.h>

#define CONFIG_MAX 65536

enum kind {
	KIND_FLAG,
	KIND_STRING,
	KIND_NUMBER, /* decimal, low..high */
	KIND_BYTES,  /* decimal with K, M, G */
	KIND_OCTAL,
	KIND_LEVEL,
	KIND_IGNORED, /* words of mount(8) and fstab that change nothing here */
};

#define AT(field) offsetof(struct options, field)

static const struct spec {
	const char *name;
	enum kind kind;
	size_t at;
	int64_t low, high;
	const char *help; /* NULL: not shown */
} specs[] = {
	{"account", KIND_STRING, AT(account), 0, 0, NULL},
	{"password_command", KIND_STRING, AT(password_command), 0, 0,
	 "CMD    the password is the first line that CMD prints"},
	{"password_file", KIND_STRING, AT(password_file), 0, 0,
	 "FILE   the password is the first line of FILE (mode 0600)"},
	{"api", KIND_STRING, AT(api), 0, 0,
	 "URL    another hub; %r stands for the region's number"},
	{"cache_dir", KIND_STRING, AT(cache_dir), 0, 0, "DIR    instead of ~/.cache/corosfs"},
	{"memory", KIND_BYTES, AT(memory), 1 << 20, INT64_C(1) << 40,
	 "SIZE   ceiling for cached months in memory (64M)"},
	{"ttl", KIND_NUMBER, AT(ttl), 1, 86400,
	 "SEC    how long the current month is believed (60)"},
	{"rate", KIND_NUMBER, AT(rate), 0, 1000, "N      hub calls a second, 0 = no limit (10)"},
	{"timeout", KIND_NUMBER, AT(timeout), 1, 3600,
	 "SEC    the longest that one system call may wait (30)"},
	{"offline", KIND_FLAG, AT(offline), 0, 0, "       never use the network"},
	{"raw_csv", KIND_FLAG, AT(raw_csv), 0, 0,
	 "       no ' before names that a spreadsheet would run"},
	{"csv_bom", KIND_FLAG, AT(csv_bom), 0, 0,
	 "       a byte-order mark in every csv, for Excel"},
	{"ca_file", KIND_STRING, AT(ca_file), 0, 0, "FILE   certificates to trust (PEM)"},
	{"log", KIND_LEVEL, AT(log), 0, 0, "LEVEL  error, warn, info or debug (warn)"},
	{"log_file", KIND_STRING, AT(log_file), 0, 0,
	 "FILE   instead of syslog, or stderr with -f"},
	{"uid", KIND_NUMBER, AT(uid), 0, UINT32_MAX - 1, "N      owner of everything"},
	{"gid", KIND_NUMBER, AT(gid), 0, UINT32_MAX - 1, "N      group of everything"},
	{"umask", KIND_OCTAL, AT(umask), 0, 0777,
	 "OCTAL  permissions are 0666 and 0777 less this (077)"},
	{"allow_other", KIND_FLAG, AT(allow_other), 0, 0,
	 "       other users may look too, as far as umask= lets them"},
	{"nonempty", KIND_FLAG, AT(nonempty), 0, 0,
	 "       mount over a directory that is not empty"},
	{"ro", KIND_IGNORED, 0, 0, 0, NULL},
	{"rw", KIND_IGNORED, 0, 0, 0, NULL},
	{"nosuid", KIND_IGNORED, 0, 0, 0, NULL},
	{"nodev", KIND_IGNORED, 0, 0, 0, NULL},
	{"noexec", KIND_IGNORED, 0, 0, 0, NULL},
	{"suid", KIND_IGNORED, 0, 0, 0, NULL},
	{"dev", KIND_IGNORED, 0, 0, 0, NULL},
	{"exec", KIND_IGNORED, 0, 0, 0, NULL},
	{"noatime", KIND_IGNORED, 0, 0, 0, NULL},
	{"relatime", KIND_IGNORED, 0, 0, 0, NULL},
	{"default_permissions", KIND_IGNORED, 0, 0, 0, NULL},
	{"defaults", KIND_IGNORED, 0, 0, 0, NULL},
	{"auto", KIND_IGNORED, 0, 0, 0, NULL},
	{"noauto", KIND_IGNORED, 0, 0, 0, NULL},
	{"user", KIND_IGNORED, 0, 0, 0, NULL},
	{"nouser", KIND_IGNORED, 0, 0, 0, NULL},
	{"users", KIND_IGNORED, 0, 0, 0, NULL},
	{"nofail", KIND_IGNORED, 0, 0, 0, NULL},
	{"_netdev", KIND_IGNORED, 0, 0, 0, NULL},
};
#define SPECS (sizeof(specs) / sizeof(specs[0]))

static const char *const levels[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

/* ---- values ---- */

static int64_t unit(const char *s)
{
	static const char *const units[] = {"", "K", "M", "G"};

	for (int i = 0; i < 4; i++)
		if (strcasecmp(s, units[i]) == 0)
			return INT64_C(1) << (10 * i);
	return 0;
}

static int parse_number(const char *s, int base, int bytes, int64_t *value)
{
	char *end;

	errno = 0;
	long long n = strtoll(s, &end, base);
	int64_t factor = bytes ? unit(end) : !*end;
	if (end == s || errno || !factor || n < 0 || n > INT64_MAX / factor)
		return -EINVAL;
	*value = n * factor;
	return 0;
}

static int parse_flag(const char *s)
{
	static const char *const words[] = {"false", "true", "no", "yes", "0", "1", "off", "on"};

	for (int i = 0; i < 8; i++)
		if (strcasecmp(s, words[i]) == 0)
			return i & 1;
	return -EINVAL;
}

static int parse_level(const char *s)
{
	for (int i = 0; i < (int)(sizeof(levels) / sizeof(levels[0])); i++)
		if (strcmp(s, levels[i]) == 0)
			return i;
	return -EINVAL;
}

static int set_value(struct options *o, const struct spec *spec, const char *value)
{
	void *field = (char *)o + spec->at;
	int64_t n = 0;
	int r = 0;

	switch (spec->kind) {
	case KIND_FLAG:
		r = value ? parse_flag(value) : 1;
		if (r >= 0)
			*(int *)field = r;
		return r < 0 ? r : 0;
	case KIND_STRING:
		if (!value || !*value)
			return -EINVAL;
		free(*(char **)field);
		*(char **)field = strdup(value);
		return *(char **)field ? 0 : -ENOMEM;
	case KIND_LEVEL:
		r = value ? parse_level(value) : -EINVAL;
		n = r;
		break;
	case KIND_IGNORED:
		return 0;
	default:
		r = value ? parse_number(value, spec->kind == KIND_OCTAL ? 8 : 10,
					 spec->kind == KIND_BYTES, &n)
			  : -EINVAL;
		if (r == 0 && (n < spec->low || n > spec->high))
			r = -ERANGE;
	}
	if (r >= 0)
		*(int64_t *)field = n;
	return r < 0 ? r : 0;
}

static int set(struct options *o, const char *name, const char *value, const char *where,
	       struct err *err)
{
	/* systemd's and udisks' words in fstab. */
	if (strncmp(name, "x-", 2) == 0 || strncmp(name, "comment", 7) == 0)
		return 0;
	if (strcmp(name, "password") == 0)
		return err_set(err, -EINVAL,
			       "%s: a password is never an option, others could see it; use "
			       "password_file= or password_command=",
			       where);
	for (size_t i = 0; i < SPECS; i++) {
		if (strcmp(name, specs[i].name) != 0)
			continue;
		int r = set_value(o, &specs[i], value);
		if (r == -ERANGE)
			return err_set(err, r, "%s: %s must be from %lld to %lld", where, name,
				       (long long)specs[i].low, (long long)specs[i].high);
		if (r < 0)
			return err_set(err, r, "%s: `%s` is no value for %s", where,
				       value ? value : "", name);
		return 0;
	}
	return err_set(err, -EINVAL, "%s: unknown option `%s`; see corosfs --help", where, name);
}

int options_set(struct options *o, const char *word, const char *where, struct err *err)
{
	char *name = strdup(word);

	if (!name)
		return err_set(err, -ENOMEM, "no memory for the options");
	char *value = strchr(name, '=');
	if (value)
		*value++ = '\0';
	int r = set(o, name, value, where, err);
	free(name);
	return r;
}

/* "a,b=c\,d": commas divide, a backslash takes the next character as it is. */
static int set_list(struct options *o, const char *list, struct err *err)
{
	char *word = malloc(strlen(list) + 1);
	int r = 0;

	if (!word)
		return err_set(err, -ENOMEM, "no memory for the options");
	while (*list && r == 0) {
		size_t n = 0;
		for (; *list && *list != ','; list++) {
			if (*list == '\\' && list[1])
				list++;
			word[n++] = *list;
		}
		word[n] = '\0';
		list += *list == ',';
		if (n)
			r = options_set(o, word, "-o", err);
	}
	free(word);
	return r;
}

/* ---- the config file ---- */

static char *trim(char *s)
{
	s += strspn(s, " \t\r");
	for (size_t n = strlen(s); n && strchr(" \t\r", s[n - 1]); n--)
		s[n - 1] = '\0';
	return s;
}

static int read_lines(struct options *o, char *text, struct err *err)
{
	char where[PATH_MAX + 32], *save;
	int r = 0, n = 1;

	/* strsep() rather than strtok(): empty lines count. */
	for (char *line; r == 0 && (line = strsep(&text, "\n")); n++) {
		char *name = trim(line);
		if (!*name || *name == '#')
			continue;
		save = strchr(name, '=');
		if (save)
			*save++ = '\0';
		snprintf(where, sizeof(where), "%.200s line %d", o->config_path, n);
		r = set(o, trim(name), save ? trim(save) : NULL, where, err);
	}
	return r;
}

static int read_config(struct options *o, struct err *err)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *text;
	size_t len;

	if (xdg && xdg[0] == '/')
		snprintf(o->config_path, sizeof(o->config_path), "%s/corosfs/config", xdg);
	else if (home && home[0] == '/')
		snprintf(o->config_path, sizeof(o->config_path), "%s/.config/corosfs/config", home);
	else
		return 0;
	int r = atomic_file_read(AT_FDCWD, o->config_path, CONFIG_MAX, &text, &len, err);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return r;
	r = read_lines(o, text, err);
	explicit_bzero(text, len);
	free(text);
	return r;
}

/* ---- the command line ---- */

static int positional(int argc, char **argv, struct options *o, struct err *err)
{
	if (argc < 1 || argc > 2)
		return err_set(err, -EINVAL,
			       "usage: corosfs [ACCOUNT] MOUNTPOINT [-o option,...]; "
			       "see corosfs --help");
	if (argc == 2) {
		free(o->account);
		o->account = strdup(argv[0]);
	}
	o->mountpoint = strdup(argv[argc - 1]);
	if (!o->mountpoint || (argc == 2 && !o->account))
		return err_set(err, -ENOMEM, "no memory for the options");
	if (!o->account)
		return err_set(err, -EINVAL,
			       "which account? corosfs you@example.org MOUNTPOINT, or "
			       "`account = you@example.org` in %s",
			       o->config_path[0] ? o->config_path : "the config file");
	return 0;
}

/* What getopt_long() stumbled over. optind may not have moved past a word of several letters. */
static int unknown(const char *word, struct err *err)
{
	if (optopt == 'o')
		return err_set(err, -EINVAL, "-o needs an option behind it; see corosfs --help");
	if (optopt && strncmp(word, "--", 2) != 0)
		return err_set(err, -EINVAL, "unknown option `-%c`; see corosfs --help", optopt);
	return err_set(err, -EINVAL, "unknown option `%s`; see corosfs --help", word);
}

int options_parse(int argc, char **argv, struct options *o, enum options_action *action,
		  struct err *err)
{
	static const struct option words[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int c, r = 0;

	*o = (struct options){
		.memory = 64 << 20,
		.ttl = 60,
		.rate = 10,
		.timeout = 30,
		.log = LOG_LEVEL_WARN,
		.uid = -1,
		.gid = -1,
		.umask = -1,
	};
	*action = OPTIONS_MOUNT;
	optind = 1;
	opterr = 0;
	/* --help must work whatever is in the config file. */
	while ((c = getopt_long(argc, argv, "fdo:hV", words, NULL)) != -1) {
		if (c == 'h' || c == 'V') {
			*action = c == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
			return 0;
		}
		/* The next pass finds it in front of the other arguments. */
		if (c == '?' && optopt == 'o')
			r = unknown("-o", err);
	}
	if (r < 0 || (r = read_config(o, err)) < 0)
		return r;
	optind = 1;
	while ((c = getopt_long(argc, argv, "fdo:hV", words, NULL)) != -1) {
		if (c == 'o')
			r = set_list(o, optarg, err);
		else if (c == '?')
			r = unknown(argv[optind - 1], err);
		o->foreground |= c == 'f' || c == 'd';
		o->debug |= c == 'd';
		if (r < 0)
			return r;
	}
	if (o->debug)
		o->log = LOG_LEVEL_DEBUG;
	return positional(argc - optind, argv + optind, o, err);
}

void options_clear(struct options *o)
{
	for (size_t i = 0; i < SPECS; i++)
		if (specs[i].kind == KIND_STRING)
			free(*(char **)((char *)o + specs[i].at));
	free(o->mountpoint);
	*o = (struct options){0};
}

void options_help(FILE *out)
{
	fputs("usage: corosfs [ACCOUNT] MOUNTPOINT [-o option,...] [-f] [-d]\n"
	      "\n"
	      "Mounts a COROS Training Hub account, read-only. ACCOUNT is the e-mail, or comes "
	      "from\n"
	      "`account = ...` in ~/.config/corosfs/config. Unmount with fusermount3 -u "
	      "MOUNTPOINT.\n"
	      "\n"
	      "  -f         stay in the foreground\n"
	      "  -d         the same, and show each hub request\n"
	      "  --help     this text\n"
	      "  --version\n"
	      "\n"
	      "options, after -o or as lines `name = value` in the config file:\n",
	      out);
	for (size_t i = 0; i < SPECS; i++)
		if (specs[i].help)
			fprintf(out, "  %s%-*s%s\n", specs[i].name,
				(int)(18 - strlen(specs[i].name)),
				specs[i].kind == KIND_FLAG ? "" : "=", specs[i].help);
	fputs("\n"
	      "The password comes from password_command, password_file, $COROSFS_PASSWORD, "
	      "systemd's\n"
	      "$CREDENTIALS_DIRECTORY/corosfs-password, or a prompt; in this order.\n",
	      out);
}
