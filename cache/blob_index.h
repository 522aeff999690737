/* SPDX-License-Identifier: MIT */
/* What is in files/, by activity and form. Pure; whoever shares one locks it. */
#ifndef CACHE_BLOB_INDEX_H
#define CACHE_BLOB_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "api/failure.h"
#include "cache/blob.h"

struct blob_entry {
	uint64_t id; /* label_id << 4 | form */
	uint64_t edition;
	struct blob_info info;
	enum blob_state state;
	int is_whole;    /* its bytes were seen to be those of its name, by this process */
	int spool_fd;    /* where they are if not in files/; 0: nowhere else */
	int64_t used_s;  /* wall; of one that is absent or gone when that was found out */
	int64_t dated_s; /* the file's mtime says so much of used_s */
	uint64_t born;   /* of files: the fetch that brought it; 0: that of an earlier mount */
	uint64_t turn;   /* among those used in one second, the later has the higher */

	/* -- how it failed: `failures` times in a row, at last then; 0: it did not */
	unsigned failures;
	enum failure_scope scope;
	int code;
	int64_t failed_s; /* wall */
};

struct blob_index {
	void *root; /* tsearch(3) */
	size_t files;
	uint64_t bytes;
};

void blob_index_clear(struct blob_index *x);

/* The entry of this activity and form, whatever its edition; NULL: none. */
struct blob_entry *blob_index_find(const struct blob_index *x, const struct blob_key *key);

/* Puts one in; what it takes the place of is copied to *old (id 0: nothing). 0 or -ENOMEM. */
int blob_index_put(struct blob_index *x, const struct blob_entry *e, struct blob_entry *old);

/* Takes one out, whose memory the caller frees. */
void blob_index_remove(struct blob_index *x, struct blob_entry *e);

/* The bytes of one have left. */
void blob_index_leave(struct blob_index *x, struct blob_entry *e);

/* Those that were not used for longest leave, until `max` bytes or less are here; the `keep` that
 * were used last stay. Returns how many, in *out, an array that the caller frees, as they were;
 * -ENOMEM. */
long blob_index_evict(struct blob_index *x, uint64_t max, size_t keep, struct blob_entry **out);

/* How many failed the last time; and none of them did. */
size_t blob_index_failing(const struct blob_index *x);
void blob_index_forgive(struct blob_index *x);

struct blob_key blob_entry_key(const struct blob_entry *e);

#endif
