/* SPDX-License-Identifier: MIT */
/* Downloaded files; see blob_store.h, and blob_impl.h for the rooms. */
#include "cache/blob_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/log.h"
#include "cache/blob_impl.h"

#define AHEAD_MAX 32    /* that nobody waits for */
#define FULL_MS   10000 /* nothing is fetched ahead for so long after the disk was full */
#define DATED_S   3600
#define DRAIN_MS  1000
#define FAILED_MS 3000 /* the longest wait for one that failed the last time: it may be a stall */

/* ---- construction ---- */

struct blob_store *blob_store_new(const struct blob_store_config *config)
{
	struct blob_store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->config = *config;
	lock_init(&s->lock);
	lock_take(&s->lock);
	s->full_ms = INT64_MIN;
	lock_drop(&s->lock);
	return s;
}

/* ---- answers ---- */

static void answer(struct blob_waiter *w)
{
	int known = !w->err.code && w->key.label_id;

	w->done(w->ctx, known ? &w->info : NULL, &w->err);
	free(w);
}

void blob_answer_all(struct blob_waiter *w)
{
	while (w) {
		struct blob_waiter *next = w->next;
		answer(w);
		w = next;
	}
}

static void note_use_locked(struct blob_store *s, struct blob_entry *e) REQUIRES(s->lock);
static void note_use_locked(struct blob_store *s, struct blob_entry *e)
{
	e->used_s = s->config.clock->wall_s();
	e->turn = ++s->turn;
	if (e->spool_fd || (e->used_s - e->dated_s < DATED_S && e->used_s >= e->dated_s))
		return;
	e->dated_s = e->used_s;
	blob_post_locked(s, blob_disk_date, e);
}

/* What an entry tells a waiter: whether that is the answer. */
static int answer_from_entry_locked(struct blob_store *s, struct blob_waiter *w,
				    struct blob_entry *e) REQUIRES(s->lock);
static int answer_from_entry_locked(struct blob_store *s, struct blob_waiter *w,
				    struct blob_entry *e)
{
	if (e->state == BLOB_FILE || (e->state == BLOB_LEFT && w->need == BLOB_SIZE)) {
		if (e->state == BLOB_FILE)
			note_use_locked(s, e);
		w->info = e->info;
	} else if (blob_is_absent_locked(s, e)) {
		err_set(&w->err, -ENOENT, "the Training Hub has no %s of this activity",
			export_name(w->key.form));
	} else if (blob_waits_locked(s, e)) {
		err_set(&w->err, e->code,
			"it failed before, and is left alone for a time; corosfs --refresh asks "
			"for it at once");
	} else {
		return 0;
	}
	return 1;
}

/* Has the folder looked at, once. 0 or a negative errno. */
static int look_locked(struct blob_store *s) REQUIRES(s->lock);
static int look_locked(struct blob_store *s)
{
	if (s->look != LOOK_NOT)
		return 0;
	int r = blob_post_locked(s, blob_disk_look, NULL);
	if (r == 0)
		s->look = LOOK_RUNNING;
	return r;
}

/* Whether the waiter can be answered now; else something that will end it is under way. */
static int evaluate_locked(struct blob_store *s, struct blob_waiter *w) REQUIRES(s->lock);
static int evaluate_locked(struct blob_store *s, struct blob_waiter *w)
{
	struct blob_entry *e;

	if (look_locked(s) < 0)
		return err_set(&w->err, -ENOMEM, "no memory to look at the cache") < 0;
	if (s->look == LOOK_RUNNING && !s->quiet)
		return 0;
	if (!w->key.label_id)
		return 1;
	if ((e = blob_find_locked(s, &w->key)) && answer_from_entry_locked(s, w, e))
		return 1;
	if (s->config.offline)
		return err_set(&w->err, -EHOSTUNREACH,
			       "not in the cache, and the mount is offline") < 0;
	if (s->quiet)
		return err_set(&w->err, -ECANCELED, "the filesystem is being unmounted") < 0;
	struct blob_fetch *f = blob_queue_find_locked(s, &w->key);
	if (!f)
		f = blob_queue_add_locked(s, &w->key);
	if (!f)
		return err_set(&w->err, -ENOMEM, "no memory to fetch a file") < 0;
	f->is_wanted = 1;
	return 0;
}

/* Takes the waiters out for whom `is_due` holds, or all of a key. */
struct blob_waiter *blob_take_waiters_locked(struct blob_store *s, const struct blob_key *key,
					     int64_t until_ms)
{
	struct blob_waiter *taken = NULL, **last = &taken;

	for (struct blob_waiter **p = &s->waiters, *w; (w = *p);) {
		if (key ? !blob_is_same(&w->key, key) : w->deadline_ms > until_ms) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		w->next = NULL;
		*last = w;
		last = &w->next;
	}
	return taken;
}

