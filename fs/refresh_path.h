/* SPDX-License-Identifier: MIT */
/* Which months a path in the mount is about. Pure. */
#ifndef FS_REFRESH_PATH_H
#define FS_REFRESH_PATH_H

/* The months of "2022/12/x.json", "2022" or "" (everything: first 0, last beyond all), as
 * month_number(); also behind the name of a view, "fit/2022". 0 or -ENOENT: there is no such
 * path. */
int refresh_path(const char *path, int *first, int *last);

#endif
