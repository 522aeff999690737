/* SPDX-License-Identifier: MIT */
/* The names in a folder; see folder.h. */
#include "cache/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int folder_each(int at, const char *path, folder_name *each, void *arg, struct err *err)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int code = dir ? 0 : -errno;

	while (dir) {
		errno = 0;
		const struct dirent *e = readdir(dir);
		code = -errno;
		if (!e)
			break;
		each(arg, fd, e->d_name);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return code < 0 ? err_sys(err, code, "list %s in the cache folder", path) : 0;
}
