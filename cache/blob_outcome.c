/* SPDX-License-Identifier: MIT */
/* What becomes of a fetch that has ended: in the index, in the log, and for those who wait. See
 * blob_impl.h. */
#include <errno.h>
#include <stdlib.h>

#include "api/log.h"
#include "cache/blob_impl.h"

static void unlist_locked(struct blob_store *s, struct blob_fetch *f) REQUIRES(s->lock);
static void unlist_locked(struct blob_store *s, struct blob_fetch *f)
{
	struct blob_fetch **p = &s->fetches;

	while (*p != f)
		p = &(*p)->next;
	*p = f->next;
	s->running -= f->is_running;
}

/* What a fetch found out goes into the index. 0 or -ENOMEM. */
static int record_locked(struct blob_store *s, struct blob_fetch *f, enum blob_state state)
	REQUIRES(s->lock);
static int record_locked(struct blob_store *s, struct blob_fetch *f, enum blob_state state)
{
	int64_t now_s = s->config.clock->wall_s();
	struct blob_entry old, e = {
				       .id = f->key.label_id << 4 | (uint64_t)f->key.form,
				       .edition = f->key.edition,
				       .info = state == BLOB_FILE ? f->info : (struct blob_info){0},
				       .state = state,
				       .is_whole = state == BLOB_FILE,
				       .used_s = now_s,
				       .dated_s = now_s,
				       .born = ++s->turn,
				       .turn = s->turn,
			       };

	if (state == BLOB_FILE && f->is_spooled)
		e.spool_fd = f->fd;
	if (blob_index_put(&s->index, &e, &old) < 0)
		return -ENOMEM;
	if (e.spool_fd)
		f->fd = -1;
	if (state == BLOB_ABSENT || state == BLOB_GONE)
		blob_post_locked(s, blob_disk_mark, &e);
	if (old.id)
		blob_disk_replace_locked(s, &old, &e);
	return 0;
}

/* One that failed by itself is left alone for a while; longer if others came since it last did. */
static void record_failure_locked(struct blob_store *s, struct blob_fetch *f,
				  enum failure_scope scope, int code) REQUIRES(s->lock);
static void record_failure_locked(struct blob_store *s, struct blob_fetch *f,
				  enum failure_scope scope, int code)
{
	struct blob_entry *e = blob_find_locked(s, &f->key);
	unsigned failures = e ? e->failures : 0;
	int64_t failed_s = e ? e->failed_s : 0;

	if (scope == FAILURE_GONE && (!e || e->state == BLOB_FAILED || e->state == BLOB_GONE))
		record_locked(s, f, BLOB_GONE);
	else if (!e)
		record_locked(s, f, BLOB_FAILED);
	if (!(e = blob_find_locked(s, &f->key)))
		return;
	e->failures = failures + (!failures || s->form[f->key.form].came_s >= failed_s);
	e->scope = scope;
	e->code = code;
	e->failed_s = s->config.clock->wall_s();
}

/* One has come: it shows that the hub makes the form, to those that were refused for want of that.
 */
static void note_coming_locked(struct blob_store *s, const struct blob_key *key) REQUIRES(s->lock);
static void note_coming_locked(struct blob_store *s, const struct blob_key *key)
{
	struct blob_form *form = &s->form[key->form];

	form->came_s = s->config.clock->wall_s();
	form->control = (struct blob_control){key->label_id, key->sport};
	if (!form->is_kept)
		form->is_kept = blob_post_locked(s, blob_disk_controls, NULL) == 0;
	if (form->unproven.label_id && !s->quiet && !blob_queue_find_locked(s, &form->unproven))
		blob_queue_add_locked(s, &form->unproven);
	form->unproven.label_id = 0;
}

static void log_failure_locked(struct blob_store *s, const struct blob_fetch *f,
			       enum failure_scope scope, const struct err *err) REQUIRES(s->lock);
static void log_failure_locked(struct blob_store *s, const struct blob_fetch *f,
			       enum failure_scope scope, const struct err *err)
{
	int64_t now_ms = s->config.clock->mono_ms();
	const char *form = export_name(f->key.form);

