/* SPDX-License-Identifier: MIT */
/*
 * Year and month -> current snapshot: from memory, else disk, else the hub.
 *
 * No call waits. `done` is called exactly once with no lock held: before the call
 * returns when everything is at hand, else later from the transport or the loader
 * thread, at the latest `wait_ms` of monotonic time from now. Any thread may call.
 * Callers of the same month share one fetch, which outlives those who give up.
 *
 * A failure is one of
 *   -EHOSTUNREACH, -EACCES, -EIO, -EBUSY, -EINVAL  as in call.h, and nothing is cached
 *   -ETIMEDOUT  `wait_ms` is over; the fetch goes on, so a later call may win
 *   -ESTALE     (text) that version of the month is gone
 *   -ENOMEM, -ECANCELED (stopping)
 * in err->code, with words.
 */
#ifndef CACHE_MONTH_STORE_H
#define CACHE_MONTH_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "api/clock.h"
#include "api/hub.h"
#include "cache/cache_dir.h"
#include "cache/history.h"
#include "cache/month.h"

struct month_store;

/* Months first .. first + n - 1. Immutable. */
struct span {
	atomic_int refs;
	int first, n;
	int valid_s; /* for so long the caller may believe it without asking again, >= 1 */
	struct month *month[];
};
/* `n` months from `first` on, none of them there yet. NULL: no memory. */
struct span *span_new(int first, int n);
struct span *span_ref(struct span *s);
void span_unref(struct span *s); /* NULL is fine */

/* A walk should not wait for the disk, which at its end has the machine for itself. */
#define MONTH_STORE_CALM_MS 500

struct month_store_config {
	const struct hub *hub; /* must outlive the store */
	const struct clock *clock;
	struct cache_dir *dir; /* must outlive the store, too; NULL: no disk */
	size_t memory;         /* ceiling for snapshots that nobody uses, bytes */
	uint64_t disk_max;     /* ceiling for months on disk, bytes */
	int ttl_s;
	int calm_ms;        /* what came is written when nothing more has come for so long */
	int offline;        /* never ask the hub */
	month_names *names; /* month.h */
	/*
	 * News for the layer above, with no lock held. `before`: `fresh` is about to take the
	 * place of `old`, whose text is kept and which is marked superseded. `after`: it has
	 * (`old` is NULL when it was not at hand to compare). `history`: the ends moved.
	 */
	void (*before)(void *ctx, struct month *old, struct month *fresh);
	void (*after)(void *ctx, struct month *old, struct month *fresh);
	void (*history)(void *ctx, const struct history *old, const struct history *fresh);
	void *ctx;
};

/* Looks which months are on disk; reads none. Starts the threads for the disk: fork before.
 * NULL and `err` on failure. */
struct month_store *month_store_new(const struct month_store_config *config, struct err *err);

/* From now on nothing is fetched: who waits for the hub is answered -ECANCELED, what is cached is
 * served. What is not on disk yet is written without delay. */
void month_store_quiet(struct month_store *s);

/* After that, and with nobody else writing to it any more: gives the folder to the next mount,
 * which need not wait until those are done who have files open. Happens behind all that is queued.
 */
void month_store_release(struct month_store *s);

/* After http_stop(): writes what is not on disk yet (for at most 2 s) and ends the threads. */
void month_store_stop(struct month_store *s);
void month_store_free(struct month_store *s);

/* Whether anything of the account is cached: enough to mount without a network. */
int month_store_usable(struct month_store *s);

/* `span` is the callee's to unref; NULL on failure, which is the one of the first month that
 * failed. */
typedef void span_done(void *ctx, struct span *span, const struct err *err);
void month_store_get(struct month_store *s, int first, int last, int wait_ms, span_done *done,
		     void *ctx);
/* The same, and months that fail, or have not come at the end of the wait, are NULL in
 * the span if others are there. It is valid for ten seconds then. */
void month_store_get_partly(struct month_store *s, int first, int last, int wait_ms,
			    span_done *done, void *ctx);

/* What is in memory now, however old; NULL unless all of it is. Loads from disk when `load` is
 * set: from the loader thread (`before`) only. */
struct span *month_store_peek(struct month_store *s, int first, int last, int load);

/* The text of a month that came from here, current or superseded: at least from byte `from` to
 * `to`, where rows begin and end. Unref it. */
typedef void text_done(void *ctx, struct month_text *text, const struct err *err);
void month_store_text(struct month_store *s, struct month *m, size_t from, size_t to, int wait_ms,
		      text_done *done, void *ctx);

/* The ends of the history. `valid_s` as in struct span. `h` lives until done returns. */
typedef void history_done(void *ctx, const struct history *h, int valid_s, const struct err *err);
void month_store_history(struct month_store *s, int wait_ms, history_done *done, void *ctx);

/* Callers with this ctx (NULL: all, but for month_store_land()'s) wait no longer for the hub: an
 * old copy is given to them at once, and `wait_ms` from now their time is over. */
void month_store_hurry(struct month_store *s, const void *ctx, int wait_ms);

/* What is known of it now, however old; h->known says whether. */
void month_store_history_now(struct month_store *s, struct history *h);

/* How many of first..last are in memory or on disk: of those from the first activity to today,
 * since whole years are fetched. */
int month_store_count(struct month_store *s, int first, int last);

/* What the store holds, in figures. */
struct month_store_state {
	struct history history;
	int months;            /* in memory or on disk, as month_store_count() */
	int in_memory;         /* these, and what whole years have beside them */
	size_t memory;         /* bytes of snapshots */
	int64_t newest_s;      /* wall: when the youngest and the oldest of them were fetched, */
	int64_t oldest_s;      /* 0: none */
	int waiting, fetching; /* callers; months */
	int unsaved;           /* months that are not on disk yet */
	int disk_failing;      /* and why: the disk does not take them */
	int is_failing;        /* the last fetch failed */
	struct err failure;    /* the last one that did, code 0: none */
	int64_t failure_s;     /* wall: then */
	struct err lost;       /* what of the list fails while others come, code 0: nothing */
};

/* Looks at the disk for the age of what is not in memory: not from the transport thread. */
void month_store_state(struct month_store *s, struct month_store_state *out);

/* The machine slept, or its clock was set: what failed is asked for as soon as somebody wants it,
 * on connections of now. */
void month_store_again(struct month_store *s);

/* Fetches everything that is cached again, in the background; and at once, whatever we were waiting
 * for. */
void month_store_refresh(struct month_store *s);

/*
 * Calls `done` when nothing of first..last is being fetched any more, with an error if such a fetch
 * failed meanwhile. Before that fetches begin: of what is missing; or again, of what is cached (a
 * month of its own in any case, and the ends of the history when the range is all of it, first 0).
 * Nothing is read ahead. -EHOSTUNREACH: the mount is offline.
 */
enum land_what { LAND_WAIT, LAND_MISSING, LAND_AGAIN };
typedef void landed_done(void *ctx, const struct err *err);
void month_store_land(struct month_store *s, int first, int last, enum land_what what, int wait_ms,
		      landed_done *done, void *ctx);

#endif
