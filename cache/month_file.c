/* SPDX-License-Identifier: MIT */
/* Months on disk; see month_file.h. */
#include "cache/month_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "api/clock.h"
#include "api/day.h"
#include "cache/atomic_file.h"

struct header {
	char magic[8];
	uint32_t version;
	uint32_t byte_order; /* 0x01020304 as the writer's machine stores it */
	int32_t number;
	uint32_t n;
	uint32_t strings_len;
	uint32_t json_len;
	int64_t names_ns;
	int64_t gone_ns;
	uint64_t json_hash;
	uint64_t reserved[2];
	uint64_t index_hash; /* of the header up to here, the rows and the strings */
};
_Static_assert(sizeof(struct header) == 80, "the header is a format on disk");

static const char magic[8] = "corosfs";

void month_file_name(int number, char name[MONTH_FILE_NAME])
{
	snprintf(name, MONTH_FILE_NAME, "%04d-%02d", month_year(number) % 10000,
		 month_month(number));
}

int month_file_number(const char *name)
{
	char same[MONTH_FILE_NAME];
	char *end;
	long year = strtol(name, &end, 10);
	long month = *end == '-' ? strtol(end + 1, NULL, 10) : 0;

	if (year < DAY_MIN / 10000 || year > DAY_MAX / 10000 || month < 1 || month > 12)
		return 0;
	int number = month_number((int)year, (int)month);
	month_file_name(number, same);
	return strcmp(name, same) == 0 ? number : 0;
}

static uint64_t index_hash(const struct header *h, const struct month *m)
{
	/* Chained by seed: the streaming form needs an allocation. */
	return XXH3_64bits_withSeed(m->row, m->n * sizeof(m->row[0]) + m->strings_len,
				    XXH3_64bits(h, offsetof(struct header, index_hash)));
}

/* The same for one that is there in memory and for one that a header tells of. */
static uint64_t file_size(uint64_t n, uint64_t strings_len, uint64_t json_len)
{
	return sizeof(struct header) + n * sizeof(struct activity) + strings_len + json_len;
}

uint64_t month_file_size(const struct month *m)
{
	return file_size(m->n, m->strings_len, m->json_len);
}

int month_file_write(int dirfd, const struct month *m, const struct month_text *text,
		     int64_t fetched_s, struct err *err)
{
	struct header h = {
		.version = MONTH_FILE_VERSION,
		.byte_order = 0x01020304,
		.number = m->number,
		.n = (uint32_t)m->n,
		.strings_len = (uint32_t)m->strings_len,
		.json_len = (uint32_t)text->len,
		.names_ns = m->names_ns,
		.gone_ns = m->gone_ns,
		.json_hash = m->json_hash,
	};
	char name[MONTH_FILE_NAME];

	memcpy(h.magic, magic, sizeof(magic));
	h.index_hash = index_hash(&h, m);
	struct iovec iov[] = {
		{&h, sizeof(h)},
		{(void *)m->row, m->n * sizeof(m->row[0]) + m->strings_len},
		{(void *)text->data, text->len},
	};
	month_file_name(m->number, name);
	if (month_file_size(m) > MONTH_FILE_MAX)
		return err_set(err, -EFBIG, "%s is too large to keep on disk", name);
	return atomic_file_write(dirfd, name, iov, 3, fetched_s, err);
}

/* ---- reading ---- */

