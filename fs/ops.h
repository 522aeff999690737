/* SPDX-License-Identifier: MIT */
/*
 * The operations that the kernel may ask for: each unpacks its arguments into a request,
 * gathers what it needs from the cache (which may park it), and replies once. Handlers
 * never wait.
 */
#ifndef FS_OPS_H
#define FS_OPS_H

#include <fuse_lowlevel.h>

/* The session's user data is a struct fs. Without extended attributes the kernel is told so once,
 * and never asks for them again. */
struct fuse_lowlevel_ops ops_table(int with_xattr);

#endif
