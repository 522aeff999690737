/* SPDX-License-Identifier: MIT */
/*
 * Files that are to be fetched, in the order they were asked for: a few at a time, those
 * first that somebody waits for, and what becomes of each. See blob_impl.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "api/log.h"
#include "cache/blob_impl.h"

#define FETCHES     8     /* asked for or under way: four questions to the hub, four files */
#define GIVE_WAY_MS 5000  /* before that nothing is slow */
#define BURST_MS    60000 /* a pause that ends a walk */
#define BURST       50    /* files that make one */

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

static struct download_want want_locked(struct blob_store *s, const struct blob_key *key)
	REQUIRES(s->lock);
static struct download_want want_locked(struct blob_store *s, const struct blob_key *key)
{
	const struct blob_control *control = &s->form[key->form].control;
	const struct blob_entry *e = blob_find_locked(s, key);

	return (struct download_want){key->label_id,  key->sport,
				      key->form,      control->label_id,
				      control->sport, e && e->state == BLOB_GONE};
}

/* Whoever looks at each file has it fetched: a thing to know before it takes an hour. */
static void note_walk_locked(struct blob_store *s, int64_t now_ms) REQUIRES(s->lock);
static void note_walk_locked(struct blob_store *s, int64_t now_ms)
{
	if (now_ms - s->begun_ms > BURST_MS)
		s->begun = 0;
	s->begun_ms = now_ms;
	if (++s->begun == BURST)
		log_info(
			"%d recordings fetched in a row: somebody looks at each of them (a backup, "
			"du, ls -l, a file manager), and each is fetched once for its size",
			BURST);
}

int blob_queue_gives_way_locked(const struct blob_store *s, const struct blob_fetch *f)
{
	int64_t now_ms = s->config.clock->mono_ms(), ms = now_ms - f->began_ms;
	int is_waited_for = 0;

	if (s->running < FETCHES || ms < GIVE_WAY_MS || blob_has_waiter_locked(s, &f->key))
		return 0;
	for (const struct blob_fetch *o = s->fetches; o; o = o->next) {
		if (!o->is_running)
			is_waited_for |= blob_has_waiter_locked(s, &o->key);
		else if (o != f && !blob_has_waiter_locked(s, &o->key) &&
			 (int64_t)o->info.size * ms <
				 (int64_t)f->info.size * (now_ms - o->began_ms))
			return 0; /* that one is slower */
	}
	return is_waited_for;
}

void blob_queue_start(struct blob_store *s)
{
	const struct hub *hub = s->config.hub;
	struct err err;

	for (struct blob_fetch *f;;) {
		lock_take(&s->lock);
		f = next_locked(s);
		struct download_want want = {0};
		if (f) {
			f->is_running = 1;
			f->began_ms = s->config.clock->mono_ms();
			s->running++;
			note_walk_locked(s, f->began_ms);
			want = want_locked(s, &f->key);
		}
		lock_drop(&s->lock);
		if (!f)
			return;
		int r = hub->download(hub->ctx, &want, &blob_fetch_sink, f);
		if (r < 0) {
			err_sys(&err, r, "fetch a file from the Training Hub");
			blob_fetch_ended(f, FAILURE_HUB, &err);
		}
	}
}
