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
#define ABSENT_S  (30 * INT64_C(86400)) /* then it is asked for again */
#define DRAIN_MS  1000

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
	if (e->used_s - e->dated_s < DATED_S && e->used_s >= e->dated_s)
		return;
	e->dated_s = e->used_s;
	blob_post_locked(s, blob_disk_date, e);
}

static int absent_locked(const struct blob_store *s, const struct blob_entry *e)
{
	int64_t age_s = s->config.clock->wall_s() - e->used_s;

	/* From the future: found out while the clock was wrong. */
	return e->is_absent && age_s < ABSENT_S && age_s > -ABSENT_S;
}

/* The current file of this key, or what is known in its place; NULL: nothing. */
struct blob_entry *blob_find_locked(struct blob_store *s, const struct blob_key *key)
{
	struct blob_entry *e = blob_index_find(&s->index, key);

	if (!e || e->edition != key->edition || (e->is_absent && !absent_locked(s, e)))
		return NULL;
	return e;
}

static int answer_from_entry(struct blob_waiter *w, const struct blob_entry *e)
{
	if (e->is_absent)
		err_set(&w->err, -ENOENT, "the Training Hub has no %s of this activity",
			export_name(w->key.form));
	else
		w->info = e->info;
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
	if ((e = blob_find_locked(s, &w->key))) {
		if (!e->is_absent)
			note_use_locked(s, e);
		return answer_from_entry(w, e);
	}
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

static void submit(struct blob_store *s, const struct blob_key *key, int wait_ms, blob_done *done,
		   void *ctx)
{
	const struct hub *hub = s->config.hub;
	static const struct err no_memory = {-ENOMEM, "no memory to wait for a file"};
	struct blob_waiter *w = calloc(1, sizeof(*w));

	if (!w) {
		done(ctx, NULL, &no_memory);
		return;
	}
	w->key = *key;
	w->done = done;
	w->ctx = ctx;
	w->deadline_ms = s->config.clock->mono_ms() + wait_ms;
	lock_take(&s->lock);
	int answered = evaluate_locked(s, w);
	if (!answered) {
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

void blob_store_get(struct blob_store *s, const struct blob_key *key, int wait_ms, blob_done *done,
		    void *ctx)
{
	submit(s, key, wait_ms, done, ctx);
}

void blob_store_look(struct blob_store *s, int wait_ms, blob_done *done, void *ctx)
{
	submit(s, &(struct blob_key){.form = EXPORT_FIT}, wait_ms, done, ctx);
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

void blob_store_ahead(struct blob_store *s, const struct blob_key *key, int n)
{
	int waiting = 0;

	lock_take(&s->lock);
	/* What the disk does not take is fetched for nothing. */
	if (s->full_ms != INT64_MIN && s->config.clock->mono_ms() - s->full_ms < FULL_MS)
		n = 0;
	for (const struct blob_fetch *f = s->fetches; f; f = f->next)
		waiting += !f->is_wanted;
	for (int i = 0; i < n && waiting < AHEAD_MAX; i++) {
		if (s->look != LOOK_DONE || s->quiet || s->config.offline ||
		    blob_find_locked(s, &key[i]) || blob_queue_find_locked(s, &key[i]))
			continue;
		waiting += blob_queue_add_locked(s, &key[i]) != NULL;
	}
	lock_drop(&s->lock);
	blob_queue_start(s);
}

int64_t blob_store_absent(struct blob_store *s, const struct blob_key *key)
{
	int64_t since_s = 0;

	lock_take(&s->lock);
	const struct blob_entry *e = blob_find_locked(s, key);
	if (e && e->is_absent)
		since_s = e->used_s;
	lock_drop(&s->lock);
	return since_s;
}

int blob_store_peek(struct blob_store *s, const struct blob_key *key, struct blob_info *info)
{
	lock_take(&s->lock);
	const struct blob_entry *e = blob_find_locked(s, key);
	int found = e && !e->is_absent;
	if (found)
		*info = e->info;
	lock_drop(&s->lock);
	return found;
}

/* What a look at the file's bytes has shown, for the next who opens it. */
static void note_look(struct blob_store *s, const struct blob_key *key,
		      const struct blob_entry *seen, int is_whole)
{
	/* While it is in the index nobody fetches another one, which has the same name. */
	if (is_whole == 0)
		blob_disk_remove(s, seen);
	lock_take(&s->lock);
	struct blob_entry *e = blob_find_locked(s, key);
	int is_same = e && !e->is_absent && e->info.hash == seen->info.hash;
	if (is_same && is_whole > 0) {
		e->is_whole = 1;
	} else if (is_same) {
		blob_index_remove(&s->index, e);
		free(e);
	}
	lock_drop(&s->lock);
}

int blob_store_open(struct blob_store *s, const struct blob_key *key)
{
	struct blob_entry entry = {0};
	char path[BLOB_PATH];

	lock_take(&s->lock);
	struct blob_entry *e = blob_find_locked(s, key);
	if (e && !e->is_absent)
		entry = *e;
	lock_drop(&s->lock);
	if (!entry.id)
		return -ENOENT;
	blob_disk_path(&entry, path);
	int fd = openat(s->config.dir->fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && !cache_dir_is_gone(-errno))
		return -errno;
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	int is_whole = size == (off_t)entry.info.size;
	if (is_whole && !entry.is_whole)
		is_whole = blob_disk_is_whole(fd, &entry.info);
	if (is_whole < 0 && is_whole != -EIO) {
		close(fd);
		return is_whole;
	}
	if (!(is_whole > 0 && entry.is_whole))
		note_look(s, key, &entry, is_whole);
	if (is_whole > 0)
		return fd;
	/* Somebody deleted or cut it, or the disk forgets: it is as if it had never come. One that
	 * the disk does not give stays, for a better day, until another takes its place. */
	if (fd >= 0)
		log_warn("a %s file in the cache %s; fetching it again", export_name(key->form),
			 is_whole < 0 ? "cannot be read" : "is damaged");
	if (fd >= 0)
		close(fd);
	return -ENOENT;
}

void blob_store_drop(struct blob_store *s, uint64_t label_id)
{
	lock_take(&s->lock);
	for (struct blob_fetch *f = s->fetches; f; f = f->next)
		f->is_dropped |= f->key.label_id == label_id;
	blob_forget_locked(s, label_id);
	lock_drop(&s->lock);
}

void blob_store_count(struct blob_store *s, uint64_t *files, uint64_t *bytes)
{
	lock_take(&s->lock);
	*files = s->index.files;
	*bytes = s->index.bytes;
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
