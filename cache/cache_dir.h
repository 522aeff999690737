/* SPDX-License-Identifier: MIT */
/*
 * The account's folder: ${XDG_CACHE_HOME:-~/.cache}/corosfs/<account hash>/, 0700.
 *
 *     format      the version of this layout; a folder of another version is emptied
 *     lock        held with flock(2) by the one mount that owns the folder; names its pid
 *     token       token_file.h
 *     history     history.h
 *     months/     YYYY-MM, month_file.h
 *
 * It can be deleted at any time, also under a running mount, at no loss.
 */
#ifndef CACHE_CACHE_DIR_H
#define CACHE_CACHE_DIR_H

#include <limits.h>

#include "api/err.h"

struct cache_dir {
	int fd;        /* the account's folder */
	int months_fd; /* months/ */
	int lock_fd;
	char path[PATH_MAX];
};

/*
 * The path of the account's folder: under `root` (cache_dir=), or NULL: the user's. `api` is
 * the hub's URL when it is not the real one, so that two hubs never mix. 0 or -errno.
 */
int cache_dir_path(const char *root, const char *account, const char *api, char path[PATH_MAX],
		   struct err *err);

/*
 * Makes it where it is missing and takes it. 0; -EBUSY with the owner's pid in words: another
 * mount of the account; -EPERM: it belongs to somebody else or others may read it; ...
 */
int cache_dir_open(struct cache_dir *d, const char *path, struct err *err);
void cache_dir_close(struct cache_dir *d);

#endif
