/* SPDX-License-Identifier: MIT */
/*
 * The trees of downloads: /fit, /gpx ... Each has the years and months of the main tree, and in
 * them the activities' files in one form. Pure.
 */
#ifndef FS_VIEW_H
#define FS_VIEW_H

#include "api/export.h"
#include "fs/inode.h"

/* In name order. */
#define VIEWS 6
extern const enum thing_format views[VIEWS];

/* The view with this name, or FORMAT_JSON: none (that is the main tree's). */
enum thing_format view_of_name(const char *name);
const char *view_name(enum thing_format view);
enum export view_export(enum thing_format view);

/* What the names of an activity's files end in, in a view or in the main tree. */
const char *view_ending(enum thing_format view);

/*
 * "fit:gpx" or "none" -> which views the root lists, a bit (1 << view) each; views: -1 when it is
 * none of these.
 */
int view_mask(const char *list);

#endif
