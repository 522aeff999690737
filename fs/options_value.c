/* SPDX-License-Identifier: MIT */
/* Values of options; see options_value.h. */
#include "fs/options_value.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "api/log.h"

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

static int parse_id(const char *s, int is_group, int64_t *id)
{
	const struct passwd *user;
	const struct group *group;

	if (parse_number(s, 10, 0, id) == 0)
		return 0;
	if (is_group && (group = getgrnam(s)))
		*id = group->gr_gid;
	else if (!is_group && (user = getpwnam(s)))
		*id = user->pw_uid;
	else
		return -EINVAL;
	return 0;
}

int option_parse(const struct option_spec *spec, const char *s, struct option_value *v)
{
	int r = 0;

	if (!s && spec->kind != KIND_FLAG)
		return -EINVAL;
	switch (spec->kind) {
	case KIND_STRING:
	case KIND_PATH:
		if (!*s)
			return -EINVAL;
		if (spec->kind == KIND_PATH)
			return parse_path(s, &v->text);
		v->text = strdup(s);
		return v->text ? 0 : -ENOMEM;
	case KIND_FLAG:
		v->number = s ? parse_flag(s) : 1;
		return v->number < 0 ? -EINVAL : 0;
	case KIND_LEVEL:
		v->number = parse_level(s);
		return v->number < 0 ? -EINVAL : 0;
	case KIND_USER:
	case KIND_GROUP:
		r = parse_id(s, spec->kind == KIND_GROUP, &v->number);
		break;
	default:
		r = parse_number(s, spec->kind == KIND_OCTAL ? 8 : 10, spec->kind == KIND_BYTES,
				 &v->number);
	}
	return r == 0 && (v->number < spec->low || v->number > spec->high) ? -EINVAL : r;
}

/* ---- what is wrong ---- */

/* 1M, 64G: of a power of two. */
static void size_words(int64_t n, char out[32])
{
	int unit = 0;

	for (; n && n % 1024 == 0 && unit < 3; n /= 1024)
		unit++;
	snprintf(out, 32, "%" PRId64 "%.*s", n, unit > 0, &"KMG"[unit > 0 ? unit - 1 : 0]);
}

/* What an option may be. */
static void allowed(const struct option_spec *spec, char *out, size_t size)
{
	char low[32], high[32];

	switch (spec->kind) {
	case KIND_FLAG:
		snprintf(out, size, "yes or no");
		break;
	case KIND_STRING:
	case KIND_PATH:
		snprintf(out, size, "%s=%.*s", spec->name,
			 spec->help ? (int)strcspn(spec->help, " ") : 5,
			 spec->help ? spec->help : "VALUE");
		break;
	case KIND_LEVEL:
		snprintf(out, size, "error, warn, info or debug");
		break;
	case KIND_OCTAL:
		snprintf(out, size, "octal digits up to %" PRIo64, spec->high);
		break;
	case KIND_USER:
	case KIND_GROUP:
		snprintf(out, size, "the name or number of a %s",
			 spec->kind == KIND_USER ? "user" : "group");
		break;
	case KIND_BYTES:
		size_words(spec->low, low);
		size_words(spec->high, high);
		snprintf(out, size, "a size from %s to %s", low, high);
		break;
	default:
		snprintf(out, size, "a number from %" PRId64 " to %" PRId64, spec->low, spec->high);
	}
}

int option_refuse(const struct option_spec *spec, const char *value, int code, struct err *err)
{
	char words[160];

	if (code == -ENOMEM)
		return err_set(err, code, "no memory for the options");
	allowed(spec, words, sizeof(words));
	if (!value || !*value)
		return err_set(err, code, "%s: nothing is given; use %s", spec->name, words);
	return err_set(err, code, "%s: cannot be `%s`; use %s", spec->name, value, words);
}
