/* SPDX-License-Identifier: MIT */
/* Options; see options.h. */
#include "fs/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fs/options_value.h"
#include "fs/view.h"

#define AT(field) offsetof(struct options, field)

static const struct option_spec specs[] = {
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
	 "SIZE   ceiling for lists and recordings on disk (10G)"},
	{"views", KIND_VIEWS, AT(views), 0, 0,
	 "LIST   fit:gpx:tcx:kml:track:detail or none: in / (fit)"},
	{"xattr", KIND_FLAG, AT(xattr), 0, 0,
	 "       user.coros.* attributes on files of activities"},
	{"ttl", KIND_NUMBER, AT(ttl), 1, 86400, "SEC    how long the current month is fresh (60)"},
	{"rate", KIND_NUMBER, AT(rate), 0, 1000, "N      hub calls per second, 0 = no limit (10)"},
	{"timeout", KIND_NUMBER, AT(timeout), 1, 3600,
	 "SEC    the longest that one system call may wait (30)"},
	{"offline", KIND_FLAG, AT(offline), 0, 0, "       never use the network"},
	{"raw_csv", KIND_FLAG, AT(raw_csv), 0, 0,
	 "       do not protect names that look like formulas with a '"},
	{"csv_bom", KIND_FLAG, AT(csv_bom), 0, 0,
	 "       a byte-order mark in every csv, for Excel"},
	{"ca_file", KIND_PATH, AT(ca_file), 0, 0, "FILE   certificates to trust (PEM)"},
	{"log", KIND_LEVEL, AT(log), 0, 0, "LEVEL  error, warn, info or debug (warn)"},
	{"log_file", KIND_PATH, AT(log_file), 0, 0, "FILE   instead of syslog, or stderr with -f"},
	{"uid", KIND_USER, AT(uid), 0, UINT32_MAX - 1,
	 "USER   owner of everything, by name or number"},
	{"gid", KIND_GROUP, AT(gid), 0, UINT32_MAX - 1, "GROUP  group of everything"},
	{"umask", KIND_OCTAL, AT(umask), 0, 0777,
	 "OCTAL  permissions are 0666 and 0777 less this (077)"},
	{"allow_other", KIND_FLAG, AT(allow_other), 0, 0,
	 "       other users may look too, as far as umask= lets them"},
	{"allow_root", KIND_FLAG, AT(allow_root), 0, 0, "       the same for root alone"},
	{"nonempty", KIND_FLAG, AT(nonempty), 0, 0,
	 "       mount over a directory that is not empty"},
};
_Static_assert(sizeof(specs) / sizeof(specs[0]) == OPTIONS_COUNT, "a source for each");

/* Words of mount(8), fstab(5), libfuse and other network filesystems that change nothing here,
 * with or without a value; beside the x-* and comment of systemd, udisks and the like. */
static const char ignored[] =
	" "
	"_netdev ac_attr_timeout acl async async_read atime attr_timeout auto auto_cache "
	"auto_unmount bg big_writes blkdev blksize clone_fd congestion_threshold context "
	"defaults default_permissions defcontext dev diratime direct_io dirsync "
	"entry_timeout exec fg fscontext fsname group hard hard_remove helper intr "
	"intr_signal iocharset iversion kernel_cache large_read lazytime loud mand "
	"max_background max_idle_threads max_read max_readahead max_threads max_write "
	"negative_timeout noacl noatime noauto noauto_cache nodev nodiratime noexec nofail "
	"noforget nointr noiversion nolazytime nolock nomand norelatime nostrictatime "
	"nosuid nosymfollow nouser nouser_xattr owner quiet readdir_ino relatime remember "
	"ro rootcontext rw silent soft strictatime subtype suid symfollow sync sync_read "
	"uhelper use_ino user user_xattr users utf8 ";

int options_views(const char *name, const char *list, int64_t *mask, struct err *err)
{
	char one[32] = "", all[128] = "";
	int found = view_mask(list);

	*mask = found;
	if (found >= 0)
		return 0;
	do {
		size_t len = strcspn(list, ":");
		snprintf(one, sizeof(one), "%.*s", (int)len, list);
		list += len;
	} while (view_of_name(one) != FORMAT_JSON && *list++);
	for (int i = 0; i < VIEWS; i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? ", " : "",
			 view_name(views[i]));
	return err_set(err, -EINVAL, "%s: unknown `%s`; use %s (with colons between) or none", name,
		       one, all);
}

