/* SPDX-License-Identifier: MIT */
/* The home; see home.h. */
#include "fs/home.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder that is somebody else's, as far as can be told, and not for us to write to. */
static int is_foreign(const char *home)
{
	struct stat st;

	if (access(home, W_OK | X_OK) == 0 || errno == ENOENT)
		return 0;
	return stat(home, &st) < 0 || st.st_uid != getuid();
}

void home_settle(void)
{
	const char *home = getenv("HOME");

	if (home && home[0] == '/' && !is_foreign(home))
		return;
	const struct passwd *user = getpwuid(getuid());
	if (user && user->pw_dir && user->pw_dir[0] == '/')
		setenv("HOME", user->pw_dir, 1);
}
