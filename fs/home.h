/* SPDX-License-Identifier: MIT */
/* The home of whoever mounts. */
#ifndef FS_HOME_H
#define FS_HOME_H

/*
 * Sees to it that $HOME is a folder of this user's, below which config and cache are. mount(8)
 * takes HOME out of the environment, and mount.fuse3 then makes it /root, whoever mounts; so a
 * HOME that is not set, or is another user's where we may not write, becomes the one that the list
 * of users names. One that does not exist yet, or is ours and read-only, stays as it was asked for.
 * Call it before any thread.
 */
void home_settle(void);

#endif