/* Of no option: a word that does no harm, or one that is not to be passed over. */
static int set_other(const char *name, struct err *err)
{
	if (strncasecmp(name, "x-", 2) == 0 || strncmp(name, "comment", 7) == 0)
		return 0;
	char word[64];
	if (snprintf(word, sizeof(word), " %s ", name) < (int)sizeof(word) && !strchr(name, ' ') &&
	    *name && strstr(ignored, word))
		return 0;
	if (strcmp(name, "password") == 0)
		return err_set(err, -EINVAL,
			       "a password is never an option, others could see it; use "
			       "password_file= or password_command=");
	if (strcmp(name, "remount") == 0)
		return err_set(
			err, -EINVAL,
			"remount: a mount cannot be changed; unmount it, and mount it again");
	return err_set(err, -EINVAL, "unknown option `%s`; see corosfs --help", name);
}

/* ---- options ---- */

/* Of a text: where it is kept; NULL for the others. */
static char **text_of(const struct options *o, size_t i)
{
	int is_text = specs[i].kind == KIND_STRING || specs[i].kind == KIND_PATH;

	return is_text ? (char **)((char *)o + specs[i].at) : NULL;
}

static void drop(struct options *o, size_t i)
{
	char **text = text_of(o, i);

	if (text) {
		free(*text);
		*text = NULL;
	}
	o->source[i] = OPTIONS_DEFAULT;
}

/* Takes over a text. */
static void keep(struct options *o, size_t i, struct option_value v, enum options_source source)
{
	void *field = (char *)o + specs[i].at;

	if ((int)source < o->source[i]) {
		free(v.text);
		return;
	}
	drop(o, i);
	o->source[i] = (signed char)source;
	if (v.text)
		*(char **)field = v.text;
	else if (specs[i].kind == KIND_FLAG)
		*(int *)field = (int)v.number;
	else
		*(int64_t *)field = v.number;
}

int options_set(struct options *o, const char *name, const char *value, enum options_source source,
		struct err *err)
{
	struct option_value v = {0};
	size_t i = 0;
	int r;

	while (i < OPTIONS_COUNT && strcmp(name, specs[i].name) != 0)
		i++;
	if (i == OPTIONS_COUNT)
		return set_other(name, err);
	if (specs[i].kind == KIND_VIEWS)
		r = options_views(name, value ? value : "", &v.number, err);
	else if ((r = option_parse(&specs[i], value, &v)) < 0)
		option_refuse(&specs[i], value, r, err);
	if (r == 0)
		keep(o, i, v, source);
	return r;
}

void options_settle_password(struct options *o, enum options_source below)
{
	/* First in the table, the account apart. */
	enum { COMMAND = 1, FILE_ };

	for (size_t i = COMMAND; i <= FILE_; i++)
		if (o->source[i] <= (signed char)below ||
		    o->source[i] < o->source[COMMAND + FILE_ - i])
			drop(o, i);
	o->password_given =
		o->source[COMMAND] == OPTIONS_GIVEN || o->source[FILE_] == OPTIONS_GIVEN;
}

void options_write_given(const struct options *o, FILE *out)
{
	for (size_t i = 0; i < OPTIONS_COUNT; i++) {
		char **text = text_of(o, i);
		if (!text || o->source[i] != OPTIONS_GIVEN)
			continue;
		/* As options_config.c reads it. */
		const char *quote = !strchr(*text, '"') ? "\"" : !strchr(*text, '\'') ? "'" : "";
		fprintf(out, "%s = %s%s%s\n", specs[i].name, quote, *text, quote);
	}
}

void options_clear(struct options *o)
{
	for (size_t i = 0; i < OPTIONS_COUNT; i++)
		drop(o, i);
	free(o->path);
	*o = (struct options){0};
}

void options_list(FILE *out)
{
	for (size_t i = 0; i < OPTIONS_COUNT; i++)
		if (specs[i].help)
			fprintf(out, "  %s%-*s%s\n", specs[i].name,
				(int)(18 - strlen(specs[i].name)),
				specs[i].kind == KIND_FLAG ? "" : "=", specs[i].help);
}
