/* SPDX-License-Identifier: MIT */
/* The folder of downloaded files; see blob_impl.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "api/log.h"
#include "cache/blob_impl.h"
#include "cache/folder.h"

/* What was used so lately may be open right now. */
#define IN_USE_S 60
#define PIECE    (64 << 10)
#define ROOM     (8 << 20) /* given up at a time when the disk is full */

/* ---- jobs ---- */

struct disk_job {
	struct blob_store *store;
	blob_job *job;
	struct blob_entry entry;
};

static void run(void *arg)
{
	struct disk_job *j = arg;

	j->job(j->store, &j->entry);
	free(j);
}

int blob_post_locked(struct blob_store *s, blob_job *job, const struct blob_entry *e)
{
	struct disk_job *j = malloc(sizeof(*j));
	struct err err;

	if (!j)
		return -ENOMEM;
	*j = (struct disk_job){.store = s, .job = job};
	if (e)
		j->entry = *e;
	if (!s->worker)
		s->worker = worker_new("cache-files", &err);
	int r = s->worker ? worker_post(s->worker, run, j) : -ENOMEM;
	if (r < 0)
		free(j);
	return r;
}

int blob_may_write(const struct blob_store *s)
{
	return s->config.dir && atomic_load(&s->config.dir->ours);
}

void blob_disk_path(const struct blob_entry *e, char path[BLOB_PATH])
{
	const struct blob_key key = blob_entry_key(e);

	memcpy(path, BLOB_FOLDER, sizeof(BLOB_FOLDER));
	blob_name(&key, e->is_absent ? NULL : &e->info, path + sizeof(BLOB_FOLDER) - 1);
}

int blob_disk_is_whole(int fd, const struct blob_info *info)
{
	XXH3_state_t *hash = XXH3_createState();
	char *piece = malloc(PIECE);
	int is_whole = -ENOMEM;

	if (hash && piece) {
		off_t at = 0;
		ssize_t n;
		XXH3_64bits_reset(hash);
		while ((n = pread(fd, piece, PIECE, at)) > 0) {
			XXH3_64bits_update(hash, piece, (size_t)n);
			at += n;
		}
		is_whole = n < 0 ? -errno : XXH3_64bits_digest(hash) == info->hash;
	}
	free(piece);
	XXH3_freeState(hash);
	return is_whole;
}

void blob_disk_remove(struct blob_store *s, const struct blob_entry *e)
{
	char path[BLOB_PATH];

	blob_disk_path(e, path);
	if (blob_may_write(s))
		unlinkat(s->config.dir->fd, path, 0);
}

void blob_disk_date(struct blob_store *s, const struct blob_entry *e)
{
	const struct timespec times[2] = {{.tv_sec = e->used_s}, {.tv_sec = e->used_s}};
	char path[BLOB_PATH];

	/* An older date costs an early eviction, or question, nothing else. */
	blob_disk_path(e, path);
	if (blob_may_write(s))
		utimensat(s->config.dir->fd, path, times, AT_SYMLINK_NOFOLLOW);
}

void blob_disk_mark(struct blob_store *s, const struct blob_entry *e)
{
	char path[BLOB_PATH];

	if (!blob_may_write(s))
		return;
	mkdirat(s->config.dir->fd, BLOB_FOLDER, 0700);
	blob_disk_path(e, path);
	int fd = openat(s->config.dir->fd, path,
			O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	/* One from last time gets today's date. */
	blob_disk_date(s, e);
}

void blob_disk_forget(struct blob_store *s, const struct blob_entry *e)
{
	struct blob_key key = blob_entry_key(e);

	for (key.form = 0; key.form < EXPORTS; key.form++) {
		lock_take(&s->lock);
		struct blob_entry *gone = blob_index_find(&s->index, &key);
		if (gone)
			blob_index_remove(&s->index, gone);
		lock_drop(&s->lock);
		if (gone)
			blob_disk_remove(s, gone);
		free(gone);
	}
}

/* ---- what is there ---- */

/* One name in files/: an entry, or -EBADMSG: nothing worth keeping, or another errno. */
static int look_at(int dirfd, const char *name, struct blob_entry *e)
{
	struct blob_key key;
	struct stat st;
	int what = blob_of_name(name, &key, &e->info);

	if (what < 0)
		return -EBADMSG;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != e->info.size)
		return -EBADMSG;
	e->id = key.label_id << 4 | (uint64_t)key.form;
	e->edition = key.edition;
	e->is_absent = !what;
	e->used_s = e->dated_s = st.st_mtim.tv_sec;
	return 0;
}