	if (err->code == -ECANCELED)
		return;
	if (scope == FAILURE_HUB && said_news(&s->said, err, now_ms))
		log_warn("cannot fetch a %s file: %s", form, err->text);
	else if (scope != FAILURE_HUB && said_news(&s->said_one, err, now_ms))
		log_warn("cannot fetch a %s file, that of activity %llu on %d: %s", form,
			 (unsigned long long)f->key.label_id, (int)f->key.day, err->text);
	else
		log_info("cannot fetch the %s file of activity %llu on %d: %s", form,
			 (unsigned long long)f->key.label_id, (int)f->key.day, err->text);
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
static int is_absent_locked(struct blob_store *s, const struct blob_fetch *f,
			    enum failure_scope scope, int code) REQUIRES(s->lock);
static int is_absent_locked(struct blob_store *s, const struct blob_fetch *f,
			    enum failure_scope scope, int code)
{
	const struct blob_entry *e = blob_find_locked(s, &f->key);

	return scope == FAILURE_ABSENT && (code == -ENOENT || (e && e->state == BLOB_ABSENT));
}

/* It came. Whether its bytes are others than before. */
static int came_locked(struct blob_store *s, struct blob_fetch *f, struct err *err)
	REQUIRES(s->lock);
static int came_locked(struct blob_store *s, struct blob_fetch *f, struct err *err)
{
	const struct blob_entry *e = blob_find_locked(s, &f->key);
	int is_news = e && e->state == BLOB_LEFT && e->info.hash != f->info.hash;

	if (record_locked(s, f, BLOB_FILE) < 0)
		err_set(err, -ENOMEM, "no memory to note a file");
	note_coming_locked(s, &f->key);
	if (said_over(&s->said))
		log_warn("files can be fetched again");
	return is_news;
}

/* It does not exist. Whether that is news. */
static int absent_locked(struct blob_store *s, struct blob_fetch *f, struct err *err)
	REQUIRES(s->lock);
static int absent_locked(struct blob_store *s, struct blob_fetch *f, struct err *err)
{
	const struct blob_entry *e = blob_find_locked(s, &f->key);
	int is_news = !e || !blob_is_absent_locked(s, e);

	err->code = -ENOENT;
	if (record_locked(s, f, BLOB_ABSENT) < 0)
		err_set(err, -ENOMEM, "no memory to note a file");
	return is_news;
}

static void failed_locked(struct blob_store *s, struct blob_fetch *f, enum failure_scope scope,
			  struct err *err) REQUIRES(s->lock);
static void failed_locked(struct blob_store *s, struct blob_fetch *f, enum failure_scope scope,
			  struct err *err)
{
	if (scope == FAILURE_ABSENT) {
		s->form[f->key.form].unproven = f->key;
		scope = FAILURE_ITEM;
	}
	/* A disk that finds no file has not lost the hub's. */
	if (cache_dir_is_gone(err->code))
		err->code = -EIO;
	int is_full = scope == FAILURE_HUB &&
		      (err->code == -ENOSPC || err->code == -EDQUOT || err->code == -EROFS);
	/* Nobody misses what found no room before anybody asked for it. */
	if (!is_full || f->is_wanted)
		log_failure_locked(s, f, scope, err);
	if (scope != FAILURE_HUB)
		record_failure_locked(s, f, scope, err->code);
	else if (is_full)
		full_locked(s);
}

void blob_fetch_ended(struct blob_fetch *f, enum failure_scope scope, const struct err *why)
{
	struct blob_store *s = f->store;
	struct err err = *why;
	int is_news = 0;

	if (f->has_given_way)
		scope = FAILURE_ITEM;
	lock_take(&s->lock);
	unlist_locked(s, f);
	if (!err.code)
		is_news = came_locked(s, f, &err);
	else if (is_absent_locked(s, f, scope, err.code))
		is_news = absent_locked(s, f, &err);
	else
		failed_locked(s, f, scope, &err);
	if (f->is_dropped)
		blob_forget_locked(s, f->key.label_id);
	struct blob_waiter *waiters = blob_take_waiters_locked(s, &f->key, 0);
	for (struct blob_waiter *w = waiters; w; w = w->next) {
		w->info = f->info;
		w->err = err;
	}
	lock_drop(&s->lock);
	if (is_news && s->config.changed)
		s->config.changed(s->config.ctx, &f->key);
	blob_answer_all(waiters);
	/* Not on the session's transport thread, which must not touch the disk: that one never has
	 * a file to show. */
	if (!err.code)
		blob_disk_evict(s);
	blob_fetch_free(f);
	blob_queue_start(s);
}
