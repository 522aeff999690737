/* SPDX-License-Identifier: MIT */
/* What the operations of a mount share. Set up before the first request, then constant. */
#ifndef FS_FS_H
#define FS_FS_H

#include <stdatomic.h>
#include <sys/types.h>

#include "fs/ahead.h"
#include "fs/render.h"
#include "fs/tree.h"

struct fuse_session;
struct month_store;
struct node_table;
struct worker;

struct fs {
	struct month_store *store;
	struct node_table *nodes;
	struct worker *notifier; /* notify.h */
	struct fuse_session *session;
	struct render_options render;
	struct tree_views views;
	struct ahead ahead;
	atomic_uint touched; /* views that the kernel was in, a bit (1 << view) each */
	uid_t uid;
	gid_t gid;
	mode_t file_mode, dir_mode;      /* with their type */
	int wait_ms;                     /* the longest that one system call may wait */
	uint64_t cache_size;             /* bytes of downloads that are kept */
	atomic_int parallel_wanted;      /* parallel.h */
	atomic_int open;                 /* requests without an answer */
	_Atomic int64_t asleep_until_ms; /* mono: nobody waits until then */
	void (*ready)(void *arg);        /* the kernel has said hello */
	void *ready_arg;
};

#endif
