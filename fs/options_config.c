/* SPDX-License-Identifier: MIT */
/*
 * The config file: lines `name = value`, for every account, and then those of one behind a line
 * `[you@example.org]`. What stands behind a # at a line's beginning or after white space is a
 * comment; a value that is in quotes as a whole is what is between them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/atomic_file.h"
#include "fs/options.h"

#define CONFIG_MAX 65536

static char *trim(char *s)
{
	s += strspn(s, " \t\r");
	for (size_t n = strlen(s); n && strchr(" \t\r", s[n - 1]); n--)
		s[n - 1] = '\0';
	return s;
}

/* Ends the line where a comment begins. Inside quotes a # is a #; a quote that nobody closes is
 * a character like another. */
static void cut_comment(char *s)
{
	for (char *p = s; *p; p++) {
		char *end = *p == '"' || *p == '\'' ? strchr(p + 1, *p) : NULL;
		if (end) {
			p = end;
		} else if (*p == '#' && (p == s || p[-1] == ' ' || p[-1] == '\t')) {
			*p = '\0';
			return;
		}
	}
}

/* "a b" is a b; but not "a" "b", which is for a shell to take apart. */
static char *unquote(char *s)
{
	size_t n = strlen(s);

	if (n < 2 || (*s != '"' && *s != '\'') || strchr(s + 1, *s) != s + n - 1)
		return s;
	s[n - 1] = '\0';
	return s + 1;
}

struct reader {
	struct options *o;
	int line;
	const char *section;        /* NULL: still the lines for every account */
	const char *account;        /* that those lines name */
	int password_line;          /* of them, the first about passwords */
	enum options_source source; /* of the present line */
};

static int complain(const struct reader *r, struct err *err)
{
	const struct err why = *err;

	return err_set(err, why.code, "%.100s line %d: %.130s", r->o->config_path, r->line,
		       why.text);
}

/* The lines for every account are over: what they say of passwords is for the one they name. */
static int end_common(struct reader *r, struct err *err)
{
	if (r->section || !r->password_line)
		return 0;
	if (!r->account) {
		r->line = r->password_line;
		return err_set(err, -EINVAL,
			       "whose password is it? `account = you@example.org` is missing");
	}
	if (!r->o->account || strcasecmp(r->account, r->o->account) != 0)
		options_settle_password(r->o, OPTIONS_CONFIG);
	return 0;
}

/* "[you@example.org]" */
static int begin_section(struct reader *r, char *name, struct err *err)
{
	size_t len = strlen(name);

	if (len < 3 || name[len - 1] != ']')
		return err_set(err, -EINVAL, "an account in brackets is meant, [you@example.org]");
	int code = end_common(r, err);
	name[len - 1] = '\0';
	r->section = trim(name + 1);
	/* The others' lines have to be right, too. */
	r->source = r->o->account && strcasecmp(r->section, r->o->account) == 0 ? OPTIONS_SECTION
										: OPTIONS_CHECKED;
	return code;
}

static int read_line(struct reader *r, char *line, struct err *err)
{
	cut_comment(line);
	char *name = trim(line);
	if (!*name)
		return 0;
	if (*name == '[')
		return begin_section(r, name, err);
	char *value = strchr(name, '=');
	if (value) {
		*value++ = '\0';
		value = unquote(trim(value));
	}
	name = trim(name);
	if (strcmp(name, "account") == 0) {
		if (r->section)
			return err_set(err, -EINVAL,
				       "account = belongs in front of the first [account]");
		r->account = value;
	}
	if (strncmp(name, "password", 8) == 0 && !r->section && !r->password_line)
		r->password_line = r->line;
	return options_set(r->o, name, value, r->source, err);
}

int options_read_config(struct options *o, struct err *err)
{
	static const char mark[] = "\xef\xbb\xbf"; /* that Windows' editors begin a file with */
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	struct reader reader = {.o = o, .source = OPTIONS_CONFIG};
	char *text, *rest, *line;
	size_t len;

	if (xdg && xdg[0] == '/')
		snprintf(o->config_path, sizeof(o->config_path), "%s/corosfs/config", xdg);
	else if (home && home[0] == '/')
		snprintf(o->config_path, sizeof(o->config_path), "%s/.config/corosfs/config", home);
	else
		return 0;
	int r = atomic_file_read_mode(AT_FDCWD, o->config_path, 022, CONFIG_MAX, &text, &len, err);
	if (r == -ENOENT || r == -ENOTDIR) {
		*err = (struct err){0};
		return 0;
	}
	if (r < 0)
		return r;
	rest = text + (strncmp(text, mark, 3) == 0 ? 3 : 0);
	/* strsep() rather than strtok(): empty lines count. */
	while (r == 0 && (line = strsep(&rest, "\n"))) {
		reader.line++;
		r = read_line(&reader, line, err);
	}
	if (r == 0)
		r = end_common(&reader, err);
	if (r < 0)
		complain(&reader, err);
	free(text);
	return r;
}

int options_write_config(const struct options *o, struct err *err)
{
	char path[PATH_MAX];
	FILE *out = NULL;
	int fd, failed;

	snprintf(path, sizeof(path), "%s", o->config_path);
	for (char *p = path; (p = strchr(p + 1, '/')); *p = '/') {
		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return err_sys(err, -errno, "make %s", path);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0 || !(out = fdopen(fd, "w")))
		return err_sys(err, -errno, "make %s", path);
	options_write_given(o, out);
	failed = ferror(out);
	if (fclose(out) < 0 || failed) {
		err_sys(err, -errno, "write %s", path);
		unlink(path);
		return err->code;
	}
	return 1;
}
