/* SPDX-License-Identifier: MIT */
/*
 * A download on its way to disk: a temporary file, written as it comes, hashed on the way,
 * renamed when it is complete, and synced after those who wait have their answer: a file
 * that a crash cuts short does not have the size its name says. See blob_impl.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "cache/blob_impl.h"

/* The first file, or somebody has deleted the folder, or the whole cache. */
static int make_folder(struct cache_dir *dir)
{
	struct err err;
	int r = mkdirat(dir->fd, BLOB_FOLDER, 0700) < 0 ? -errno : 0;

	if (cache_dir_is_gone(r) && (r = cache_dir_renew(dir, &err)) >= 0)
		r = mkdirat(dir->fd, BLOB_FOLDER, 0700) < 0 ? -errno : 0;
	if (r == -EEXIST)
		return 0;
	/* There is no cache folder, and none can be made. */
	return cache_dir_is_gone(r) ? -EROFS : r;
}

/* Nowhere to keep it: it goes when nobody needs it any more, or with the process. */
static int open_spool(struct blob_fetch *f)
{
	const char *folder[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp"};

	for (size_t i = 0; i < sizeof(folder) / sizeof(folder[0]) && f->fd < 0; i++)
		if (folder[i] && folder[i][0] == '/')
			f->fd = open(folder[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (f->fd < 0)
		return -EROFS;
	f->is_spooled = 1;
	f->path[0] = '\0';
	lock_take(&f->store->lock);
	f->store->is_spooling = 1;
	lock_drop(&f->store->lock);
	return 0;
}

static int open_temporary(struct blob_fetch *f)
{
	struct blob_store *s = f->store;
	int flags = O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;

	if (!blob_may_write(s))
		return -EROFS;
	snprintf(f->path, sizeof(f->path), BLOB_FOLDER ".%s-%" PRIu64 "-%016" PRIx64 ".tmp",
		 export_name(f->key.form), f->key.label_id, f->key.edition);
	f->fd = openat(s->config.dir->fd, f->path, flags, 0600);
	if (f->fd < 0 && cache_dir_is_gone(-errno)) {
		int r = make_folder(s->config.dir);
		if (r < 0)
			return r;
		f->fd = openat(s->config.dir->fd, f->path, flags, 0600);
	}
	return f->fd < 0 ? -errno : 0;
}

static int begin(void *arg)
{
	struct blob_fetch *f = arg;
	int r = 0;

	if (!f->hash && !(f->hash = XXH3_createState()))
		return -ENOMEM;
	XXH3_64bits_reset(f->hash);
	f->info = (struct blob_info){0};
	if (f->fd < 0) {
		r = open_temporary(f);
		if (r == -EROFS || r == -EACCES || r == -EPERM)
			r = open_spool(f);
	} else if (ftruncate(f->fd, 0) < 0 || lseek(f->fd, 0, SEEK_SET) < 0) {
		r = -errno;
	}
	return r;
}

/* The disk is full: whether there is room again. What nobody waits for puts nothing out. */
static int make_room(struct blob_fetch *f)
{
	lock_take(&f->store->lock);
	int is_wanted = f->is_wanted;
	lock_drop(&f->store->lock);
	return is_wanted && blob_disk_make_room(f->store);
}

static int write_piece(void *arg, const char *data, size_t len)
{
	struct blob_fetch *f = arg;

	lock_take(&f->store->lock);
	f->has_given_way = blob_queue_gives_way_locked(f->store, f);
	lock_drop(&f->store->lock);
	if (f->has_given_way)
		return -ETIMEDOUT;
	XXH3_64bits_update(f->hash, data, len);
	f->info.size += len;
	while (len) {
		ssize_t n = write(f->fd, data, len);
		int e = n < 0 ? errno : 0;
		if (e == EINTR || ((e == ENOSPC || e == EDQUOT) && make_room(f)))
			continue;
		if (n < 0)
			return -e;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* From now on it is a file of the cache. */
static int give_name(struct blob_fetch *f)
{
	const struct blob_store *s = f->store;
	char path[BLOB_PATH] = BLOB_FOLDER;

	f->info.hash = XXH3_64bits_digest(f->hash);
	if (f->is_spooled)
		return 0;
	blob_name(&f->key, BLOB_FILE, &f->info, path + sizeof(BLOB_FOLDER) - 1);
	if (renameat(s->config.dir->fd, f->path, s->config.dir->fd, path) < 0)
		return -errno;
	f->path[0] = '\0';
	return 0;
}

static void done(void *arg, enum failure_scope scope, const struct err *why)
{
	struct blob_fetch *f = arg;
	struct err err = *why;
	int fd = -1;

	if (!err.code) {
		int r = give_name(f);
		if (r < 0)
			err_sys(&err, r, "keep it");
		scope = FAILURE_HUB;
	}
	if (!err.code && !f->is_spooled) {
		fd = f->fd;
		f->fd = -1;
	}
	blob_fetch_ended(f, scope, &err);
	if (fd >= 0) {
		fdatasync(fd);
		close(fd);
	}
}

const struct download_sink blob_fetch_sink = {begin, write_piece, done};

void blob_fetch_free(struct blob_fetch *f)
{
	if (f->fd >= 0) {
		close(f->fd);
		if (f->path[0])
			unlinkat(f->store->config.dir->fd, f->path, 0);
	}
	XXH3_freeState(f->hash);
	free(f);
}
