/* SPDX-License-Identifier: MIT */
/*
 * Fills the cache: one engine for corosfs --sync by itself and for the mount that is asked to. A
 * list of things to fetch, kind after kind, a few at a time; what is there already costs nothing,
 * so that a second run goes on where the first one ended.
 *
 * A new kind of thing is a line in sync.c's table: a function that lists the things, when
 * everything before them is there, and one that begins to fetch one.
 */
#ifndef FS_SYNC_H
#define FS_SYNC_H

#include <jansson.h>

#include "cache/blob_store.h"
#include "cache/month_store.h"

struct sync_plan {
	int from_month; /* month_number(); 0: from the beginning */
	unsigned views; /* downloads to fetch, too: a bit (1 << view) each */
	int wait_ms;    /* the longest that one thing may take */
};

struct sync_progress {
	int months, all_months;   /* done, and in all; 0 in all: not known yet */
	int64_t activities;       /* in the months that are done */
	int64_t files, all_files; /* downloads; the same */
	int64_t failed;           /* downloads that did not come */
	int64_t requests, bytes;  /* of the process since the sync began */
	int64_t ms;
};

#define SYNC_WAIT_MS 120000

/* Now and then, at least every SYNC_TICK_MS, on the caller's thread. Nonzero: stop. */
#define SYNC_TICK_MS 200
typedef int sync_report(void *arg, const struct sync_progress *p);

/*
 * 0: everything is in the cache and, unless the disk does not take it, on disk. -ECANCELED:
 * stopped. Else the first failure, with which nothing more is begun; but a month that fails while
 * others come, or a download that fails by itself, is left out, and named when the others are
 * there; so is a download that does not come for other reasons (-EIO, -EHOSTUNREACH, -ETIMEDOUT),
 * but 25 in a row are such a failure. What is under way when it returns still lands in the cache.
 * *p is how far it came.
 */
int sync_run(struct month_store *store, struct blob_store *blobs, const struct sync_plan *plan,
	     sync_report *report, void *arg, struct sync_progress *p, struct err *err);

/* Progress as the line of JSON that the control socket and --json use, and back. */
json_t *sync_json(const char *event, const struct sync_progress *p);
void sync_from_json(const json_t *line, struct sync_progress *p);

#endif
