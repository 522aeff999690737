/* SPDX-License-Identifier: MIT */
/*
 * Months on their way to disk, on the saver thread, so that no reader ever waits behind an
 * fsync. A disk that takes nothing is said once, and costs nobody anything but memory; a folder
 * that was deleted is made again.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/cond.h"
#include "api/log.h"
#include "api/metrics.h"
#include "cache/month_file.h"
#include "cache/store_impl.h"

static void save(void *arg);

/* Says once that the disk is of no help, and once that it is again. At the end a folder that is
 * gone is no trouble: whoever deleted it wants that, or has made the next mount's by now. */
static void log_disk(struct month_store *s, int r, const struct err *err)
{
	lock_take(&s->lock);
	int said = s->disk_down || (s->quiet && cache_dir_is_gone(r));
	s->disk_down = r < 0;
	lock_drop(&s->lock);
	if (r < 0 && !said)
		log_warn("cannot keep months on disk, serving from memory: %s", err->text);
	else if (r == 0 && said)
		log_warn("months are kept on disk again");
}

/* The folder was made anew, or was out of reach: what is in memory is the younger of the two. */
static void write_anew(struct month_store *s)
{
	struct err err;

	if (store_find_months(s, &err) < 0)
		log_debug("%s", err.text);
	lock_take(&s->lock);
	for (int i = 0; i < STORE_MONTHS; i++) {
		struct slot *slot = &s->slot[i];
		slot->dirty = slot_has_text(slot) != 0;
		if (slot->dirty)
			residence_post(s, s->saver, save, STORE_FIRST + i, STORE_FIRST + i);
	}
	lock_drop(&s->lock);
	persist_history(s);
}

/* A write failed: whether it should be tried again, since the folder had gone and is back. */
static int is_back(struct month_store *s, int r, struct err *err)
{
	if (!cache_dir_is_gone(r))
		return 0;
	lock_take(&s->lock);
	int quiet = s->quiet;
	lock_drop(&s->lock);
	if (quiet)
		return 0;
	int renewed = cache_dir_renew(s->config.dir, err);
	if (renewed > 0)
		write_anew(s);
	return renewed >= 0;
}

/* The file that was used least, of all but that month's; what is in the disk's hands stays. */
static struct slot *least_used_locked(struct month_store *s, int number, uint64_t *bytes)
	REQUIRES(s->lock);
static struct slot *least_used_locked(struct month_store *s, int number, uint64_t *bytes)
{
	struct slot *least = NULL;

	*bytes = 0;
	for (int i = 0; i < STORE_MONTHS; i++) {
		struct slot *slot = &s->slot[i];
		if (!slot->on_disk || STORE_FIRST + i == number)
			continue;
		*bytes += slot->disk_size;
		if (!slot->publishing && !slot->loading && !slot->loading_text &&
		    (!least || slot->used < least->used))
			least = slot;
	}
	return least;
}

static void remove_file(struct month_store *s, int number)
{
	char name[MONTH_FILE_NAME];

	month_file_name(number, name);
	unlinkat(months_fd(s), name, 0);
}

int persist_make_room(struct month_store *s, int number, uint64_t size)
{
	struct slot *least = NULL;
	int fits = size <= s->config.disk_max && size <= MONTH_FILE_MAX, month = 0, left = -1;
	uint64_t bytes;

	do {
		left++;
		lock_take(&s->lock);
		least = least_used_locked(s, number, &bytes);
		if (!fits || bytes + size <= s->config.disk_max)
			least = NULL;
		if (least) {
			least->on_disk = 0;
			month = STORE_FIRST + (int)(least - s->slot);
		}
		lock_drop(&s->lock);
		if (least)
			remove_file(s, month);
	} while (least);
	if (left)
		log_info("%d months left the cache, to keep to cache_size", left);
	return fits;
}

