/* SPDX-License-Identifier: MIT */
/* Whether a directory can be mounted on, and what has to go first. */
#ifndef FS_MOUNTPOINT_H
#define FS_MOUNTPOINT_H

#include <limits.h>
#include <sys/types.h>

#include "api/err.h"

#define MOUNTPOINT_TYPE "fuse.corosfs" /* in the kernel's table of mounts */

/*
 * The absolute path of the mountpoint, checked: a directory, empty (unless `nonempty`), not a
 * corosfs mount already, and neither above nor below one of the `keep` folders (NULL-ended;
 * the cache and the config file), which the mount would hide or feed on. A mount that a dead
 * corosfs left behind is unmounted first. 0 or a negative errno with words.
 */
int mountpoint_check(const char *dir, int nonempty, const char *const *keep, char path[PATH_MAX],
		     struct err *err);

/* Unmounts as soon as nobody uses it any more; from now on its name shows what was there before.
 * 0 or a negative errno. */
int mountpoint_detach(const char *path);

/* The device number of what is mounted there, without asking it. 0 or a negative errno. */
int mountpoint_device(const char *path, dev_t *device);
/* Whether a filesystem with this number is still mounted somewhere; 1 when that cannot be told. */
int mountpoint_has_name(dev_t device);

/* Whether a FUSE filesystem answers there. */
int mountpoint_answers(const char *path);

/* The same without waiting for one that hangs, for a second at most: 0; -ENOTCONN: its process is
 * dead; -ETIMEDOUT; or another negative errno. */
int mountpoint_probe(const char *path);

/* The corosfs mounts of this user in the kernel's table. */
typedef void mountpoint_seen(void *arg, const char *path);
void mountpoint_each(mountpoint_seen *seen, void *arg);

/* Pure: whether one absolute, canonical path is the other or lies below it. */
int mountpoint_overlap(const char *a, const char *b);

#endif
