/* SPDX-License-Identifier: MIT */
/* Replies to the kernel; see reply.h. */
#include "fs/reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/metrics.h"
#include "fs/node.h"

#define BLOCK 4096

static void fill_stat(const struct fs *fs, const struct tree_entry *e, struct stat *st)
{
	int dir = thing_is_dir(&e->thing);

	*st = (struct stat){
		.st_ino = e->ino,
		.st_mode = dir ? fs->dir_mode : fs->file_mode,
		/* 1 for a directory means "not counted": find(1) then looks at every entry. */
		.st_nlink = 1,
		.st_uid = fs->uid,
		.st_gid = fs->gid,
		.st_size = (off_t)e->size,
		.st_blksize = BLOCK,
		.st_blocks = (blkcnt_t)((e->size + 511) / 512),
		.st_mtim = {e->mtime_s, (long)e->mtime_ns},
	};
	st->st_ctim = st->st_mtim;
	st->st_atim = st->st_mtim;
}

/* How long the kernel may remember a name that could be known for so long. */
static double entry_timeout(const struct request *r, double entry_s)
{
	return thing_is_download(&r->thing) && entry_s > REPLY_DOWNLOAD_S ? REPLY_DOWNLOAD_S
									  : entry_s;
}

/* An entry as the kernel wants it; a file's node gets one lookup more. 0 or -ENOMEM. */
static int fill_entry(struct request *r, const struct tree_entry *e, double entry_s, double attr_s,
		      struct fuse_entry_param *param)
{
	*param = (struct fuse_entry_param){.entry_timeout = entry_s, .attr_timeout = attr_s};
	fill_stat(r->fs, e, &param->attr);
	if (thing_is_dir(&e->thing))
		param->ino = e->ino;
	else
		param->ino = node_enter(r->fs->nodes, &e->thing, e->version, r->span);
	return param->ino ? 0 : -ENOMEM;
}

/* What programs may be told, and where it is counted; what is not a failure is not. */
static const struct {
	int code, metric;
} told[] = {
	{ENOENT, -1},
	{ESTALE, -1},
	{ENODATA, -1},
	{ENOSPC, METRIC_FUSE_ERROR_EIO}, /* a download finds no room ... */
	{EROFS, METRIC_FUSE_ERROR_EIO},  /* ... or no place at all */
	{ENOMEM, METRIC_FUSE_ERROR_ENOMEM},
	{EACCES, METRIC_FUSE_ERROR_EACCES},
	{EBUSY, METRIC_FUSE_ERROR_EBUSY},
	{ETIMEDOUT, METRIC_FUSE_ERROR_ETIMEDOUT},
	{EHOSTUNREACH, METRIC_FUSE_ERROR_EHOSTUNREACH},
	{EINTR, METRIC_FUSE_ERROR_EINTR},
	{EIO, METRIC_FUSE_ERROR_EIO}, /* and everything else */
};
#define TOLD (sizeof(told) / sizeof(told[0]))

void reply_error(struct request *r, int code)
{
	size_t i = 0;

	/* It was not let wait. */
	if (code == -ETIMEDOUT && request_is_hurried(r))
		code = -EINTR;
	while (i < TOLD - 1 && told[i].code != -code)
		i++;
	if (request_claim(r)) {
		if (told[i].metric >= 0)
			metrics_add((enum metric)told[i].metric, 1);
		fuse_reply_err(r->fuse, told[i].code);
	}
	request_end(r);
}

void reply_entry(struct request *r, const struct tree_entry *e, double entry_s, double attr_s)
{
	struct fuse_entry_param param;

	if (fill_entry(r, e, entry_timeout(r, entry_s), attr_s, &param) < 0) {
		reply_error(r, -ENOMEM);
		return;
	}
	/* When the kernel does not get the reply it has no reference to give back. */
	if (!request_claim(r) || fuse_reply_entry(r->fuse, &param) < 0)
		node_forget(r->fs->nodes, param.ino, 1);
	request_end(r);
}

void reply_absent(struct request *r, double entry_s)
{
	/* Node id 0: the kernel remembers that there is nothing. */
	struct fuse_entry_param param = {.entry_timeout = entry_timeout(r, entry_s)};

	if (request_claim(r))
		fuse_reply_entry(r->fuse, &param);
	request_end(r);
}

void reply_attr(struct request *r, const struct tree_entry *e, double attr_s)
{
	struct stat st;

	fill_stat(r->fs, e, &st);
	if (request_claim(r))
		fuse_reply_attr(r->fuse, &st, attr_s);
	request_end(r);
}

void reply_bytes(struct request *r, const void *data, size_t len)
{
	metrics_add(METRIC_FUSE_BYTES, (int64_t)len);
	if (request_claim(r))
		fuse_reply_buf(r->fuse, data, len);
	request_end(r);
}

void reply_xattr(struct request *r, const void *data, size_t len)
{
	if (!request_claim(r)) {
		request_end(r);
		return;
	}
	if (!r->size)
		fuse_reply_xattr(r->fuse, len);
	else if (r->size < len)
		fuse_reply_err(r->fuse, ERANGE);
	else
		fuse_reply_buf(r->fuse, data, len);
	request_end(r);
}

