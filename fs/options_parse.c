/* SPDX-License-Identifier: MIT */
/* The command line: what to do, with whom, and the options for it. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "api/activity.h"
#include "api/day.h"
#include "api/log.h"
#include "fs/view.h"
#include "fs/options.h"

#define BIT(action) (1u << (action))
#define WITH_ACCOUNT                                                                               \
	(BIT(OPTIONS_MOUNT) | BIT(OPTIONS_LOGIN) | BIT(OPTIONS_SYNC) | BIT(OPTIONS_CHECK))

/* What may follow: [ACCOUNT] for those above, and a path. */
enum path { PATH_NONE, PATH_MAY, PATH_MUST };
static const struct {
	const char *word;
	enum path path;
	const char *usage;
} actions[] = {
	[OPTIONS_MOUNT] = {NULL, PATH_MUST, "corosfs [ACCOUNT] MOUNTPOINT [-o option,...]"},
	[OPTIONS_LOGIN] = {"--login", PATH_NONE, "corosfs --login [ACCOUNT]"},
	[OPTIONS_SYNC] = {"--sync", PATH_NONE,
			  "corosfs --sync [ACCOUNT] [--from YYYY-MM] [--views LIST] [--json]"},
	[OPTIONS_STATUS] = {"--status", PATH_MAY,
			    "corosfs --status [MOUNTPOINT] [--json | --metrics]"},
	[OPTIONS_REFRESH] = {"--refresh", PATH_MUST, "corosfs --refresh PATH"},
	[OPTIONS_CHECK] = {"--check", PATH_NONE, "corosfs --check [ACCOUNT]"},
};

enum { FLAG_FROM = 256, FLAG_VIEWS, FLAG_JSON, FLAG_METRICS, FLAG_ACTION };

static const char letters[] = "fdo:hV";
static const struct option words[] = {
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{"from", required_argument, NULL, FLAG_FROM},
	{"views", required_argument, NULL, FLAG_VIEWS},
	{"json", no_argument, NULL, FLAG_JSON},
	{"metrics", no_argument, NULL, FLAG_METRICS},
	{"login", no_argument, NULL, FLAG_ACTION + OPTIONS_LOGIN},
	{"sync", no_argument, NULL, FLAG_ACTION + OPTIONS_SYNC},
	{"status", no_argument, NULL, FLAG_ACTION + OPTIONS_STATUS},
	{"refresh", no_argument, NULL, FLAG_ACTION + OPTIONS_REFRESH},
	{"check", no_argument, NULL, FLAG_ACTION + OPTIONS_CHECK},
	{NULL, 0, NULL, 0},
};

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
		char *value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		if (n)
			r = options_set(o, word, value, OPTIONS_GIVEN, err);
	}
	free(word);
	return r;
}

/* "a\x2bb" is a+b: so systemd writes what the name of a unit cannot hold. No address has a
 * backslash. */
static void unescape(char *s)
{
	for (; (s = strstr(s, "\\x")); s++) {
		char digits[3] = "", *end;
		strncpy(digits, s + 2, 2);
		unsigned long value = strtoul(digits, &end, 16);
		if (end != digits + 2 || !value)
			continue;
		*s = (char)value;
		memmove(s + 1, s + 4, strlen(s + 4) + 1);
	}
}

/* [ACCOUNT] and the path, as the action wants them. */
static int positional(int argc, char **argv, struct options *o, enum options_action action,
		      struct err *err)
{
	int may_account = (BIT(action) & WITH_ACCOUNT) != 0;
	int least = actions[action].path == PATH_MUST;
	int most = may_account + (actions[action].path != PATH_NONE);

	if (argc < least || argc > most)
		return err_set(err, -EINVAL, "too %s arguments; the usage is: %s",
			       argc < least ? "few" : "many", actions[action].usage);
	if (actions[action].path != PATH_NONE && argc && !(o->path = strdup(argv[--argc])))
		return err_set(err, -ENOMEM, "no memory for the options");
	if (!argc)
		return 0;
	unescape(argv[0]);
	return options_set(o, "account", argv[0], OPTIONS_GIVEN, err);
}

