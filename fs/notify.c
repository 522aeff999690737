/* SPDX-License-Identifier: MIT */
/* What changed -> pins, and words to the kernel; see notify.h. */
#include "fs/notify.h"

#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/day.h"
#include "cache/worker.h"
#include "fs/node.h"
#include "fs/tree.h"
#include "fs/view.h"

#define WIDE_MAX 64

static const enum thing_format formats[] = {FORMAT_CSV, FORMAT_JSON};
#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

static struct span *span_of(struct month *m)
{
	struct span *s = m ? span_new(m->number, 1) : NULL;

	if (s)
		s->month[0] = month_ref(m);
	return s;
}

static struct thing month_thing(int number)
{
	return thing_month(month_year(number), month_month(number));
}

/* ---- words to the kernel ---- */

struct word {
	struct fuse_session *session;
	uint64_t dir;
	char name[TREE_NAME_MAX]; /* "": the directory itself */
};

static void tell(void *arg)
{
	struct word *w = arg;

	if (w->name[0])
		fuse_lowlevel_notify_inval_entry(w->session, w->dir, w->name, strlen(w->name));
	else
		/* A negative offset: attributes only. The new mtime drops the kept listing. */
		fuse_lowlevel_notify_inval_inode(w->session, w->dir, -1, 0);
	free(w);
}

/* Without memory the kernel finds out when what it keeps expires. */
static void post(const struct fs *fs, const struct thing *dir, const char *name)
{
	struct word *w = calloc(1, sizeof(*w));

	if (!w)
		return;
	w->session = fs->session;
	w->dir = inode_of(dir);
	snprintf(w->name, sizeof(w->name), "%s", name);
	if (worker_post(fs->notifier, tell, w) < 0)
		free(w);
}

/* The same place in a view. */
static struct thing place_in(enum thing_format view, const struct thing *t)
{
	return t->kind == THING_ROOT ? thing_view(view) : thing_in(view, *t);
}

/* In the main tree, and in the views that somebody has been to; but not of a download. A name is
 * told with the directory's lock taken for writing, for which the kernel waits until the look-ups
 * in it are answered, and lets nobody else into the directory meanwhile: that may be as long as a
 * download takes. So the kernel remembers those names for a moment only (REPLY_DOWNLOAD_S). */
static void post_everywhere(const struct fs *fs, const struct thing *dir, const char *name)
{
	unsigned touched = atomic_load(&fs->touched);

	post(fs, dir, name);
	if (dir->kind == THING_MONTH && name[0])
		return;
	for (int i = 0; i < VIEWS; i++) {
		struct thing t = place_in(views[i], dir);
		if (touched & 1u << views[i])
			post(fs, &t, name);
	}
}

static void post_summaries(const struct fs *fs, const struct thing *dir)
{
	post(fs, dir, "activities.csv");
	post(fs, dir, "activities.json");
}

/* ---- pins ---- */

static int summary_version(const struct fs *fs, const struct thing *t, const struct span *span,
			   uint64_t *version)
{
	struct tree_entry e;

	/* An empty month's summary is not there, but has a version all the same. */
	int r = tree_summary(t, &fs->render, span, &e);
	*version = e.version;
	return r;
}

static void pin_activities(const struct fs *fs, struct span *old, const struct span *fresh)
{
	struct thing month = month_thing(old->first);

	for (size_t i = 0; i < old->month[0]->n; i++) {
		struct thing t = thing_activity(&month, old->month[0]->row[i].label_id);
		struct tree_entry was, is;
		tree_activity(&t, old, &was);
		if (tree_activity(&t, fresh, &is) < 0 || is.version != was.version)
			node_pin(fs->nodes, &t, was.version, old);
	}
}

/* The file of an activity in a view, which is about to leave the cache or get another time: those
 * who still read it keep its bytes. */
static void pin_download(const struct fs *fs, const struct thing *t, struct span *old,
			 const struct span *fresh)
{
	struct tree_entry was, is;
	struct blob_info info;
	struct blob_key key;

	if (tree_blob_key(t, old, &key) < 0 || !blob_store_peek(fs->views.blobs, &key, &info) ||
	    tree_download(t, old, &info, &was) < 0)
		return;
	struct blob_key next;
	int stays = tree_blob_key(t, fresh, &next) == 0 && next.edition == key.edition &&
		    tree_download(t, fresh, &info, &is) == 0 && is.version == was.version;
	if (stays || !node_known(fs->nodes, t, was.version))
		return;
	int fd = blob_store_open(fs->views.blobs, &key);
	struct hold *hold = fd < 0 ? NULL : hold_new(fd, &info);
	if (hold)
		node_hold(fs->nodes, t, was.version, old, hold);
	hold_unref(hold);
}

static void pin_downloads(const struct fs *fs, struct span *old, const struct span *fresh)
{
	struct thing month = month_thing(old->first);
	unsigned touched = atomic_load(&fs->touched);

	for (int v = 0; v < VIEWS; v++) {
		struct thing there = thing_in(views[v], month);
		if (!(touched & 1u << views[v]))
			continue;
		for (size_t i = 0; i < old->month[0]->n; i++) {
			struct thing t = thing_activity(&there, old->month[0]->row[i].label_id);
			pin_download(fs, &t, old, fresh);
		}
	}
}

