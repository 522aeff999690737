/* SPDX-License-Identifier: MIT */
/* Options; see options.h. */
#include "fs/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "api/log.h"
#include "fs/view.h"

enum kind {
	KIND_FLAG,
	KIND_STRING,
	KIND_PATH,   /* made absolute, since the mount leaves the folder it was started in */
	KIND_NUMBER, /* decimal, low..high */
	KIND_BYTES,  /* decimal with K, M, G */
	KIND_OCTAL,
	KIND_LEVEL,
	KIND_VIEWS,
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
	{"password_file", KIND_PATH, AT(password_file), 0, 0,
	 "FILE   the password is the first line of FILE (mode 0600)"},
	{"api", KIND_STRING, AT(api), 0, 0,
	 "URL    another hub; %r stands for the region's number"},
	{"cache_dir", KIND_PATH, AT(cache_dir), 0, 0, "DIR    instead of ~/.cache/corosfs"},
	{"memory", KIND_BYTES, AT(memory), 1 << 20, INT64_C(1) << 40,
	 "SIZE   ceiling for cached months in memory (64M)"},
	{"cache_size", KIND_BYTES, AT(cache_size), 0, INT64_C(1) << 50,
	 "SIZE   ceiling for downloaded files on disk (10G)"},
	{"views", KIND_VIEWS, AT(views), 0, 0,
	 "LIST   fit:gpx:tcx:kml:track:detail or none: in / (fit)"},
	{"xattr", KIND_FLAG, AT(xattr), 0, 0,
	 "       user.coros.* attributes on files of activities"},
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
	{"ca_file", KIND_PATH, AT(ca_file), 0, 0, "FILE   certificates to trust (PEM)"},
	{"log", KIND_LEVEL, AT(log), 0, 0, "LEVEL  error, warn, info or debug (warn)"},
	{"log_file", KIND_PATH, AT(log_file), 0, 0, "FILE   instead of syslog, or stderr with -f"},
	{"uid", KIND_NUMBER, AT(uid), 0, UINT32_MAX - 1, "N      owner of everything"},
	{"gid", KIND_NUMBER, AT(gid), 0, UINT32_MAX - 1, "N      group of everything"},
	{"umask", KIND_OCTAL, AT(umask), 0, 0777,
	 "OCTAL  permissions are 0666 and 0777 less this (077)"},
	{"allow_other", KIND_FLAG, AT(allow_other), 0, 0,
	 "       other users may look too, as far as umask= lets them"},
	{"nonempty", KIND_FLAG, AT(nonempty), 0, 0,
	 "       mount over a directory that is not empty"},
};
#define SPECS (sizeof(specs) / sizeof(specs[0]))

/* Words of mount(8), fstab(5) and libfuse that change nothing here, with or without a value. */
static const char *const ignored[] = {
	"ro",
	"rw",
	"nosuid",
	"suid",
	"nodev",
	"dev",
	"noexec",
	"exec",
	"sync",
	"async",
	"dirsync",
	"atime",
	"noatime",
	"relatime",
	"norelatime",
	"strictatime",
	"lazytime",
	"nolazytime",
	"diratime",
	"nodiratime",
	"auto",
	"noauto",
	"user",
	"nouser",
	"users",
	"owner",
	"group",
	"nofail",
	"defaults",
	"_netdev",
	"silent",
	"loud",
	"fsname",
	"subtype",
	"max_read",
	"blksize",
	"blkdev",
	"uhelper",
	"helper",
	"auto_unmount",
	"default_permissions",
};

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

/* A leading ~/ is the home: shells do not expand it behind a `=` of -o, nor does anybody in the
 * config file. */
static int parse_path(const char *value, char **path)
{
	char here[PATH_MAX] = "";
	const char *above = NULL;
	int r;

	if (value[0] == '~' && value[1] == '/') {
		above = getenv("HOME");
		if (!above || above[0] != '/')
			return -EINVAL;
		value += 2;
	} else if (value[0] != '/') {
		above = getcwd(here, sizeof(here));
		if (!above)
			return -errno;
	}
	r = above ? asprintf(path, "%s/%s", above, value) : asprintf(path, "%s", value);
	if (r < 0)
		*path = NULL;
	return r < 0 ? -ENOMEM : 0;
}

static int set_text(char **field, const char *value, int is_path)
{
	char *text = NULL;
	int r = 0;

	if (is_path)
		r = parse_path(value, &text);
	else if (!(text = strdup(value)))
		r = -ENOMEM;
	if (r < 0)
		return r;
	free(*field);
	*field = text;
	return 0;
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
	case KIND_PATH:
		if (!value || !*value)
			return -EINVAL;
		return set_text(field, value, spec->kind == KIND_PATH);
	case KIND_LEVEL:
		r = value ? parse_level(value) : -EINVAL;
		n = r;
		break;
	case KIND_VIEWS:
		r = value ? view_mask(value) : -1;
		n = r;
		r = r < 0 ? -EINVAL : 0;
		break;
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

int options_set_value(struct options *o, const char *name, const char *value, const char *where,
		      struct err *err)
{
	/* systemd's and udisks' words in fstab. */
	if (strncasecmp(name, "x-", 2) == 0 || strncmp(name, "comment", 7) == 0)
		return 0;
	if (strcmp(name, "password") == 0)
		return err_set(err, -EINVAL,
			       "%s: a password is never an option, others could see it; use "
			       "password_file= or password_command=",
			       where);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (strcmp(name, ignored[i]) == 0)
			return 0;
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
	int r = options_set_value(o, name, value, where, err);
	free(name);
	return r;
}

void options_clear(struct options *o)
{
	for (size_t i = 0; i < SPECS; i++)
		if (specs[i].kind == KIND_STRING || specs[i].kind == KIND_PATH)
			free(*(char **)((char *)o + specs[i].at));
	free(o->path);
	*o = (struct options){0};
}

void options_list(FILE *out)
{
	for (size_t i = 0; i < SPECS; i++)
		if (specs[i].help)
			fprintf(out, "  %s%-*s%s\n", specs[i].name,
				(int)(18 - strlen(specs[i].name)),
				specs[i].kind == KIND_FLAG ? "" : "=", specs[i].help);
}
