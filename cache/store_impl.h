/* SPDX-License-Identifier: MIT */
/*
 * The inside of the month store, for the files that make it up:
 *
 *     month_store.c  construction, the calls, what is served from where
 *     waiter.c       who waits for what: park, wake, answer
 *     evaluate.c     what they can be answered
 *     flight.c       which months are asked for together; one fetch a month
 *     failed.c       what is remembered of those that failed
 *     publish.c      the hub's answer -> snapshots, and the news of what changed
 *     publish_history.c  the same for the ends of the history
 *     residence.c    what is in memory: loaded from disk, installed, evicted
 *     persist.c      what is to be on disk: saved, dated, made again, left to the next mount
 *
 * Locks: `lock` is the only one, held for pointer swaps and never across disk,
 * network, a callback or an unref that may free. What is to be done without it is
 * collected in a struct todo.
 */
#ifndef CACHE_STORE_IMPL_H
#define CACHE_STORE_IMPL_H

#include "api/day.h"
#include "api/lock.h"
#include "api/said.h"
#include "cache/freshness.h"
#include "cache/month_store.h"
#include "cache/readahead.h"
#include "cache/worker.h"

#define STORE_FIRST  (DAY_MIN / 10000 * 12)
#define STORE_MONTHS ((DAY_MAX / 10000 + 1) * 12 - STORE_FIRST)

/* A reader of a young month waits so long for the hub before it gets the old copy; and then
 * nobody else waits for that month for so long. */
#define SOFT_WAIT_MS 3000
/* So much text is not kept waiting for its way to disk. */
#define SAVE_SOON (4u << 20)

#define PATIENCE_MS 10000

/* What is remembered of a thing that failed. */
struct failed {
	int64_t at_ms;   /* mono: of the last look, INT64_MIN: it worked, or is to be tried again */
	uint64_t seq;    /* the store's, of that */
	unsigned times;  /* looks in a row that failed while others worked: then it is the thing's
			    own  failure. It is asked for by itself until it works. */
	struct err *why; /* NULL: not known, or no memory */
};

struct slot {
	struct month *month;     /* NULL: not in memory */
	struct month_text *text; /* or a part of it; NULL: not in memory */
	int64_t fetched_s;       /* wall; of `month` */
	int64_t patience_ms;     /* mono: until then the old copy is shown without waiting */
	int64_t emptied_ms;      /* mono: since when the hub has nothing here, 0: it has */
	uint64_t answered_seq;   /* the flight's seq of the newest answer */
	uint64_t unread_seq; /* the store's seq when the disk, which has it, last did not give it;
				0: it did */
	struct failed failed;
	uint32_t used;               /* the store's tick when it was last used */
	uint32_t n;                  /* activities, when it was last in memory */
	uint32_t disk_size;          /* bytes, while it is on disk */
	uint32_t text_from, text_to; /* what of the text is wanted from disk, while loading_text */
	unsigned on_disk : 1;        /* as far as we know */
	unsigned dirty : 1;          /* to be written; what is on disk, if anything, is older */
	unsigned loading : 1;
	unsigned loading_text : 1;
	unsigned in_flight : 1;
	unsigned publishing : 1; /* not to be evicted */
	unsigned suspect : 1;    /* the history's count moved since it was fetched */
	unsigned seen : 1;       /* was in memory once: the kernel may know it */
};

enum waiting_for { WAIT_MONTHS, WAIT_TEXT, WAIT_HISTORY, WAIT_LANDED };

/* A caller who waits. Its result is filled in under the lock, and given to it without. */
struct waiter {
	struct waiter *next;
	enum waiting_for what;
	int first, last;     /* months */
	struct month *month; /* text; a reference */
	size_t from, to;     /* of its text */
	int64_t deadline_ms, soft_ms;
	uint64_t seq; /* a failure with a higher one happened while it waited */
	int partly;   /* months: those that fail may be missing */
	int noted;    /* its miss was told to the read-ahead */
	int soft;     /* a timer ends its soft wait */
	int ends_too; /* landed: the ends of the history as well */
	union {
		span_done *span;
		text_done *text;
		history_done *history;
		landed_done *landed;
	} done;
	void *ctx;
	/* -- the result */
	struct span *span;
	struct month_text *text;
	struct history *history;
	int valid_s;
	struct err err;
};

