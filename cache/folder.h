/* SPDX-License-Identifier: MIT */
/* The names in a folder of the cache. */
#ifndef CACHE_FOLDER_H
#define CACHE_FOLDER_H

#include "api/err.h"

/* `dirfd` is the folder's. May remove the name. */
typedef void folder_name(void *arg, int dirfd, const char *name);

/* Calls `each` for the names in the folder `path` of `at` (no link), "." and ".." among them. 0; or
 * a negative errno with words, -ENOENT among them: what was seen so far is not all there is. */
int folder_each(int at, const char *path, folder_name *each, void *arg, struct err *err);

#endif
