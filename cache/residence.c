/* SPDX-License-Identifier: MIT */
/*
 * What is in memory, and comes back from disk on the loader thread. Memory has a ceiling: the text
 * goes first (the page cache has it too), then what was not used for longest. While there is no
 * disk, or it takes nothing, text stays as long as there is room, and what has to go comes from the
 * hub again.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/log.h"
#include "api/metrics.h"
#include "cache/month_file.h"
#include "cache/store_impl.h"

#define TEXT_KEEP  (2u << 20)
#define TEXT_PIECE (256u << 10) /* of a larger text so much is loaded at a time */
#define VICTIMS    64

int residence_post(struct month_store *s, struct worker *w, worker_job *run, int first, int last)
{
	struct store_job *j = malloc(sizeof(*j));

	if (!j)
		return -ENOMEM;
	*j = (struct store_job){s, NULL, first, last};
	int r = worker_post(w, run, j);
	if (r < 0)
		free(j);
	return r;
}

/* ---- memory ---- */

/* What left its slot, to be unreferenced without the lock. */
struct victims {
	int months, texts;
	struct month *month[VICTIMS];
	struct month_text *text[VICTIMS];
};

static void drop_text_locked(struct month_store *s, struct slot *slot, struct victims *v)
	REQUIRES(s->lock);
static void drop_text_locked(struct month_store *s, struct slot *slot, struct victims *v)
{
	if (!slot->text)
		return;
	/* It cannot be written any more, and what the disk has is older. */
	if (slot->dirty)
		slot->dirty = slot->on_disk = 0;
	s->memory -= slot->text->len;
	s->text_memory -= slot->text->len;
	v->text[v->texts++] = slot->text;
	slot->text = NULL;
}

static void drop_month_locked(struct month_store *s, struct slot *slot, struct victims *v)
	REQUIRES(s->lock);
static void drop_month_locked(struct month_store *s, struct slot *slot, struct victims *v)
{
	drop_text_locked(s, slot, v);
	if (!slot->month)
		return;
	s->memory -= month_size(slot->month);
	v->month[v->months++] = slot->month;
	slot->month = NULL;
}

/* Whether a listing that waits for this month or others beside it needs it: it would only have
 * to come again. */
static int waited_for_locked(const struct month_store *s, int number) REQUIRES(s->lock);
static int waited_for_locked(const struct month_store *s, int number)
{
	for (const struct waiter *w = s->waiters; w; w = w->next)
		if (w->what == WAIT_MONTHS && w->first <= number && w->last >= number)
			return 1;
	return 0;
}

/* The one that was not used for longest, of those that may go, or NULL. */
static struct slot *oldest_locked(struct month_store *s, int text, const struct slot *keep)
	REQUIRES(s->lock);
static struct slot *oldest_locked(struct month_store *s, int text, const struct slot *keep)
{
	struct slot *oldest = NULL;

	for (int i = 0; i < STORE_MONTHS; i++) {
		struct slot *slot = &s->slot[i];
		int held = text ? slot->text != NULL : slot->month != NULL;
		if (held && (!slot->dirty || s->disk_down) && !slot->publishing && slot != keep &&
		    (!oldest || slot->used < oldest->used) &&
		    (text || !waited_for_locked(s, STORE_FIRST + i)))
			oldest = slot;
	}
	return oldest;
}

static void evict_locked(struct month_store *s, const struct slot *keep, struct victims *v)
	REQUIRES(s->lock);
static void evict_locked(struct month_store *s, const struct slot *keep, struct victims *v)
{
	size_t keep_text = s->disk_down ? s->config.memory : TEXT_KEEP;
	struct slot *slot;

	while (v->texts < VICTIMS && s->text_memory > keep_text &&
	       (slot = oldest_locked(s, 1, keep)))
		drop_text_locked(s, slot, v);
	while (v->months < VICTIMS && v->texts < VICTIMS && s->memory > s->config.memory &&
	       (slot = oldest_locked(s, 0, keep)))
		drop_month_locked(s, slot, v);
}

static void free_victims(struct victims *v)
{
	for (int i = 0; i < v->months; i++)
		month_unref(v->month[i]);
	for (int i = 0; i < v->texts; i++)
		month_text_unref(v->text[i]);
}

static void install_text_locked(struct month_store *s, struct slot *slot, struct month_text *t,
				struct victims *v) REQUIRES(s->lock);
static void install_text_locked(struct month_store *s, struct slot *slot, struct month_text *t,
				struct victims *v)
{
	drop_text_locked(s, slot, v);
	slot->text = t;
	s->memory += t->len;
	s->text_memory += t->len;
	if (s->text_memory >= SAVE_SOON)
		pthread_cond_signal(&s->hurry);
}

void residence_install(struct month_store *s, int number, struct month *m, struct month_text *t,
		       int64_t fetched_s, int dirty)
{
	struct victims v = {0};

	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, number);
	drop_month_locked(s, slot, &v);
	slot->month = m;
	slot->n = (uint32_t)m->n;
	slot->fetched_s = fetched_s;
	slot->patience_ms = 0;
	slot->dirty = dirty != 0;
	slot->unread_seq = 0;
	slot->seen = 1;
	slot->used = ++s->tick;
	s->memory += month_size(m);
	if (t)
		install_text_locked(s, slot, t, &v);
	evict_locked(s, slot, &v);
	lock_drop(&s->lock);
	free_victims(&v);
}

