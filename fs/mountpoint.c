/* SPDX-License-Identifier: MIT */
/* Mountpoints; see mountpoint.h. */
#include "fs/mountpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/log.h"

#define FUSE_MAGIC 0x65735546
#define PROBE_MS   1000

/* realpath(3) of the folder above, since a dead mount cannot be looked at itself. */
static int absolute(const char *dir, char path[PATH_MAX], struct err *err)
{
	char above[PATH_MAX], real[PATH_MAX];

	if (realpath(dir, path))
		return 0;
	if (errno != ENOTCONN)
		return err_sys(err, -errno, "mount on %s", dir);
	size_t len = strlen(dir);
	while (len > 1 && dir[len - 1] == '/')
		len--;
	size_t slash = len;
	while (slash && dir[slash - 1] != '/')
		slash--;
	if (slash > 1)
		snprintf(above, sizeof(above), "%.*s", (int)slash, dir);
	else
		snprintf(above, sizeof(above), "%s", slash ? "/" : ".");
	if (!realpath(above, real))
		return err_sys(err, -errno, "mount on %s", dir);
	if (snprintf(path, PATH_MAX, "%s/%.*s", strcmp(real, "/") ? real : "", (int)(len - slash),
		     dir + slash) >= PATH_MAX)
		return err_set(err, -ENAMETOOLONG, "the mountpoint's path is too long");
	return 0;
}

/* Whether the uppermost mount there is one of ours; or -ENOMEM. Without /proc it counts as none. */
static int is_ours(const char *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char line[4 * PATH_MAX];
	struct mntent m;
	int ours = 0;

	if (!mounts)
		return errno == ENOMEM ? -ENOMEM : 0;
	while (getmntent_r(mounts, &m, line, sizeof(line)))
		if (strcmp(m.mnt_dir, path) == 0)
			ours = strcmp(m.mnt_type, MOUNTPOINT_TYPE) == 0;
	endmntent(mounts);
	return ours;
}

