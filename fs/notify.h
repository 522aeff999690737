/* SPDX-License-Identifier: MIT */
/*
 * News from the cache: old versions are pinned for those who still hold them, and the kernel
 * is told exactly which entries changed; of downloads, whose look-ups may take long, only which
 * directories.
 *
 * The telling is done by a thread of its own, which holds no lock that a handler wants:
 * fuse_lowlevel_notify_*() waits for requests that are under way in the same directory. No
 * handler waits for it. That the kernel does not know an entry is normal.
 */
#ifndef FS_NOTIFY_H
#define FS_NOTIFY_H

#include "cache/month_store.h"
#include "fs/fs.h"

/* The callbacks of struct month_store_config; ctx is a struct fs. */
void notify_before(void *fs, struct month *old, struct month *fresh);
void notify_after(void *fs, struct month *old, struct month *fresh);
/* And of struct blob_store_config. */
void notify_download(void *fs, const struct blob_key *key);
void notify_history(void *fs, const struct history *old, const struct history *fresh);

#endif
