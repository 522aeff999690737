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

#define FETCHES   8  /* asked for or under way: four questions to the hub, four files */
#define AHEAD_MAX 32 /* that nobody waits for */
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
	return s;
}

/* ---- answers ---- */

static void answer(struct blob_waiter *w)
{
	int known = !w->err.code && w->key.label_id;

	w->done(w->ctx, known ? &w->info : NULL, &w->err);
	free(w);
}

static void answer_all(struct blob_waiter *w)
{
	while (w) {
		struct blob_waiter *next = w->next;
		answer(w);
		w = next;
	}
}

static int is_same(const struct blob_key *a, const struct blob_key *b)
{
	return a->label_id == b->label_id && a->form == b->form && a->edition == b->edition;
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

	return e->is_absent && age_s < ABSENT_S;
}

/* The current file of this key, or what is known in its place; NULL: nothing. */
static struct blob_entry *find_locked(struct blob_store *s, const struct blob_key *key)
	REQUIRES(s->lock);
static struct blob_entry *find_locked(struct blob_store *s, const struct blob_key *key)
{
	struct blob_entry *e = blob_index_find(&s->index, key);

	if (!e || e->edition != key->edition || (e->is_absent && !absent_locked(s, e)))
		return NULL;
	return e;
}

static struct blob_fetch *fetch_of_locked(struct blob_store *s, const struct blob_key *key)
	REQUIRES(s->lock);
static struct blob_fetch *fetch_of_locked(struct blob_store *s, const struct blob_key *key)
{
	struct blob_fetch *f = s->fetches;

	while (f && !is_same(&f->key, key))
		f = f->next;
	return f;
}

/* At the end of the line. NULL: no memory. */
static struct blob_fetch *add_fetch_locked(struct blob_store *s, const struct blob_key *key)
	REQUIRES(s->lock);
static struct blob_fetch *add_fetch_locked(struct blob_store *s, const struct blob_key *key)
{
	struct blob_fetch **last = &s->fetches, *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->store = s;
	f->key = *key;
	f->fd = -1;
	while (*last)
		last = &(*last)->next;
	*last = f;
	return f;
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
	if ((e = find_locked(s, &w->key))) {
		if (!e->is_absent)
			note_use_locked(s, e);
		return answer_from_entry(w, e);
	}
	if (s->config.offline)
		return err_set(&w->err, -EHOSTUNREACH,
			       "not in the cache, and the mount is offline") < 0;
	if (s->quiet)
		return err_set(&w->err, -ECANCELED, "the filesystem is being unmounted") < 0;
	struct blob_fetch *f = fetch_of_locked(s, &w->key);
	if (!f)
		f = add_fetch_locked(s, &w->key);
	if (!f)
		return err_set(&w->err, -ENOMEM, "no memory to fetch a file") < 0;
	f->is_wanted = 1;
	return 0;
}

/* ---- fetches ---- */

/* The next one that may start: those first that somebody waits for. */
static struct blob_fetch *next_locked(struct blob_store *s) REQUIRES(s->lock);
static struct blob_fetch *next_locked(struct blob_store *s)
{
	struct blob_fetch *best = NULL;

	if (s->running >= FETCHES || s->quiet)
		return NULL;
	for (struct blob_fetch *f = s->fetches; f; f = f->next)
		if (!f->is_running && (!best || (f->is_wanted && !best->is_wanted)))
			best = f;
	return best;
}

static void start_fetches(struct blob_store *s)
{
	const struct hub *hub = s->config.hub;
	struct err err;

	for (struct blob_fetch *f;;) {
		lock_take(&s->lock);
		f = next_locked(s);
		if (f) {
			f->is_running = 1;
			s->running++;
		}
		lock_drop(&s->lock);
		if (!f)
			return;
		struct download_want want = {f->key.label_id, f->key.sport, f->key.form};
		int r = hub->download(hub->ctx, &want, &blob_fetch_sink, f);
		if (r < 0) {
			err_sys(&err, r, "fetch a file from the Training Hub");
			blob_fetch_ended(f, &err);
		}
	}
}

