/* SPDX-License-Identifier: MIT */
/* The steps to an answer; see gather.h. */
#include "fs/gather.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "api/day.h"
#include "fs/answer.h"
#include "fs/node.h"
#include "fs/reply.h"

/* The root must not keep those waiting who only pass by (umount, df, a shell's prompt). */
#define ROOT_WAIT_MS 3000

/* ---- what is gathered ---- */

static int is_listing(const struct request *r)
{
	return r->what == REQUEST_READDIR || r->what == REQUEST_READDIRPLUS;
}

static void got_history(void *arg, const struct history *h, int valid_s, const struct err *err)
{
	struct request *r = arg;

	r->history = calloc(1, sizeof(*r->history));
	if (!r->history) {
		reply_error(r, -ENOMEM);
		return;
	}
	if (h) {
		*r->history = *h;
		r->history_valid_s = valid_s;
	} else if (r->what != REQUEST_GETATTR || r->thing.kind != THING_ROOT) {
		reply_error(r, err->code);
		return;
	}
	gather(r);
}

static void need_history(struct request *r)
{
	int wait_ms = request_left_ms(r);

	if (r->what == REQUEST_GETATTR && r->thing.kind == THING_ROOT && wait_ms > ROOT_WAIT_MS)
		wait_ms = ROOT_WAIT_MS;
	month_store_history(r->fs->store, wait_ms, got_history, r);
}

static void got_span(void *arg, struct span *span, const struct err *err)
{
	struct request *r = arg;

	if (!span) {
		reply_error(r, err->code);
		return;
	}
	r->span = span;
	if (r->history && r->history_valid_s < span->valid_s)
		span->valid_s = r->history_valid_s;
	gather(r);
}

/* The months that it is made of; for /all that is a matter of the history. */
static void need_span(struct request *r)
{
	if (!r->thing.first) {
		const struct history *h = r->history;
		assert(h); /* wants_history() saw to it */
		if (!h->newest_day) {
			static const struct err no_memory = {.code = -ENOMEM};
			struct span *none = span_new(0, 0);
			if (none)
				none->valid_s = r->history_valid_s;
			got_span(r, none, &no_memory);
			return;
		}
		r->thing.first = month_number(h->oldest_day / 10000, 1);
		r->thing.last = month_number(h->newest_day / 10000, 12);
	}
	/* A directory of months can be listed without what one of them holds. */
	if (is_listing(r) && r->thing.kind != THING_MONTH)
		month_store_get_partly(r->fs->store, r->thing.first, r->thing.last,
				       request_left_ms(r), got_span, r);
	else
		month_store_get(r->fs->store, r->thing.first, r->thing.last, request_left_ms(r),
				got_span, r);
}

/* The next month, from `i` downwards, whose text is needed: of an empty one there is none. */
static void next_text(struct request *r, int i)
{
	while (i >= r->text_first && !r->span->month[i]->n)
		i--;
	r->text_at = i;
}

static void got_text(void *arg, struct month_text *text, const struct err *err)
{
	struct request *r = arg;

	if (!text) {
		reply_error(r, err->code);
		return;
	}
	r->text[r->text_at] = text;
	next_text(r, r->text_at - 1);
	gather(r);
}

static void need_text(struct request *r)
{
	size_t from, to;

	assert(r->span);
	struct month *m = r->span->month[r->text_at];
	if (r->thing.kind == THING_ACTIVITY) {
		const struct activity *a = month_find(m, r->thing.label_id);
		assert(a); /* match_version() saw to it */
		from = a->json_at;
		to = from + a->json_len;
	} else {
		render_text(&r->fs->render, r->span, r->off, r->size, r->text_at, &from, &to);
	}
	month_store_text(r->fs->store, m, from, to, request_left_ms(r), got_text, r);
}

/* ---- downloads ---- */

/* Whether the node was pinned since it was looked at: then its months are its own. */
static int take_pinned(struct request *r)
{
	struct span *pinned = NULL;
	struct hold *hold = NULL;
	uint64_t version;
	struct thing t;

	if (node_find(r->fs->nodes, r->node, &t, &version, &pinned, &hold) < 0 || !pinned ||
	    (thing_is_download(&t) && !hold)) {
		span_unref(pinned);
		hold_unref(hold);
		return 0;
	}
	span_unref(r->span);
	r->span = pinned;
	hold_unref(r->hold);
	r->hold = hold;
	request_take_hold(r);
	r->matched = 1;
	return 1;
}

static void looked(void *arg, const struct blob_info *info, const struct err *err)
{
	struct request *r = arg;

	(void)info;
	if (err->code) {
		reply_error(r, err->code);
		return;
	}
	r->looked = 1;
	gather(r);
}

