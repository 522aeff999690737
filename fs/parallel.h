/* SPDX-License-Identifier: MIT */
/*
 * Parallel lookups and listings in one directory (FUSE_PARALLEL_DIROPS).
 *
 * Without it the kernel lets them wait for each other behind a mutex, where a reader of a
 * cached month waits for a stranger's fetch and nobody can be killed. libfuse knows the flag,
 * but before 3.17 does not pass it on (libfuse pull request 861, issue 879); so the flag is
 * put into the answer to INIT as that goes out.
 */
#ifndef FS_PARALLEL_H
#define FS_PARALLEL_H

#include "api/err.h"

struct fs;
struct fuse_conn_info;
struct fuse_session;

/* After the session is mounted, before it is served. The session's user data is a struct fs. */
int parallel_install(struct fuse_session *session, struct err *err);

/* From the init operation: the next message is the answer to INIT. */
void parallel_want(struct fs *fs, struct fuse_conn_info *conn);

#endif
