/* SPDX-License-Identifier: MIT */
/* Answers to requests whose data are at hand: attributes, entries, listings, bytes. */
#ifndef FS_REPLY_H
#define FS_REPLY_H

#include "fs/request.h"

/* How long the kernel may remember that a name cannot exist, by its shape, seconds. */
#define REPLY_NEVER_S 14400.0
/* The name of a download, there or not: what changes in its month is not told of it (notify.c). */
#define REPLY_DOWNLOAD_S 1.0
/* A year that is there stays there. */
#define REPLY_YEAR_S 3600.0

/* Each claims the request, replies and ends it. */
void reply_error(struct request *r, int code);
/* LOOKUP: the entry, for `entry_s` and its attributes for `attr_s` seconds. */
void reply_entry(struct request *r, const struct tree_entry *e, double entry_s, double attr_s);
/* LOOKUP: no such name, to be remembered for so long. */
void reply_absent(struct request *r, double entry_s);
void reply_attr(struct request *r, const struct tree_entry *e, double attr_s);
/* READDIR and READDIRPLUS. */
void reply_listing(struct request *r, double valid_s);
/* GETXATTR and LISTXATTR: r->size 0 asks for the length. */
void reply_xattr(struct request *r, const void *data, size_t len);
/* READ: from a descriptor, without a copy where the kernel can; it stays the caller's. */
void reply_file(struct request *r, int fd, uint64_t off, size_t len);
void reply_bytes(struct request *r, const void *data, size_t len);

#endif