/* What is listed, and when that changed last, depends on which files are known not to exist. */
static int wants_look(const struct request *r)
{
	return r->thing.view && !r->looked && !thing_is_download(&r->thing) &&
	       r->thing.kind >= THING_YEAR;
}

static void got_blob(void *arg, const struct blob_info *info, const struct err *err)
{
	struct request *r = arg;

	assert(r->span); /* whose row told what to fetch */
	if (!info && err->code == -ENOENT && r->what == REQUEST_LOOKUP) {
		reply_absent(r, r->span->valid_s);
		return;
	}
	if (!info) {
		reply_error(r, err->code);
		return;
	}
	r->blob = *info;
	r->has_blob = 1;
	r->blobs_got++;
	gather(r);
}

static int wants_blob(const struct request *r)
{
	return thing_is_download(&r->thing) && !r->has_blob && r->what <= REQUEST_READ;
}

static void need_blob(struct request *r)
{
	struct tree_entry e;
	struct blob_key key;

	assert(r->span); /* wants_span() saw to it */
	if (!r->thing.label_id) {
		int code = tree_find(&r->thing, r->name, r->span, &e);
		if (code < 0) {
			if (code == -ENOENT)
				reply_absent(r, r->span->valid_s);
			else
				reply_error(r, code);
			return;
		}
		r->thing.label_id = e.thing.label_id;
	}
	if (tree_blob_key(&r->thing, r->span, &key) < 0) {
		static const struct err none = {.code = -ENOENT};
		if (r->node && take_pinned(r))
			gather(r);
		else
			got_blob(r, NULL, &none);
		return;
	}
	enum blob_need need = r->what == REQUEST_READ ? BLOB_BYTES : BLOB_SIZE;
	ahead_note(r->fs, &r->thing, r->span, need);
	blob_store_get(r->fs->views.blobs, &key, need, request_left_ms(r), got_blob, r);
}

/* ---- files: the version that the node stands for ---- */

/*
 * Whether the months at hand hold the version that the node stands for. 0, -ENOMEM, or
 * -ESTALE: it is gone, and the kernel looks the name up again.
 */
static int match_version(struct request *r)
{
	struct tree_entry e;
	int code = answer_entry(r, &e);

	r->matched = 1;
	if (code == -ENOMEM || (code == 0 && e.version == r->version))
		return code;
	return take_pinned(r) ? 0 : -ESTALE;
}

static int prepare_texts(struct request *r)
{
	int first, last;

	assert(r->span);

	r->text = calloc((size_t)r->span->n + 1, sizeof(struct month_text *));
	if (!r->text)
		return -ENOMEM;
	if (r->thing.kind == THING_ACTIVITY)
		first = last = r->thing.first - r->span->first;
	else if (render_texts(r->thing.format, &r->fs->render, r->span, r->off, r->size, &first,
			      &last) < 0)
		return -ENOMEM;
	r->text_first = first;
	next_text(r, last);
	return 0;
}

/* ---- one step after the other ---- */

static int empty_year(const struct request *r)
{
	if (r->thing.kind == THING_MONTH || r->thing.month || !r->thing.year)
		return 0;
	for (int i = 0; i < r->span->n; i++)
		if (!r->span->month[i] || r->span->month[i]->n)
			return 0;
	return 1;
}

static int wants_history(const struct request *r)
{
	switch (r->thing.kind) {
	case THING_ROOT:
	case THING_ALL:
	case THING_VIEW:
		return 1;
	case THING_YEAR:
		return !is_listing(r) || (r->span && empty_year(r));
	case THING_SUMMARY:
		return !r->thing.first || (!r->node && r->span && empty_year(r));
	default:
		return 0;
	}
}

static int wants_span(const struct request *r)
{
	return r->thing.kind >= THING_MONTH ||
	       (is_listing(r) && r->thing.kind != THING_ROOT && r->thing.kind != THING_VIEW);
}

void gather(struct request *r) /* NOLINT(misc-no-recursion): a step a piece of data */
{
	int code = 0;

	if (!r->history && wants_history(r)) {
		need_history(r);
		return;
	}
	if (!r->span && wants_span(r)) {
		need_span(r);
		return;
	}
	if (wants_look(r)) {
		blob_store_look(r->fs->views.blobs, request_left_ms(r), looked, r);
		return;
	}
	if (wants_blob(r)) {
		need_blob(r);
		return;
	}
	if (r->node && !r->matched && r->what <= REQUEST_READ)
		code = match_version(r);
	if (code == 0 && r->what == REQUEST_READ && !r->text && !thing_is_download(&r->thing))
		code = prepare_texts(r);
	if (code < 0)
		reply_error(r, code);
	else if (r->what == REQUEST_READ && r->text && r->text_at >= r->text_first)
		need_text(r);
	else
		answer(r);
}
