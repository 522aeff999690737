/* SPDX-License-Identifier: MIT */
/* What a path in the mount is. Pure. */
#ifndef FS_REFRESH_PATH_H
#define FS_REFRESH_PATH_H

#include "fs/tree.h"

/*
 * "2022/12/x.json", "fit/2022" or "" to the thing of that name, if there are data for it; the
 * months that it is about are its own (first 0: all). Of an activity's file the thing is its month,
 * and `name`, else "", the file's. 0 or -ENOENT: nothing of that name can be there.
 */
int refresh_path(const char *path, struct thing *t, char name[TREE_NAME_MAX]);

#endif