/* A fetch of the months first..last, or of the history's ends, which brings some months too. */
struct flight {
	struct flight *next;
	struct month_store *store;
	int ends;
	int is_asked; /* somebody wants this look */
	int first, last;
	int64_t at_least; /* activities expected in a range, 0: unknown */
	struct listing_known known;
	uint64_t seq;      /* of those that ask for the same the later one is right */
	uint64_t born_seq; /* of the wider flight that it is a piece of, or its own */
	int is_whole;      /* pieces of it would do no better */
	struct listing *listing;
	uint32_t
		*rows; /* of the listing, grouped by month; start[m - first] is where each begins */
	uint32_t *start;
	int64_t now_s;
	atomic_int left; /* months that are still being published, and one for the loop itself */
};

/* What a job of the loader or the saver is about. */
struct store_job {
	struct month_store *store;
	struct flight *flight; /* whose answer is published; NULL: another job */
	int first, last;       /* months */
};

/* What a decision under the lock wants done without it. */
struct todo {
	struct flight *flights;
	int64_t soft_ms;   /* a waiter's soft wait began, until then: arm its timer; 0: none */
	int no_memory;     /* what a waiter needs could not be begun: it need not wait */
	int is_asked;      /* of its flights */
	uint64_t born_seq; /* the same; 0: of nothing */
};

struct month_store {
	struct month_store_config config;
	struct worker *loader, *saver;

	pthread_cond_t hurry; /* the saver need not wait for calm any more; monotonic */
	struct lock lock;
	/* -- guarded by lock */
	struct slot *slot GUARDED; /* [STORE_MONTHS] */
	struct history history GUARDED;
	int is_history_unread GUARDED; /* what the disk has of it could not be read, and stays */
	int history_in_flight GUARDED;
	int64_t history_patience_ms GUARDED, history_emptied_ms GUARDED; /* as of a slot */
	struct failed history_failed GUARDED;
	struct failed newest_failed GUARDED; /* the newest page; the ends were told without it */
	struct waiter *waiters GUARDED;
	struct readahead readahead GUARDED;
	uint64_t seq GUARDED;
	uint32_t tick GUARDED;
	size_t memory GUARDED, text_memory GUARDED;
	struct err last_err GUARDED; /* of the last fetch that failed */
	int64_t landed_ms GUARDED;   /* real monotonic time of the last flight's landing */
	uint64_t worked_seq GUARDED; /* when one last brought something */
	uint64_t stale_seq GUARDED;  /* of the look that found the count moved */
	int quiet GUARDED;           /* stopping: ask the hub nothing more */
	struct err failure GUARDED;  /* the last one that the hub is to blame for */
	int64_t failure_s GUARDED;   /* wall */
	int is_failing GUARDED;      /* no success since */
	struct said said GUARDED;    /* failures of the hub that were logged */
	int disk_down GUARDED;       /* the disk took nothing, which was logged, or there is none */
};

/* Where months are; when there is no folder every read and write of one fails. */
static inline int months_fd(const struct month_store *s)
{
	return s->config.dir ? s->config.dir->months_fd : -1;
}

/* ---- month_store.c ---- */

/* Marks the months that the disk has, and no others. 0 or a negative errno with words. */
int store_find_months(struct month_store *s, struct err *err);

/* ---- waiter.c ---- */

/* Answers the waiter now or parks it; takes it over. */
void waiter_submit(struct month_store *s, struct waiter *w);
/* Something changed: answers whoever can be answered. */
void waiter_progress(struct month_store *s);
void waiter_progress_task(void *store);
/* Stopping: nothing will happen any more that could answer who still waits. */
void waiter_cancel_all(struct month_store *s);

/* ---- evaluate.c ---- */

/* Whether the waiter can be answered now; then its result is filled in. Else what it lacks is in
 * `todo`, or is being loaded. */
