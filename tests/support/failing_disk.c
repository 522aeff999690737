/* SPDX-License-Identifier: MIT */
/* A disk that fails on demand; see failing_disk.h. */
#include "tests/support/failing_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *bad_call, *bad_name;
static int bad_code;
static atomic_int on, failed;
static atomic_ulong bytes;

void failing_disk_begin(const char *call, const char *name, int code)
{
	bad_call = call;
	bad_name = name;
	bad_code = code;
	failed = 0;
	on = 1;
}

int failing_disk_end(void)
{
	on = 0;
	return failed;
}

static int fails(const char *call, const char *name)
{
	if (!on || strcmp(call, bad_call) != 0 || (name && bad_name && !strstr(name, bad_name)))
		return 0;
	failed++;
	errno = bad_code;
	return 1;
}

#define WRAP(type, failure, name, of, arguments, ...)                                              \
	type __real_##name arguments;                                                              \
	type __wrap_##name arguments;                                                              \
	type __wrap_##name arguments                                                               \
	{                                                                                          \
		return fails(#name, of) ? (failure) : __real_##name(__VA_ARGS__);                  \
	}

WRAP(ssize_t, -1, pread, NULL, (int fd, void *to, size_t len, off_t at), fd, to, len, at)
WRAP(int, -1, fstatat, name, (int at, const char *name, struct stat *st, int flags), at, name, st,
     flags)
WRAP(int, -1, flock, NULL, (int fd, int how), fd, how)
WRAP(int, bad_code ? -1 : 0, fchmod, NULL, (int fd, mode_t mode), fd, mode)
WRAP(struct dirent *, NULL, readdir, NULL, (DIR * dir), dir)

int __real_openat(int at, const char *name, int flags, ...);
int __wrap_openat(int at, const char *name, int flags, ...);
int __wrap_openat(int at, const char *name, int flags, ...)
{
	va_list ap;

	va_start(ap, flags);
	mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return fails("openat", name) ? -1 : __real_openat(at, name, flags, mode);
}

ssize_t __real_read(int fd, void *to, size_t len);
ssize_t __wrap_read(int fd, void *to, size_t len);
ssize_t __wrap_read(int fd, void *to, size_t len)
{
	ssize_t n = fails("read", NULL) ? -1 : __real_read(fd, to, len);

	bytes += n > 0 ? (unsigned long)n : 0;
	return n;
}

unsigned long failing_disk_bytes(void)
{
	return atomic_exchange(&bytes, 0);
}
