/* SPDX-License-Identifier: MIT */
/* libfuse's calls; see ops.h. What is missing in the table is answered ENOSYS by libfuse, and
 * the kernel then never asks again: extended attributes, access and the like. */
#include "fs/ops.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "api/metrics.h"
#include "fs/answer.h"
#include "fs/gather.h"
#include "fs/node.h"
#include "fs/parallel.h"
#include "fs/reply.h"
#include "fs/watch.h"

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
	parallel_want(fs, conn);
	/* Downloads go from their file to the kernel without a copy. */
	conn->want |= conn->capable & FUSE_CAP_SPLICE_WRITE;
	/* Makes the kernel look at a directory's mtime before it shows a kept listing. */
	conn->want |= conn->capable & FUSE_CAP_AUTO_INVAL_DATA;
	conn->time_gran = 1;
	if (fs->ready)
		fs->ready(fs->ready_arg);
}

/* Which views the kernel may know something of: also by a listing of the root with attributes, and
 * by numbers that it kept, without ever looking up the view itself. */
static void touch(const struct request *r)
{
	unsigned views = r->thing.view ? 1u << r->thing.view : 0;

	if (r->thing.kind == THING_ROOT)
		views = r->fs->views.listed;
	if (views & ~atomic_load(&r->fs->touched))
		atomic_fetch_or(&r->fs->touched, views);
}

/*
 * A year, `all` or a view is found without a request: while the history is unknown every year may
 * be one, and the kernel asks again when it wants more of it than to pass through.
 */
static int lookup_at_once(struct request *r)
{
	struct tree_entry e;
	struct history h;

	if (r->thing.kind > THING_YEAR)
		return 0;
	month_store_history_now(r->fs->store, &h);
	int there = r->thing.kind != THING_YEAR || history_has_year(&h, r->thing.year);
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

	metrics_add(METRIC_FUSE_LOOKUP, 1);
	if (!r)
		return;
	if (inode_dir(parent, &dir) < 0 || strlen(name) >= sizeof(r->name) ||
	    tree_shape(&dir, name, &r->thing) == SHAPE_IMPOSSIBLE) {
		reply_absent(r, REPLY_NEVER_S);
		return;
	}
	memcpy(r->name, name, strlen(name) + 1);
	touch(r);
	if (!lookup_at_once(r))
		gather(r);
}

static void op_forget(fuse_req_t fuse, fuse_ino_t ino, uint64_t lookups)
{
	metrics_add(METRIC_FUSE_FORGET, 1);
	node_forget(fs_of(fuse)->nodes, ino, lookups);
	fuse_reply_none(fuse);
}

static void op_forget_multi(fuse_req_t fuse, size_t count, struct fuse_forget_data *forgets)
{
	metrics_add(METRIC_FUSE_FORGET, 1);
	for (size_t i = 0; i < count; i++)
		node_forget(fs_of(fuse)->nodes, forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(fuse);
}

/* A request about a node: a directory by its number, a file by what the table says. */
static struct request *node_request(fuse_req_t fuse, fuse_ino_t ino, enum request_what what)
{
	struct request *r = request_new(fs_of(fuse), fuse, what);

	if (!r)
		return NULL;
	if (inode_dir(ino, &r->thing) == 0) {
		touch(r);
		return r;
	}
	if (node_find(r->fs->nodes, ino, &r->thing, &r->version, &r->span, &r->hold) < 0) {
		reply_error(r, -ESTALE);
		return NULL;
	}
	r->node = ino;
	request_take_hold(r);
	if (r->span)
		r->matched = !thing_is_download(&r->thing) || r->hold;
	return r;
}

static void op_getattr(fuse_req_t fuse, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct request *r = node_request(fuse, ino, REQUEST_GETATTR);

	(void)fi;
	metrics_add(METRIC_FUSE_GETATTR, 1);
	if (r)
		gather(r);
}

static void op_read(fuse_req_t fuse, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct request *r = node_request(fuse, ino, REQUEST_READ);

	(void)fi;
	metrics_add(METRIC_FUSE_READ, 1);
	if (!r)
		return;
	r->size = size;
	r->off = (uint64_t)off;
	request_ref(r);
	if (r->node)
		gather(r);
	else
		reply_error(r, -EIO);
	watch_read(r);
}

static void list(fuse_req_t fuse, fuse_ino_t ino, size_t size, off_t off, enum request_what what)
{
	struct request *r = node_request(fuse, ino, what);

	metrics_add(METRIC_FUSE_READDIR, 1);
	if (!r)
		return;
	r->size = size;
	r->off = (uint64_t)off;
	if (!r->node)
		gather(r);
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
	metrics_add(METRIC_FUSE_OTHER, 1);
	fuse_reply_err(fuse, ENOSYS);
}

/* How full the cache of downloads is. Nothing could be better: the whole size is not known, and a
 * filesystem of 0 blocks, or one that is full, alarms programs that look at disks. */
static void op_statfs(fuse_req_t fuse, fuse_ino_t ino)
{
	struct statvfs st = {.f_bsize = 4096, .f_frsize = 4096, .f_namemax = 255};
	const struct fs *fs = fs_of(fuse);
	uint64_t files, bytes;

	(void)ino;
	blob_store_count(fs->views.blobs, &files, &bytes);
	uint64_t all = bytes > fs->cache_size ? bytes : fs->cache_size;
	st.f_blocks = all / st.f_frsize + 1;
	st.f_bfree = st.f_bavail = (all - bytes) / st.f_frsize + 1;
	metrics_add(METRIC_FUSE_STATFS, 1);
	fuse_reply_statfs(fuse, &st);
}

static void xattr(fuse_req_t fuse, fuse_ino_t ino, const char *name, size_t size,
		  enum request_what what)
{
	struct request *r = node_request(fuse, ino, what);

	if (!r)
		return;
	r->size = size;
	/* Programs look for attributes of their own everywhere: that costs nothing. */
	if (!r->node && what == REQUEST_XATTR) {
		reply_error(r, -ENODATA);
	} else if (!r->node || r->thing.kind != THING_ACTIVITY || strlen(name) >= sizeof(r->name)) {
		r->thing = thing_root();
		answer(r);
	} else {
		memcpy(r->name, name, strlen(name) + 1);
		gather(r);
	}
}

static void op_getxattr(fuse_req_t fuse, fuse_ino_t ino, const char *name, size_t size)
{
	xattr(fuse, ino, name, size, REQUEST_XATTR);
}

static void op_listxattr(fuse_req_t fuse, fuse_ino_t ino, size_t size)
{
	xattr(fuse, ino, "", size, REQUEST_XATTRS);
}

static const struct fuse_lowlevel_ops all_ops = {
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
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
};

struct fuse_lowlevel_ops ops_table(int with_xattr)
{
	struct fuse_lowlevel_ops ops = all_ops;

	if (!with_xattr) {
		ops.getxattr = NULL;
		ops.listxattr = NULL;
	}
	return ops;
}