/* The file is of no use, for this reason. */
__attribute__((format(printf, 2, 3))) static int bad(struct err *err, const char *fmt, ...)
{
	char why[ERR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	err_set(err, -EBADMSG, "%s", why);
	return -EBADMSG;
}

/* What the disk does not give says nothing of the file. 0 or -errno with words. */
static int read_at(int fd, int number, off_t at, void *data, size_t len, struct err *err)
{
	char name[MONTH_FILE_NAME];
	int r = lseek(fd, at, SEEK_SET) < 0 ? -errno : read_all(fd, data, len);

	month_file_name(number, name);
	if (r < 0)
		err_sys(err, r, "read %s", name);
	return r;
}

static int no_memory(struct err *err)
{
	err_set(err, -ENOMEM, "no memory for a month");
	return -ENOMEM;
}

static int open_month(int dirfd, int number, struct stat *st, struct err *err)
{
	char name[MONTH_FILE_NAME];

	month_file_name(number, name);
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && (errno == ELOOP || errno == ENXIO))
		return bad(err, "%s is not a plain file", name);
	if (fd < 0)
		return err_sys(err, -errno, "open %s", name);
	if (fstat(fd, st) < 0) {
		int r = err_sys(err, -errno, "stat %s", name);
		close(fd);
		return r;
	}
	int r = !S_ISREG(st->st_mode)     ? bad(err, "%s is not a plain file", name)
		: st->st_uid != geteuid() ? err_set(err, -EPERM, "%s is somebody else's", name)
					  : 0;
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

static int read_header(int fd, int number, const struct stat *st, struct header *h, struct err *err)
{
	int r;

	if ((uint64_t)st->st_size < sizeof(*h))
		return bad(err, "it is cut off in its header");
	if ((r = read_at(fd, number, 0, h, sizeof(*h), err)) < 0)
		return r;
	if (memcmp(h->magic, magic, sizeof(magic)) != 0 || h->version != MONTH_FILE_VERSION ||
	    h->byte_order != 0x01020304)
		return bad(err, "it has another format");
	if (h->number != number)
		return bad(err, "it is of another month");
	uint64_t size = file_size(h->n, h->strings_len, h->json_len);
	if (size > MONTH_FILE_MAX)
		return bad(err, "its sizes are out of range");
	if ((uint64_t)st->st_size != size)
		return bad(err, "it has %lld bytes instead of %llu", (long long)st->st_size,
			   (unsigned long long)size);
	return 0;
}

/* A file with a right checksum was written by somebody who can write checksums. */
static int row_valid(const struct month *m, const struct activity *a)
{
	uint64_t strings = (uint64_t)a->strings_at + a->title_len;

	for (int c = 0; c < CELLS; c++) {
		strings += a->cell_len[c];
		if (a->cell_len[c] > CELL_MAX)
			return 0;
	}
	return a->label_id >= 1 && a->label_id <= LABEL_ID_MAX && strings <= m->strings_len &&
	       a->json_lines <= a->json_len && day_valid(a->day) &&
	       month_of_day(a->day) == m->number && a->start_s >= 0 && a->end_s >= a->start_s &&
	       a->end_s <= INT64_MAX / CLOCK_NS && a->changed_ns >= 0;
}

static int read_rows(int fd, const struct header *h, struct month *m, struct err *err)
{
	int r = read_at(fd, h->number, sizeof(*h), m->row,
			m->n * sizeof(m->row[0]) + m->strings_len, err);
	if (r < 0)
		return r;
	if (index_hash(h, m) != h->index_hash)
		return bad(err, "its checksum is wrong");
	m->number = h->number;
	m->names_ns = h->names_ns;
	m->gone_ns = h->gone_ns;
	m->json_hash = h->json_hash;
	m->json_len = h->json_len;
	uint64_t json_at = 0;
	for (size_t i = 0; i < m->n; json_at += m->row[i++].json_len)
		if (!row_valid(m, &m->row[i]) || m->row[i].json_at != json_at ||
		    (i && activity_compare(&m->row[i - 1], &m->row[i]) >= 0))
			return bad(err, "row %zu makes no sense", i);
	return json_at == h->json_len ? 0 : bad(err, "its text is not that of its rows");
}

int month_file_read(int dirfd, int number, struct month **out, int64_t *fetched_s, struct err *err)
{
	struct header h = {0};
	struct stat st = {0};

	int fd = open_month(dirfd, number, &st, err);
	if (fd < 0)
		return fd;
	struct month *m = NULL;
	int r = read_header(fd, number, &st, &h, err);
	if (r == 0 && !(m = month_alloc(h.n, h.strings_len)))
		r = no_memory(err);
	if (r == 0)
		r = read_rows(fd, &h, m, err);
	close(fd);
	if (r < 0) {
		month_unref(m);
		return r;
	}
	month_sort(m);
	*fetched_s = st.st_mtim.tv_sec;
	*out = m;
	return 0;
}

int month_file_read_text(int dirfd, const struct month *m, size_t from, size_t to,
			 struct month_text **out, struct err *err)
{
	struct header h = {0};
	struct stat st = {0};

	int fd = open_month(dirfd, m->number, &st, err);
	if (fd < 0)
		return fd;
	struct month_text *t = NULL;
	int r = read_header(fd, m->number, &st, &h, err);
	if (r == 0 && (h.json_hash != m->json_hash || h.json_len != m->json_len))
		r = bad(err, "its text is not the one that was listed");
	if (r == 0 && !(t = month_text_alloc(from, to - from)))
		r = no_memory(err);
	if (r == 0)
		r = read_at(fd, m->number, st.st_size - (off_t)(h.json_len - from), t->data, t->len,
			    err);
	close(fd);
	for (size_t i = month_row_at(m, from); r == 0 && i < m->n && m->row[i].json_at < to; i++)
		if (XXH3_64bits(month_text_of(t, &m->row[i]), m->row[i].json_len) != m->row[i].hash)
			r = bad(err, "its text is damaged");
	if (r < 0) {
		month_text_unref(t);
		return r;
	}
	*out = t;
	return 0;
}

int month_file_touch(int dirfd, int number, int64_t fetched_s, struct err *err)
{
	const struct timespec times[2] = {{.tv_sec = fetched_s}, {.tv_sec = fetched_s}};
	char name[MONTH_FILE_NAME];

	month_file_name(number, name);
	if (utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, -errno, "set the time of %s", name);
	return 0;
}
