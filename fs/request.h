/* SPDX-License-Identifier: MIT */
/*
 * A request of the kernel on its way to its one answer: either at once, or parked until
 * the cache has what it needs, or until its caller wants to die or is to be frozen.
 *
 * Everybody who may answer claims the request first; only the first one does.
 */
#ifndef FS_REQUEST_H
#define FS_REQUEST_H

#include <fuse_lowlevel.h>
#include <stdatomic.h>
#include <stdint.h>

#include "cache/month_store.h"
#include "fs/fs.h"
#include "fs/inode.h"
#include "fs/tree.h"

enum request_what {
	REQUEST_LOOKUP,
	REQUEST_GETATTR,
	REQUEST_READDIR,
	REQUEST_READDIRPLUS,
	REQUEST_READ,
	REQUEST_XATTR,  /* the value of r->name */
	REQUEST_XATTRS, /* the names */
};

struct request {
	struct fs *fs;
	fuse_req_t fuse;
	enum request_what what;
	pid_t tid;           /* the caller's thread */
	int64_t deadline_ms; /* monotonic */
	atomic_int answered;
	atomic_int refs; /* the answer's, the interrupt's, and the watcher's while it watches */
	atomic_int hurried;
	atomic_int interrupted;

	/* -- watch.c's */
	struct request *next_watched;
	int is_watched;    /* guarded by its lock */
	int is_explained;  /* the interrupt had another reason than a freezer */
	int64_t silent_ms; /* the first look; 0: none */
	int64_t group_ms;  /* the next look at the control group */

	/* What is asked for. */
	struct thing thing;       /* the directory listed, the file read, the thing looked up */
	char name[TREE_NAME_MAX]; /* LOOKUP, XATTR */
	uint64_t node, version;   /* files by node id; node 0: none */
	size_t size;
	uint64_t off;

	/* What was gathered so far. */
	struct history *history;
	int history_valid_s;
	struct span *span;
	int matched;             /* `span` holds the node's version */
	int looked;              /* what the cache has of downloads is known */
	int has_blob, blobs_got; /* downloads: `blob` is known; how often it was fetched */
	struct blob_info blob;
	struct hold *hold;        /* NULL: the bytes are in the cache */
	struct month_text **text; /* by index in the span */
	int text_at, text_first;  /* the next one to get, newest first */
};

/* A request for the kernel's `fuse`, answerable and killable from now on. NULL: no memory; then
 * the kernel was answered ENOMEM. */
struct request *request_new(struct fs *fs, fuse_req_t fuse, enum request_what what);

void request_ref(struct request *r);
void request_unref(struct request *r);

/* How long it may wait for its next piece of data, >= 0. */
int request_left_ms(const struct request *r);

/* From now on it waits for the disk, not for the hub: it gets an old copy of what it asks for, or
 * EINTR. With no lock held; it may be answered before this returns. */
void request_hurry(struct request *r);
int request_is_hurried(const struct request *r);

/* 1: the machine is about to sleep, so everybody is hurried, and whoever comes; returns when all of
 * them are answered, or after a second. 0: it is back; after a minute without that, too. */
void request_sleep(struct fs *fs, int on);

/*
 * Whether the caller of this function is the one to answer: 1 once, 0 for everybody else. The
 * one who gets 1 replies to r->fuse and then calls request_end().
 */
int request_claim(struct request *r);

/* A hold that was taken tells size and hash. */
void request_take_hold(struct request *r);

/* Frees what was gathered and gives up the answer's reference; after the reply, or after a
 * request_claim() that was 0. */
void request_end(struct request *r);

#endif
