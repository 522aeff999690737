/* SPDX-License-Identifier: MIT */
/* The account's folder; see cache_dir.h. */
#include "cache/cache_dir.h"

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
#include "cache/folder.h"
#include "cache/month_file.h"

#define LOCK_LOOK_MS 50 /* between looks whether it is free */

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

/* What is open is of this type, ours, and for nobody else, or is made so. `name` in the folder, ""
 * the folder itself. */
static int make_private(const struct cache_dir *d, const char *name, int fd, mode_t type,
			struct err *err)
{
	const uid_t us = geteuid();
	struct stat st;
	int r = fstat(fd, &st);

	if (r == 0 && st.st_uid == us && (st.st_mode & 077) &&
	    (r = fchmod(fd, st.st_mode & 0700)) == 0)
		r = fstat(fd, &st);
	if (r < 0)
		return err_sys(err, -errno, "make %s/%s private", d->path, name);
	if ((st.st_mode & S_IFMT) != type)
		return err_set(err, -EPERM, "%s/%s is not a plain file", d->path, name);
	if (st.st_uid != us)
		return err_set(err, -EPERM,
			       "%s/%s belongs to somebody else; use -o cache_dir=FOLDER", d->path,
			       name);
	if (st.st_mode & 077)
		return err_set(err, -EPERM,
			       "%s/%s lies on a filesystem without permissions, where others may "
			       "read it; mount that with umask=077 (CIFS: dir_mode=0700,"
			       "file_mode=0600), or use -o cache_dir=FOLDER",
			       d->path, name);
	return 0;
}