void reply_file(struct request *r, int fd, uint64_t off, size_t len)
{
	struct fuse_bufvec v = FUSE_BUFVEC_INIT(len);

	v.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	v.buf[0].fd = fd;
	v.buf[0].pos = (off_t)off;
	metrics_add(METRIC_FUSE_BYTES, (int64_t)len);
	if (request_claim(r))
		fuse_reply_data(r->fuse, &v, 0);
	request_end(r);
}

/* ---- listings ---- */

/* The reply under construction, and the nodes in it, should the kernel not take it. */
struct page {
	char *data;
	size_t used, size;
	uint64_t *nodes;
	size_t n;
};

/* Appends a name; 1 when it did not fit. */
static int add_name(struct request *r, struct page *p, const char *name,
		    const struct fuse_entry_param *param, uint64_t cookie)
{
	char *at = p->data + p->used;
	size_t left = p->size - p->used, len;

	if (r->what == REQUEST_READDIRPLUS)
		len = fuse_add_direntry_plus(r->fuse, at, left, name, param, (off_t)cookie);
	else
		len = fuse_add_direntry(r->fuse, at, left, name, &param->attr, (off_t)cookie);
	if (len > left)
		return 1;
	p->used += len;
	return 0;
}

/* "." and "..", which the kernel only passes on. */
static int add_dots(struct request *r, struct page *p, uint64_t *cookie)
{
	struct fuse_entry_param param = {.attr = {.st_mode = S_IFDIR, .st_ino = INODE_ROOT}};

	param.attr.st_ino = inode_of(&r->thing);
	if (*cookie == 0 && add_name(r, p, ".", &param, *cookie = 1))
		return 1;
	struct thing up = r->thing.kind == THING_MONTH                   ? thing_year(r->thing.year)
			  : r->thing.kind == THING_YEAR && r->thing.view ? thing_view(r->thing.view)
									 : thing_root();
	if (r->thing.kind == THING_MONTH)
		up = thing_in(r->thing.view, up);
	param.attr.st_ino = inode_of(&up);
	return *cookie == 1 && add_name(r, p, "..", &param, *cookie = 2);
}

static int add_entry(struct request *r, struct page *p, const struct tree_entry *e, int i,
		     double valid_s)
{
	struct fuse_entry_param param;
	double entry_s = e->thing.kind == THING_YEAR ? REPLY_YEAR_S : valid_s;
	uint64_t cookie = tree_cookie(i, e->name);

	/* A download has no attributes yet: node id 0 tells the kernel to ask when it wants them.
	 */
	if (r->what == REQUEST_READDIR || thing_is_download(&e->thing) || e->is_bare) {
		param = (struct fuse_entry_param){0};
		fill_stat(r->fs, e, &param.attr);
		return add_name(r, p, e->name, &param, cookie);
	}
	if (fill_entry(r, e, entry_s, valid_s, &param) < 0)
		return -ENOMEM;
	if (add_name(r, p, e->name, &param, cookie)) {
		node_forget(r->fs->nodes, param.ino, 1);
		return 1;
	}
	p->nodes[p->n++] = param.ino;
	return 0;
}

/* Cookies 1 and 2 stand behind the dots; tree_cookie() is always larger. */
static int fill_page(struct request *r, struct page *p, double valid_s)
{
	struct tree_dir dir = {
		.thing = r->thing,
		.h = r->history,
		.span = r->span,
		.options = &r->fs->render,
		.views = &r->fs->views,
	};
	uint64_t cookie = r->off;
	struct tree_entry e;

	if (cookie < 2 && add_dots(r, p, &cookie))
		return 0;
	int i = cookie <= 2 ? 0 : tree_resume(&dir, cookie), n = tree_count(&dir);
	for (; i < n; i++) {
		int full = tree_list(&dir, i, &e);
		if (full < 0)
			return full;
		if (full)
			continue;
		full = add_entry(r, p, &e, i, valid_s);
		if (full)
			/* What fits is a valid page; the kernel asks for the rest. */
			return p->used || full > 0 ? 0 : full;
	}
	return 0;
}

void reply_listing(struct request *r, double valid_s)
{
	/* An entry takes at least 24 bytes. */
	struct page p = {
		.data = malloc(r->size),
		.size = r->size,
		.nodes = calloc(r->size / 24 + 1, sizeof(*p.nodes)),
	};
	struct node_table *nodes = r->fs->nodes;
	int code = p.data && p.nodes ? fill_page(r, &p, valid_s) : -ENOMEM;
	int taken = 0;

	if (code < 0) {
		reply_error(r, code);
	} else {
		taken = request_claim(r) && fuse_reply_buf(r->fuse, p.data, p.used) == 0;
		request_end(r);
	}
	for (size_t i = 0; !taken && i < p.n; i++)
		node_forget(nodes, p.nodes[i], 1);
	free(p.data);
	free(p.nodes);
}
