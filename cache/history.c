/* SPDX-License-Identifier: MIT */
/* The ends of the history; see history.h. */
#include "cache/history.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/day.h"
#include "cache/atomic_file.h"

#define FILE_NAME "history"
#define FILE_MAX  65536

static int valid(const struct history *h)
{
	if (h->count < 0 || h->fetched_s < 0)
		return 0;
	if (!h->newest_day && !h->oldest_day)
		return 1;
	return day_valid(h->newest_day) && day_valid(h->oldest_day) &&
	       h->oldest_day <= h->newest_day;
}

/* 0: none; -1: no day that valid() takes. */
static int32_t to_day(json_int_t day)
{
	return !day ? 0 : day_valid(day) ? (int32_t)day : -1;
}

static void decode_years(json_t *years, struct history *h)
{
	const char *key;
	json_t *value;

	json_object_foreach(years, key, value)
	{
		long year = strtol(key, NULL, 10);
		if (year >= HISTORY_YEAR_MIN && year < HISTORY_YEAR_MIN + HISTORY_YEARS)
			h->year_changed_s[year - HISTORY_YEAR_MIN] = json_integer_value(value);
	}
}

static void decode_empty(const json_t *years, struct history *h)
{
	const json_t *value;
	size_t i;

	json_array_foreach(years, i, value)
	{
		json_int_t year = json_integer_value(value);
		if (year >= HISTORY_YEAR_MIN && year < HISTORY_YEAR_MIN + HISTORY_YEARS)
			h->is_empty[year - HISTORY_YEAR_MIN] = 1;
	}
}

static int decode(const char *data, size_t len, struct history *h)
{
	json_int_t fetched, count, newest, newest_day, oldest_day, stale, root;
	json_t *years, *o = json_loadb(data, len, 0, NULL);
	int r = -EBADMSG;

	if (json_unpack(o, "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "fetched", &fetched, "count",
			&count, "newest", &newest, "newest_day", &newest_day, "oldest_day",
			&oldest_day, "stale", &stale, "root_changed", &root, "year_changed",
			&years) == 0) {
		h->known = 1;
		h->fetched_s = fetched;
		h->count = count;
		h->newest_s = newest;
		h->newest_day = to_day(newest_day);
		h->oldest_day = to_day(oldest_day);
		h->stale_s = stale;
		h->root_changed_s = root;
		decode_years(years, h);
		decode_empty(json_object_get(o, "empty_years"), h);
		r = valid(h) ? 0 : -EBADMSG;
	}
	json_decref(o);
	return r;
}

int history_read(int dirfd, struct history *h, struct err *err)
{
	char *data;
	size_t len;

	*h = (struct history){0};
	int r = atomic_file_read(dirfd, FILE_NAME, FILE_MAX, &data, &len, err);
	if (r < 0)
		return r;
	r = decode(data, len, h);
	free(data);
	if (r < 0) {
		*h = (struct history){0};
		err_set(err, r, "the file `history` in the cache is damaged");
	}
	return r;
}

static json_t *encode(const struct history *h)
{
	json_t *years = json_object(), *empty = json_array();
	char key[16];

	/* Without memory for one of them it is listed, until its months were looked at. */
	for (int i = 0; i < HISTORY_YEARS; i++)
		if (h->is_empty[i])
			json_array_append_new(empty, json_integer(HISTORY_YEAR_MIN + i));
	for (int i = 0; years && i < HISTORY_YEARS; i++) {
		if (!h->year_changed_s[i])
			continue;
		snprintf(key, sizeof(key), "%d", HISTORY_YEAR_MIN + i);
		if (json_object_set_new(years, key, json_integer(h->year_changed_s[i])) < 0) {
			json_decref(years);
			json_decref(empty);
			return NULL;
		}
	}
	return json_pack("{s:I, s:I, s:I, s:i, s:i, s:I, s:I, s:o, s:o*}", "fetched",
			 (json_int_t)h->fetched_s, "count", (json_int_t)h->count, "newest",
			 (json_int_t)h->newest_s, "newest_day", h->newest_day, "oldest_day",
			 h->oldest_day, "stale", (json_int_t)h->stale_s, "root_changed",
			 (json_int_t)h->root_changed_s, "year_changed", years, "empty_years",
			 empty);
}

int history_write(int dirfd, const struct history *h, struct err *err)
{
	json_t *o = encode(h);
	char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;

	json_decref(o);
	if (!text)
		return err_set(err, -ENOMEM, "no memory to keep the history");
	struct iovec iov[] = {{text, strlen(text)}, {"\n", 1}};
	int r = atomic_file_write(dirfd, FILE_NAME, iov, 2, 0, err);
	free(text);
	return r;
}

void history_months(const struct history *h, int64_t now_s, int *first, int *last)
{
	int today = month_of_day(day_of(now_s, 0)), newest = month_of_day(h->newest_day);

	*first = h->known ? month_of_day(h->oldest_day) : 0;
	*last = h->known && !h->newest_day ? *first - 1 : newest > today ? newest : today;
}

int history_has_year(const struct history *h, int year)
{
	return h->newest_day && year >= h->oldest_day / 10000 && year <= h->newest_day / 10000 &&
	       !h->is_empty[year - HISTORY_YEAR_MIN];
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t history_root_mtime_s(const struct history *h)
{
	int64_t derived = h->newest_day ? day_start_s(h->newest_day / 10000 * 10000 + 101) : 0;

	return later(derived, h->root_changed_s);
}

int64_t history_year_mtime_s(const struct history *h, int year)
{
	int32_t day = year * 10000 + 1201;

	if (h->newest_day / 10000 == year)
		day = month_first_day(month_of_day(h->newest_day));
	return later(day_start_s(day), h->year_changed_s[year - HISTORY_YEAR_MIN]);
}

int64_t history_all_mtime_s(const struct history *h)
{
	/* The names in /all never change; the oldest year's first second is as good as any. */
	return h->oldest_day ? day_start_s(h->oldest_day / 10000 * 10000 + 101) : 0;
}
