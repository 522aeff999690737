/* SPDX-License-Identifier: MIT */
/* The account's folder; see cache_dir.h. */
#include "cache/cache_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "api/log.h"
#include "cache/atomic_file.h"

/* A mount that was just ended still writes what it has: wait for it a little. */
#define LOCK_WAIT_MS 3000
#define LOCK_TRIES   60

static const char format[] = "corosfs cache 1\n";

int cache_dir_path(const char *root, const char *account, const char *api, char path[PATH_MAX],
		   struct err *err)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	XXH128_hash_t hash;
	int len;

	/* The folder's name should not tell whose it is; it need not resist an attacker. */
	hash = XXH3_128bits_withSeed(account, strlen(account),
				     api ? XXH3_64bits(api, strlen(api)) : 0);
	if (!root && xdg && xdg[0] == '/')
		len = snprintf(path, PATH_MAX, "%s/corosfs/", xdg);
	else if (!root && home && home[0] == '/')
		len = snprintf(path, PATH_MAX, "%s/.cache/corosfs/", home);
	else if (root)
		len = snprintf(path, PATH_MAX, "%s/", root);
	else
		return err_set(err, -ENOENT,
			       "no HOME to keep a cache in; set it, or use -o cache_dir=FOLDER");
	if (len >= PATH_MAX - 33)
		return err_set(err, -ENAMETOOLONG, "the cache folder's path is too long");
	snprintf(path + len, 33, "%016llx%016llx", (unsigned long long)hash.high64,
		 (unsigned long long)hash.low64);
	return 0;
}

/* mkdir -p; what is made is ours alone. */
static int make_path(const char *path, struct err *err)
{
	char part[PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	for (char *p = part + 1;; p++) {
		char c = *p;
		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return err_sys(err, -errno, "make the cache folder %s", part);
		*p = c;
		if (!c)
			return 0;
	}
}

static int open_private(int at, const char *name, struct err *err)
{
	struct stat st;

	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, -errno, "open the cache folder %s", name);
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid()) {
		close(fd);
		return err_set(err, -EPERM,
			       "the cache folder %s belongs to somebody else; "
			       "use -o cache_dir=FOLDER",
			       name);
	}
	if ((st.st_mode & 077) && fchmod(fd, 0700) < 0) {
		int r = err_sys(err, -errno, "make the cache folder %s private", name);
		close(fd);
		return r;
	}
	return fd;
}

static int take_lock(struct cache_dir *d, struct err *err)
{
	char owner[32] = "";

	d->lock_fd = openat(d->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (d->lock_fd < 0)
		return err_sys(err, -errno, "open the lock of the cache folder");
	for (int tries = LOCK_TRIES; flock(d->lock_fd, LOCK_EX | LOCK_NB) < 0; tries--) {
		if (tries && errno == EWOULDBLOCK) {
			poll(NULL, 0, LOCK_WAIT_MS / LOCK_TRIES);
			continue;
		}
		ssize_t n = read(d->lock_fd, owner, sizeof(owner) - 1);
		return err_set(err, -EBUSY,
			       "this account is mounted already, by process %ld; unmount it, or "
			       "use another -o cache_dir=FOLDER",
			       n > 0 ? strtol(owner, NULL, 10) : -1L);
	}
	int len = snprintf(owner, sizeof(owner), "%ld\n", (long)getpid());
	/* The pid is a courtesy to the next one's error message. */
	if (ftruncate(d->lock_fd, 0) < 0 || pwrite(d->lock_fd, owner, (size_t)len, 0) < 0)
		return 0;
	return 0;
}

/* Removes the plain files of a folder; what cannot be removed is left. */
static void empty_folder(int at)
{
	int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *e; (e = readdir(dir));)
		if (strcmp(e->d_name, "lock") != 0)
			unlinkat(at, e->d_name, 0);
	closedir(dir);
}

static int check_format(struct cache_dir *d, struct err *err)
{
	struct iovec iov = {(void *)format, sizeof(format) - 1};
	char *have;
	size_t len;

	if (atomic_file_read(d->fd, "format", 64, &have, &len, NULL) == 0) {
		int same = strcmp(have, format) == 0;
		free(have);
		if (same)
			return 0;
		log_info("the cache is of another version of corosfs; starting an empty one");
	}
	empty_folder(d->months_fd);
	empty_folder(d->fd);
	return atomic_file_write(d->fd, "format", &iov, 1, 0, err);
}

int cache_dir_open(struct cache_dir *d, const char *path, struct err *err)
{
	int r;

	*d = (struct cache_dir){.fd = -1, .months_fd = -1, .lock_fd = -1};
	snprintf(d->path, sizeof(d->path), "%s", path);
	r = make_path(path, err);
	if (r == 0)
		r = d->fd = open_private(AT_FDCWD, path, err);
	if (r >= 0)
		r = take_lock(d, err);
	if (r >= 0 && mkdirat(d->fd, "months", 0700) < 0 && errno != EEXIST)
		r = err_sys(err, -errno, "make months/ in the cache folder");
	if (r >= 0)
		r = d->months_fd = open_private(d->fd, "months", err);
	if (r >= 0)
		r = check_format(d, err);
	if (r < 0)
		cache_dir_close(d);
	return r < 0 ? r : 0;
}

void cache_dir_close(struct cache_dir *d)
{
	if (d->months_fd >= 0)
		close(d->months_fd);
	if (d->fd >= 0)
		close(d->fd);
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	d->fd = d->months_fd = d->lock_fd = -1;
}