static int open_folder(const struct cache_dir *d, const char *name, struct err *err)
{
	int at = name[0] ? d->fd : AT_FDCWD;
	const char *path = name[0] ? name : d->path;
	struct stat st;

	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int code = fd < 0 ? -errno : 0;
	if (code == -ENOTDIR && fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		return err_set(err, code,
			       "%s/%s is a link, and nothing is written through one; name the "
			       "folder itself with -o cache_dir=FOLDER",
			       d->path, name);
	if (code < 0)
		return err_sys(err, code, "open the cache folder %s/%s", d->path, name);
	code = make_private(d, name, fd, S_IFDIR, err);
	if (code < 0)
		close(fd);
	return code < 0 ? code : fd;
}

/* ---- the lock ---- */

#define LOCK_FLAGS (O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

/* On a disk that cannot be written the lock of before will do. */
static int open_lock(struct cache_dir *d, struct err *err)
{
	d->lock_fd = openat(d->fd, "lock", O_RDWR | O_CREAT | LOCK_FLAGS, 0600);
	if (d->lock_fd < 0 && errno == EROFS)
		d->lock_fd = openat(d->fd, "lock", O_RDONLY | LOCK_FLAGS);
	if (d->lock_fd < 0)
		return err_sys(err, -errno, "open %s/lock", d->path);
	return make_private(d, "lock", d->lock_fd, S_IFREG, err);
}

/* What the owner wrote into its lock; -1: it could not. */
static long read_owner(int lock_fd)
{
	char owner[32] = "";
	ssize_t n = pread(lock_fd, owner, sizeof(owner) - 1, 0);
	long pid = n > 0 ? strtol(owner, NULL, 10) : 0;

	return pid > 0 ? pid : -1;
}

long cache_dir_owner(const char *path)
{
	char name[PATH_MAX];
	long owner = 0;

	if (snprintf(name, sizeof(name), "%s/lock", path) >= (int)sizeof(name))
		return 0;
	int fd = open(name, O_RDONLY | LOCK_FLAGS);
	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		owner = read_owner(fd);
	close(fd);
	return owner;
}

static int taken(const struct cache_dir *d, struct err *err)
{
	long owner = read_owner(d->lock_fd);
	char by[48] = "";

	if (owner > 0)
		snprintf(by, sizeof(by), ", by process %ld", owner);
	return err_set(err, -EBUSY,
		       "this account is mounted already%s (or that is a --sync); unmount it, or "
		       "use another -o cache_dir=FOLDER",
		       by);
}

static int take_lock(struct cache_dir *d, int wait_ms, struct err *err)
{
	char owner[32] = "";
	int r = open_lock(d, err);

	if (r < 0)
		return r;
	for (; flock(d->lock_fd, LOCK_EX | LOCK_NB) < 0; wait_ms -= LOCK_LOOK_MS) {
		if (errno != EWOULDBLOCK)
			return err_sys(
				err, -errno,
				"lock %s (its filesystem has no locks for us, which keep two "
				"mounts apart; use -o cache_dir=FOLDER on another one)",
				d->path);
		if (wait_ms <= 0)
			return taken(d, err);
		poll(NULL, 0, LOCK_LOOK_MS);
	}
	int len = snprintf(owner, sizeof(owner), "%ld\n", (long)getpid());
	/* The pid is a courtesy to the next one's error message. */
	if (ftruncate(d->lock_fd, 0) < 0 || pwrite(d->lock_fd, owner, (size_t)len, 0) < 0)
		return 0;
	return 0;
}

/* ---- the format ---- */

static int is_month(const char *name)
{
	return month_file_number(name) != 0;
}

static int is_file(const char *name)
{
	static const char *const ours[] = {"format", "history", "token"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return 1;
	return 0;
}

struct removal {
	int (*ours)(const char *name);
	int n;
};

/* What cannot be removed is left. */
static void remove_ours(void *arg, int dirfd, const char *name)
{
	struct removal *r = arg;
	char of[NAME_MAX + 1];

	if (r->ours(name) || (atomic_file_is_leftover(name, of) && r->ours(of)))
		r->n += unlinkat(dirfd, name, 0) == 0;
}

/* Only a format that was read, and is another one, says anything of what is beside it. */
static int check_format(struct cache_dir *d, struct err *err)
{
	static const char any[] = "corosfs cache ";
	struct iovec iov = {(void *)format, sizeof(format) - 1};
	struct removal months = {.ours = is_month}, files = {.ours = is_file};
	char *have = NULL;
	size_t len;

	int r = atomic_file_read(d->fd, "format", 64, &have, &len, err);
	int version = r == 0 && strncmp(have, any, sizeof(any) - 1) == 0;
	int same = version && strcmp(have, format) == 0;
	free(have);
	if (same || (r < 0 && r != -ENOENT && r != -EFBIG))
		return r;
	if (r != -ENOENT && ((r = folder_each(d->months_fd, ".", remove_ours, &months, err)) < 0 ||
			     (r = folder_each(d->fd, ".", remove_ours, &files, err)) < 0))
		return r;
	if (months.n + files.n && version)
		log_info("the cache is of another version of corosfs; starting an empty one");
	else if (months.n + files.n)
		log_warn("the file `format` in %s is damaged; starting an empty cache", d->path);
	return atomic_file_write(d->fd, "format", &iov, 1, 0, err);
}

/* ---- open and close ---- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_all(struct cache_dir *d)
{
	close_fd(&d->months_fd);
	close_fd(&d->fd);
	close_fd(&d->lock_fd);
}

static void begin(struct cache_dir *d, const char *path)
{
	d->fd = d->months_fd = d->lock_fd = -1;
	snprintf(d->path, sizeof(d->path), "%s", path);
	atomic_init(&d->there, 0);
	atomic_init(&d->ours, 0);
}

static int open_months(struct cache_dir *d, struct err *err)
{
	if (mkdirat(d->fd, "months", 0700) < 0 && errno != EEXIST)
		return err_sys(err, -errno, "make %s/months", d->path);
	return open_folder(d, "months", err);
}

/* The first download makes it; what is there is to be a folder of our own. */
static int check_files(const struct cache_dir *d, struct err *err)
{
	int fd = open_folder(d, "files", err);

	if (fd >= 0)
		close(fd);
	return fd == -ENOENT ? 0 : fd;
}

/* Opens what there is to open in d, which begin() made. */
static int open_all(struct cache_dir *d, int wait_ms, struct err *err)
{
	int r = make_path(d->path, err);

	if (r == 0)
		r = d->fd = open_folder(d, "", err);
	if (r >= 0)
		r = take_lock(d, wait_ms, err);
	if (r >= 0)
		r = d->months_fd = open_months(d, err);
	if (r >= 0)
		r = check_files(d, err);
	if (r >= 0)
		r = check_format(d, err);
	if (r < 0)
		close_all(d);
	return r < 0 ? r : 0;
}

int cache_dir_open(struct cache_dir *d, const char *path, int wait_ms, struct err *err)
{
	begin(d, path);
	int r = open_all(d, wait_ms, err);
	if (r < 0)
		return r;
	lock_init(&d->renewing);
	atomic_store(&d->there, 1);
	atomic_store(&d->ours, 1);
	return 0;
}

int cache_dir_do_without(struct cache_dir *d, const char *path, struct err *err)
{
	begin(d, path);
	d->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	d->months_fd = d->fd < 0 ? -1 : fcntl(d->fd, F_DUPFD_CLOEXEC, 0);
	d->lock_fd = d->fd < 0 ? -1 : fcntl(d->fd, F_DUPFD_CLOEXEC, 0);
	if (d->months_fd < 0 || d->lock_fd < 0) {
		int r = err_sys(err, -errno, "open /dev/null");
		close_all(d);
		return r;
	}
	lock_init(&d->renewing);
	atomic_store(&d->ours, 1);
	return 0;
}

void cache_dir_close(struct cache_dir *d)
{
	if (d->fd >= 0)
		lock_clear(&d->renewing);
	close_all(d);
}

/* ---- while it is in use ---- */

/* Whether the name still leads to what is open. */
static int is_same(int at, const char *name, int fd)
{
	struct stat there, open;

	return fstatat(at, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &open) == 0 &&
	       there.st_dev == open.st_dev && there.st_ino == open.st_ino;
}

/* Puts what is open as *from behind the number `to`. */
static void put_behind(int *from, int to)
{
	dup3(*from, to, O_CLOEXEC);
	close_fd(from);
}

static int renew_all(struct cache_dir *d, struct err *err)
{
	struct cache_dir fresh;

	begin(&fresh, d->path);
	int r = open_all(&fresh, 0, err);
	if (r < 0)
		return r;
	put_behind(&fresh.fd, d->fd);
	put_behind(&fresh.months_fd, d->months_fd);
	put_behind(&fresh.lock_fd, d->lock_fd);
	atomic_store(&d->there, 1);
	return 1;
}

static int renew_months(struct cache_dir *d, struct err *err)
{
	int fd = open_months(d, err);

	if (fd < 0)
		return fd;
	put_behind(&fd, d->months_fd);
	return 1;
}

int cache_dir_renew(struct cache_dir *d, struct err *err)
{
	int r = 0;

	lock_take(&d->renewing);
	if (!atomic_load(&d->ours))
		r = err_set(err, -EBUSY, "the cache folder belongs to the next mount");
	else if (!is_same(AT_FDCWD, d->path, d->fd))
		r = renew_all(d, err);
	else if (!is_same(d->fd, "months", d->months_fd))
		r = renew_months(d, err);
	lock_drop(&d->renewing);
	return r;
}

void cache_dir_release(struct cache_dir *d)
{
	lock_take(&d->renewing);
	atomic_store(&d->ours, 0);
	/* The file stays open, and with it the number taken. */
	flock(d->lock_fd, LOCK_UN);
	lock_drop(&d->renewing);
}
