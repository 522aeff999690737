/* SPDX-License-Identifier: MIT */
/*
 * The config file: lines `name = value`. What stands behind a # at a line's beginning or after
 * white space is a comment; a value that is in quotes as a whole is what is between them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

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

static int read_lines(struct options *o, char *text, struct err *err)
{
	char where[PATH_MAX + 32], *value;
	int r = 0, n = 1;

	/* strsep() rather than strtok(): empty lines count. */
	for (char *line; r == 0 && (line = strsep(&text, "\n")); n++) {
		cut_comment(line);
		char *name = trim(line);
		if (!*name)
			continue;
		value = strchr(name, '=');
		if (value)
			*value++ = '\0';
		snprintf(where, sizeof(where), "%.200s line %d", o->config_path, n);
		r = options_set_value(o, trim(name), value ? unquote(trim(value)) : NULL, where,
				      err);
	}
	return r;
}

int options_read_config(struct options *o, struct err *err)
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
	if (r == -ENOENT || r == -ENOTDIR) {
		*err = (struct err){0};
		return 0;
	}
	if (r < 0)
		return r;
	r = read_lines(o, text, err);
	explicit_bzero(text, len);
	free(text);
	return r;
}