int blob_has_waiter_locked(const struct blob_store *s, const struct blob_key *key)
{
	const struct blob_waiter *w = s->waiters;

	while (w && !blob_is_same(&w->key, key))
		w = w->next;
	return w != NULL;
}

/* On the disk's thread, since what the folder holds may not be known before. */
void blob_forget_locked(struct blob_store *s, uint64_t label_id)
{
	const struct blob_entry all = {.id = label_id << 4};

	if (look_locked(s) == 0)
		blob_post_locked(s, blob_disk_forget, &all);
}

/* ---- the calls ---- */

static void look_at_clock(void *store)
{
	struct blob_store *s = store;

	lock_take(&s->lock);
	struct blob_waiter *late = blob_take_waiters_locked(s, NULL, s->config.clock->mono_ms());
	lock_drop(&s->lock);
	for (struct blob_waiter *w = late; w; w = w->next)
		err_set(&w->err, -ETIMEDOUT,
			"the file did not come in time; -o timeout= allows longer");
	blob_answer_all(late);
}

void blob_store_get(struct blob_store *s, const struct blob_key *key, enum blob_need need,
		    int wait_ms, blob_done *done, void *ctx)
{
	const struct hub *hub = s->config.hub;
	static const struct err no_memory = {-ENOMEM, "no memory to wait for a file"};
	struct blob_waiter *w = calloc(1, sizeof(*w));

	if (!w) {
		done(ctx, NULL, &no_memory);
		return;
	}
	w->key = *key;
	w->need = need;
	w->done = done;
	w->ctx = ctx;
	lock_take(&s->lock);
	int answered = evaluate_locked(s, w);
	const struct blob_entry *e = blob_find_locked(s, key);
	if (e && e->failures && wait_ms > FAILED_MS)
		wait_ms = FAILED_MS;
	if (!answered) {
		w->deadline_ms = s->config.clock->mono_ms() + wait_ms;
		w->next = s->waiters;
		s->waiters = w;
	}
	lock_drop(&s->lock);
	if (answered) {
		answer(w);
		return;
	}
	/* Nobody may wait without a deadline: without a timer it is over at once. */
	if (hub->after(hub->ctx, wait_ms + 1, look_at_clock, s) < 0) {
		lock_take(&s->lock);
		struct blob_waiter *all = blob_take_waiters_locked(s, NULL, INT64_MAX);
		lock_drop(&s->lock);
		for (struct blob_waiter *o = all; o; o = o->next)
			o->err = no_memory;
		blob_answer_all(all);
	}
	blob_queue_start(s);
}

void blob_store_look(struct blob_store *s, int wait_ms, blob_done *done, void *ctx)
{
	blob_store_get(s, &(struct blob_key){.form = EXPORT_FIT}, BLOB_SIZE, wait_ms, done, ctx);
}

void blob_store_hurry(struct blob_store *s, const void *ctx, int wait_ms)
{
	const struct hub *hub = s->config.hub;
	int64_t until_ms = s->config.clock->mono_ms() + wait_ms;
	int any = 0;

	lock_take(&s->lock);
	for (struct blob_waiter *w = s->waiters; w; w = w->next) {
		if ((ctx && w->ctx != ctx) || w->deadline_ms <= until_ms)
			continue;
		any = 1;
		w->deadline_ms = until_ms;
	}
	lock_drop(&s->lock);
	/* Without a timer they meet their old deadline. */
	if (any)
		hub->after(hub->ctx, wait_ms + 1, look_at_clock, s);
}

void blob_looked(struct blob_store *s)
{
	struct blob_waiter *ready = NULL, **last = &ready;

	lock_take(&s->lock);
	s->look = LOOK_DONE;
	for (struct blob_waiter **p = &s->waiters, *w; (w = *p);) {
		if (!evaluate_locked(s, w)) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		w->next = NULL;
		*last = w;
		last = &w->next;
	}
	lock_drop(&s->lock);
	blob_answer_all(ready);
	blob_queue_start(s);
}

/* Whether there is nothing to fetch, or nothing to be had. */
static int is_settled_locked(struct blob_store *s, const struct blob_key *key, enum blob_need need)
	REQUIRES(s->lock);
static int is_settled_locked(struct blob_store *s, const struct blob_key *key, enum blob_need need)
{
	const struct blob_entry *e = blob_find_locked(s, key);

	return blob_queue_find_locked(s, key) ||
	       (e && (e->state == BLOB_FILE || (e->state == BLOB_LEFT && need == BLOB_SIZE) ||
		      blob_is_absent_locked(s, e) || blob_waits_locked(s, e)));
}

/* So many files may come before anybody wants them: in a small cache they would be gone by then, or
 * have put out what is being read. */
