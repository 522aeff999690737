/* SPDX-License-Identifier: MIT */
/* What is in files/, by activity and form. Pure; whoever shares one locks it. */
#ifndef CACHE_BLOB_INDEX_H
#define CACHE_BLOB_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "cache/blob.h"

struct blob_entry {
	uint64_t id; /* label_id << 4 | form */
	uint64_t edition;
	struct blob_info info;
	int is_absent;   /* the hub does not make it: found out at used_s */
	int is_whole;    /* its bytes were seen to be those of its name, by this process */
	int64_t used_s;  /* wall */
	int64_t dated_s; /* the file's mtime says so much of used_s */
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

/* Takes out the files that were not used for longest, until `max` bytes or less are left, but none
 * used between `since_s` and `now_s`; later is a clock that was wrong. Returns how many, in *out,
 * an array that the caller frees; -ENOMEM. */
long blob_index_evict(struct blob_index *x, uint64_t max, int64_t since_s, int64_t now_s,
		      struct blob_entry **out);

struct blob_key blob_entry_key(const struct blob_entry *e);

#endif
