/* SPDX-License-Identifier: MIT */
/*
 * Downloads ahead of a reader: programs stat and read one file after the other, so when the
 * files of a directory are being asked for in order, the next ones of that directory are fetched
 * before they are asked for; on into the months that follow if that is where the program came from.
 * One look at one file fetches that file alone.
 */
#ifndef FS_AHEAD_H
#define FS_AHEAD_H

#include "api/lock.h"
#include "cache/blob_store.h"
#include "fs/inode.h"

struct fs;
struct span;

/* Where the last reader of each view is. */
struct ahead {
	struct lock lock;
	/* -- guarded by lock */
	struct ahead_place {
		int month;     /* day.h */
		long at, last; /* the file asked for, and the month's last, in name order */
		int run;       /* files asked for in order */
		int crossed;   /* on from one month into the next */
	} place[FORMATS] GUARDED;
};

/* The download `t` of the month at `span` is asked for. */
void ahead_note(struct fs *fs, const struct thing *t, const struct span *span, enum blob_need need);

/* Pure: whether file `at` of `month` follows on what was asked for last: 0; 1; or 2: and so it did
 * from one month into the next. Moves the place there. */
int ahead_step(struct ahead_place *p, int month, long at, long last);

#endif
