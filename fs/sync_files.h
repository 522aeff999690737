/* SPDX-License-Identifier: MIT */
/* The downloads of one month, for a sync: one file after the other, in the chosen views. */
#ifndef FS_SYNC_FILES_H
#define FS_SYNC_FILES_H

#include <stdatomic.h>

#include "cache/blob_store.h"
#include "cache/month_store.h"

struct sync_files {
	struct blob_store *blobs;
	struct month_store *store;
	unsigned views; /* a bit (1 << view) each */
	int month;      /* day.h */
	int wait_ms;    /* the longest that one file may take */
	const atomic_int *stop;
	/* One file has ended: with err->code 0 it is there or does not exist, else `name` is its
	 * path below the mountpoint, and `own`: it fails by itself. Nonzero: begin no more of this
	 * month. Then, once, the end; with an error only if the month itself cannot be had. From
	 * any thread. */
	int (*step)(void *ctx, const char *name, int own, const struct err *err);
	void (*done)(void *ctx, const struct err *err);
	void *ctx;

	/* -- its own */
	struct span *span;
	struct blob_key key; /* of the file under way */
	size_t row;
	int view; /* the one after that of the file under way */
	int is_over;
	atomic_int passed; /* by the one of the call and its answer that came first */
};

/* Begins; `f` stays the caller's and where it is until done(). */
void sync_files_start(struct sync_files *f);

#endif