int evaluate_locked(struct month_store *s, struct waiter *w, struct todo *todo) REQUIRES(s->lock);

/* ---- flight.c ---- */

/* Adds flights for the months of first..last that `need` marks and nobody fetches yet. */
void flight_plan_locked(struct month_store *s, int first, int last, const unsigned char *need,
			struct todo *todo) REQUIRES(s->lock);
void flight_plan_history_locked(struct month_store *s, struct todo *todo) REQUIRES(s->lock);
void flight_start(struct month_store *s, struct todo *todo);
/* Whether the listing says nothing of the month. */
int flight_misses(const struct listing *l, int number);
/* The months that the read-ahead adds to a miss are marked in need[0 .. STORE_MONTHS). */
void flight_readahead_locked(struct month_store *s, int first, int last, unsigned char *need)
	REQUIRES(s->lock);

/* ---- failed.c ---- */

/* Whether it can be the failure of what was asked for: not our own trouble, nor the login's. */
int failed_is_own(int code);
/* It failed: by itself, when others worked since the look began (at the store's `begun_seq`); else
 * it may be the hub. Remembers why. */
void failed_note_locked(struct month_store *s, struct failed *f, uint64_t begun_seq,
			const struct err *err) REQUIRES(s->lock);
/* Whether it is to be left alone for now. */
int failed_rests_locked(const struct month_store *s, const struct failed *f) REQUIRES(s->lock);
/* A look brought something: what failed in the same seconds failed by itself. */
void failed_others_worked_locked(struct month_store *s) REQUIRES(s->lock);
/* It worked. Whether it had failed by itself before. */
int failed_over(struct failed *f);
/* Somebody asks for it on purpose. */
void failed_again(struct failed *f);

/* ---- publish.c ---- */

/* Publishes the months of a flight's listing; takes the flight over. Transport thread. */
void publish_flight(struct flight *f);
void flight_free(struct flight *f);
/* A struct store_job that will not run. */
void publish_drop(void *job);

/* ---- publish_history.c ---- */

/* The ends of the history; sets the months that its newest page brings as the flight's. */
void publish_history(struct flight *f);
/* What a month that came means for the history. `had`: how many activities its place had, -1: it
 * was not looked at before. */
void publish_note_month(const struct flight *f, const struct month *fresh, int64_t had);

/* ---- residence.c ---- */

/* What is on disk and not in memory; its text. 0 or -ENOMEM. */
int residence_load_locked(struct month_store *s, int first, int last) REQUIRES(s->lock);
int residence_load_text_locked(struct month_store *s, int number, size_t from, size_t to)
	REQUIRES(s->lock);
/* Reads the month into its slot if it is on disk and not in memory. Loader thread. */
void residence_load_now(struct month_store *s, int number);
/* Gives the slot a month and a text (references, taken over), and evicts what is too much. */
void residence_install(struct month_store *s, int number, struct month *m, struct month_text *t,
		       int64_t fetched_s, int dirty);
/* Evicts what is too much, now that somebody waits no longer or something is on disk. */
void residence_trim(struct month_store *s);
/* Queues a job about the months first..last. 0 or a negative errno. */
int residence_post(struct month_store *s, struct worker *w, worker_job *run, int first, int last);

/* ---- persist.c: each is done later, by the saver ---- */

void persist_month(struct month_store *s, int number);
/* The hub says the same as before: the file gets the time of that. */
void persist_time(struct month_store *s, int number);
void persist_history(struct month_store *s);
/* The least used leave the disk until there is room for `size` bytes more, as the file of the month
 * `number` (or 0). Whether there is. Any thread that may use the disk. */
int persist_make_room(struct month_store *s, int number, uint64_t size);

static inline struct slot *slot_locked(struct month_store *s, int number) REQUIRES(s->lock);
static inline struct slot *slot_locked(struct month_store *s, int number)
{
	return &s->slot[number - STORE_FIRST];
}

/* Whether its text is in memory, all of it. */
static inline int slot_has_text(const struct slot *slot)
{
	return slot->month && slot->text && slot->text->len == slot->month->json_len;
}

#endif
