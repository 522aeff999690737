/* SPDX-License-Identifier: MIT */
/*
 * Files that are to be fetched, in the order they were asked for: a few at a time, those
 * first that somebody waits for, and what becomes of each. See blob_impl.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "api/log.h"
#include "cache/blob_impl.h"

#define FETCHES 8 /* asked for or under way: four questions to the hub, four files */

int blob_is_same(const struct blob_key *a, const struct blob_key *b)
{
	return a->label_id == b->label_id && a->form == b->form && a->edition == b->edition;
}

struct blob_fetch *blob_queue_find_locked(struct blob_store *s, const struct blob_key *key)
{
	struct blob_fetch *f = s->fetches;

	while (f && !blob_is_same(&f->key, key))
		f = f->next;
	return f;
}

/* At the end of the line. NULL: no memory. */
struct blob_fetch *blob_queue_add_locked(struct blob_store *s, const struct blob_key *key)
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

void blob_queue_start(struct blob_store *s)
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
		.is_whole = !is_absent,
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

/* The disk takes nothing more: what nobody waits for is not fetched. */
static void full_locked(struct blob_store *s) REQUIRES(s->lock);
static void full_locked(struct blob_store *s)
{
	s->full_ms = s->config.clock->mono_ms();
	for (struct blob_fetch **p = &s->fetches, *f; (f = *p);) {
		if (f->is_running || f->is_wanted) {
			p = &f->next;
			continue;
		}
		*p = f->next;
		free(f);
	}
}

/* What cannot be proven today stays as it was: missing, where that was once found out. */
static int is_absent_locked(const struct blob_store *s, const struct blob_fetch *f, int code)
	REQUIRES(s->lock);
static int is_absent_locked(const struct blob_store *s, const struct blob_fetch *f, int code)
{
	const struct blob_entry *e = blob_index_find(&s->index, &f->key);

	return code == DOWNLOAD_ABSENT ||
	       (code == DOWNLOAD_UNPROVEN && e && e->is_absent && e->edition == f->key.edition);
}

/* What a reader is told. A disk that finds no file has not lost the hub's. */
static int errno_of(int code, int is_absent)
{
	if (is_absent)
		return -ENOENT;
	return code == DOWNLOAD_UNPROVEN || cache_dir_is_gone(code) ? -EIO : code;
}

void blob_fetch_ended(struct blob_fetch *f, const struct err *why)
{
	struct blob_store *s = f->store;
	struct err err = *why;
	int is_news = 0;

	lock_take(&s->lock);
	int is_absent = is_absent_locked(s, f, err.code);
	err.code = errno_of(err.code, is_absent);
	unlist_locked(s, f);
	if (!err.code || is_absent) {
		is_news = is_absent && !blob_find_locked(s, &f->key);
		if (record_locked(s, f, is_absent) < 0)
			err_set(&err, -ENOMEM, "no memory to note a file");
		if (f->is_dropped)
			blob_forget_locked(s, f->key.label_id);
		if (said_over(&s->said))
			log_warn("files can be fetched again");
	} else {
		log_failure_locked(s, f, &err);
		if (err.code == -ENOSPC || err.code == -EDQUOT || err.code == -EROFS)
			full_locked(s);
	}
	struct blob_waiter *waiters = blob_take_waiters_locked(s, &f->key, 0);
	for (struct blob_waiter *w = waiters; w; w = w->next) {
		w->info = f->info;
		w->err = err;
	}
	lock_drop(&s->lock);
	if (is_news && s->config.absent)
		s->config.absent(s->config.ctx, &f->key);
	blob_answer_all(waiters);
	/* Not on the session's transport thread, which must not touch the disk: that one never has
	 * a file to show. */
	if (!err.code)
		blob_disk_evict(s);
	blob_fetch_free(f);
	blob_queue_start(s);
}
