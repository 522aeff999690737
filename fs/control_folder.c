/* SPDX-License-Identifier: MIT */
/* Folders of control sockets; see control_folder.h. */
#include "fs/control_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int path_of(const struct options *o, int i, char path[PATH_MAX])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *cache = getenv("XDG_CACHE_HOME"),
		   *home = getenv("HOME");
	int n = -1;

	if (i == 0 && runtime && runtime[0] == '/')
		n = snprintf(path, PATH_MAX, "%s/corosfs", runtime);
	else if (i == 1 && cache && cache[0] == '/')
		n = snprintf(path, PATH_MAX, "%s/corosfs/run", cache);
	else if (i == 1 && home && home[0] == '/')
		n = snprintf(path, PATH_MAX, "%s/.cache/corosfs/run", home);
	else if (i == 2 && o->cache_dir)
		n = snprintf(path, PATH_MAX, "%s/run", o->cache_dir);
	return n < 0 || n >= PATH_MAX ? -ENOENT : 0;
}

/* As mkdir -p, but the folder above the uppermost of ours must be there already. */
static int make_folder(char *path, int levels)
{
	char *slash = strrchr(path, '/');

	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT || levels == 0 || slash == path)
		return -errno;
	*slash = '\0';
	int r = make_folder(path, levels - 1);
	*slash = '/';
	return r == 0 && mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : r;
}

int control_folder(const struct options *o, int i, int make, char path[PATH_MAX])
{
	struct stat st;
	int r = path_of(o, i, path);

	/* ~/.cache/corosfs/run may be new from .cache on; $XDG_RUNTIME_DIR is somebody else's to
	 * make. */
	if (r == 0 && make)
		r = make_folder(path, i == 0 ? 0 : 2);
	if (r < 0)
		return r;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 077)) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

void control_address(int dirfd, const char *name, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%.31s", dirfd,
		 name);
}

void control_name(long pid, char name[CONTROL_NAME])
{
	snprintf(name, CONTROL_NAME, "%ld.sock", pid);
}

long control_name_pid(const char *name)
{
	char *end;
	long pid = strtol(name, &end, 10);

	return pid > 0 && strcmp(end, ".sock") == 0 ? pid : 0;
}