/* Takes the waiters out for whom `is_due` holds, or all of a key. */
static struct blob_waiter *take_waiters_locked(struct blob_store *s, const struct blob_key *key,
					       int64_t until_ms) REQUIRES(s->lock);
static struct blob_waiter *take_waiters_locked(struct blob_store *s, const struct blob_key *key,
					       int64_t until_ms)
{
	struct blob_waiter *taken = NULL, **last = &taken;

	for (struct blob_waiter **p = &s->waiters, *w; (w = *p);) {
		if (key ? !is_same(&w->key, key) : w->deadline_ms > until_ms) {
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

static void unlist_locked(struct blob_store *s, struct blob_fetch *f) REQUIRES(s->lock);
static void unlist_locked(struct blob_store *s, struct blob_fetch *f)
{
	struct blob_fetch **p = &s->fetches;

	while (*p != f)
		p = &(*p)->next;
	*p = f->next;
	s->running -= f->is_running;
}

/* What a fetch found out goes into the index. Returns 0 or why it cannot. */
static int record_locked(struct blob_store *s, const struct blob_fetch *f, int is_absent)
	REQUIRES(s->lock);
static int record_locked(struct blob_store *s, const struct blob_fetch *f, int is_absent)
{
	int64_t now_s = s->config.clock->wall_s();
	struct blob_entry e = {
		.id = f->key.label_id << 4 | (uint64_t)f->key.form,
		.edition = f->key.edition,
		.info = f->info,
		.is_absent = is_absent,
		.used_s = now_s,
		.dated_s = now_s,
	};
	struct blob_entry old;

	int r = blob_index_put(&s->index, &e, &old);
	if (r == 0 && is_absent)
		blob_post_locked(s, blob_disk_mark, &e);
	/* The one before it, of another edition or other bytes. */
	if (r == 0 && old.id &&
	    (old.edition != e.edition || old.is_absent != e.is_absent ||
	     old.info.hash != e.info.hash || old.info.size != e.info.size))
		blob_post_locked(s, blob_disk_remove, &old);
	return r;
}

/* On the disk's thread, since what the folder holds may not be known before. */
static void forget_locked(struct blob_store *s, uint64_t label_id) REQUIRES(s->lock);
static void forget_locked(struct blob_store *s, uint64_t label_id)
{
	const struct blob_entry all = {.id = label_id << 4};

	if (look_locked(s) == 0)
		blob_post_locked(s, blob_disk_forget, &all);
}

static void log_failure_locked(struct blob_store *s, const struct blob_fetch *f,
			       const struct err *err) REQUIRES(s->lock);
static void log_failure_locked(struct blob_store *s, const struct blob_fetch *f,
			       const struct err *err)
{
	if (err->code == -ECANCELED || err->code == -ENOENT)
		return;
	if (said_news(&s->said, err, s->config.clock->mono_ms()))
		log_warn("cannot fetch a %s file: %s", export_name(f->key.form), err->text);
}

void blob_fetch_ended(struct blob_fetch *f, const struct err *why)
{
	struct blob_store *s = f->store;
	struct err err = *why;
	int is_absent = err.code == -ENOENT, is_news = 0;

	lock_take(&s->lock);
	unlist_locked(s, f);
	if (!err.code || is_absent) {
		is_news = is_absent && !find_locked(s, &f->key);
		if (record_locked(s, f, is_absent) < 0)
			err_set(&err, -ENOMEM, "no memory to note a file");
		if (f->is_dropped)
			forget_locked(s, f->key.label_id);
		if (said_over(&s->said))
			log_warn("files can be fetched again");
	} else {
		log_failure_locked(s, f, &err);
	}
	struct blob_waiter *waiters = take_waiters_locked(s, &f->key, 0);
	for (struct blob_waiter *w = waiters; w; w = w->next) {
		w->info = f->info;
		w->err = err;
	}
	lock_drop(&s->lock);
	if (is_news && s->config.absent)
		s->config.absent(s->config.ctx, &f->key);
	answer_all(waiters);
	/* Not on the session's transport thread, which must not touch the disk: that one never has
	 * a file to show. */
	if (!err.code)
		blob_disk_evict(s);
	blob_fetch_free(f);
	start_fetches(s);
}

/* ---- the calls ---- */

static void look_at_clock(void *store)
{
	struct blob_store *s = store;

	lock_take(&s->lock);
	struct blob_waiter *late = take_waiters_locked(s, NULL, s->config.clock->mono_ms());
	lock_drop(&s->lock);
	for (struct blob_waiter *w = late; w; w = w->next)
		err_set(&w->err, -ETIMEDOUT,
			"the file did not come in time; -o timeout= allows longer");
	answer_all(late);
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
		struct blob_waiter *all = take_waiters_locked(s, NULL, INT64_MAX);
		lock_drop(&s->lock);
		for (struct blob_waiter *o = all; o; o = o->next)
			o->err = no_memory;
		answer_all(all);
	}
	start_fetches(s);
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
	answer_all(ready);
	start_fetches(s);
}

void blob_store_ahead(struct blob_store *s, const struct blob_key *key, int n)
{
	int waiting = 0;

	lock_take(&s->lock);
	for (const struct blob_fetch *f = s->fetches; f; f = f->next)
		waiting += !f->is_wanted;
	for (int i = 0; i < n && waiting < AHEAD_MAX; i++) {
		if (s->look != LOOK_DONE || s->quiet || s->config.offline ||
		    find_locked(s, &key[i]) || fetch_of_locked(s, &key[i]))
			continue;
		waiting += add_fetch_locked(s, &key[i]) != NULL;
	}
	lock_drop(&s->lock);
	start_fetches(s);
}

int64_t blob_store_absent(struct blob_store *s, const struct blob_key *key)
{
	int64_t since_s = 0;

	lock_take(&s->lock);
	const struct blob_entry *e = find_locked(s, key);
	if (e && e->is_absent)
		since_s = e->used_s;
	lock_drop(&s->lock);
	return since_s;
}

int blob_store_peek(struct blob_store *s, const struct blob_key *key, struct blob_info *info)
{
	lock_take(&s->lock);
	const struct blob_entry *e = find_locked(s, key);
	int found = e && !e->is_absent;
	if (found)
		*info = e->info;
	lock_drop(&s->lock);
	return found;
}

int blob_store_open(struct blob_store *s, const struct blob_key *key)
{
	struct blob_entry entry = {0};
	char path[BLOB_PATH];

	lock_take(&s->lock);
	struct blob_entry *e = find_locked(s, key);
	if (e && !e->is_absent)
		entry = *e;
	lock_drop(&s->lock);
	if (!entry.id)
		return -ENOENT;
	blob_disk_path(&entry, path);
	int fd = openat(s->config.dir->fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	if (fd >= 0 && size == (off_t)entry.info.size)
		return fd;
	if (fd >= 0)
		close(fd);
	else if (errno != ENOENT && errno != ENOTDIR)
		return -errno;
	/* Somebody deleted or cut it: it is as if it had never come. */
	lock_take(&s->lock);
	e = find_locked(s, key);
	if (e && !e->is_absent && e->info.hash == entry.info.hash) {
		blob_post_locked(s, blob_disk_remove, e);
		blob_index_remove(&s->index, e);
		free(e);
	}
	lock_drop(&s->lock);
	return -ENOENT;
}

void blob_store_drop(struct blob_store *s, uint64_t label_id)
{
	lock_take(&s->lock);
	for (struct blob_fetch *f = s->fetches; f; f = f->next)
		f->is_dropped |= f->key.label_id == label_id;
	forget_locked(s, label_id);
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
	struct blob_waiter *all = take_waiters_locked(s, NULL, INT64_MAX);
	lock_drop(&s->lock);
	for (struct blob_waiter *w = all; w; w = w->next)
		err_set(&w->err, -ECANCELED, "the filesystem is being unmounted");
	answer_all(all);
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
