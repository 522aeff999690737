/* SPDX-License-Identifier: MIT */
/* Command line and config file: what is taken, what wins, and the words of what is refused. */
#include "fs/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/log.h"
#include "fs/inode.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"

#define ARGS 8

/* ---- a home of one's own ---- */

static struct temp_dir home;

static void write_config(const char *text, mode_t mode)
{
	temp_dir_write(&home, "corosfs/config", text, strlen(text), mode);
}

static int new_home(void **state)
{
	(void)state;
	temp_dir_new(&home);
	setenv("XDG_CONFIG_HOME", home.path, 1);
	return mkdirat(home.fd, "corosfs", 0700);
}

static int no_home(void **state)
{
	(void)state;
	temp_dir_free(&home);
	return unsetenv("XDG_CONFIG_HOME");
}

static int parse(const char *const *args, struct options *o, enum options_action *action,
		 struct err *err)
{
	char *argv[ARGS + 2] = {"corosfs"}, text[ARGS][256];
	int argc = 1;

	for (; argc <= ARGS && args[argc - 1]; argc++) {
		snprintf(text[argc - 1], sizeof(text[0]), "%s", args[argc - 1]);
		argv[argc] = text[argc - 1];
	}
	*err = (struct err){0};
	return options_parse(argc, argv, o, action, err);
}

/* ---- one option ---- */

enum field {
	MEMORY,
	TTL,
	RATE,
	TIMEOUT,
	LOG,
	UID,
	GID,
	UMASK,
	OFFLINE,
	RAW,
	BOM,
	OTHER,
	NONEMPTY,
	CACHE,
	VIEWS_LISTED,
	XATTR,
};

static int64_t number_of(const struct options *o, enum field f)
{
	const int64_t all[] = {o->memory,   o->ttl,        o->rate,    o->timeout,
			       o->log,      o->uid,        o->gid,     o->umask,
			       o->offline,  o->raw_csv,    o->csv_bom, o->allow_other,
			       o->nonempty, o->cache_size, o->views,   o->xattr};
	return all[f];
}

static const struct number_case {
	const char *why, *word;
	enum field field;
	int64_t want;
} number_cases[] = {
	{"memory in bytes", "memory=2000000", MEMORY, 2000000},
	{"memory in kilobytes", "memory=2000k", MEMORY, 2048000},
	{"memory in megabytes", "memory=64M", MEMORY, 64 << 20},
	{"memory in gigabytes", "memory=2g", MEMORY, INT64_C(2) << 30},
	{"the least memory", "memory=1M", MEMORY, 1 << 20},
	{"the most memory", "memory=1024G", MEMORY, INT64_C(1) << 40},
	{"a cache of some size", "cache_size=500M", CACHE, INT64_C(500) << 20},
	{"no cache to speak of", "cache_size=0", CACHE, 0},
	{"a view", "views=gpx", VIEWS_LISTED, 1 << FORMAT_GPX},
	{"no view", "views=none", VIEWS_LISTED, 0},
	{"some views", "views=track:fit", VIEWS_LISTED, 1 << FORMAT_FIT | 1 << FORMAT_TRACK},
	{"attributes", "xattr", XATTR, 1},
	{"ttl", "ttl=5", TTL, 5},
	{"the longest ttl", "ttl=86400", TTL, 86400},
	{"no rate", "rate=0", RATE, 0},
	{"a rate", "rate=1000", RATE, 1000},
	{"timeout", "timeout=3600", TIMEOUT, 3600},
	{"decimal, whatever it looks like", "timeout=010", TIMEOUT, 10},
	{"log errors", "log=error", LOG, LOG_LEVEL_ERROR},
	{"log warnings", "log=warn", LOG, LOG_LEVEL_WARN},
	{"log infos", "log=info", LOG, LOG_LEVEL_INFO},
	{"log all", "log=debug", LOG, LOG_LEVEL_DEBUG},
	{"uid", "uid=0", UID, 0},
	{"the last uid", "uid=4294967294", UID, 4294967294},
	{"gid", "gid=1000", GID, 1000},
	{"a user by name", "uid=root", UID, 0},
	{"a group by name", "gid=root", GID, 0},
	{"umask is octal", "umask=027", UMASK, 027},
	{"also without a zero", "umask=77", UMASK, 077},
	{"the whole umask", "umask=777", UMASK, 0777},
	{"offline", "offline", OFFLINE, 1},
	{"raw_csv", "raw_csv", RAW, 1},
	{"csv_bom", "csv_bom", BOM, 1},
	{"allow_other", "allow_other", OTHER, 1},
	{"nonempty", "nonempty", NONEMPTY, 1},
	{"a flag with yes", "offline=yes", OFFLINE, 1},
	{"a flag with TRUE", "offline=TRUE", OFFLINE, 1},
	{"a flag with 1", "offline=1", OFFLINE, 1},
	{"a flag with on", "offline=on", OFFLINE, 1},
	{"a flag with no", "offline=no", OFFLINE, 0},
	{"a flag with false", "offline=false", OFFLINE, 0},
	{"a flag with 0", "offline=0", OFFLINE, 0},
	{"a flag with off", "offline=off", OFFLINE, 0},
};

