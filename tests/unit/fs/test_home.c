/* SPDX-License-Identifier: MIT */
/* Which HOME is believed. What an ordinary user may not write to is in tests/mount/user.sh. */
#include "fs/home.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/rows.h"

static const struct home_case {
	const char *why, *given; /* given: NULL when not set */
	int stays;
} home_cases[] = {
	{"none is given, as by mount(8)", NULL, 0},
	{"an empty one", "", 0},
	{"a relative one", "home", 0},
	{"one that may be written to", "/tmp", 1},
	{"one that does not exist yet", "/nonexistent/home", 1},
};

static void settle(void **state)
{
	const struct home_case *c = *state;
	const struct passwd *user = getpwuid(getuid());

	if (!user)
		skip();
	if (c->given)
		setenv("HOME", c->given, 1);
	else
		unsetenv("HOME");
	home_settle();
	assert_string_equal(getenv("HOME"), c->stays ? c->given : user->pw_dir);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, home_cases, settle);
	return rows_run("home", &rows);
}
