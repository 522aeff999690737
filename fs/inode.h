/* SPDX-License-Identifier: MIT */
/*
 * What a thing in the tree is, and its st_ino: computed from what it is, so that it is the
 * same on every mount and machine. Pure.
 *
 *     an activity's file   labelId << 4 | format        labelId is at most 2^60-1
 *     everything else      code << 4 | 15, where code names directory or format, year and month
 *     the root             1
 *
 * So none is 0 or 0xffffffff, which FUSE or libfuse keep for themselves, and no two are equal.
 */
#ifndef FS_INODE_H
#define FS_INODE_H

#include <stdint.h>

#define INODE_ROOT 1

enum thing_kind {
	THING_ROOT,
	THING_ALL,
	THING_VIEW, /* /fit and its like */
	THING_YEAR,
	THING_MONTH,
	THING_SUMMARY,  /* activities.FORMAT of a month, a year or all */
	THING_ACTIVITY, /* one activity in one format */
};

/* Numbers are part of st_ino: append only, at most 15. */
enum thing_format {
	FORMAT_JSON,
	FORMAT_CSV,
	FORMAT_FIT, /* from here on: downloads */
	FORMAT_GPX,
	FORMAT_TCX,
	FORMAT_KML,
	FORMAT_TRACK,
	FORMAT_DETAIL,
	FORMATS,
};

struct thing {
	uint8_t kind;   /* enum thing_kind */
	uint8_t format; /* enum thing_format: summaries and activities */
	uint8_t view;   /* enum thing_format: the tree that it is in; FORMAT_JSON: the main one */
	uint16_t year;  /* 0: of all */
	uint8_t month;  /* 1..12; 0: of the year, or all */
	/* The months that it is made of (day.h); first 0: not known yet, for /all. */
	int first, last;
	uint64_t label_id; /* activities */
};

int thing_is_dir(const struct thing *t);
/* An activity in a form that has to be fetched by itself. */
int thing_is_download(const struct thing *t);

/* Directories and their summaries. thing_all() without a range: first = last = 0. */
struct thing thing_root(void);
struct thing thing_all(int first, int last);
struct thing thing_view(enum thing_format view);
/* Of the main tree; thing_in() gives the same place in another. */
struct thing thing_year(int year);
struct thing thing_month(int year, int month);
struct thing thing_in(enum thing_format view, struct thing t);
struct thing thing_summary(const struct thing *dir, enum thing_format format);
/* In the form of the tree that the month is in. */
struct thing thing_activity(const struct thing *month, uint64_t label_id);

uint64_t inode_of(const struct thing *t);

/* The directory with this st_ino: 0, or -1 when it is none. */
int inode_dir(uint64_t ino, struct thing *t);

#endif
