/* SPDX-License-Identifier: MIT */
/* Whole files or none; see atomic_file.h. */
#include "cache/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, struct iovec *iov, int parts)
{
	while (parts > 0) {
		ssize_t n = writev(fd, iov, parts);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		size_t left = (size_t)n;
		for (; parts > 0 && left >= iov->iov_len; iov++, parts--)
			left -= iov->iov_len;
		if (parts > 0) {
			iov->iov_base = (char *)iov->iov_base + left;
			iov->iov_len -= left;
		}
	}
	return 0;
}

int atomic_file_write(int dirfd, const char *name, struct iovec *iov, int parts, int64_t mtime_s,
		      struct err *err)
{
	char tmp[NAME_MAX + 1];

	if (snprintf(tmp, sizeof(tmp), ".%s.tmp", name) >= (int)sizeof(tmp))
		return err_set(err, -ENAMETOOLONG, "cache name too long: %s", name);
	/* Callers keep to one writer a name, so a fixed temporary name cannot collide. What is
	 * there is a leftover, whose mode and links are not to be trusted. */
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = openat(dirfd, tmp, flags, 0600);
	if (fd < 0 && errno == EEXIST && unlinkat(dirfd, tmp, 0) == 0)
		fd = openat(dirfd, tmp, flags, 0600);
	if (fd < 0)
		return err_sys(err, -errno, "create %s in the cache folder", tmp);

	const struct timespec times[2] = {{.tv_sec = mtime_s}, {.tv_sec = mtime_s}};
	int r = write_all(fd, iov, parts);
	if (r == 0 && mtime_s && futimens(fd, times) < 0)
		r = -errno;
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	/* Network filesystems report lost writes at close, so its answer counts. */
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(dirfd, tmp, dirfd, name) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	unlinkat(dirfd, tmp, 0);
	return err_sys(err, r, "write %s in the cache folder", name);
}

int atomic_file_is_leftover(const char *name, char of[NAME_MAX + 1])
{
	static const char end[] = ".tmp";
	size_t len = strlen(name);

	if (len < 2 + sizeof(end) - 1 || len > NAME_MAX || name[0] != '.' ||
	    strcmp(name + len - (sizeof(end) - 1), end) != 0)
		return 0;
	snprintf(of, NAME_MAX + 1, "%.*s", (int)(len - sizeof(end)), name + 1);
	return 1;
}

int read_all(int fd, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = read(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Why others could harm or know what is in it; NULL: they cannot. */
static const char *not_ours(const struct stat *st, mode_t forbidden)
{
	if (!S_ISREG(st->st_mode))
		return "is not a plain file";
	if (st->st_uid != geteuid())
		return "belongs to somebody else";
	if (!(st->st_mode & forbidden))
		return NULL;
	return forbidden & 044 ? "can be read by others (chmod 600)"
			       : "can be changed by others (chmod go-w)";
}

int atomic_file_read(int dirfd, const char *name, size_t max, char **data, size_t *len,
		     struct err *err)
{
	return atomic_file_read_mode(dirfd, name, 077, max, data, len, err);
}

int atomic_file_read_mode(int dirfd, const char *name, mode_t forbidden, size_t max, char **data,
			  size_t *len, struct err *err)
{
	struct stat st;
	const char *why;
	int r;

	/* A path that the user named may be a link to where they keep such files. */
	int links = dirfd == AT_FDCWD ? 0 : O_NOFOLLOW;
	int fd = openat(dirfd, name, O_RDONLY | links | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, -errno, "open %s", name);
	if (fstat(fd, &st) < 0) {
		r = err_sys(err, -errno, "stat %s", name);
	} else if ((why = not_ours(&st, forbidden))) {
		r = err_set(err, -EPERM, "%s %s", name, why);
	} else if ((uint64_t)st.st_size > max) {
		r = err_set(err, -EFBIG, "%s is larger than %zu bytes", name, max);
	} else {
		*len = (size_t)st.st_size;
		*data = malloc(*len + 1);
		r = *data ? read_all(fd, *data, *len) : -ENOMEM;
		if (r < 0) {
			free(*data);
			*data = NULL;
			err_sys(err, r, "read %s", name);
		} else {
			(*data)[*len] = '\0';
		}
	}
	close(fd);
	return r;
}