/* After the config file, which may name one; why that cannot be read is told first. */
static int need_account(const struct options *o, enum options_action action, struct err *err)
{
	if (o->account || !(BIT(action) & WITH_ACCOUNT & ~BIT(OPTIONS_CHECK)))
		return 0;
	if (o->path && strchr(o->path, '@'))
		return err_set(err, -EINVAL, "where to? corosfs %s MOUNTPOINT", o->path);
	return err_set(err, -EINVAL,
		       "which account? corosfs%s%s you@example.org%s, or "
		       "`account = you@example.org` in %s",
		       actions[action].word ? " " : "",
		       actions[action].word ? actions[action].word : "",
		       actions[action].path == PATH_MUST ? " MOUNTPOINT" : "",
		       o->config_path[0] ? o->config_path : "the config file");
}

/* What getopt_long() stumbled over. optind may not have moved past a word of several letters. */
static int unknown(const char *word, struct err *err)
{
	if (optopt == 'o')
		return err_set(err, -EINVAL, "-o needs an option; see corosfs --help");
	if (optopt == FLAG_FROM)
		return err_set(err, -EINVAL, "--from needs a month, as in 2024-01");
	if (optopt == FLAG_VIEWS)
		return err_set(err, -EINVAL, "--views needs a list, as in fit:gpx");
	if (optopt && strncmp(word, "--", 2) != 0)
		return err_set(err, -EINVAL, "unknown option `-%c`; see corosfs --help", optopt);
	return err_set(err, -EINVAL, "unknown option `%s`; see corosfs --help", word);
}

/* "2024-01" */
static int parse_month(const char *s, int *month, struct err *err)
{
	static const char form[] = "0000-00";
	int value = 0, good = strlen(s) == strlen(form);

	for (size_t i = 0; good && i < strlen(form); i++) {
		good = form[i] == '-' ? s[i] == '-' : s[i] >= '0' && s[i] <= '9';
		if (form[i] != '-')
			value = 10 * value + (s[i] - '0');
	}
	int year = value / 100, mon = value % 100;
	if (!good || year < DAY_MIN / 10000 || year > DAY_MAX / 10000 || mon < 1 || mon > 12)
		return err_set(err, -EINVAL, "--from: unknown month `%s`; use one like 2024-01", s);
	*month = month_number(year, mon);
	return 0;
}

/* First --help, which must work whatever is in the config file, and what is to be done. */
static int find_action(int argc, char **argv, enum options_action *action, struct err *err)
{
	int c, r = 0;

	*action = OPTIONS_MOUNT;
	optind = 0; /* with what it remembers of another line */
	opterr = 0;
	while ((c = getopt_long(argc, argv, letters, words, NULL)) != -1) {
		if (c == 'h' || c == 'V') {
			*action = c == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
			return 0;
		}
		/* The next pass finds them in front of the other arguments. */
		if (c == '?' && (optopt == 'o' || optopt == FLAG_FROM || optopt == FLAG_VIEWS))
			r = unknown("-", err);
		if (c < FLAG_ACTION)
			continue;
		if (*action != OPTIONS_MOUNT)
			r = err_set(err, -EINVAL, "%s and %s: one at a time", actions[*action].word,
				    actions[c - FLAG_ACTION].word);
		*action = (enum options_action)(c - FLAG_ACTION);
	}
	return r;
}

/* A flag that means nothing to this action would be taken for more than it does. */
static int check_flags(const struct options *o, enum options_action action, struct err *err)
{
	const struct {
		int given;
		unsigned actions;
		const char *word;
	} flags[] = {
		{o->json, BIT(OPTIONS_STATUS) | BIT(OPTIONS_SYNC), "--json"},
		{o->metrics, BIT(OPTIONS_STATUS), "--metrics"},
		{o->from_month != 0, BIT(OPTIONS_SYNC), "--from"},
		{o->sync_views != 0, BIT(OPTIONS_SYNC), "--views"},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].given && !(flags[i].actions & BIT(action)))
			return err_set(err, -EINVAL, "%s does not go with this: %s", flags[i].word,
				       actions[action].usage);
	if (o->json && o->metrics)
		return err_set(err, -EINVAL, "--json and --metrics: one at a time");
	return 0;
}