static int ahead_max_locked(const struct blob_store *s) REQUIRES(s->lock);
static int ahead_max_locked(const struct blob_store *s)
{
	uint64_t size = s->index.files ? s->index.bytes / s->index.files + 1 : 1;
	uint64_t max = s->config.size_max / 4 / size;

	/* What the disk does not take is fetched for nothing. */
	if (s->full_ms != INT64_MIN && s->config.clock->mono_ms() - s->full_ms < FULL_MS)
		return 0;
	return max < AHEAD_MAX ? (int)max : AHEAD_MAX;
}

void blob_store_ahead(struct blob_store *s, const struct blob_key *key, int n, enum blob_need need)
{
	int waiting = 0;

	lock_take(&s->lock);
	int max = ahead_max_locked(s);
	for (const struct blob_fetch *f = s->fetches; f; f = f->next)
		waiting += !f->is_wanted;
	for (int i = 0; i < n && waiting < max; i++)
		if (s->look == LOOK_DONE && !s->quiet && !s->config.offline &&
		    !is_settled_locked(s, &key[i], need))
			waiting += blob_queue_add_locked(s, &key[i]) != NULL;
	lock_drop(&s->lock);
	blob_queue_start(s);
}

/* What a look at the file's bytes has shown, for the next who opens it; unless it was fetched again
 * meanwhile. What is damaged has the name of what will be put in its place. */
static void note_look(struct blob_store *s, const struct blob_key *key,
		      const struct blob_entry *seen, int is_whole)
{
	lock_take(&s->lock);
	struct blob_entry *e = blob_find_locked(s, key);
	int is_same = e && e->state == BLOB_FILE && e->born == seen->born;
	if (is_same && is_whole > 0)
		e->is_whole = 1;
	else if (is_same)
		blob_index_leave(&s->index, e);
	lock_drop(&s->lock);
}

/* A file of the cache: a descriptor, or -ENOENT. */
static int open_file(struct blob_store *s, const struct blob_key *key,
		     const struct blob_entry *entry)
{
	char path[BLOB_PATH];

	blob_disk_path(entry, path);
	int fd = openat(s->config.dir->fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && !cache_dir_is_gone(-errno))
		return -errno;
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	int is_whole = size == (off_t)entry->info.size;
	if (is_whole && !entry->is_whole)
		is_whole = blob_disk_is_whole(fd, &entry->info);
	if (is_whole < 0 && is_whole != -EIO) {
		close(fd);
		return is_whole;
	}
	if (!(is_whole > 0 && entry->is_whole))
		note_look(s, key, entry, is_whole);
	if (is_whole > 0)
		return fd;
	/* Somebody deleted or cut it, or the disk forgets: it is as if it had been evicted. One
	 * that the disk does not give stays, for a better day, until another takes its place. */
	if (fd >= 0)
		log_warn("a %s file in the cache %s; fetching it again", export_name(key->form),
			 is_whole < 0 ? "cannot be read" : "is damaged");
	if (fd >= 0)
		close(fd);
	return -ENOENT;
}

int blob_store_open(struct blob_store *s, const struct blob_key *key)
{
	struct blob_entry entry = {0};
	int fd = -ENOENT;

	lock_take(&s->lock);
	const struct blob_entry *e = blob_find_locked(s, key);
	if (e && e->state == BLOB_FILE)
		entry = *e;
	if (entry.spool_fd && (fd = fcntl(entry.spool_fd, F_DUPFD_CLOEXEC, 3)) < 0)
		fd = -errno;
	lock_drop(&s->lock);
	return entry.id && !entry.spool_fd ? open_file(s, key, &entry) : fd;
}

void blob_store_drop(struct blob_store *s, uint64_t label_id)
{
	lock_take(&s->lock);
	for (struct blob_fetch *f = s->fetches; f; f = f->next)
		f->is_dropped |= f->key.label_id == label_id;
	blob_forget_locked(s, label_id);
	lock_drop(&s->lock);
}

/* ---- the end ---- */

void blob_store_quiet(struct blob_store *s)
{
	lock_take(&s->lock);
	s->quiet = 1;
	struct blob_waiter *all = blob_take_waiters_locked(s, NULL, INT64_MAX);
	lock_drop(&s->lock);
	for (struct blob_waiter *w = all; w; w = w->next)
		err_set(&w->err, -ECANCELED, "the filesystem is being unmounted");
	blob_answer_all(all);
}

void blob_store_stop(struct blob_store *s)
{
	blob_store_quiet(s);
	lock_take(&s->lock);
	struct worker *worker = s->worker;
	lock_drop(&s->lock);
	if (worker)
		worker_stop(worker, DRAIN_MS, free);
}

void blob_store_free(struct blob_store *s)
{
	if (!s)
		return;
	lock_take(&s->lock);
	struct worker *worker = s->worker;
	struct blob_fetch *f = s->fetches;
	blob_index_clear(&s->index);
	lock_drop(&s->lock);
	for (struct blob_fetch *next; f; f = next) {
		next = f->next;
		blob_fetch_free(f);
	}
	if (worker)
		worker_free(worker);
	lock_clear(&s->lock);
	free(s);
}
