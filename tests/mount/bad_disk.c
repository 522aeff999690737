/* SPDX-License-Identifier: MIT */
/*
 * A disk that lets the program down, as a library to preload: the file named by $BAD_DISK says
 * which call fails with which errno ("writev 122"), for plain files and for names in an open
 * folder, which is what the cache is made of; with a third word for the files of that name alone
 * ("read 5 format"). "fchmod 0" does nothing and says it did, as where files have no modes. While
 * there is no such file all is well.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

static int is_named(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return !*name || strcmp(slash ? slash + 1 : path, name) == 0;
}

/* Whether the call is to fail for the file of this name; -1 and errno as it fails then. */
static int fails(const char *call, const char *path)
{
	const char *bad = getenv("BAD_DISK");
	char which[32], name[64] = "";
	int code = 0, is_hit;
	FILE *f = bad ? fopen(bad, "re") : NULL;

	if (!f)
		return 0;
	is_hit = fscanf(f, "%31s %d %63s", which, &code, name) >= 2 && strcmp(which, call) == 0 &&
		 is_named(path, name);
	fclose(f);
	errno = code;
	return is_hit;
}

static int fails_open(const char *call, int fd)
{
	char link[32], path[4096];
	struct stat st;

	/* The log, which is appended to, is to say what happens. */
	if (fstat(fd, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) ||
	    (fcntl(fd, F_GETFL) & O_APPEND))
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return fails(call, path);
}

ssize_t writev(int fd, const struct iovec *iov, int parts)
{
	return fails_open("writev", fd) ? -1 : REAL(writev)(fd, iov, parts);
}

ssize_t read(int fd, void *data, size_t len)
{
	return fails_open("read", fd) ? -1 : REAL(read)(fd, data, len);
}

int fsync(int fd)
{
	return fails_open("fsync", fd) ? -1 : REAL(fsync)(fd);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	return fails("renameat", to) ? -1 : REAL(renameat)(from_at, from, to_at, to);
}

int openat(int at, const char *name, int flags, ...)
{
	va_list ap;

	va_start(ap, flags);
	mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return at != AT_FDCWD && fails("openat", name) ? -1 : REAL(openat)(at, name, flags, mode);
}

int flock(int fd, int how)
{
	return fails_open("flock", fd) ? -1 : REAL(flock)(fd, how);
}

int fchmod(int fd, mode_t mode)
{
	if (fails_open("fchmod", fd))
		return errno ? -1 : 0;
	return REAL(fchmod)(fd, mode);
}
