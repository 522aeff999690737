/* SPDX-License-Identifier: MIT */
/* A file on disk that is there whole or not at all. */
#ifndef CACHE_ATOMIC_FILE_H
#define CACHE_ATOMIC_FILE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "api/err.h"

/*
 * Writes the parts to a temporary name in `dirfd`, fsyncs, sets the mtime (0: leaves it)
 * and renames it to `name`. Mode 0600. The folder itself is not synced: a rename that a
 * crash undoes is fetched again, so callers sync it once for many files.
 * One writer a name at a time. Consumes `iov`. 0 or a negative errno with words.
 */
int atomic_file_write(int dirfd, const char *name, struct iovec *iov, int parts, int64_t mtime_s,
		      struct err *err);

/* Whether this is the temporary name of an interrupted write; `of` gets the name it was for. */
int atomic_file_is_leftover(const char *name, char of[NAME_MAX + 1]);

/*
 * Reads a whole file of at most `max` bytes that is ours alone (a plain file, our user,
 * no rights for others). *data is the caller's, NUL behind it. 0, -ENOENT, -EPERM, -EFBIG ...
 */
int atomic_file_read(int dirfd, const char *name, size_t max, char **data, size_t *len,
		     struct err *err);
/* The same where others may have rights, but for these (077; 022: they must not write). */
int atomic_file_read_mode(int dirfd, const char *name, mode_t forbidden, size_t max, char **data,
			  size_t *len, struct err *err);

/* read(2) until len bytes are there. 0, or -EIO when the file ends before, or another errno. */
int read_all(int fd, void *data, size_t len);

#endif
