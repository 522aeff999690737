/* SPDX-License-Identifier: MIT */
/*
 * The inside of the blob store:
 *
 *     blob_store.c    the calls, and who waits
 *     blob_known.c    what is known of a file without its bytes
 *     blob_queue.c    what is to be fetched
 *     blob_fetch.c    from the hub to a file with a name
 *     blob_outcome.c  what becomes of a fetch that has ended
 *     blob_disk.c     what is in files/: looked at, dated, removed, evicted
 *
 * `lock` is the only one, and never held across disk, network or a callback.
 */
#ifndef CACHE_BLOB_IMPL_H
#define CACHE_BLOB_IMPL_H

#include "api/lock.h"
#include "api/said.h"
#include "cache/blob_index.h"
#include "cache/blob_store.h"
#include "cache/worker.h"

#define BLOB_FOLDER "files/"
#define BLOB_PATH   (sizeof(BLOB_FOLDER) + BLOB_NAME)

/* A file that came in a form, and shows that the hub makes it: download_want's control. */
struct blob_control {
	uint64_t label_id;
	int32_t sport;
};

/* What is known of a form. */
struct blob_form {
	int64_t came_s;              /* wall: the last one came */
	struct blob_control control; /* that one, also of an earlier mount */
	int is_kept;                 /* one of this mount is on disk */
	struct blob_key unproven;    /* refused, when there was no control; label_id 0: none */
};

struct blob_waiter {
	struct blob_waiter *next;
	struct blob_key key; /* label_id 0: for what the folder holds */
	enum blob_need need;
	int64_t deadline_ms;
	blob_done *done;
	void *ctx;
	/* -- the result */
	struct blob_info info;
	struct err err;
};

/* A file on its way from the hub. */
struct blob_fetch {
	struct blob_fetch *next; /* in the order they were asked for */
	struct blob_store *store;
	struct blob_key key;
	int is_running, is_wanted; /* somebody waits for it, or did */
	int is_dropped;            /* its activity has gone meanwhile */
	int64_t began_ms;          /* mono */

	/* -- blob_fetch.c's while it runs */
	int fd;
	int is_spooled;       /* there is no folder for it */
	int has_given_way;    /* too slow, while others wait */
	char path[BLOB_PATH]; /* until it has its name */
	struct XXH3_state_s *hash;
	struct blob_info info;
};

enum blob_look { LOOK_NOT, LOOK_RUNNING, LOOK_DONE };

struct blob_store {
	struct blob_store_config config;
	atomic_int has_said_left;

	struct lock lock;
	/* -- guarded by lock */
	struct worker *worker GUARDED; /* for the disk; NULL until it is needed */
	enum blob_look look GUARDED;
	struct blob_index index GUARDED;
	struct blob_waiter *waiters GUARDED;
	struct blob_fetch *fetches GUARDED;
	int running GUARDED;
	int64_t full_ms GUARDED; /* mono: the disk took no file then, INT64_MIN never */
	int quiet GUARDED;
	int is_spooling GUARDED;      /* there is no folder for files */
	uint64_t turn GUARDED;        /* counts uses */
	struct said said GUARDED;     /* of everything */
	struct said said_one GUARDED; /* of one file or another */
	int64_t begun_ms GUARDED;     /* mono: the last fetch began */
	int begun GUARDED;            /* how many did with no minute between them */
	struct blob_form form[EXPORTS] GUARDED;
};

/* ---- blob_known.c ---- */

/* The entry of this key and edition; NULL: none. */
struct blob_entry *blob_find_locked(struct blob_store *s, const struct blob_key *key)
	REQUIRES(s->lock);
/* Whether it is known that the hub does not make it. */
int blob_is_absent_locked(const struct blob_store *s, const struct blob_entry *e) REQUIRES(s->lock);
/* Whether it failed so lately that it is left alone. */
int blob_waits_locked(const struct blob_store *s, const struct blob_entry *e) REQUIRES(s->lock);

