/* SPDX-License-Identifier: MIT */
/* The operations; see ops.h. */
#include "fs/ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "api/day.h"
#include "fs/node.h"
#include "fs/reply.h"

/* The root must not keep those waiting who only pass by (umount, df, a shell's prompt). */
#define ROOT_WAIT_MS 3000

/* An old version is what it is for as long as somebody holds it. */
#define PINNED_VALID_S 3600

static void step(struct request *r);

/* ---- what is gathered ---- */

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
	step(r);
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
	step(r);
}

/* The months that it is made of; for /all that is a matter of the history. */
static void need_span(struct request *r)
{
	if (!r->thing.first) {
		const struct history *h = r->history;
		if (!h->newest_day) {
			static const struct err no_memory = {.code = -ENOMEM};
			struct span *none = calloc(1, sizeof(*none));
			if (none) {
				atomic_init(&none->refs, 1);
				none->valid_s = r->history_valid_s;
			}
			got_span(r, none, &no_memory);
			return;
		}
		r->thing.first = month_number(h->oldest_day / 10000, 1);
		r->thing.last = month_number(h->newest_day / 10000, 12);
	}
	month_store_get(r->fs->store, r->thing.first, r->thing.last, request_left_ms(r), got_span,
			r);
}

static void got_text(void *arg, struct month_text *text, const struct err *err)
{
	struct request *r = arg;

	if (!text) {
		reply_error(r, err->code);
		return;
	}
	r->text[r->text_at--] = text;
	step(r);
}

static void need_text(struct request *r)
{
	month_store_text(r->fs->store, r->span->month[r->text_at], request_left_ms(r), got_text, r);
}

/* ---- the answers ---- */

/* A year that the history does not reach has nothing in it; but its own months know best. */
static int year_exists(const struct request *r)
{
	for (int i = 0; i < r->span->n; i++)
		if (r->span->month[i]->n)
			return 1;
	return history_has_year(r->history, r->thing.year);
}

static int empty_year(const struct request *r)
{
	if (r->thing.kind == THING_MONTH || r->thing.month || !r->thing.year)
		return 0;
	for (int i = 0; i < r->span->n; i++)
		if (r->span->month[i]->n)
			return 0;
	return 1;
}

