/* SPDX-License-Identifier: MIT */
/* The FUSE session: mounted, served by a few threads, and ended by a signal or an unmount. */
#ifndef FS_MOUNT_H
#define FS_MOUNT_H

#include "api/err.h"
#include "fs/fs.h"

struct mount;

struct mount_config {
	struct fs *fs;
	const char *account; /* shown as the mount's source */
	const char *path;    /* mountpoint_check()'s */
	int allow_other;
	int xattr;
	void (*refresh)(void *arg); /* SIGHUP, or the clock was set */
	void (*again)(void *arg);   /* time jumped: no wait of before is worth anything */
	void (*status)(void *arg);  /* SIGUSR1 */
	void (*quiet)(void *arg);   /* the unmount has begun: keep nobody waiting */
	void *arg;
};

/* Mounts; sets fs->session. NULL and `err` on failure. */
struct mount *mount_new(const struct mount_config *config, struct err *err);

/* Blocks the signals that mount_wait_end() handles, for the calling thread and those that it
 * starts: before mount_new(), in the main thread. */
void mount_block_signals(void);

/* Starts the threads that serve the kernel. */
int mount_start(struct mount *m, struct err *err);
/* Waits until the kernel has said hello: 0, or -ETIMEDOUT. */
int mount_wait_ready(struct mount *m, struct err *err);
/* Serves until the kernel has let go of the mount. */
void mount_wait_end(struct mount *m);

/* After everything that may still reply has ended. Unmounts if it is still there. */
void mount_free(struct mount *m);

#endif
