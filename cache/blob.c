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

void blob_name(const struct blob_key *key, enum blob_state state, const struct blob_info *info,
	       char name[BLOB_NAME])
{
	int len = snprintf(name, BLOB_NAME, "%s-%" PRIu64 "-%016" PRIx64, export_name(key->form),
			   key->label_id, key->edition);

	if (state == BLOB_FILE || state == BLOB_LEFT)
		snprintf(name + len, BLOB_NAME - (size_t)len, "-%016" PRIx64 "-%" PRIx64,
			 info->hash, info->size);
	else
		snprintf(name + len, BLOB_NAME - (size_t)len, "%s",
			 state == BLOB_GONE ? "-gone" : "-none");
}

static enum export form_of(const char *name, size_t len)
{
	enum export e = 0;

	while (e < EXPORTS &&
	       (strlen(export_name(e)) != len || memcmp(export_name(e), name, len) != 0))
		e++;
	return e;
}

/* Whatever the numbers make of other text, what they write is compared with it in the end. */
int blob_of_name(const char *name, struct blob_key *key, struct blob_info *info)
{
	char same[BLOB_NAME], *at = NULL;
	size_t len = strcspn(name, "-");

	*key = (struct blob_key){.form = form_of(name, len)};
	*info = (struct blob_info){0};
	if (key->form == EXPORTS || name[len] != '-')
		return -1;
	key->label_id = strtoull(name + len + 1, &at, 10);
	if (*at != '-' || !key->label_id || key->label_id > LABEL_ID_MAX)
		return -1;
	key->edition = strtoull(at + 1, &at, 16);
	int state = strcmp(at, "-none") == 0   ? BLOB_ABSENT
		    : strcmp(at, "-gone") == 0 ? BLOB_GONE
					       : BLOB_FILE;
	if (state == BLOB_FILE && *at == '-')
		info->hash = strtoull(at + 1, &at, 16);
	if (state == BLOB_FILE && *at == '-')
		info->size = strtoull(at + 1, &at, 16);
	if (info->size > EXPORT_SIZE_MAX)
		return -1;
	blob_name(key, (enum blob_state)state, info, same);
	return strcmp(name, same) == 0 ? state : -1;
}