static void wait_for_calm(struct month_store *s)
{
	int64_t left_ms;

	lock_take(&s->lock);
	while (!s->quiet && s->text_memory < SAVE_SOON &&
	       (left_ms = s->landed_ms + s->config.calm_ms - clock_system.mono_ms()) > 0)
		cond_wait_ms(&s->hurry, &s->lock, left_ms);
	lock_drop(&s->lock);
}

static void save(void *arg)
{
	struct store_job *j = arg;
	struct month_store *s = j->store;
	struct err err;

	wait_for_calm(s);
	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, j->first);
	int wanted = slot->dirty && atomic_load(&s->config.dir->ours);
	struct month *m = wanted ? month_ref(slot->month) : NULL;
	struct month_text *t = wanted ? month_text_ref(slot->text) : NULL;
	int64_t fetched_s = slot->fetched_s;
	lock_drop(&s->lock);

	wanted = m && t;
	int fits = wanted && persist_make_room(s, j->first, month_file_size(m));
	int r = fits ? month_file_write(months_fd(s), m, t, fetched_s, &err) : 0;
	if (is_back(s, r, &err))
		r = month_file_write(months_fd(s), m, t, fetched_s, &err);
	if (fits)
		log_disk(s, r, &err);
	/* What the disk has is older than what was shown: the next mount is to ask the hub first,
	 * and has something to fall back on. */
	if (r < 0)
		month_file_touch(months_fd(s), j->first, 1, NULL);
	else if (wanted && !fits)
		remove_file(s, j->first);
	lock_take(&s->lock);
	if (fits && r == 0) {
		metrics_add(METRIC_CACHE_SAVED, 1);
		slot->on_disk = 1;
		slot->disk_size = (uint32_t)month_file_size(m);
	}
	/* One that there is no room for comes from the hub again. */
	if (wanted && !fits)
		slot->on_disk = 0;
	if (wanted && r == 0 && slot->month == m)
		slot->dirty = 0;
	lock_drop(&s->lock);
	residence_trim(s);
	month_unref(m);
	month_text_unref(t);
	free(j);
}

void persist_month(struct month_store *s, int number)
{
	if (s->config.dir)
		residence_post(s, s->saver, save, number, number);
}

static void touch(void *arg)
{
	struct store_job *j = arg;
	struct month_store *s = j->store;

	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, j->first);
	int wanted = slot->on_disk && !slot->dirty && atomic_load(&s->config.dir->ours);
	int64_t fetched_s = slot->fetched_s;
	lock_drop(&s->lock);
	/* A time that is not kept costs a look at the hub, nothing else. */
	int r = wanted ? month_file_touch(months_fd(s), j->first, fetched_s, NULL) : 0;
	if (!cache_dir_is_gone(r)) {
		free(j);
		return;
	}
	/* Somebody deleted it. */
	lock_take(&s->lock);
	slot->on_disk = 0;
	slot->dirty = slot_has_text(slot) != 0;
	lock_drop(&s->lock);
	save(j);
}

void persist_time(struct month_store *s, int number)
{
	if (s->config.dir)
		residence_post(s, s->saver, touch, number, number);
}

static void save_history(void *arg)
{
	struct store_job *j = arg;
	struct month_store *s = j->store;
	struct history h;
	struct err err;

	month_store_history_now(s, &h);
	if (h.known && atomic_load(&s->config.dir->ours)) {
		int r = history_write(s->config.dir->fd, &h, &err);
		if (is_back(s, r, &err))
			r = history_write(s->config.dir->fd, &h, &err);
		log_disk(s, r, &err);
	}
	free(j);
}

void persist_history(struct month_store *s)
{
	lock_take(&s->lock);
	int wanted = s->config.dir && !s->is_history_unread;
	lock_drop(&s->lock);
	if (wanted)
		residence_post(s, s->saver, save_history, 0, 0);
}

static void release(void *arg)
{
	struct store_job *j = arg;

	cache_dir_release(j->store->config.dir);
	free(j);
}

void month_store_release(struct month_store *s)
{
	if (s->config.dir)
		residence_post(s, s->saver, release, 0, 0);
}
