/* SPDX-License-Identifier: MIT */
/* Gathered data -> a reply; see answer.h. */
#include "fs/answer.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "fs/gather.h"
#include "fs/node.h"
#include "fs/reply.h"
#include "fs/xattr.h"

/* An old version is what it is for as long as somebody holds it. */
#define PINNED_VALID_S 3600

/* A year that the history does not reach has nothing in it; but its own months know best. */
static int year_exists(const struct request *r)
{
	assert(r->span);
	for (int i = 0; i < r->span->n; i++)
		if (!r->span->month[i] || r->span->month[i]->n)
			return 1;
	return history_has_year(r->history, r->thing.year);
}

int answer_entry(const struct request *r, struct tree_entry *e)
{
	switch (r->thing.kind) {
	case THING_MONTH:
		return tree_month_dir(&r->thing, &r->fs->views, r->span, e);
	case THING_SUMMARY:
		return tree_summary(&r->thing, &r->fs->render, r->span, e);
	case THING_ACTIVITY:
		if (thing_is_download(&r->thing))
			return tree_download(&r->thing, r->span, &r->blob, e);
		if (r->what == REQUEST_LOOKUP)
			return tree_find(&r->thing, r->name, r->span, e);
		return tree_activity(&r->thing, r->span, e);
	default:
		tree_upper_dir(&r->thing, r->history, e);
		return 0;
	}
}

static void finish_lookup(struct request *r)
{
	struct tree_entry e;
	double valid_s = r->span ? r->span->valid_s : r->history_valid_s;

	if (r->thing.kind == THING_YEAR && !history_has_year(r->history, r->thing.year)) {
		reply_absent(r, valid_s);
		return;
	}
	if (r->thing.kind == THING_SUMMARY && r->history && r->thing.year && !year_exists(r)) {
		reply_absent(r, valid_s);
		return;
	}
	int code = answer_entry(r, &e);
	if (code == -ENOENT)
		reply_absent(r, valid_s);
	else if (code < 0)
		reply_error(r, code);
	else
		reply_entry(r, &e, r->thing.kind == THING_YEAR ? REPLY_YEAR_S : valid_s, valid_s);
}

static void finish_getattr(struct request *r)
{
	struct tree_entry e;
	double valid_s = r->span ? r->span->valid_s : r->history_valid_s;

	if (r->span && !r->span->valid_s)
		valid_s = PINNED_VALID_S;
	if (r->thing.kind == THING_YEAR && !history_has_year(r->history, r->thing.year)) {
		reply_error(r, -ENOENT);
		return;
	}
	int code = answer_entry(r, &e);
	if (code < 0)
		reply_error(r, code);
	else
		reply_attr(r, &e, valid_s);
}

static void finish_listing(struct request *r)
{
	if ((r->thing.kind == THING_MONTH && !r->span->month[0]->n) ||
	    (r->thing.kind == THING_YEAR && r->history && !year_exists(r)))
		reply_error(r, -ENOENT);
	else
		reply_listing(r, r->span ? r->span->valid_s : r->history_valid_s);
}

static void read_activity(struct request *r, const struct activity *a)
{
	int i = r->thing.first - r->span->first;
	uint64_t len = r->off < a->json_len ? a->json_len - r->off : 0;

	reply_bytes(r, month_text_of(r->text[i], a) + (len ? r->off : 0),
		    len < r->size ? (size_t)len : r->size);
}

/* From its file to the kernel. One that was evicted in this moment is fetched again, once. */
static void read_download(struct request *r)
{
	uint64_t len = r->off < r->blob.size ? r->blob.size - r->off : 0;
	struct blob_key key;
	int fd = -ENOENT;

	if (len > r->size)
		len = r->size;
	if (r->hold) {
		reply_file(r, r->hold->fd, r->off, (size_t)len);
		return;
	}
	if (tree_blob_key(&r->thing, r->span, &key) == 0)
		fd = blob_store_open(r->fs->views.blobs, &key);
	if (fd >= 0) {
		reply_file(r, fd, r->off, (size_t)len);
		close(fd);
	} else if (fd == -ENOENT && r->blobs_got < 3) {
		r->has_blob = 0;
		r->matched = 0;
		gather(r);
	} else {
		reply_error(r, -EIO);
	}
}

static void finish_read(struct request *r)
{
	struct buf out;

	if (thing_is_download(&r->thing)) {
		read_download(r);
		return;
	}

	if (r->thing.kind == THING_ACTIVITY) {
		const struct month *m = r->span->month[r->thing.first - r->span->first];
		read_activity(r, month_find(m, r->thing.label_id));
		return;
	}
	buf_init(&out, r->size);
	int code = render_range(r->thing.format, &r->fs->render, r->span, r->text, r->off, r->size,
				&out);
	if (code < 0)
		reply_error(r, code);
	else
		reply_bytes(r, out.data, out.len);
	buf_clear(&out);
}

/* Of an activity alone; everything else has none. */
static void finish_xattr(struct request *r)
{
	char value[XATTR_VALUE_MAX];
	int len = -ENODATA;

	if (r->thing.kind == THING_ACTIVITY) {
		const struct month *m = r->span->month[r->thing.first - r->span->first];
		const struct activity *a = month_find(m, r->thing.label_id);
		len = a ? xattr_value(r->name, a, m->strings, value) : -ESTALE;
	}
	if (len < 0)
		reply_error(r, len);
	else
		reply_xattr(r, value, (size_t)len);
}

void answer(struct request *r)
{
	switch (r->what) {
	case REQUEST_XATTR:
		finish_xattr(r);
		break;
	case REQUEST_XATTRS:
		reply_xattr(r, xattr_names, r->thing.kind == THING_ACTIVITY ? xattr_names_len : 0);
		break;
	case REQUEST_LOOKUP:
		finish_lookup(r);
		break;
	case REQUEST_GETATTR:
		finish_getattr(r);
		break;
	case REQUEST_READ:
		finish_read(r);
		break;
	default:
		finish_listing(r);
	}
}
