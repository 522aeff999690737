/* SPDX-License-Identifier: MIT */
/* From paths to months; see refresh_path.h. */
#include "fs/refresh_path.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "api/activity.h"
#include "api/day.h"
#include "fs/view.h"

/* A component of exactly so many digits; else 0. Moves past it and its slashes. */
static int digits(const char **path, size_t n)
{
	const char *p = *path;
	int value = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)p[i]))
			return 0;
		value = 10 * value + (p[i] - '0');
	}
	if (p[n] && p[n] != '/')
		return 0;
	*path = p + n + strspn(p + n, "/");
	return value;
}

/* A directory of the root that holds years, or all of them. */
static int pass_view(const char **path)
{
	static const char *const others[] = {"all", "days", "plan"};
	size_t len = strcspn(*path, "/");
	char name[16];
	int found;

	if (snprintf(name, sizeof(name), "%.*s", (int)len, *path) >= (int)sizeof(name))
		return 0;
	found = view_of_name(name) != FORMAT_JSON;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		found |= strcmp(others[i], name) == 0;
	if (found)
		*path += len + strspn(*path + len, "/");
	return found;
}

int refresh_path(const char *path, int *first, int *last)
{
	path += strspn(path, "/");
	int view = pass_view(&path);
	int year = digits(&path, 4);

	*first = 0;
	*last = INT_MAX;
	if (!year)
		return view || !*path ? 0 : -ENOENT;
	if (year < DAY_MIN / 10000 || year > DAY_MAX / 10000)
		return -ENOENT;
	int month = digits(&path, 2);
	if (month > 12)
		return -ENOENT;
	*first = month_number(year, month ? month : 1);
	*last = month_number(year, month ? month : 12);
	return 0;
}
