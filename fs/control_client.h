/* SPDX-License-Identifier: MIT */
/* The asking side of the control socket (control.h). */
#ifndef FS_CONTROL_CLIENT_H
#define FS_CONTROL_CLIENT_H

#include <jansson.h>

#include "api/err.h"
#include "fs/options.h"

/* A connection to a mount. */
struct control_mount {
	int fd;
	long pid;
	char *mountpoint, *account;
	json_t *status; /* what it said of itself */
};

/*
 * All mounts of this user that answer, into *mounts, which control_mounts_free() takes. Returns how
 * many, or -ENOMEM. Each is asked for its status; sockets that nobody serves any more are removed.
 */
int control_mounts(const struct options *o, struct control_mount **mounts);
void control_mounts_free(struct control_mount *mounts, int n);

/* A connection to the process that has the cache folder. The fd, or -ENOENT: it serves none. */
int control_connect(const struct options *o, long pid);

/* A line of the answer, before its end. Returns nonzero to stop listening. */
typedef int control_line(void *arg, int fd, const json_t *line);

/*
 * Sends the request (taken) and hands the lines of the answer to `line` (may be NULL). 0; what
 * the command returned, with its words; -ETIMEDOUT: nothing came for `wait_ms`; -EPIPE: the mount
 * ended; -ECANCELED: `line` stopped it.
 */
int control_ask(int fd, json_t *request, int wait_ms, control_line *line, void *arg,
		struct err *err);

/*
 * Where a path lies: the mount, and what is behind its mountpoint ("" or "2022/12") in `rest`.
 * NULL: in none. Follows symbolic links, and never looks at or below a mountpoint, which may hang.
 */
struct control_mount *control_find(struct control_mount *mounts, int n, const char *path,
				   char rest[PATH_MAX]);

#endif