static void number(void **state)
{
	const struct number_case *c = *state;
	const char *args[] = {"you@example.org", "/mnt", "-o", c->word, NULL};
	enum options_action action;
	struct options o;
	struct err err;

	if (parse(args, &o, &action, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(number_of(&o, c->field) == c->want);
	options_clear(&o);
}

static const struct refused_case {
	const char *why, *word;
	int want;
	const char *says; /* a part of the words */
} refused_cases[] = {
	{"an unknown option", "colour=red", -EINVAL, "unknown option `colour`"},
	{"a part of an option", "off", -EINVAL, "unknown option `off`"},
	{"case counts", "Offline", -EINVAL, "unknown option `Offline`"},
	{"a password", "password=secret", -EINVAL, "never an option"},
	{"a password is not repeated", "password=secret", -EINVAL, "password_file="},
	{"no value for a number", "ttl", -EINVAL,
	 "ttl: nothing is given; use a number from 1 to 86400"},
	{"an empty number", "ttl=", -EINVAL, "ttl: nothing is given"},
	{"a word for a number", "ttl=soon", -EINVAL, "ttl: cannot be `soon`; use a number from"},
	{"a number and a word", "ttl=5s", -EINVAL, "ttl: cannot be `5s`"},
	{"a number that is too small", "ttl=0", -EINVAL,
	 "ttl: cannot be `0`; use a number from 1 to 86400"},
	{"a number that is too large", "ttl=86401", -EINVAL, "use a number from 1 to 86400"},
	{"a negative number", "ttl=-1", -EINVAL, "ttl: cannot be `-1`"},
	{"a number past 64 bits", "ttl=99999999999999999999", -EINVAL, "ttl: cannot be"},
	{"a size for a number", "rate=1K", -EINVAL, "rate: cannot be `1K`"},
	{"too little memory", "memory=1000", -EINVAL, "use a size from 1M to 1024G"},
	{"too much memory", "memory=1025G", -EINVAL, "memory: cannot be"},
	{"memory that overflows", "memory=9223372036854775807G", -EINVAL, "memory: cannot be"},
	{"a unit alone", "memory=M", -EINVAL, "memory: cannot be `M`"},
	{"an unknown unit", "memory=64T", -EINVAL, "memory: cannot be `64T`"},
	{"a long unit", "memory=64MB", -EINVAL, "memory: cannot be `64MB`"},
	{"a digit that is not octal", "umask=078", -EINVAL,
	 "umask: cannot be `078`; use octal digits up to 777"},
	{"an umask in hex", "umask=0x1f", -EINVAL, "umask: cannot be"},
	{"too much of an umask", "umask=1777", -EINVAL, "umask: cannot be"},
	{"the uid that means none", "uid=4294967295", -EINVAL, "uid: cannot be"},
	{"an unknown level", "log=loud", -EINVAL,
	 "log: cannot be `loud`; use error, warn, info or debug"},
	{"no level", "log", -EINVAL, "log: nothing is given"},
	{"an empty text", "cache_dir=", -EINVAL, "cache_dir: nothing is given; use cache_dir=DIR"},
	{"no text", "cache_dir", -EINVAL, "use cache_dir=DIR"},
	{"a flag with another word", "offline=maybe", -EINVAL,
	 "offline: cannot be `maybe`; use yes or no"},
	{"no view", "views=fit:foo", -EINVAL,
	 "views: unknown `foo`; use detail, fit, gpx, kml, tcx, track (with colons between) or "
	 "none"},
	{"no view at all", "views", -EINVAL, "views: unknown ``; use"},
	{"a user whom nobody knows", "uid=nobody at all", -EINVAL,
	 "uid: cannot be `nobody at all`; use the name or number of a user"},
	{"a group that nobody knows", "gid=no group", -EINVAL, "the name or number of a group"},
	{"another mount", "remount", -EINVAL, "remount: a mount cannot be changed"},
	{"what would change what is shown", "modules=iconv", -EINVAL, "unknown option"},
	{"a flag with nothing behind =", "offline=", -EINVAL, "use yes or no"},
};

static void refused(void **state)
{
	const struct refused_case *c = *state;
	const char *args[] = {"you@example.org", "/mnt", "-o", c->word, NULL};
	enum options_action action;
	struct options o;
	struct err err;

	assert_int_equal(parse(args, &o, &action, &err), c->want);
	assert_int_equal(err.code, c->want);
	if (!strstr(err.text, c->says))
		fail_msg("it says: %s", err.text);
	assert_null(strstr(err.text, "secret"));
	options_clear(&o);
}

/* ---- the line ---- */

static const struct line_case {
	const char *why;
	const char *args[ARGS];
	const char *account, *mountpoint; /* NULL: -EINVAL */
	const char *says;                 /* then */
} line_cases[] = {
	{"account and mountpoint", {"you@example.org", "/mnt"}, "you@example.org", "/mnt", NULL},
	{"options in front", {"-f", "-o", "offline", "you", "/mnt"}, "you", "/mnt", NULL},
	{"options in the middle", {"you", "-f", "/mnt"}, "you", "/mnt", NULL},
	{"options behind", {"you", "/mnt", "-f"}, "you", "/mnt", NULL},
	{"-- ends options", {"-f", "--", "-you", "-mnt"}, "-you", "-mnt", NULL},
	{"as the instance of a systemd unit",
	 {"first-last@my-club.org", "/mnt"},
	 "first-last@my-club.org",
	 "/mnt",
	 NULL},
	{"the same, by systemd-escape",
	 {"first\\x2dlast\\x2bx\\x40my\\x2dclub.org", "/mnt"},
	 "first-last+x@my-club.org",
	 "/mnt",
	 NULL},
	{"a backslash that escapes nothing", {"a\\xg0\\x4", "/mnt"}, "a\\xg0\\x4", "/mnt", NULL},
	{"the account as an option", {"-o", "account=you", "/mnt"}, "you", "/mnt", NULL},
	{"the account as an argument wins",
	 {"-o", "account=me", "you", "/mnt"},
	 "you",
	 "/mnt",
	 NULL},
	{"mount(8) and fstab",
	 {"you", "/mnt", "-o",
	  "ro,rw,nosuid,nodev,noexec,suid,dev,exec,noatime,defaults,noauto,"
	  "user,_netdev,nofail,x-systemd.automount,comment=x"},
	 "you",
	 "/mnt",
	 NULL},
	{"more of those, and what libfuse's helpers hand on",
	 {"you", "/mnt", "-o",
	  "sync,async,dirsync,fsname=a,subtype=corosfs,max_read=131072,auto_unmount,"
	  "x-systemd.idle-timeout=60,X-mount.mkdir,nodiratime,group,owner,users"},
	 "you",
	 "/mnt",
	 NULL},
	{"words of other filesystems",
	 {"you", "/mnt", "-o",
	  "kernel_cache,attr_timeout=1,entry_timeout=5,nosymfollow,context=system_u:object_r:x_t,"
	  "intr,big_writes,soft,quiet,iversion,max_readahead=131072,utf8,allow_root"},
	 "you",
	 "/mnt",
	 NULL},
	{"empty words in a list", {"you", "/mnt", "-o", ",,offline,,"}, "you", "/mnt", NULL},
	{"nothing", {NULL}, NULL, NULL, "too few arguments; the usage is: corosfs [ACC"},
	{"no account", {"/mnt"}, NULL, NULL, "which account"},
	{"no mountpoint", {"a@b.c"}, NULL, NULL, "where to? corosfs a@b.c MOUNTPOINT"},
	{"too many arguments", {"a", "b", "c"}, NULL, NULL, "too many arguments"},
	{"an unknown letter", {"-x", "you", "/mnt"}, NULL, NULL, "`-x`"},
	{"an unknown letter behind another", {"-fx", "you", "/mnt"}, NULL, NULL, "`-x`"},
	{"an unknown letter before another", {"-xf", "you", "/mnt"}, NULL, NULL, "`-x`"},
	{"a value for a word that has none", {"--help=me"}, NULL, NULL, "`--help=me`"},
	{"an unknown word", {"--sing", "you", "/mnt"}, NULL, NULL, "`--sing`"},
	{"a word that is behind the others", {"you", "/mnt", "--sing"}, NULL, NULL, "`--sing`"},
	{"nothing behind -o", {"you", "/mnt", "-o"}, NULL, NULL, "-o needs"},
	{"two things at once", {"--login", "--sync", "you"}, NULL, NULL, "one at a time"},
	{"a login of nobody", {"--login"}, NULL, NULL, "which account? corosfs --login you@"},
	{"a login with a path",
	 {"--login", "you", "/mnt"},
	 NULL,
	 NULL,
	 "the usage is: corosfs --login"},
	{"two paths", {"--status", "/mnt", "/mnt"}, NULL, NULL, "the usage is: corosfs --status"},
	{"a refresh of nothing", {"--refresh"}, NULL, NULL, "the usage is: corosfs --refresh"},
	{"a month that is none",
	 {"--sync", "you", "--from", "2024-13"},
	 NULL,
	 NULL,
	 "unknown month `2024-13`"},
	{"a year is no month",
	 {"--sync", "you", "--from", "2024"},
	 NULL,
	 NULL,
	 "unknown month `2024`; use one like"},
	{"no such views",
	 {"--sync", "you", "--views", "fig"},
	 NULL,
	 NULL,
	 "--views: unknown `fig`; use"},
	{"no month", {"--sync", "you", "--from"}, NULL, NULL, "--from needs"},
	{"--from where it means nothing",
	 {"you", "/mnt", "--from", "2024-01"},
	 NULL,
	 NULL,
	 "--from does not go with"},
	{"--json where it means nothing", {"you", "/mnt", "--json"}, NULL, NULL, "--json does not"},
	{"--metrics where they mean nothing",
	 {"--sync", "you", "--metrics"},
	 NULL,
	 NULL,
	 "--metrics does not"},
	{"two formats", {"--status", "--json", "--metrics"}, NULL, NULL, "one at a time"},
	{"the second of a list is wrong",
	 {"you", "/mnt", "-o", "offline,wrong"},
	 NULL,
	 NULL,
	 "`wrong`"},
};

static void line(void **state)
{
	const struct line_case *c = *state;
	enum options_action action;
	struct options o;
	struct err err;
	int r = parse(c->args, &o, &action, &err);

	if (c->mountpoint) {
		if (r < 0)
			fail_msg("%s", err.text);
		assert_string_equal(o.account, c->account);
		assert_string_equal(o.path, c->mountpoint);
		assert_int_equal(action, OPTIONS_MOUNT);
	} else {
		assert_int_equal(r, -EINVAL);
		if (!strstr(err.text, c->says))
			fail_msg("it says: %s", err.text);
	}
	options_clear(&o);
}

static void defaults(void **state)
{
	const char *args[] = {"you", "/mnt", NULL};
	enum options_action action;
	struct options o;
	struct err err;

	(void)state;
	assert_int_equal(parse(args, &o, &action, &err), 0);
	assert_true(o.cache_size == INT64_C(10) << 30 && o.views == 1 << FORMAT_FIT && !o.xattr);
	assert_true(o.memory == 64 << 20 && o.ttl == 60 && o.rate == 10 && o.timeout == 30);
	assert_true(o.uid == -1 && o.gid == -1 && o.umask == -1 && o.log == LOG_LEVEL_WARN);
	assert_false(o.foreground || o.debug || o.offline || o.raw_csv || o.csv_bom ||
		     o.allow_other || o.nonempty);
	assert_null(o.api);
	assert_null(o.cache_dir);
	assert_null(o.password_file);
	assert_null(o.password_command);
	assert_null(o.ca_file);
	assert_null(o.log_file);
	options_clear(&o);
}

static const struct mode_case {
	const char *why, *flag;
	int foreground, debug;
	int64_t log;
} mode_cases[] = {
	{"-f stays in the foreground", "-f", 1, 0, LOG_LEVEL_WARN},
	{"-d does, and shows all", "-d", 1, 1, LOG_LEVEL_DEBUG},
	{"both in one", "-df", 1, 1, LOG_LEVEL_DEBUG},
};

static void mode(void **state)
{
	const struct mode_case *c = *state;
	const char *args[] = {c->flag, "you", "/mnt", NULL};
	enum options_action action;
	struct options o;
	struct err err;

	assert_int_equal(parse(args, &o, &action, &err), 0);
	assert_int_equal(o.foreground, c->foreground);
	assert_int_equal(o.debug, c->debug);
	assert_int_equal(o.log, c->log);
	options_clear(&o);
}

/* A list with escapes, as fstab and paths need them. */
static const struct escape_case {
	const char *why, *list, *want; /* of cache_dir */
} escape_cases[] = {
	{"a path", "cache_dir=/a/b", "/a/b"},
	{"the last one counts", "cache_dir=/a,cache_dir=/b", "/b"},
	{"an escaped comma", "cache_dir=/a\\,b,offline", "/a,b"},
	{"an escaped backslash", "cache_dir=/a\\\\b", "/a\\b"},
	{"a backslash at the end stays", "cache_dir=/a\\", "/a\\"},
	{"any escaped character", "cache_dir=\\/\\a", "/a"},
	{"an equals sign in a value", "cache_dir=/a=b", "/a=b"},
	{"spaces stay", "cache_dir=/ a ", "/ a "},
	{"the home", "cache_dir=~/a", "/home/you/a"},
	{"somebody's home is a name like another", "cache_dir=/~you", "/~you"},
	{"a path from here, since the mount does not stay here", "cache_dir=a/b", "/a/b"},
};

static void escape(void **state)
{
	const struct escape_case *c = *state;
	const char *args[] = {"you", "/mnt", "-o", c->list, NULL};
	enum options_action action;
	struct options o;
	struct err err;

	setenv("HOME", "/home/you", 1);
	assert_int_equal(chdir("/tmp/.."), 0);
	if (parse(args, &o, &action, &err) < 0)
		fail_msg("%s", err.text);
	/* From the root "a" is "//a". */
	assert_string_equal(o.cache_dir + (o.cache_dir[1] == '/'), c->want);
	options_clear(&o);
}

/* ---- help ---- */

static const struct action_case {
	const char *why;
	const char *args[ARGS];
	enum options_action want;
} action_cases[] = {
	{"--help", {"--help"}, OPTIONS_HELP},
	{"-h", {"-h"}, OPTIONS_HELP},
	{"--version", {"--version"}, OPTIONS_VERSION},
	{"-V", {"-V"}, OPTIONS_VERSION},
	{"--help whatever else is there",
	 {"you", "/mnt", "-x", "-o", "wrong", "--help"},
	 OPTIONS_HELP},
	{"the first of both counts", {"--version", "--help"}, OPTIONS_VERSION},
};

static void help(void **state)
{
	const struct action_case *c = *state;
	enum options_action action;
	struct options o;
	struct err err;

	/* A config file that nothing else would get past. */
	write_config("wrong\n", 0644);
	assert_int_equal(parse(c->args, &o, &action, &err), 0);
	assert_int_equal(action, c->want);
	options_clear(&o);
}

static const struct command_case {
	const char *why;
	const char *args[ARGS];
	enum options_action want;
	const char *account, *path;
	int from;
} command_cases[] = {
	{"--login", {"--login", "you"}, OPTIONS_LOGIN, "you", NULL, 0},
	{"--login behind its account", {"you", "--login"}, OPTIONS_LOGIN, "you", NULL, 0},
	{"--login with an option",
	 {"--login", "-o", "account=you,offline"},
	 OPTIONS_LOGIN,
	 "you",
	 NULL,
	 0},
	{"--sync", {"--sync", "you", "--json"}, OPTIONS_SYNC, "you", NULL, 0},
	{"--sync --from",
	 {"--sync", "--from", "2022-12", "you"},
	 OPTIONS_SYNC,
	 "you",
	 NULL,
	 2022 * 12 + 11},
	{"--status of all", {"--status"}, OPTIONS_STATUS, NULL, NULL, 0},
	{"--status of one", {"--status", "--metrics", "/mnt"}, OPTIONS_STATUS, NULL, "/mnt", 0},
	{"--refresh", {"--refresh", "/mnt/2022"}, OPTIONS_REFRESH, NULL, "/mnt/2022", 0},
	{"--check", {"--check", "you"}, OPTIONS_CHECK, "you", NULL, 0},
};

static void same_text(const char *a, const char *b)
{
	if (!b)
		assert_null(a);
	else
		assert_string_equal(a, b);
}

static void command(void **state)
{
	const struct command_case *c = *state;
	enum options_action action;
	struct options o;
	struct err err;

	if (parse(c->args, &o, &action, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(action, c->want);
	same_text(o.account, c->account);
	same_text(o.path, c->path);
	assert_int_equal(o.from_month, c->from);
	options_clear(&o);
}

/* Whoever looks for a mistake is not stopped by it. */
static void check_despite_config(void **state)
{
	const char *args[] = {"--check", "you", NULL};
	enum options_action action;
	struct options o;
	struct err err;

	(void)state;
	write_config("account = me\n", 0622);
	assert_int_equal(parse(args, &o, &action, &err), 0);
	assert_int_equal(o.config_err.code, -EPERM);
	assert_string_equal(o.account, "you");
	options_clear(&o);
	/* Nor by having no account, which others are told after that. */
	args[1] = NULL;
	assert_int_equal(parse(args, &o, &action, &err), 0);
	options_clear(&o);
	args[0] = "--sync";
	assert_int_equal(parse(args, &o, &action, &err), -EPERM);
	options_clear(&o);
}

/* Every option that --help names is one, and takes what it says there. */
static void every_option_of_the_help(void **state)
{
	char *text = NULL, *save, name[64];
	size_t size, seen = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	options_help(out);
	fclose(out);
	char *list = strstr(text, "options, after -o");
	assert_non_null(list);
	strtok_r(list, "\n", &save);
	for (char *l; (l = strtok_r(NULL, "\n", &save)) && l[0] == ' ';) {
		assert_true(strlen(l) <= 80);
		assert_int_equal(sscanf(l, " %63[a-z_]", name), 1);
		int flag = l[2 + strlen(name)] != '=';
		const char *value = strcmp(name, "umask") == 0    ? "022"
				    : strcmp(name, "log") == 0    ? "info"
				    : strcmp(name, "memory") == 0 ? "64M"
				    : strcmp(name, "views") == 0  ? "fit:gpx"
								  : "20";
		struct options o = {0};
		struct err err;
		if (options_set(&o, name, flag ? NULL : value, OPTIONS_GIVEN, &err) < 0)
			fail_msg("%s", err.text);
		options_clear(&o);
		seen++;
	}
	assert_true(seen >= 19);
	free(text);
}

/* ---- the config file ---- */

static const struct config_case {
	const char *why, *text;
	int want;
	const char *account, *cache_dir, *says;
} config_cases[] = {
	{"names and values", "account = you@example.org\ncache_dir = /a b\n", 0, "you@example.org",
	 "/a b", NULL},
	{"without spaces", "account=you\ncache_dir=/a", 0, "you", "/a", NULL},
	{"tabs and more spaces", "\t account \t=\t you \t\n", 0, "you", NULL, NULL},
	{"lines as Windows ends them", "account = you\r\ncache_dir = /a\r\n", 0, "you", "/a", NULL},
	{"comments and empty lines", "\n# account = me\n\n  # more\naccount = you\n", 0, "you",
	 NULL, NULL},
	{"a # in a value stays", "account = you#me\n", 0, "you#me", NULL, NULL},
	{"a # behind a space begins a comment", "account = you # me\n", 0, "you", NULL, NULL},
	{"behind a tab, too", "account = you\t# me\n", 0, "you", NULL, NULL},
	{"quotes around a value go", "account = \"you\"\n", 0, "you", NULL, NULL},
	{"single ones, too, with a comment", "account = 'you' # me\n", 0, "you", NULL, NULL},
	{"spaces and # are kept in them", "account = \" you # me\"\n", 0, " you # me", NULL, NULL},
	{"quotes inside a value stay", "account = pass 'a # b' \"c\" # d\n", 0,
	 "pass 'a # b' \"c\"", NULL, NULL},
	{"two words in quotes stay", "account = 'a' 'b'\n", 0, "'a' 'b'", NULL, NULL},
	{"a lone quote is a character", "account = o'brien # me\n", 0, "o'brien", NULL, NULL},
	{"a flag with a comment", "account = you\noffline # always\n", 0, "you", NULL, NULL},
	{"an equals sign in a value", "account = you=me\n", 0, "you=me", NULL, NULL},
	{"a comma in a value", "account = you,me\n", 0, "you,me", NULL, NULL},
	{"a flag", "account = you\noffline\n", 0, "you", NULL, NULL},
	{"the last line counts", "account = me\naccount = you", 0, "you", NULL, NULL},
	{"an unknown name", "account = you\n\ncolour = red\n", -EINVAL, NULL, NULL,
	 "config line 3: unknown option `colour`"},
	{"a wrong value", "# a\nttl = soon\n", -EINVAL, NULL, NULL,
	 "config line 2: ttl: cannot be `soon`"},
	{"a password is refused", "password = secret\n", -EINVAL, NULL, NULL, "never an option"},
	{"no name", "= you\n", -EINVAL, NULL, NULL, "line 1"},
	{"an empty value", "account =\n", -EINVAL, NULL, NULL, "account: nothing is given"},
	{"a password of nobody", "ttl = 5\npassword_file = /f\n[you]\nttl = 6\n", -EINVAL, NULL,
	 NULL, "config line 2: whose password is it?"},
	{"an account within one's lines", "[you]\naccount = you\n", -EINVAL, NULL, NULL,
	 "line 2: account = belongs in front"},
	{"a bracket that is not closed", "account = you\n[me\n", -EINVAL, NULL, NULL,
	 "line 2: an account in brackets"},
	{"a mistake in another's lines", "account = you\n[me]\nttl = soon\n", -EINVAL, NULL, NULL,
	 "line 3: ttl"},
	{"no account anywhere", "offline\n", -EINVAL, NULL, NULL, "which account"},
	{"an empty file", "", -EINVAL, NULL, NULL, "which account"},
};

static void config(void **state)
{
	const struct config_case *c = *state;
	const char *args[] = {"/mnt", NULL};
	enum options_action action;
	struct options o;
	struct err err;

	write_config(c->text, 0600);
	int r = parse(args, &o, &action, &err);
	assert_int_equal(r, c->want);
	if (r == 0) {
		assert_string_equal(o.account, c->account);
		if (c->cache_dir)
			assert_string_equal(o.cache_dir, c->cache_dir);
	} else if (!strstr(err.text, c->says) || strstr(err.text, "secret")) {
		fail_msg("it says: %s", err.text);
	}
	options_clear(&o);
}

static void command_line_wins(void **state)
{
	const char *args[] = {"you", "/mnt", "-o", "ttl=5,offline=no,cache_dir=/b", NULL};
	enum options_action action;
	struct options o;
	struct err err;

	(void)state;
	write_config("account = me\nttl = 7\noffline\ncache_dir = /a\nrate = 3\n", 0600);
	assert_int_equal(parse(args, &o, &action, &err), 0);
	assert_string_equal(o.account, "you");
	assert_string_equal(o.cache_dir, "/b");
	assert_int_equal(o.ttl, 5);
	assert_int_equal(o.offline, 0);
	assert_int_equal(o.rate, 3);
	options_clear(&o);
}

static const struct readable_case {
	const char *why;
	mode_t mode;
	int want;
} readable_cases[] = {
	{"mine alone", 0600, 0},
	{"mine alone, read-only", 0400, 0},
	{"the group may read it", 0640, 0},
	{"all may read it", 0644, 0},
	{"the group may write it", 0660, -EPERM},
	{"all may write it", 0602, -EPERM},
};

static void readable(void **state)
{
	const struct readable_case *c = *state;
	const char *args[] = {"/mnt", NULL};
	enum options_action action;
	struct options o;
	struct err err;

	write_config("account = you\n", c->mode);
	assert_int_equal(parse(args, &o, &action, &err), c->want);
	if (c->want < 0)
		assert_non_null(strstr(err.text, home.path));
	options_clear(&o);
}

/* ---- whose password it is ---- */

#define TWO                                                                                        \
	"password_command = pass me\naccount = me\nttl = 5\n"                                      \
	"[you]\npassword_file = /you\nttl = 6\n[ Third@example.org ]\nrate = 3\n"

static const struct whose_case {
	const char *why, *text, *account, *word; /* account: NULL: not given; word: of -o */
	const char *command, *file;
	int64_t ttl, rate;
} whose_cases[] = {
	{"the account that the config names", TWO, NULL, "ro", "pass me", NULL, 5, 10},
	{"the same, given", TWO, "me", "ro", "pass me", NULL, 5, 10},
	{"the same as an option", TWO, NULL, "account=me", "pass me", NULL, 5, 10},
	{"one with lines of its own", TWO, "you", "ro", NULL, "/you", 6, 10},
	{"case does not count in an e-mail", TWO, "third@Example.org", "ro", NULL, NULL, 5, 3},
	{"one that is not in it has no password", TWO, "else", "ro", NULL, NULL, 5, 10},
	{"the command line wins over both", TWO, "you", "ttl=7", NULL, "/you", 7, 10},
	{"also over the other kind of password", TWO, "me", "password_file=/f", NULL, "/f", 5, 10},
	{"and for an account that is not in it", TWO, "else", "password_command=c", "c", NULL, 5,
	 10},
	{"lines of the account win over those for all",
	 "account = me\npassword_command = a\n[me]\npassword_file = /b\n", NULL, "ro", NULL, "/b",
	 60, 10},
	{"the account of the config may have lines, too", "account = me\n[me]\nttl = 9\n", NULL,
	 "ro", NULL, NULL, 9, 10},
	{"a mark in front, as Windows' editors have it",
	 "\xef\xbb\xbf"
	 "account = me\n",
	 NULL, "ro", NULL, NULL, 60, 10},
};

static void whose(void **state)
{
	const struct whose_case *c = *state;
	const char *args[] = {"-o", c->word, "/mnt", NULL, NULL};
	enum options_action action;
	struct options o;
	struct err err;

	if (c->account) {
		args[2] = c->account;
		args[3] = "/mnt";
	}
	write_config(c->text, 0600);
	if (parse(args, &o, &action, &err) < 0)
		fail_msg("%s", err.text);
	same_text(o.password_command, c->command);
	same_text(o.password_file, c->file);
	assert_int_equal(o.password_given, strncmp(c->word, "password", 8) == 0);
	assert_int_equal(o.ttl, c->ttl);
	assert_int_equal(o.rate, c->rate);
	options_clear(&o);
}

/* ---- the config that a login leaves behind ---- */

static void written(void **state)
{
	const char *login[] = {"--login", "me", "-o",
			       "password_command=pass '#1',ttl=5,api=http://x", NULL};
	const char *mount[] = {"/mnt", NULL};
	enum options_action action;
	struct options o;
	struct stat st;
	struct err err;

	(void)state;
	setenv("XDG_CONFIG_HOME", "", 1);
	setenv("HOME", home.path, 1);
	assert_int_equal(parse(login, &o, &action, &err), 0);
	assert_int_equal(options_write_config(&o, &err), 1);
	assert_int_equal(options_write_config(&o, &err), 0);
	assert_int_equal(fstatat(home.fd, ".config/corosfs", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(home.fd, ".config/corosfs/config", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	options_clear(&o);
	assert_int_equal(parse(mount, &o, &action, &err), 0);
	assert_string_equal(o.account, "me");
	assert_string_equal(o.password_command, "pass '#1'");
	assert_string_equal(o.api, "http://x");
	assert_int_equal(o.ttl, 60);
	options_clear(&o);
	/* Where there is no place for it. */
	setenv("HOME", "/proc/none", 1);
	assert_int_equal(parse(login, &o, &action, &err), 0);
	assert_int_equal(options_write_config(&o, &err), -ENOENT);
	assert_non_null(strstr(err.text, "cannot make /proc/none"));
	options_clear(&o);
}

static void config_of_the_home(void **state)
{
	const char *args[] = {"/mnt", NULL};
	enum options_action action;
	struct options o;
	struct err err;

	(void)state;
	unsetenv("XDG_CONFIG_HOME");
	setenv("HOME", home.path, 1);
	assert_int_equal(mkdirat(home.fd, ".config", 0700), 0);
	assert_int_equal(mkdirat(home.fd, ".config/corosfs", 0700), 0);
	temp_dir_write(&home, ".config/corosfs/config", "account = you\n", 14, 0600);
	assert_int_equal(parse(args, &o, &action, &err), 0);
	assert_string_equal(o.account, "you");
	assert_non_null(strstr(o.config_path, "/.config/corosfs/config"));
	options_clear(&o);
	/* A home that is no path is no home. */
	setenv("HOME", "relative", 1);
	assert_int_equal(parse(args, &o, &action, &err), -EINVAL);
	assert_string_equal(o.config_path, "");
	options_clear(&o);
}

/* ---- no memory ---- */

static int try_parse(void *arg)
{
	const char *args[] = {"-o", "cache_dir=/a\\,b,offline,memory=5M", "you", "/mnt", NULL};
	enum options_action action;
	struct options o;
	struct err err;

	(void)arg;
	int r = parse(args, &o, &action, &err);
	if (r < 0)
		assert_int_equal(err.code, r);
	options_clear(&o);
	return r;
}

static void out_of_memory(void **state)
{
	(void)state;
	write_config("account = me\ncache_dir = /c\noffline\n", 0600);
	failing_alloc_try(try_parse, NULL, 0);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, number_cases, number);
	ROWS_ADD(&rows, refused_cases, refused);
	ROWS_ADD(&rows, line_cases, line);
	rows_add(&rows, "what is so without options", defaults, NULL);
	ROWS_ADD(&rows, mode_cases, mode);
	ROWS_ADD(&rows, escape_cases, escape);
	ROWS_ADD(&rows, action_cases, help);
	ROWS_ADD(&rows, command_cases, command);
	rows_add(&rows, "--check and a config file that is wrong", check_despite_config, NULL);
	rows_add(&rows, "every option of --help is one", every_option_of_the_help, NULL);
	ROWS_ADD(&rows, config_cases, config);
	rows_add(&rows, "the command line wins over the config file", command_line_wins, NULL);
	ROWS_ADD(&rows, readable_cases, readable);
	ROWS_ADD(&rows, whose_cases, whose);
	rows_add(&rows, "a login leaves a config behind", written, NULL);
	rows_add(&rows, "the config file of the home", config_of_the_home, NULL);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	for (size_t i = 0; i < rows.n; i++) {
		rows.test[i].setup_func = new_home;
		rows.test[i].teardown_func = no_home;
	}
	return rows_run("options", &rows);
}
