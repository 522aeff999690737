/* SPDX-License-Identifier: MIT */
/*
 * The account's folder: ${XDG_CACHE_HOME:-~/.cache}/corosfs/<account hash>/, 0700.
 *
 *     format      the version of this layout; of a folder of another version our own files are
 *                 removed, and nothing else
 *     lock        held with flock(2) by the one mount that owns the folder; names its pid
 *     token       token_file.h
 *     refused     refusal_file.h
 *     history     history.h
 *     months/     YYYY-MM, month_file.h
 *     files/      blob.h
 *
 * Nothing is removed because it could not be read. It can be deleted at any time, also under a
 * running mount, at no loss: what is written next makes it again. Where it cannot be made,
 * everything works without it.
 */
#ifndef CACHE_CACHE_DIR_H
#define CACHE_CACHE_DIR_H

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>

#include "api/err.h"
#include "api/lock.h"

struct cache_dir {
	/* Numbers for life: when the folder is made again it is put behind the same ones, so that
	 * other threads need not be told. */
	int fd;        /* the account's folder */
	int months_fd; /* months/ */
	int lock_fd;
	char path[PATH_MAX];
	atomic_int there; /* it could be made; else what is behind the numbers is no folder */
	atomic_int ours;  /* the lock is held: we may write */
	/* Held while the folder is made again. By threads that are there for the disk alone. */
	struct lock renewing;
};

/*
 * The path of the account's folder: under `root` (cache_dir=), or NULL: the user's. `api` is
 * the hub's URL when it is not the real one, so that two hubs never mix. 0 or -errno.
 */
int cache_dir_path(const char *root, const char *account, const char *api, char path[PATH_MAX],
		   struct err *err);

/* The process that has the folder; 0: none, -1: one that is not known. Waits for nobody. */
long cache_dir_owner(const char *path);

/* How long a mount waits for the one before it to let go. */
#define CACHE_DIR_WAIT_MS 3000
/*
 * Makes it where it is missing and takes it, at the latest after `wait_ms`. 0; -EBUSY with the
 * owner's pid in words: another mount of the account; -EPERM: it belongs to somebody else or others
 * may read it; -ENOTDIR: it, months/ or files/ is a link; -ENOLCK, -EOPNOTSUPP, -ENOSYS: its
 * filesystem has no locks; ...
 */
int cache_dir_open(struct cache_dir *d, const char *path, int wait_ms, struct err *err);
/* Does without it: every read is -ENOTDIR, every write, too, until cache_dir_renew() helps. */
int cache_dir_do_without(struct cache_dir *d, const char *path, struct err *err);
void cache_dir_close(struct cache_dir *d);

/* Whether a write that ended so says that the folder is gone, or never was. */
static inline int cache_dir_is_gone(int code)
{
	return code == -ENOENT || code == -ENOTDIR;
}

/*
 * After such a write: makes it again.
 * 1: it is empty; 0: it was there, try again; or a negative errno. Any thread.
 */
int cache_dir_renew(struct cache_dir *d, struct err *err);

/* Lets the next owner have it: nothing is written from now on. What is in it can still be read,
 * but may change. */
void cache_dir_release(struct cache_dir *d);

#endif
