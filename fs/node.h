/* SPDX-License-Identifier: MIT */
/*
 * Node ids: what the kernel calls a thing.
 *
 * A directory's node id is its st_ino: it stays while its content changes, so that a
 * working directory stays one. A file's node id stands for the file and one version of its
 * content: when that changes, the next lookup gives another id, and who holds the old one
 * keeps the whole old version; no page is ever invalidated under a reader. So there is
 * nothing to pin at open, and open need not be asked for.
 *
 * The table knows the files that the kernel knows, and forgets them when it does. A version
 * that was superseded keeps the months that it is made of ("pinned").
 */
#ifndef FS_NODE_H
#define FS_NODE_H

#include <stdint.h>

#include "cache/blob.h"
#include "cache/month_store.h"
#include "fs/inode.h"

struct node_table;

/* The bytes of a download that left the cache while the kernel knows its node. */
struct hold {
	atomic_int refs;
	int fd;
	struct blob_info info;
};
/* Takes the descriptor over. NULL: no memory. */
struct hold *hold_new(int fd, const struct blob_info *info);
void hold_unref(struct hold *h); /* NULL is fine */

struct node_table *node_table_new(void); /* NULL: no memory */
void node_table_free(struct node_table *t);

/*
 * The node id of a version of a file, for a reply that gives it to the kernel: counts one
 * lookup. `from` is what the version was looked up in; it is pinned at once should a part of
 * it have been superseded meanwhile. 0: no memory.
 */
uint64_t node_enter(struct node_table *t, const struct thing *thing, uint64_t version,
		    struct span *from);

/* The kernel gives back `lookups`. Ids of directories are ignored. */
void node_forget(struct node_table *t, uint64_t id, uint64_t lookups);

/* What a file's node id is. `pinned` and `hold`: references to its months and bytes, NULL unless
 * superseded. 0, or -ESTALE: no such node. */
int node_find(struct node_table *t, uint64_t id, struct thing *thing, uint64_t *version,
	      struct span **pinned, struct hold **hold);

/* A version is about to be superseded: if the kernel knows it, it keeps `span` (another
 * reference). */
void node_pin(struct node_table *t, const struct thing *thing, uint64_t version, struct span *span);
/* The same for a download, with its bytes (another reference). */
void node_hold(struct node_table *t, const struct thing *thing, uint64_t version, struct span *span,
	       struct hold *hold);
/* Whether the kernel knows a version, and nobody holds its bytes yet. */
int node_known(struct node_table *t, const struct thing *thing, uint64_t version);

/* Copies the summaries of more than one month that hold month `number` and are not pinned yet,
 * at most `max`; returns how many. */
int node_wide(struct node_table *t, int number, struct thing *things, int max);

#endif
