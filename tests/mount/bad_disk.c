/* SPDX-License-Identifier: MIT */
/*
 * A disk that lets the program down, as a library to preload: the file named by $BAD_DISK says
 * which call fails with which errno ("writev 122"), for plain files and for names in an open
 * folder, which is what the cache is made of. While there is no such file all is well.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

static int fails(const char *call)
{
	const char *path = getenv("BAD_DISK");
	char which[32];
	int code = 0;
	FILE *f = path ? fopen(path, "re") : NULL;

	if (!f)
		return 0;
	if (fscanf(f, "%31s %d", which, &code) != 2 || strcmp(which, call) != 0)
		code = 0;
	fclose(f);
	errno = code;
	return code;
}

static int is_plain(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

ssize_t writev(int fd, const struct iovec *iov, int parts)
{
	return is_plain(fd) && fails("writev") ? -1 : REAL(writev)(fd, iov, parts);
}

ssize_t read(int fd, void *data, size_t len)
{
	return is_plain(fd) && fails("read") ? -1 : REAL(read)(fd, data, len);
}

int fsync(int fd)
{
	return fails("fsync") ? -1 : REAL(fsync)(fd);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	return fails("renameat") ? -1 : REAL(renameat)(from_at, from, to_at, to);
}

int openat(int at, const char *name, int flags, ...)
{
	va_list ap;

	va_start(ap, flags);
	mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return at != AT_FDCWD && fails("openat") ? -1 : REAL(openat)(at, name, flags, mode);
}
