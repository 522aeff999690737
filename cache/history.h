/* SPDX-License-Identifier: MIT */
/*
 * The ends of an account's history: what the mount's root shows, for two requests.
 * A small value, copied freely; kept on disk as JSON beside the months.
 */
#ifndef CACHE_HISTORY_H
#define CACHE_HISTORY_H

#include <stdint.h>

#include "api/activity.h"
#include "api/err.h"

#define HISTORY_YEAR_MIN (DAY_MIN / 10000)
#define HISTORY_YEARS    (DAY_MAX / 10000 - HISTORY_YEAR_MIN + 1)

struct history {
	int known;          /* the hub was asked at least once */
	int64_t fetched_s;  /* wall, seconds since 1970 */
	int64_t count;      /* activities in all */
	int64_t newest_s;   /* start of the newest one that was seen */
	int32_t newest_day; /* YYYYMMDD; 0: no activities */
	int32_t oldest_day;
	int64_t stale_s;        /* what was fetched before this moment is stale; 0: nothing */
	int64_t root_changed_s; /* when the set of years was last seen to change other than by
				   the next year beginning; 0 never */
	int64_t year_changed_s[HISTORY_YEARS]; /* the same for each year's months */
	unsigned char is_empty[HISTORY_YEARS]; /* between the ends, and known to have no activity */
};

/* 0; -ENOENT; -EBADMSG; ... with words. `h` is zeroed on failure. */
int history_read(int dirfd, struct history *h, struct err *err);
int history_write(int dirfd, const struct history *h, struct err *err);

/* Whether a year lies within the history and is not known to be empty; the years that are listed.
 */
int history_has_year(const struct history *h, int year);

/* The months (day.h) from the first activity to today, or to the newest activity if that is later:
 * what people count, though years are fetched whole. *last < *first: none. While the history is not
 * known: all up to today. */
void history_months(const struct history *h, int64_t now_s, int *first, int *last);

/*
 * The mtimes of directories that hold directories. They change exactly when the set of
 * names does, and are known without the years' own data: a year's is the first second of
 * its newest month (December once the next year has begun), the root's the first second
 * of its newest year; or when a change was seen that this does not show.
 */
int64_t history_root_mtime_s(const struct history *h);
int64_t history_year_mtime_s(const struct history *h, int year);
int64_t history_all_mtime_s(const struct history *h);

#endif
