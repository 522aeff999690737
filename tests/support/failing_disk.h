/* SPDX-License-Identifier: MIT */
/*
 * A disk that fails when it is told to. Every unit test is linked with it (--wrap in the Makefile);
 * until failing_disk_begin() it passes all through.
 */
#ifndef TESTS_SUPPORT_FAILING_DISK_H
#define TESTS_SUPPORT_FAILING_DISK_H

/*
 * From now on each `call` ("openat", "read", "pread", "fstatat", "flock", "fchmod", "readdir") of
 * any thread fails with errno `code`; of openat and fstatat those alone whose name has `name` in it
 * (NULL: all). fchmod with 0: says that it has done what it has not, as where files have no modes.
 */
void failing_disk_begin(const char *call, const char *name, int code);

/* All is well again. Returns how many calls failed. */
int failing_disk_end(void);

/* How many bytes read(2) has given since the last time. */
unsigned long failing_disk_bytes(void);

#endif