int mountpoint_detach(const char *path)
{
	int status = 0;

	if (geteuid() == 0)
		return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
	pid_t pid = fork();
	if (pid == 0) {
		execlp("fusermount3", "fusermount3", "-u", "-q", "-z", "--", path, (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EPERM;
}

/* stat(2) may be answered from what the kernel remembers of a dead mount; statfs(2) never is. */
static int is_dead(const char *path)
{
	struct statfs st;

	return statfs(path, &st) < 0 && errno == ENOTCONN;
}

static int clear_dead(const char *path, struct err *err)
{
	int r = is_ours(path);

	if (r < 0)
		return err_sys(err, r, "mount on %s", path);
	if (!r)
		return err_set(err, -ENOTCONN,
			       "%s holds a dead mount of another filesystem; unmount it first "
			       "(fusermount3 -u)",
			       path);
	log_info("unmounting what a dead corosfs left at %s", path);
	r = mountpoint_detach(path);
	return r < 0 ? err_sys(err, r, "unmount the dead mount at %s", path) : 0;
}

/* As far as we may see; or -ENOMEM. */
static int is_empty(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	if (!dir)
		return errno == ENOMEM ? -ENOMEM : 1;
	for (struct dirent *e; n == 0 && (e = readdir(dir));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(dir);
	return n == 0;
}

int mountpoint_overlap(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), shorter = la < lb ? la : lb;
	const char *longer = la < lb ? b : a;

	if (strncmp(a, b, shorter) != 0)
		return 0;
	return la == lb || longer[shorter] == '/' || shorter == 1;
}

/* realpath(3) of what there is of a path, and the rest, which is not there yet, as it was named. */
static void resolve(const char *folder, char path[PATH_MAX])
{
	char there[PATH_MAX], real[PATH_MAX];
	size_t len = strlen(folder);

	do {
		snprintf(there, sizeof(there), "%.*s", (int)len, folder);
		if (realpath(there, real)) {
			const char *above = strcmp(real, "/") == 0 && folder[len] ? "" : real;
			if (snprintf(path, PATH_MAX, "%s%s", above, folder + len) < PATH_MAX)
				return;
			break;
		}
		while (len && folder[--len] != '/')
			;
	} while (len);
	snprintf(path, PATH_MAX, "%s", folder);
}

static int check_keep(const char *path, const char *const *keep, struct err *err)
{
	for (; *keep; keep++) {
		char folder[PATH_MAX];
		resolve(*keep, folder);
		if (folder[0] == '/' && mountpoint_overlap(path, folder))
			return err_set(err, -EINVAL,
				       "%s cannot be the mountpoint: %s would be under it or the "
				       "other way round",
				       path, folder);
	}
	return 0;
}

int mountpoint_check(const char *dir, int nonempty, const char *const *keep, char path[PATH_MAX],
		     struct err *err)
{
	struct stat st;
	int r;

	if ((r = absolute(dir, path, err)) < 0)
		return r;
	if (is_dead(path) && (r = clear_dead(path, err)) < 0)
		return r;
	if ((r = is_ours(path)) < 0)
		return err_sys(err, r, "mount on %s", path);
	if (r)
		return err_set(err, -EBUSY,
			       "%s has a corosfs mounted already; unmount it first "
			       "(fusermount3 -u)",
			       path);
	if (stat(path, &st) < 0)
		return err_sys(err, -errno, "mount on %s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR, "cannot mount on %s: it is not a directory", path);
	r = nonempty ? 1 : is_empty(path);
	if (r < 0)
		return err_sys(err, r, "mount on %s", path);
	if (!r)
		return err_set(err, -ENOTEMPTY,
			       "cannot mount on %s: it is not empty (-o nonempty "
			       "hides what is in it)",
			       path);
	return check_keep(path, keep, err);
}

int mountpoint_device(const char *path, dev_t *device)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, 0, &st) < 0)
		return -errno;
	*device = makedev(st.stx_dev_major, st.stx_dev_minor);
	return 0;
}

int mountpoint_has_name(dev_t device)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	int found = 0;

	if (!mounts)
		return 1;
	while (!found && getline(&line, &size, mounts) > 0) {
		/* 36 35 98:0 / /mnt ...: the third is the device. */
		char *at = line;
		strtoul(at, &at, 10);
		strtoul(at, &at, 10);
		unsigned long major = strtoul(at, &at, 10);
		unsigned long minor = *at == ':' ? strtoul(at + 1, &at, 10) : 0;
		found = makedev((unsigned)major, (unsigned)minor) == device;
	}
	/* Without memory getline() says neither. */
	found = found || !feof(mounts);
	free(line);
	fclose(mounts);
	return found;
}

int mountpoint_answers(const char *path)
{
	struct statfs st;

	return statfs(path, &st) == 0 && st.f_type == FUSE_MAGIC;
}

/* Another process asks, since nobody can be made to come back from a mount that hangs. */
int mountpoint_probe(const char *path)
{
	int status = 0, ms = 0;
	struct statfs st;
	pid_t pid = fork(), r;

	if (pid == 0)
		_exit(statfs(path, &st) < 0 ? errno : 0);
	if (pid < 0)
		return -errno;
	while ((r = waitpid(pid, &status, WNOHANG)) == 0 && ms++ < PROBE_MS)
		poll(NULL, 0, 1);
	if (r != pid) {
		kill(pid, SIGKILL);
		return -ETIMEDOUT;
	}
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

void mountpoint_each(mountpoint_seen *seen, void *arg)
{
	FILE *table = setmntent("/proc/self/mounts", "re");
	char line[4 * PATH_MAX], user[32];
	struct mntent m;

	snprintf(user, sizeof(user), "user_id=%lu", (unsigned long)geteuid());
	while (table && getmntent_r(table, &m, line, sizeof(line)))
		if (strcmp(m.mnt_type, MOUNTPOINT_TYPE) == 0 && hasmntopt(&m, user))
			seen(arg, m.mnt_dir);
	if (table)
		endmntent(table);
}
