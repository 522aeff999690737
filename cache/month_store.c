/* SPDX-License-Identifier: MIT */
/* The month store's door; see month_store.h, and store_impl.h for the rooms. */
#include "cache/month_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/cond.h"
#include "api/log.h"
#include "cache/atomic_file.h"
#include "cache/folder.h"
#include "cache/month_file.h"
#include "cache/store_impl.h"

#define SAVE_AT_STOP_MS 2000

/* ---- spans ---- */

struct span *span_new(int first, int n)
{
	struct span *s = calloc(1, sizeof(*s) + (size_t)n * sizeof(struct month *));

	if (!s)
		return NULL;
	atomic_init(&s->refs, 1);
	s->first = first;
	s->n = n;
	return s;
}

struct span *span_ref(struct span *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void span_unref(struct span *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (int i = 0; i < s->n; i++)
		month_unref(s->month[i]);
	free(s);
}

/* ---- construction ---- */

/* Marks the months that have a file; other names are leftovers of an interrupted write. */
static void find_month(void *arg, int dirfd, const char *name)
{
	struct month_store *s = arg;
	int number = month_file_number(name);
	char of[NAME_MAX + 1];
	struct stat st;

	if (number && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		st.st_size = 0;
	lock_take(&s->lock);
	if (number) {
		struct slot *slot = slot_locked(s, number);
		slot->on_disk = 1;
		slot->disk_size = (uint32_t)(st.st_size < UINT32_MAX ? st.st_size : UINT32_MAX);
	}
	lock_drop(&s->lock);
	if (!number && atomic_file_is_leftover(name, of) && month_file_number(of))
		unlinkat(dirfd, name, 0);
}

int store_find_months(struct month_store *s, struct err *err)
{
	lock_take(&s->lock);
	for (int i = 0; i < STORE_MONTHS; i++)
		s->slot[i].on_disk = 0;
	lock_drop(&s->lock);
	return folder_each(months_fd(s), ".", find_month, s, err);
}

/* What the last mount left. What of it cannot be read is left alone for the next one. */
static void look_at_disk(struct month_store *s)
{
	struct history h;
	struct err err;

	int r = history_read(s->config.dir->fd, &h, &err);
	if (r < 0 && r != -ENOENT)
		log_warn("%s; it is fetched again", err.text);
	int found = store_find_months(s, &err);
	if (found < 0)
		log_warn("%s; months are kept in memory alone", err.text);
	lock_take(&s->lock);
	s->history = h;
	s->is_history_unread = r < 0 && r != -ENOENT && r != -EBADMSG;
	if (found < 0) {
		s->config.dir = NULL;
		s->disk_down = 1;
	}
	for (int i = 0; found < 0 && i < STORE_MONTHS; i++)
		s->slot[i].on_disk = 0;
	lock_drop(&s->lock);
	/* The ceiling may have been another one. */
	if (!s->config.offline && s->config.dir)
		persist_make_room(s, 0, 0);
}

struct month_store *month_store_new(const struct month_store_config *config, struct err *err)
{
	struct month_store *s = calloc(1, sizeof(*s));
	struct slot *slot = calloc(STORE_MONTHS, sizeof(*slot));

	if (!s || !slot) {
		free(s);
		free(slot);
		err_set(err, -ENOMEM, "no memory for the cache");
		return NULL;
	}
	s->config = *config;
	lock_init(&s->lock);
	cond_init(&s->hurry);
	lock_take(&s->lock);
	s->slot = slot;
	s->quiet = config->offline;
	s->disk_down = !config->dir || !atomic_load(&config->dir->there);
	failed_over(&s->history_failed);
	failed_over(&s->newest_failed);
	for (int i = 0; i < STORE_MONTHS; i++)
		failed_over(&slot[i].failed);
	lock_drop(&s->lock);
	if (config->dir && atomic_load(&config->dir->there))
		look_at_disk(s);
	s->loader = worker_new("cache-load", err);
	s->saver = s->loader ? worker_new("cache-save", err) : NULL;
	if (!s->saver) {
		if (s->loader)
			worker_stop(s->loader, 0, free);
		month_store_free(s);
		return NULL;
	}
	return s;
}

void month_store_quiet(struct month_store *s)
{
	lock_take(&s->lock);
	s->quiet = 1;
	pthread_cond_signal(&s->hurry);
	err_set(&s->last_err, -ECANCELED, "the filesystem is being unmounted");
	lock_drop(&s->lock);
	waiter_progress(s);
}

void month_store_stop(struct month_store *s)
{
	month_store_quiet(s);
	worker_stop(s->loader, 0, publish_drop);
	waiter_cancel_all(s);
	worker_stop(s->saver, SAVE_AT_STOP_MS, free);
}

void month_store_free(struct month_store *s)
{
	lock_take(&s->lock);
	for (int i = 0; i < STORE_MONTHS; i++) {
		month_unref(s->slot[i].month);
		month_text_unref(s->slot[i].text);
		failed_over(&s->slot[i].failed);
	}
	failed_over(&s->history_failed);
	failed_over(&s->newest_failed);
	free(s->slot);
	lock_drop(&s->lock);
	lock_clear(&s->lock);
	pthread_cond_destroy(&s->hurry);
	if (s->loader)
		worker_free(s->loader);
	if (s->saver)
		worker_free(s->saver);
	free(s);
}

int month_store_usable(struct month_store *s)
{
	int usable;

	lock_take(&s->lock);
	usable = s->history.known;
	for (int i = 0; i < STORE_MONTHS && !usable; i++)
		usable = s->slot[i].on_disk;
	lock_drop(&s->lock);
	return usable;
}

/* ---- the calls ---- */

static struct waiter *new_waiter(struct month_store *s, enum waiting_for what, int wait_ms,
				 void *ctx)
{
	struct waiter *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	int64_t now_ms = s->config.clock->mono_ms();
	w->what = what;
	w->deadline_ms = now_ms + wait_ms;
	w->soft_ms = now_ms + (wait_ms < SOFT_WAIT_MS ? wait_ms : SOFT_WAIT_MS);
	w->ctx = ctx;
	return w;
}

static const struct err no_memory = {-ENOMEM, "no memory to wait for the cache"};

static void get(struct month_store *s, int first, int last, int partly, int wait_ms,
		span_done *done, void *ctx)
{
	struct waiter *w = new_waiter(s, WAIT_MONTHS, wait_ms, ctx);

	if (w)
		w->span = span_new(first, last - first + 1);
	if (!w || !w->span) {
		free(w);
		done(ctx, NULL, &no_memory);
		return;
	}
	w->valid_s = INT32_MAX;
	w->first = first;
	w->last = last;
	w->partly = partly;
	w->done.span = done;
	waiter_submit(s, w);
}

void month_store_get(struct month_store *s, int first, int last, int wait_ms, span_done *done,
		     void *ctx)
{
	get(s, first, last, 0, wait_ms, done, ctx);
}

void month_store_get_partly(struct month_store *s, int first, int last, int wait_ms,
			    span_done *done, void *ctx)
{
	get(s, first, last, 1, wait_ms, done, ctx);
}

void month_store_text(struct month_store *s, struct month *m, size_t from, size_t to, int wait_ms,
		      text_done *done, void *ctx)
{
	struct waiter *w = new_waiter(s, WAIT_TEXT, wait_ms, ctx);

	if (!w) {
		done(ctx, NULL, &no_memory);
		return;
	}
	w->month = month_ref(m);
	w->from = from;
	w->to = to;
	w->done.text = done;
	waiter_submit(s, w);
}

void month_store_history(struct month_store *s, int wait_ms, history_done *done, void *ctx)
{
	struct waiter *w = new_waiter(s, WAIT_HISTORY, wait_ms, ctx);

	if (w)
		w->history = calloc(1, sizeof(*w->history));
	if (!w || !w->history) {
		free(w);
		done(ctx, NULL, 0, &no_memory);
		return;
	}
	w->done.history = done;
	waiter_submit(s, w);
}

void month_store_hurry(struct month_store *s, const void *ctx, int wait_ms)
{
	const struct hub *hub = s->config.hub;
	int64_t now_ms = s->config.clock->mono_ms();
	int any = 0;

	lock_take(&s->lock);
	for (struct waiter *w = s->waiters; w; w = w->next) {
		if (w->what == WAIT_LANDED || (ctx && w->ctx != ctx))
			continue;
		any = 1;
		w->soft_ms = now_ms;
		if (w->deadline_ms > now_ms + wait_ms)
			w->deadline_ms = now_ms + wait_ms;
	}
	lock_drop(&s->lock);
	if (!any)
		return;
	/* Without a timer they meet their old deadline. */
	hub->after(hub->ctx, wait_ms + 1, waiter_progress_task, s);
	waiter_progress(s);
}

void month_store_history_now(struct month_store *s, struct history *h)
{
	lock_take(&s->lock);
	*h = s->history;
	lock_drop(&s->lock);
}

struct span *month_store_peek(struct month_store *s, int first, int last, int load)
{
	int n = last - first + 1;
	struct span *span = span_new(first, n);

	for (int i = 0; span && i < n; i++) {
		if (load)
			residence_load_now(s, first + i);
		lock_take(&s->lock);
		span->month[i] = month_ref(slot_locked(s, first + i)->month);
		lock_drop(&s->lock);
		if (!span->month[i]) {
			span_unref(span);
			return NULL;
		}
	}
	return span;
}

void month_store_again(struct month_store *s)
{
	if (!s->config.offline)
		s->config.hub->again(s->config.hub->ctx);
	lock_take(&s->lock);
	for (int i = 0; i < STORE_MONTHS; i++) {
		failed_again(&s->slot[i].failed);
		s->slot[i].patience_ms = 0;
	}
	failed_again(&s->history_failed);
	failed_again(&s->newest_failed);
	s->history_patience_ms = 0;
	lock_drop(&s->lock);
}

/* What is cached, and what failed; nobody waits for it to be asked again any more. */
static int is_to_be_asked_again(struct slot *slot)
{
	failed_again(&slot->failed);
	return slot->month || slot->on_disk || slot->failed.times;
}

void month_store_refresh(struct month_store *s)
{
	unsigned char need[STORE_MONTHS] = {0};
	struct todo todo = {.is_asked = 1};

	month_store_again(s);
	lock_take(&s->lock);
	for (int i = 0; i < STORE_MONTHS; i++)
		need[i] = is_to_be_asked_again(&s->slot[i]) != 0;
	if (!s->quiet) {
		flight_plan_history_locked(s, &todo);
		flight_plan_locked(s, STORE_FIRST, STORE_FIRST + STORE_MONTHS - 1, need, &todo);
	}
	lock_drop(&s->lock);
	flight_start(s, &todo);
}

void month_store_land(struct month_store *s, int first, int last, enum land_what what, int wait_ms,
		      landed_done *done, void *ctx)
{
	static const struct err offline = {-EHOSTUNREACH,
					   "the mount is offline, or being unmounted"};
	struct waiter *w = new_waiter(s, WAIT_LANDED, wait_ms, ctx);
	unsigned char need[STORE_MONTHS] = {0};
	struct todo todo = {.is_asked = what == LAND_AGAIN};

	if (!w) {
		done(ctx, &no_memory);
		return;
	}
	w->ends_too = what == LAND_AGAIN && first == 0;
	w->first = first > STORE_FIRST ? first : STORE_FIRST;
	w->last = last < STORE_FIRST + STORE_MONTHS ? last : STORE_FIRST + STORE_MONTHS - 1;
	w->done.landed = done;
	if (what == LAND_AGAIN && !s->config.offline)
		s->config.hub->again(s->config.hub->ctx);
	lock_take(&s->lock);
	int quiet = what != LAND_WAIT && s->quiet;
	for (int m = w->first; m <= w->last; m++) {
		struct slot *slot = slot_locked(s, m);
		need[m - w->first] = what == LAND_MISSING
					     ? !slot->month && !slot->on_disk
					     : is_to_be_asked_again(slot) || w->first == w->last;
	}
	if (w->ends_too)
		failed_again(&s->newest_failed);
	if (!quiet && w->ends_too)
		flight_plan_history_locked(s, &todo);
	if (!quiet && what != LAND_WAIT)
		flight_plan_locked(s, w->first, w->last, need, &todo);
	lock_drop(&s->lock);
	if (quiet) {
		free(w);
		done(ctx, &offline);
		return;
	}
	/* The fetches count as under way already, so it is not answered before they are. */
	waiter_submit(s, w);
	flight_start(s, &todo);
}