void residence_trim(struct month_store *s)
{
	struct victims v;
	int freed = 0;

	do {
		v = (struct victims){0};
		lock_take(&s->lock);
		size_t before = s->text_memory;
		evict_locked(s, NULL, &v);
		freed |= before > TEXT_KEEP && s->text_memory <= TEXT_KEEP;
		lock_drop(&s->lock);
		free_victims(&v);
	} while (v.months || v.texts);
	/* The last of what a long listing brought is gone: its room is nobody's. */
	if (freed)
		malloc_trim(0);
}

/* ---- from disk ---- */

/* The file is of no use: damaged, or gone with the whole folder. Or it is our trouble that it
 * cannot be read now: then it stays what the month was, with its times, and the hub is asked. */
static void unreadable(struct month_store *s, int number, int r, const struct err *err)
{
	char name[MONTH_FILE_NAME];
	int is_gone = r == -EBADMSG || r == -ENOENT;

	month_file_name(number, name);
	if (r == -EBADMSG) {
		metrics_add(METRIC_CACHE_DISCARDED, 1);
		log_warn("the cached month %s is discarded: %s", name, err->text);
		if (atomic_load(&s->config.dir->ours))
			unlinkat(months_fd(s), name, 0);
	} else if (r != -ENOENT) {
		log_warn("cannot read a cached month: %s", err->text);
	}
	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, number);
	slot->on_disk = !is_gone;
	if (!is_gone) {
		slot->unread_seq = ++s->seq;
		s->last_err = *err;
	}
	lock_drop(&s->lock);
}

void residence_load_now(struct month_store *s, int number)
{
	struct month *m = NULL;
	int64_t fetched_s = 0;
	struct err err;
	int r = 0;

	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, number);
	int wanted = !slot->month && slot->on_disk;
	lock_drop(&s->lock);
	if (wanted)
		r = month_file_read(months_fd(s), number, &m, &fetched_s, &err);
	if (wanted && r < 0)
		unreadable(s, number, r, &err);
	lock_take(&s->lock);
	slot->loading = 0;
	/* The hub may have been faster; its answer is the younger one. */
	int late = slot->month != NULL;
	lock_drop(&s->lock);
	if (m && late)
		month_unref(m);
	else if (m)
		residence_install(s, number, m, NULL, fetched_s, 0);
	metrics_add(METRIC_CACHE_LOADED, m != NULL);
}

static void load(void *arg)
{
	struct store_job *j = arg;

	for (int m = j->first; m <= j->last; m++)
		residence_load_now(j->store, m);
	waiter_progress(j->store);
	free(j);
}

int residence_load_locked(struct month_store *s, int first, int last)
{
	int wanted = 0;

	for (int m = first; m <= last; m++) {
		struct slot *slot = slot_locked(s, m);
		if (slot->month || !slot->on_disk || slot->loading)
			continue;
		wanted = 1;
		slot->loading = 1;
	}
	int r = wanted ? residence_post(s, s->loader, load, first, last) : 0;
	for (int m = first; m <= last && r < 0; m++)
		slot_locked(s, m)->loading = 0;
	return r == -ENOMEM ? r : 0;
}

/* From the row that has `from` to the one that has the byte before `to`; and more, for a reader who
 * goes on. A text that is not large is loaded whole. */
static void widen(const struct month *m, size_t *from, size_t *to)
{
	size_t end = *from + TEXT_PIECE > *to ? *from + TEXT_PIECE : *to;

	if (m->json_len <= TEXT_PIECE) {
		*from = 0;
		*to = m->json_len;
		return;
	}
	if (end > m->json_len)
		end = m->json_len;
	const struct activity *first = &m->row[month_row_at(m, *from)],
			      *last = &m->row[month_row_at(m, end - 1)];
	*from = first->json_at;
	*to = last->json_at + last->json_len;
}

static void load_text(void *arg)
{
	struct store_job *j = arg;
	struct month_store *s = j->store;
	struct victims v = {0};
	struct month_text *t = NULL;
	struct err err;

	lock_take(&s->lock);
	struct slot *slot = slot_locked(s, j->first);
	struct month *m = slot_has_text(slot) ? NULL : month_ref(slot->month);
	size_t from = slot->text_from, to = slot->text_to;
	lock_drop(&s->lock);
	if (m)
		widen(m, &from, &to);
	int r = m ? month_file_read_text(months_fd(s), m, from, to, &t, &err) : 0;
	if (r < 0)
		unreadable(s, j->first, r, &err);
	lock_take(&s->lock);
	slot->loading_text = 0;
	if (t && slot->month == m && !slot_has_text(slot)) {
		install_text_locked(s, slot, t, &v);
		slot->unread_seq = 0;
		slot->used = ++s->tick;
		t = NULL;
		evict_locked(s, slot, &v);
	} else if (r < 0 && !slot->on_disk && slot->month == m) {
		/* A listing without its text cannot be read: the hub gives both anew. */
		drop_month_locked(s, slot, &v);
	}
	lock_drop(&s->lock);
	free_victims(&v);
	month_text_unref(t);
	month_unref(m);
	waiter_progress(s);
	free(j);
}

int residence_load_text_locked(struct month_store *s, int number, size_t from, size_t to)
{
	struct slot *slot = slot_locked(s, number);

	if (slot->loading_text)
		return 0;
	int r = residence_post(s, s->loader, load_text, number, number);
	slot->loading_text = r == 0;
	slot->text_from = (uint32_t)from;
	slot->text_to = (uint32_t)to;
	return r == -ENOMEM ? r : 0;
}