/* The files of activities that are gone. */
static void drop_downloads(const struct fs *fs, const struct month *old, const struct month *fresh)
{
	for (size_t i = 0; old && i < old->n; i++)
		if (!month_find(fresh, old->row[i].label_id))
			blob_store_drop(fs->views.blobs, old->row[i].label_id);
}

void notify_download(void *ctx, const struct blob_key *key)
{
	struct thing month = month_thing(month_of_day(key->day));

	for (int i = 0; i < VIEWS; i++) {
		struct thing dir = thing_in(views[i], month);
		if (view_export(views[i]) == key->form)
			post(ctx, &dir, "");
	}
}

/* The summaries of the year and of all: `old` is still in its place in the store. */
static void pin_wide(const struct fs *fs, int number)
{
	struct thing wide[WIDE_MAX];
	int n = node_wide(fs->nodes, number, wide, WIDE_MAX);

	for (int i = 0; i < n; i++) {
		struct span *span = month_store_peek(fs->store, wide[i].first, wide[i].last, 1);
		uint64_t version;
		if (span && summary_version(fs, &wide[i], span, &version) == 0)
			node_pin(fs->nodes, &wide[i], version, span);
		span_unref(span);
	}
}

void notify_before(void *ctx, struct month *old, struct month *fresh)
{
	const struct fs *fs = ctx;
	struct span *was = span_of(old), *is = span_of(fresh);
	struct thing month = month_thing(old->number);

	if (was && is) {
		pin_activities(fs, was, is);
		pin_downloads(fs, was, is);
		for (size_t f = 0; f < FORMAT_COUNT; f++) {
			struct thing t = thing_summary(&month, formats[f]);
			uint64_t version;
			if (summary_version(fs, &t, was, &version) == 0)
				node_pin(fs->nodes, &t, version, was);
		}
		pin_wide(fs, old->number);
	}
	span_unref(was);
	span_unref(is);
}

/* ---- news ---- */

/* The version of a name in a month, 0 when it is not there. */
static uint64_t version_of(const struct thing *month, const char *name, const struct span *span)
{
	struct tree_entry e;

	return span && tree_find(month, name, span, &e) == 0 ? e.version : 0;
}

/* Names of `span` that are other, or not there, in `than`; either may be NULL. */
static void post_changed(const struct fs *fs, const struct thing *month, const struct span *span,
			 const struct span *than)
{
	struct tree_dir dir = {.thing = *month, .span = span, .options = &fs->render};
	struct tree_entry e;

	if (!span)
		return;
	for (int i = 0; i < tree_count(&dir); i++)
		if (tree_list(&dir, i, &e) == 0 && e.thing.kind == THING_ACTIVITY &&
		    version_of(month, e.name, than) != e.version)
			post_everywhere(fs, month, e.name);
}

void notify_after(void *ctx, struct month *old, struct month *fresh)
{
	const struct fs *fs = ctx;
	struct span *was = span_of(old), *is = span_of(fresh);
	struct thing month = month_thing(fresh->number), year = thing_year(month.year),
		     all = thing_all(0, 0);
	char name[4];

	post_changed(fs, &month, is, was);
	post_changed(fs, &month, was, is);
	post_summaries(fs, &month);
	post_summaries(fs, &year);
	post_summaries(fs, &all);
	if (!old || old->names_ns != fresh->names_ns)
		post_everywhere(fs, &month, "");
	if (!old || !old->n != !fresh->n) {
		snprintf(name, sizeof(name), "%02d", month.month);
		post_everywhere(fs, &year, name);
		post_everywhere(fs, &year, "");
	}
	drop_downloads(fs, old, fresh);
	span_unref(was);
	span_unref(is);
}

void notify_history(void *ctx, const struct history *old, const struct history *fresh)
{
	const struct fs *fs = ctx;
	struct thing root = thing_root(), all = thing_all(0, 0);
	char name[8];

	/* While nothing was known the kernel was told to remember nothing of it. */
	if (!old->known || (old->count == fresh->count && old->newest_day == fresh->newest_day &&
			    old->oldest_day == fresh->oldest_day &&
			    memcmp(old->is_empty, fresh->is_empty, sizeof(old->is_empty)) == 0))
		return;
	post_summaries(fs, &all);
	for (int y = HISTORY_YEAR_MIN; y < HISTORY_YEAR_MIN + HISTORY_YEARS; y++) {
		if (history_has_year(old, y) == history_has_year(fresh, y))
			continue;
		snprintf(name, sizeof(name), "%04d", y);
		post_everywhere(fs, &root, name);
	}
	if (history_root_mtime_s(old) != history_root_mtime_s(fresh))
		post_everywhere(fs, &root, "");
	for (int y = fresh->oldest_day / 10000; fresh->newest_day && y <= fresh->newest_day / 10000;
	     y++) {
		struct thing year = thing_year(y);
		if (history_year_mtime_s(old, y) != history_year_mtime_s(fresh, y))
			post_everywhere(fs, &year, "");
	}
}
