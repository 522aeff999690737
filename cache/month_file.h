/* SPDX-License-Identifier: MIT */
/*
 * A month as bytes on disk.
 *
 *     header (80 bytes) | rows (80 each) | strings | JSON text
 *
 * In the byte order of the machine that wrote it, which the header shows: another
 * machine's file is fetched again like a damaged one. The header's first checksum
 * covers header, rows and strings, so that a listing is served without reading the
 * text; each row has a hash of its own part of that. The file's mtime is when the hub last said
 * that the month is so; a look that finds no change costs one utimensat().
 *
 * Nothing that is read is believed: sizes, offsets and values are checked as if the
 * file came from somebody else.
 */
#ifndef CACHE_MONTH_FILE_H
#define CACHE_MONTH_FILE_H

#include <stdint.h>

#include "api/err.h"
#include "cache/month.h"

#define MONTH_FILE_VERSION 2
#define MONTH_FILE_MAX     ((uint64_t)2 * LISTS_MAX) /* bytes; a month is part of a list */
#define MONTH_FILE_NAME    16                        /* "2022-12" and its NUL, with room */

void month_file_name(int number, char name[MONTH_FILE_NAME]);
/* The month whose file has this name, or 0. */
int month_file_number(const char *name);

/* Bytes of the file that month_file_write() would make. */
uint64_t month_file_size(const struct month *m);

/* 0 or a negative errno with words; -EFBIG: it is over MONTH_FILE_MAX, and could not be read. */
int month_file_write(int dirfd, const struct month *m, const struct month_text *text,
		     int64_t fetched_s, struct err *err);

/*
 * Without its text. 0; -ENOENT; -EBADMSG: it was read and is damaged, of another format or no file,
 * with the reason in words: remove it; or another errno, which says nothing of the file.
 */
int month_file_read(int dirfd, int number, struct month **out, int64_t *fetched_s, struct err *err);

/* The rows' texts from byte `from` of m's to byte `to`, where rows begin and end. -EBADMSG when the
 * file holds another month's. */
int month_file_read_text(int dirfd, const struct month *m, size_t from, size_t to,
			 struct month_text **out, struct err *err);

/* The hub was asked again and nothing changed. */
int month_file_touch(int dirfd, int number, int64_t fetched_s, struct err *err);

#endif
