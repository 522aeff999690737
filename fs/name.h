/* SPDX-License-Identifier: MIT */
/*
 * Activity <-> file name. Pure: names depend on the data alone, so they are the same on every
 * machine and after every remount. The rules are in the README ("Names").
 */
#ifndef FS_NAME_H
#define FS_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "cache/month.h"

#define NAME_TITLE_MAX 180 /* bytes */
/* YYYYMMDD- title -HHMM -labelId, a number that is hardly ever there, and a NUL */
#define NAME_STEM_MAX (9 + NAME_TITLE_MAX + 5 + 20 + 11 + 1)

/* The title as part of a file name: UTF-8, no slash, no control character, never empty.
 * Returns its length. `sport` names an activity without a title. */
size_t name_title(const char *title, size_t len, int sport, char out[NAME_TITLE_MAX + 1]);

/* The names of a month's activities without their endings ("20221230-FooRun"), unique also
 * where case does not count. */
struct names {
	uint64_t hash;   /* of all names in order */
	uint32_t *order; /* rows of the month in name order (bytes) */
	uint32_t *at;    /* by row: where its name begins in `text` */
	char *text;      /* NUL-terminated names */
};

/* 0 or -ENOMEM. */
int names_of_month(const struct month *m, struct names *names);
void names_clear(struct names *names);

/* The row with this name, or -1. `n` is the month's number of rows. */
long names_find(const struct names *names, size_t n, const char *stem, size_t len);

#endif
