/* SPDX-License-Identifier: MIT */
/* Extended attributes of an activity's files (-o xattr): what it is, without opening it. Pure. */
#ifndef FS_XATTR_H
#define FS_XATTR_H

#include <stddef.h>

#include "api/activity.h"

#define XATTR_VALUE_MAX 64

/* All names, each with its NUL. */
extern const char xattr_names[];
extern const size_t xattr_names_len;

/* The value of user.coros.*: its length, or -ENODATA: no such attribute, or the activity has no
 * such value. Not NUL-terminated. */
int xattr_value(const char *name, const struct activity *a, const char *strings,
		char value[XATTR_VALUE_MAX]);

#endif