static int find_entry(const struct request *r, struct tree_entry *e)
{
	switch (r->thing.kind) {
	case THING_MONTH:
		return tree_month_dir(&r->thing, r->span, e);
	case THING_SUMMARY:
		return tree_summary(&r->thing, &r->fs->render, r->span, e);
	case THING_ACTIVITY:
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
	int code = find_entry(r, &e);
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
	int code = find_entry(r, &e);
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

	reply_bytes(r, r->text[i]->data + a->json_at + (len ? r->off : 0),
		    len < r->size ? (size_t)len : r->size);
}

static void finish_read(struct request *r)
{
	struct buf out;

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

/* ---- files: the version that the node stands for ---- */

/* Whether the node was pinned since it was looked at: then its months are its own. */
static int take_pinned(struct request *r)
{
	struct span *pinned = NULL;
	uint64_t version;
	struct thing t;

	if (node_find(r->fs->nodes, r->node, &t, &version, &pinned) < 0 || !pinned)
		return 0;
	span_unref(r->span);
	r->span = pinned;
	r->matched = 1;
	return 1;
}

/*
 * Whether the months at hand hold the version that the node stands for. 0, -ENOMEM, or
 * -ESTALE: it is gone, and the kernel looks the name up again.
 */
static int match_version(struct request *r)
{
	struct tree_entry e;
	int code = find_entry(r, &e);

	r->matched = 1;
	if (code == -ENOMEM || (code == 0 && e.version == r->version))
		return code;
	return take_pinned(r) ? 0 : -ESTALE;
}

static int prepare_texts(struct request *r)
{
	int first, last;

	r->text = calloc((size_t)r->span->n + 1, sizeof(struct month_text *));
	if (!r->text)
		return -ENOMEM;
	if (r->thing.kind == THING_ACTIVITY)
		first = last = r->thing.first - r->span->first;
	else if (render_texts(r->thing.format, &r->fs->render, r->span, r->off, r->size, &first,
			      &last) < 0)
		return -ENOMEM;
	r->text_first = first;
	r->text_at = last;
	return 0;
}

/* ---- one step after the other, until there is an answer ---- */

static int wants_history(const struct request *r)
{
	int listing = r->what == REQUEST_READDIR || r->what == REQUEST_READDIRPLUS;

	switch (r->thing.kind) {
	case THING_ROOT:
	case THING_ALL:
		return 1;
	case THING_YEAR:
		return !listing || (r->span && empty_year(r));
	case THING_SUMMARY:
		return !r->thing.first || (!r->node && r->span && empty_year(r));
	default:
		return 0;
	}
}

static int wants_span(const struct request *r)
{
	int listing = r->what == REQUEST_READDIR || r->what == REQUEST_READDIRPLUS;

	return r->thing.kind >= THING_MONTH || (listing && r->thing.kind != THING_ROOT);
}

static void finish(struct request *r)
{
	switch (r->what) {
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

static void step(struct request *r) /* NOLINT(misc-no-recursion): a step a piece of data */
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
	if (r->node && !r->matched)
		code = match_version(r);
	if (code == 0 && r->what == REQUEST_READ && !r->text)
		code = prepare_texts(r);
	if (code < 0)
		reply_error(r, code);
	else if (r->what == REQUEST_READ && r->text_at >= r->text_first)
		need_text(r);
	else
		finish(r);
}

/* ---- libfuse's calls ---- */

static struct fs *fs_of(fuse_req_t fuse)
{
	return fuse_req_userdata(fuse);
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct fs *fs = userdata;

	/* Always with attributes: they are free wherever there is a listing. */
	conn->want |= conn->capable & FUSE_CAP_READDIRPLUS;
	conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
	/* Makes the kernel look at a directory's mtime before it shows a kept listing. */
	conn->want |= conn->capable & FUSE_CAP_AUTO_INVAL_DATA;
	conn->time_gran = 1;
	if (fs->ready)
		fs->ready(fs->ready_arg);
}

/*
 * A year or `all` is found without a request: while the history is unknown every year may be
 * one, and the kernel asks again when it wants more of it than to pass through.
 */
static int lookup_at_once(struct request *r)
{
	struct tree_entry e;
	struct history h;

	if (r->thing.kind != THING_YEAR && r->thing.kind != THING_ALL)
		return 0;
	month_store_history_now(r->fs->store, &h);
	int there = r->thing.kind == THING_ALL || history_has_year(&h, r->thing.year);
	if (h.known && !there)
		return 0;
	tree_upper_dir(&r->thing, &h, &e);
	reply_entry(r, &e, h.known ? REPLY_YEAR_S : 0, 0);
	return 1;
}

static void op_lookup(fuse_req_t fuse, fuse_ino_t parent, const char *name)
{
	struct request *r = request_new(fs_of(fuse), fuse, REQUEST_LOOKUP);
	struct thing dir;

	if (!r)
		return;
	if (inode_dir(parent, &dir) < 0 || strlen(name) >= sizeof(r->name) ||
	    tree_shape(&dir, name, &r->thing) == SHAPE_IMPOSSIBLE) {
		reply_absent(r, REPLY_NEVER_S);
		return;
	}
	memcpy(r->name, name, strlen(name) + 1);
	if (!lookup_at_once(r))
		step(r);
}

static void op_forget(fuse_req_t fuse, fuse_ino_t ino, uint64_t lookups)
{
	node_forget(fs_of(fuse)->nodes, ino, lookups);
	fuse_reply_none(fuse);
}

static void op_forget_multi(fuse_req_t fuse, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		node_forget(fs_of(fuse)->nodes, forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(fuse);
}

/* A request about a node: a directory by its number, a file by what the table says. */
static struct request *node_request(fuse_req_t fuse, fuse_ino_t ino, enum request_what what)
{
	struct request *r = request_new(fs_of(fuse), fuse, what);

	if (!r || inode_dir(ino, &r->thing) == 0)
		return r;
	if (node_find(r->fs->nodes, ino, &r->thing, &r->version, &r->span) < 0) {
		reply_error(r, -ESTALE);
		return NULL;
	}
	r->node = ino;
	if (r->span)
		r->matched = 1;
	return r;
}

static void op_getattr(fuse_req_t fuse, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct request *r = node_request(fuse, ino, REQUEST_GETATTR);

	(void)fi;
	if (r)
		step(r);
}

static void op_read(fuse_req_t fuse, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct request *r = node_request(fuse, ino, REQUEST_READ);

	(void)fi;
	if (!r)
		return;
	r->size = size;
	r->off = (uint64_t)off;
	if (r->node)
		step(r);
	else
		reply_error(r, -EIO);
}

static void list(fuse_req_t fuse, fuse_ino_t ino, size_t size, off_t off, enum request_what what)
{
	struct request *r = node_request(fuse, ino, what);

	if (!r)
		return;
	r->size = size;
	r->off = (uint64_t)off;
	if (!r->node)
		step(r);
	else
		reply_error(r, -EIO);
}

static void op_readdir(fuse_req_t fuse, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	(void)fi;
	list(fuse, ino, size, off, REQUEST_READDIR);
}

static void op_readdirplus(fuse_req_t fuse, fuse_ino_t ino, size_t size, off_t off,
			   struct fuse_file_info *fi)
{
	(void)fi;
	list(fuse, ino, size, off, REQUEST_READDIRPLUS);
}

/* Zero open: a node id is a version, so there is nothing to do at open, and after this answer
 * the kernel does not ask again and caches files and listings by itself. */
static void op_open(fuse_req_t fuse, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	fuse_reply_err(fuse, ENOSYS);
}

static void op_statfs(fuse_req_t fuse, fuse_ino_t ino)
{
	const struct statvfs st = {.f_bsize = 4096, .f_frsize = 4096, .f_namemax = 255};

	(void)ino;
	fuse_reply_statfs(fuse, &st);
}

/* What is missing here is answered ENOSYS by libfuse; the kernel then never asks again for
 * extended attributes, access and the like. */
const struct fuse_lowlevel_ops ops = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.open = op_open,
	.read = op_read,
	.opendir = op_open,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.statfs = op_statfs,
};
