/* SPDX-License-Identifier: MIT */
/* The home; see home.h. */
#include "fs/home.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

void home_settle(void)
{
	const char *home = getenv("HOME");

	if (home && home[0] == '/' && (access(home, W_OK | X_OK) == 0 || errno != EACCES))
		return;
	const struct passwd *user = getpwuid(getuid());
	if (user && user->pw_dir && user->pw_dir[0] == '/')
		setenv("HOME", user->pw_dir, 1);
}
