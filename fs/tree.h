/* SPDX-License-Identifier: MIT */
/*
 * What is where: names to things, directories to entries, things to attributes. Knows
 * neither FUSE nor waiting: it says which data an answer needs, and answers from them.
 */
#ifndef FS_TREE_H
#define FS_TREE_H

#include <stdint.h>

#include "cache/blob_store.h"
#include "cache/history.h"
#include "cache/month_store.h"
#include "fs/inode.h"
#include "fs/render.h"

#define TREE_NAME_MAX 256 /* with the NUL */

/* What a name can be, from its shape alone. */
enum shape {
	SHAPE_IMPOSSIBLE, /* nothing of that name can ever be there */
	SHAPE_THING,      /* this thing, if there are data for it */
	SHAPE_ACTIVITY,   /* one of the month's activities, by name */
};
enum shape tree_shape(const struct thing *dir, const char *name, struct thing *t);

/* A name in a directory, with what stat(2) shows of it. */
struct tree_entry {
	struct thing thing;
	uint64_t ino;
	uint64_t version; /* files: of the content and its time; directories: 0 */
	uint64_t size;
	int64_t mtime_s;
	uint32_t mtime_ns;
	char name[TREE_NAME_MAX]; /* set by tree_list() and tree_find() */
	int is_bare; /* a name without attributes: what it needs of the hub did not come */
};

/* What the root shows besides the years and `all`, and what is known of downloads. */
struct tree_views {
	unsigned listed; /* a bit (1 << view) each */
	struct blob_store *blobs;
};

/*
 * Attributes. Directories of directories need the history; a month and everything in it
 * the span of that month; summaries the span of t->first..t->last. -ENOENT: not there;
 * -ENOMEM.
 */
void tree_upper_dir(const struct thing *t, const struct history *h, struct tree_entry *e);
int tree_month_dir(const struct thing *t, const struct tree_views *v, const struct span *span,
		   struct tree_entry *e);
int tree_summary(const struct thing *t, const struct render_options *o, const struct span *span,
		 struct tree_entry *e);
int tree_activity(const struct thing *t, const struct span *span, struct tree_entry *e);
/* The same for a download of this size and content. */
int tree_download(const struct thing *t, const struct span *span, const struct blob_info *info,
		  struct tree_entry *e);
/* Of a download: 0, or -ENOENT: its activity is gone, or that form does not exist. */
int tree_blob_key(const struct thing *t, const struct span *span, struct blob_key *key);

/* An activity of the month by its file name, or -ENOENT. Of a download only e->thing is filled. */
int tree_find(const struct thing *month, const char *name, const struct span *span,
	      struct tree_entry *e);

/*
 * A directory's entries in name order. What it is made of: `h` for the root, the span of
 * dir->first..dir->last for the others; `h` beside it for what a year's own data do not tell.
 */
struct tree_dir {
	struct thing thing;
	const struct history *h;
	const struct span *span;
	const struct render_options *options;
	const struct tree_views *views;
};
int tree_count(const struct tree_dir *d);
/* Entry i, name and attributes: 0; 1: it is not to be listed; or -ENOMEM. Of a download there are
 * no attributes but its number: they would cost a request. */
int tree_list(const struct tree_dir *d, int i, struct tree_entry *e);

/*
 * Where a listing goes on. A cookie names the entry before it, so that entries which came or
 * went in between neither repeat nor hide another. 0 is the start; cookies are over 2^32 and
 * never negative.
 */
uint64_t tree_cookie(int i, const char *name);
int tree_resume(const struct tree_dir *d, uint64_t cookie);

#endif