static int parse_flags(int argc, char **argv, struct options *o, struct err *err)
{
	int c, r = 0;

	optind = 0; /* with what it remembers of another line */
	while (r == 0 && (c = getopt_long(argc, argv, letters, words, NULL)) != -1) {
		switch (c) {
		case 'o':
			r = set_list(o, optarg, err);
			break;
		case '?':
			r = unknown(argv[optind - 1], err);
			break;
		case 'd':
			o->debug = 1;
			/* fallthrough */
		case 'f':
			o->foreground = 1;
			break;
		case FLAG_VIEWS:
			r = options_views("--views", optarg, &o->sync_views, err);
			break;
		case FLAG_FROM:
			r = parse_month(optarg, &o->from_month, err);
			break;
		default:
			o->json |= c == FLAG_JSON;
			o->metrics |= c == FLAG_METRICS;
		}
	}
	return r;
}

int options_parse(int argc, char **argv, struct options *o, enum options_action *action,
		  struct err *err)
{
	int r;

	*o = (struct options){
		.memory = 64 << 20,
		.cache_size = INT64_C(10) << 30,
		.views = 1 << FORMAT_FIT,
		.ttl = 60,
		.rate = 10,
		.timeout = 30,
		.log = LOG_LEVEL_WARN,
		.uid = -1,
		.gid = -1,
		.umask = -1,
	};
	r = find_action(argc, argv, action, err);
	/* A command says itself what went wrong, once. */
	if (*action != OPTIONS_MOUNT)
		o->log = LOG_LEVEL_ERROR;
	if (r < 0 || *action == OPTIONS_HELP || *action == OPTIONS_VERSION)
		return r;
	if ((r = parse_flags(argc, argv, o, err)) < 0 || (r = check_flags(o, *action, err)) < 0 ||
	    (r = positional(argc - optind, argv + optind, o, *action, err)) < 0)
		return r;
	/* Those that look at a mount or for a mistake work without it. */
	if (options_read_config(o, &o->config_err) < 0 &&
	    !(BIT(*action) & (BIT(OPTIONS_STATUS) | BIT(OPTIONS_REFRESH) | BIT(OPTIONS_CHECK)))) {
		*err = o->config_err;
		return err->code;
	}
	options_settle_password(o, OPTIONS_DEFAULT);
	if (o->debug)
		o->log = LOG_LEVEL_DEBUG;
	return need_account(o, *action, err);
}

void options_help(FILE *out)
{
	fputs("usage: corosfs [ACCOUNT] MOUNTPOINT [-o option,...] [-f] [-d]\n"
	      "       corosfs --login [ACCOUNT]\n"
	      "       corosfs --sync [ACCOUNT] [--from YYYY-MM] [--views LIST] [--json]\n"
	      "       corosfs --status [MOUNTPOINT] [--json | --metrics]\n"
	      "       corosfs --refresh PATH\n"
	      "       corosfs --check [ACCOUNT]\n"
	      "\n"
	      "Mounts a COROS Training Hub account, read-only. ACCOUNT is the e-mail, or comes "
	      "from\n"
	      "`account = ...` in ~/.config/corosfs/config. Unmount with fusermount3 -u "
	      "MOUNTPOINT.\n"
	      "\n"
	      "  -f         stay in the foreground\n"
	      "  -d         the same, and show each hub request\n"
	      "  --login    ask for the password (and the mailed code, if the account wants one)\n"
	      "             and keep the login\n"
	      "  --sync     fill the cache, so that everything is there without a network;\n"
	      "             --from begins with that month, --views fit:gpx brings downloads, "
	      "too\n"
	      "  --status   how a mount, or every mount of yours, is doing; --json and --metrics\n"
	      "             (Prometheus) are for programs\n"
	      "  --refresh  fetch the month, year or everything under PATH again\n"
	      "  --check    find out why it does not work\n"
	      "  --help     this text\n"
	      "  --version\n"
	      "\n"
	      "options, after -o or as lines `name = value` in the config file:\n",
	      out);
	options_list(out);
	fputs("\n"
	      "The password comes from password_command or password_file behind -o, "
	      "$COROSFS_PASSWORD,\n"
	      "systemd's $CREDENTIALS_DIRECTORY/corosfs-password, these two in the config file, or "
	      "a prompt;\n"
	      "in this order. The exit status is 0 only when what was asked for is done, 2 for a "
	      "command\n"
	      "line that is wrong.\n",
	      out);
}
