/* SPDX-License-Identifier: MIT */
/* Downloaded files by name; see blob.h. */
#include "cache/blob.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* The number in a cell, in hundredths: the hub writes 6830 today and 6830.0 tomorrow. */
static int64_t hundredths(const struct activity *a, const char *strings, enum activity_cell which)
{
	char text[CELL_MAX + 1];
	size_t len;
	const char *cell = activity_cell(a, strings, which, &len);

	if (!len || len > CELL_MAX)
		return -1;
	memcpy(text, cell, len);
	text[len] = '\0';
	double value = strtod(text, NULL);
	return value >= 0 && value < 1e15 ? (int64_t)(value * 100 + 0.5) : -1;
}

static uint64_t edition(enum export form, const struct activity *a, const char *strings)
{
	const int64_t plain[] = {a->start_s, a->end_s, a->sport, hundredths(a, strings, CELL_TIME),
				 hundredths(a, strings, CELL_DISTANCE)};
	uint64_t hash = XXH3_64bits(plain, sizeof(plain));
	const char *title;
	size_t len;

	if (form == EXPORT_DETAIL)
		return a->hash;
	if (form == EXPORT_FIT || form == EXPORT_TRACK)
		return hash;
	title = activity_title(a, strings, &len);
	return XXH3_64bits_withSeed(title, len, hash);
}

struct blob_key blob_key(enum export form, const struct activity *a, const char *strings)
{
	return (struct blob_key){a->label_id, edition(form, a, strings), a->sport, a->day, form};
}

void blob_name(const struct blob_key *key, const struct blob_info *info, char name[BLOB_NAME])
{
	int len = snprintf(name, BLOB_NAME, "%s-%" PRIu64 "-%016" PRIx64, export_name(key->form),
			   key->label_id, key->edition);

	if (info)
		snprintf(name + len, BLOB_NAME - (size_t)len, "-%016" PRIx64 "-%" PRIx64,
			 info->hash, info->size);
	else
		snprintf(name + len, BLOB_NAME - (size_t)len, "-none");
}

int blob_of_name(const char *name, struct blob_key *key, struct blob_info *info)
{
	char form[8], same[BLOB_NAME];

	*key = (struct blob_key){.form = EXPORTS};
	*info = (struct blob_info){0};
	int n = sscanf(name, "%7[a-z]-%" SCNu64 "-%" SCNx64 "-%" SCNx64 "-%" SCNx64, form,
		       &key->label_id, &key->edition, &info->hash, &info->size);
	if (n != 3 && n != 5)
		return -1;
	for (enum export e = 0; e < EXPORTS; e++)
		if (strcmp(form, export_name(e)) == 0)
			key->form = e;
	if (key->form == EXPORTS || !key->label_id || key->label_id > LABEL_ID_MAX ||
	    info->size > EXPORT_SIZE_MAX)
		return -1;
	/* Whatever else stands there is not of our making. */
	blob_name(key, n == 5 ? info : NULL, same);
	return strcmp(name, same) == 0 ? n == 5 : -1;
}