/* Our own leavings: a download that was interrupted, a file that a crash cut short. */
static int is_ours(const char *name)
{
	struct blob_key key;
	struct blob_info info;

	return (name[0] == '.' && strlen(name) > 4 &&
		strcmp(name + strlen(name) - 4, ".tmp") == 0) ||
	       blob_of_name(name, &key, &info) >= 0;
}

static void look_at_name(void *store, int dirfd, const char *name)
{
	struct blob_store *s = store;
	struct blob_entry e = {0}, old;
	int r = look_at(dirfd, name, &e);

	if (r < 0) {
		if (r == -EBADMSG && is_ours(name) && blob_may_write(s))
			unlinkat(dirfd, name, 0);
		return;
	}
	lock_take(&s->lock);
	/* Without memory it is fetched again when somebody asks. */
	r = blob_index_put(&s->index, &e, &old);
	/* Two, when a crash came between them: the later one is right. */
	if (r == 0 && old.id && old.used_s > e.used_s) {
		struct blob_entry later = old;
		r = blob_index_put(&s->index, &later, &old);
	}
	if (r == 0 && old.id)
		blob_post_locked(s, blob_disk_remove, &old);
	lock_drop(&s->lock);
}

void blob_disk_look(struct blob_store *s, const struct blob_entry *e)
{
	struct err err;

	(void)e;
	if (s->config.dir && atomic_load(&s->config.dir->there)) {
		int r = folder_each(s->config.dir->fd, BLOB_FOLDER, look_at_name, s, &err);
		if (r < 0 && r != -ENOENT)
			log_warn("%s; what is in it is fetched again", err.text);
	}
	blob_looked(s);
	blob_disk_evict(s);
}

/* ---- eviction ---- */

static void evict_job(struct blob_store *s, const struct blob_entry *e)
{
	(void)e;
	blob_disk_evict(s);
}

/* On the transport thread, which must not touch the disk. */
static void evict_later(void *store)
{
	struct blob_store *s = store;

	lock_take(&s->lock);
	s->is_evicting_later = 0;
	if (!s->quiet)
		blob_post_locked(s, evict_job, NULL);
	lock_drop(&s->lock);
}

/* The least used go until `max` bytes are left, or those of the last minute. Returns how many. */
static long give_up(struct blob_store *s, uint64_t max, const char *why)
{
	struct blob_entry *gone = NULL;

	lock_take(&s->lock);
	int64_t now_s = s->config.clock->wall_s();
	long n = blob_index_evict(&s->index, max, now_s - IN_USE_S, now_s, &gone);
	lock_drop(&s->lock);
	for (long i = 0; i < n; i++)
		blob_disk_remove(s, &gone[i]);
	if (n > 0)
		log_info("%ld downloaded files left the cache, %s", n, why);
	free(gone);
	return n;
}

static int is_over(struct blob_store *s)
{
	lock_take(&s->lock);
	int over = s->index.bytes > s->config.size_max;
	lock_drop(&s->lock);
	return over;
}

void blob_disk_evict(struct blob_store *s)
{
	const struct hub *hub = s->config.hub;

	/* A tenth more than needed, since each time means to look at all of them. */
	if (is_over(s))
		give_up(s, s->config.size_max / 10 * 9, "to keep to cache_size");
	if (!is_over(s))
		return;
	/* What may be open now may go when it is not any more. */
	lock_take(&s->lock);
	int again = !s->is_evicting_later && !s->quiet;
	s->is_evicting_later |= again;
	lock_drop(&s->lock);
	if (again && hub->after(hub->ctx, (IN_USE_S + 1) * 1000, evict_later, s) < 0) {
		lock_take(&s->lock);
		s->is_evicting_later = 0;
		lock_drop(&s->lock);
	}
}

int blob_disk_make_room(struct blob_store *s)
{
	lock_take(&s->lock);
	uint64_t bytes = s->index.bytes;
	lock_drop(&s->lock);
	return give_up(s, bytes > ROOM ? bytes - ROOM : 0, "since the disk is full") > 0;
}
