/* SPDX-License-Identifier: MIT */
/* The folder of downloaded files; see blob_impl.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "api/log.h"
#include "cache/atomic_file.h"
#include "cache/blob_impl.h"
#include "cache/folder.h"

#define PIECE        (64 << 10)
#define ROOM         (8 << 20) /* given up at a time when the disk is full, or an eighth of all */
#define KEEP         4         /* used last, and so perhaps being read: they stay in any cache */
#define SPOOL_SIZE   (64 << 20)
#define SPOOL_FILES  128
#define CONTROLS     "controls"
#define CONTROLS_MAX 384

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
	blob_name(&key, e->state, &e->info, path + sizeof(BLOB_FOLDER) - 1);
}

/* Whether it has a name in files/. */
static int is_named(const struct blob_entry *e)
{
	return e->state != BLOB_FAILED && !e->spool_fd;
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
	if (blob_may_write(s) && is_named(e))
		unlinkat(s->config.dir->fd, path, 0);
	if (e->spool_fd)
		close(e->spool_fd);
}

/* Its name stays, which tells size and hash. Who holds it open keeps the bytes. */
void blob_disk_empty(struct blob_store *s, const struct blob_entry *e)
{
	blob_disk_remove(s, e);
	if (is_named(e))
		blob_disk_mark(s, e);
}

void blob_disk_replace_locked(struct blob_store *s, const struct blob_entry *old,
			      const struct blob_entry *e)
{
	char before[BLOB_PATH], after[BLOB_PATH];

	blob_disk_path(old, before);
	blob_disk_path(e, after);
	if (old->spool_fd || !is_named(e) || strcmp(before, after) != 0)
		blob_post_locked(s, blob_disk_remove, old);
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
		if (s->form[key.form].control.label_id == key.label_id)
			s->form[key.form] = (struct blob_form){0};
		lock_drop(&s->lock);
		if (gone)
			blob_disk_remove(s, gone);
		free(gone);
	}
}

/* ---- the controls: "fit 481230045566778899 100" a line ---- */

void blob_disk_controls(struct blob_store *s, const struct blob_entry *e)
{
	char text[CONTROLS_MAX] = "";
	struct iovec iov = {text, 0};

	(void)e;
	lock_take(&s->lock);
	for (enum export form = 0; form < EXPORTS; form++) {
		const struct blob_control *c = &s->form[form].control;
		if (c->label_id)
			iov.iov_len +=
				(size_t)snprintf(text + iov.iov_len, sizeof(text) - iov.iov_len,
						 "%s %" PRIu64 " %" PRId32 "\n", export_name(form),
						 c->label_id, c->sport);
	}
	lock_drop(&s->lock);
	if (blob_may_write(s))
		atomic_file_write(s->config.dir->fd, CONTROLS, &iov, 1, 0, NULL);
}

static void read_control(struct blob_store *s, char *line) REQUIRES(s->lock);
static void read_control(struct blob_store *s, char *line)
{
	const char *name = strsep(&line, " ");
	char *end;

	if (!line)
		return;
	struct blob_control c = {.label_id = strtoull(line, &end, 10)};
	c.sport = (int32_t)strtol(end, NULL, 10);
	for (enum export form = 0; form < EXPORTS; form++)
		if (strcmp(name, export_name(form)) == 0 && c.label_id <= LABEL_ID_MAX)
			s->form[form].control = c;
}

static void read_controls(struct blob_store *s)
{
	char *text = NULL, *rest, *line;
	size_t len;

	if (atomic_file_read(s->config.dir->fd, CONTROLS, CONTROLS_MAX, &text, &len, NULL) < 0)
		return;
	lock_take(&s->lock);
	for (rest = text; (line = strsep(&rest, "\n"));)
		read_control(s, line);
	lock_drop(&s->lock);
	free(text);
}

/* ---- what is there ---- */

/* One name in files/: an entry, or -EBADMSG: nothing worth keeping, or another errno. */
static int look_at(int dirfd, const char *name, struct blob_entry *e)
{
	struct blob_key key;
	struct stat st;
	int state = blob_of_name(name, &key, &e->info);

	if (state < 0)
		return -EBADMSG;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > e->info.size)
		return -EBADMSG;
	e->id = key.label_id << 4 | (uint64_t)key.form;
	e->edition = key.edition;
	e->state = (enum blob_state)state;
	e->used_s = e->dated_s = st.st_mtim.tv_sec;
	if ((uint64_t)st.st_size < e->info.size)
		e->state = BLOB_LEFT;
	if (state == BLOB_GONE) {
		e->failures = 1;
		e->scope = FAILURE_GONE;
		e->code = -EIO;
		e->failed_s = e->used_s;
	}
	/* The bytes that a crash left of it. */
	return e->state == BLOB_LEFT && st.st_size;
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
	int is_torn = r;
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
	if (is_torn)
		blob_post_locked(s, blob_disk_empty, &e);
	lock_drop(&s->lock);
}

void blob_disk_look(struct blob_store *s, const struct blob_entry *e)
{
	struct err err;

	(void)e;
	if (s->config.dir && atomic_load(&s->config.dir->there)) {
		read_controls(s);
		int r = folder_each(s->config.dir->fd, BLOB_FOLDER, look_at_name, s, &err);
		if (r < 0 && r != -ENOENT)
			log_warn("%s; what is in it is fetched again", err.text);
	}
	blob_looked(s);
	blob_disk_evict(s);
}

/* ---- eviction ---- */

/* The least used go until `max` bytes are left. Returns how many. */
static long give_up(struct blob_store *s, uint64_t max, size_t keep, const char *why)
{
	struct blob_entry *gone = NULL;

	lock_take(&s->lock);
	long n = blob_index_evict(&s->index, max, keep, &gone);
	lock_drop(&s->lock);
	for (long i = 0; i < n; i++)
		blob_disk_empty(s, &gone[i]);
	if (n > 0 && !atomic_exchange(&s->has_said_left, 1))
		log_info("recordings leave the cache, those used longest ago first, %s", why);
	free(gone);
	return n;
}

void blob_disk_evict(struct blob_store *s)
{
	uint64_t max = s->config.size_max;

	lock_take(&s->lock);
	uint64_t bytes = s->index.bytes;
	int is_many = s->is_spooling && s->index.files > SPOOL_FILES;
	if (s->is_spooling && max > SPOOL_SIZE)
		max = SPOOL_SIZE;
	lock_drop(&s->lock);
	/* A tenth more than needed, since each time means to look at all of them. */
	if (bytes > max)
		give_up(s, max / 10 * 9, KEEP, "to keep to cache_size");
	else if (is_many)
		give_up(s, bytes / 10 * 9, KEEP, "since there is no folder for them");
}

int blob_disk_make_room(struct blob_store *s)
{
	lock_take(&s->lock);
	uint64_t bytes = s->index.bytes, room = bytes / 8 + PIECE;
	lock_drop(&s->lock);
	if (room > ROOM)
		room = ROOM;
	return give_up(s, bytes > room ? bytes - room : 0, 0, "since the disk is full") > 0;
}
