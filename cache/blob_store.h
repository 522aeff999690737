/* SPDX-License-Identifier: MIT */
/*
 * Downloaded files: from disk, else from the hub; each fetched once, however many ask, and
 * kept until the space is needed, least recently used first.
 *
 * Nothing is looked at before somebody asks: then the names in files/ are read, once, and
 * what they tell (blob.h) stays in memory, about 150 bytes a file. A file gets its name
 * when it is complete. Of one that was evicted size and hash stay known, so that looking at it
 * costs nothing; whoever reads it has it fetched again.
 *
 * A download that fails by itself, while others come, is left alone for a time of its own
 * (api/failure.h), and who asks for it is answered at once.
 *
 * Where there is no folder for them, files are spooled: nameless, a few at a time, in
 * $XDG_RUNTIME_DIR, $TMPDIR or /tmp.
 *
 * Any thread may call. No call waits for the network.
 */
#ifndef CACHE_BLOB_STORE_H
#define CACHE_BLOB_STORE_H

#include "api/clock.h"
#include "api/hub.h"
#include "cache/blob.h"
#include "cache/cache_dir.h"

struct blob_store;

struct blob_store_config {
	const struct hub *hub; /* must outlive the store */
	const struct clock *clock;
	struct cache_dir *dir;
	uint64_t size_max; /* bytes on disk */
	int offline;
	/* The hub does not make that file, as was just found out, or has other bytes for it than
	 * before: what the kernel knows of it is to be forgotten. Called with no lock held. */
	void (*changed)(void *ctx, const struct blob_key *key);
	void *ctx;
};

/* NULL: no memory. */
struct blob_store *blob_store_new(const struct blob_store_config *config);
/* From now on nothing is fetched, and who waits is answered -ECANCELED. */
void blob_store_quiet(struct blob_store *s);
void blob_store_stop(struct blob_store *s); /* after downloads_stop() */
void blob_store_free(struct blob_store *s); /* NULL is fine */

/* What is asked for: size and hash, which may be known of a file that is not here any more; or that
 * its bytes are here. */
enum blob_need { BLOB_SIZE, BLOB_BYTES };

/*
 * The file's size and hash: before the call returns or later, from any thread, with no lock held,
 * at the latest `wait_ms` from now. Else `info` is NULL and err->code is -ENOENT: the hub does not
 * make it; -ETIMEDOUT: it is still being fetched; -ECANCELED, -ENOMEM, or one of download.h's, also
 * while it is left alone for it; what the disk says when it does not take it (-ENOSPC ...).
 */
typedef void blob_done(void *ctx, const struct blob_info *info, const struct err *err);
void blob_store_get(struct blob_store *s, const struct blob_key *key, enum blob_need need,
		    int wait_ms, blob_done *done, void *ctx);

/* The same for the names alone: err->code 0 when blob_store_absent() knows. */
void blob_store_look(struct blob_store *s, int wait_ms, blob_done *done, void *ctx);

/* Callers with this ctx (NULL: all) wait no longer than `wait_ms` from now. */
void blob_store_hurry(struct blob_store *s, const void *ctx, int wait_ms);

/* Fetches them soon, in this order, if there is nothing better to do. Not more than a few. */
void blob_store_ahead(struct blob_store *s, const struct blob_key *key, int n, enum blob_need need);

/* Whether a download fails by itself, and is left alone. */
int blob_store_fails(struct blob_store *s, const struct blob_key *key);

/* Somebody asks on purpose: what failed, or does not exist, is asked for again. NULL: all that
 * failed. */
void blob_store_again(struct blob_store *s, const struct blob_key *key);

/* When it was found out that the hub does not make this file, wall seconds; 0: it may. */
int64_t blob_store_absent(struct blob_store *s, const struct blob_key *key);

/* Size and hash as far as they are known: 1, or 0. */
int blob_store_peek(struct blob_store *s, const struct blob_key *key, struct blob_info *info);

/* Opens it for reading, from disk: a descriptor, or -ENOENT: it was evicted, get it again. */
int blob_store_open(struct blob_store *s, const struct blob_key *key);

/* The activity is gone: its files go, too. */
void blob_store_drop(struct blob_store *s, uint64_t label_id);

/* For --status: files on disk and their bytes, as far as they were looked at. */
void blob_store_count(struct blob_store *s, uint64_t *files, uint64_t *bytes);
/* And how many failed by themselves the last time that they were asked for. */
size_t blob_store_failing(struct blob_store *s);

#endif