/* ---- blob_store.c ---- */

/* Whether somebody waits for this key. */
int blob_has_waiter_locked(const struct blob_store *s, const struct blob_key *key)
	REQUIRES(s->lock);
/* Has everything of an activity forgotten, on the disk's thread, since what the folder holds may
 * not be known before. */
void blob_forget_locked(struct blob_store *s, uint64_t label_id) REQUIRES(s->lock);
/* Takes the waiters of a key out; without one, those whose deadline is until_ms or sooner. */
struct blob_waiter *blob_take_waiters_locked(struct blob_store *s, const struct blob_key *key,
					     int64_t until_ms) REQUIRES(s->lock);
/* Answers those that were taken out, and frees them. */
void blob_answer_all(struct blob_waiter *w);
/* What is in files/ is known now. */
void blob_looked(struct blob_store *s);

/* ---- blob_queue.c ---- */

int blob_is_same(const struct blob_key *a, const struct blob_key *b);
/* The fetch of this key, or NULL. */
struct blob_fetch *blob_queue_find_locked(struct blob_store *s, const struct blob_key *key)
	REQUIRES(s->lock);
/* Another one at the end of the line. NULL: no memory. */
struct blob_fetch *blob_queue_add_locked(struct blob_store *s, const struct blob_key *key)
	REQUIRES(s->lock);
/* Starts what may start. */
void blob_queue_start(struct blob_store *s);
/* Whether a fetch that runs is to end, since it is the slowest that nobody waits for any more, and
 * others wait. */
int blob_queue_gives_way_locked(const struct blob_store *s, const struct blob_fetch *f)
	REQUIRES(s->lock);

/* ---- blob_outcome.c ---- */

/* A fetch has ended: as download_sink's done. Frees it. */
void blob_fetch_ended(struct blob_fetch *f, enum failure_scope scope, const struct err *err);

/* ---- blob_fetch.c ---- */

extern const struct download_sink blob_fetch_sink; /* arg: a struct blob_fetch */
void blob_fetch_free(struct blob_fetch *f);

/* ---- blob_disk.c ---- */

/* Posts a job for the disk, starting its thread if need be. `e` is copied. 0 or -errno. */
typedef void blob_job(struct blob_store *s, const struct blob_entry *e);
int blob_post_locked(struct blob_store *s, blob_job *job, const struct blob_entry *e)
	REQUIRES(s->lock);
/* An entry took the place of another, whose bytes and name go unless they are its own. */
void blob_disk_replace_locked(struct blob_store *s, const struct blob_entry *old,
			      const struct blob_entry *e) REQUIRES(s->lock);
/* Jobs: read the folder; take the file away; its bytes alone; date it; mark it as one that does not
 * exist; forget all forms of its activity; write down the controls. */
void blob_disk_look(struct blob_store *s, const struct blob_entry *e);
void blob_disk_remove(struct blob_store *s, const struct blob_entry *e);
void blob_disk_empty(struct blob_store *s, const struct blob_entry *e);
void blob_disk_date(struct blob_store *s, const struct blob_entry *e);
void blob_disk_mark(struct blob_store *s, const struct blob_entry *e);
void blob_disk_forget(struct blob_store *s, const struct blob_entry *e);
void blob_disk_controls(struct blob_store *s, const struct blob_entry *e);
/* Makes room if there is too much. Any thread that may use the disk. */
void blob_disk_evict(struct blob_store *s);
/* The disk is full: gives up some of what was not used for longest. Whether there was any. */
int blob_disk_make_room(struct blob_store *s);
/* Whether the bytes are those that came from the hub: reads them all. 1, 0 or -ENOMEM. */
int blob_disk_is_whole(int fd, const struct blob_info *info);
/* "files/NAME" of an entry. */
void blob_disk_path(const struct blob_entry *e, char path[BLOB_PATH]);
int blob_may_write(const struct blob_store *s);

#endif
