/* SPDX-License-Identifier: MIT */
/*
 * An activity as a fixed-size row, and a list of them: what the hub's answers
 * are decoded to, and what a month holds in memory and on disk.
 *
 * Texts are kept in two pools beside the rows, by offset: `strings` (titles and
 * CSV cells; small, always needed) and `json` (the items' own text; large,
 * needed when a file is read).
 */
#ifndef API_ACTIVITY_H
#define API_ACTIVITY_H

#include <stddef.h>
#include <stdint.h>

#include "api/buf.h"
#include "api/err.h"
#include "api/json_text.h"

/* The numeric cells of activities.csv, in its order; kept as the hub wrote them. */
enum activity_cell {
	CELL_SPORT,
	CELL_TIME,
	CELL_DISTANCE,
	CELL_CALORIE,
	CELL_LOAD,
	CELLS,
};

#define LABEL_ID_MAX ((UINT64_C(1) << 60) - 1)
#define DAY_MIN      19700101
#define DAY_MAX      20991231
#define CELL_MAX     32 /* a longer "number" is an empty cell */

/* Ceilings where text is made, in bytes. Real items have 1.5 kB, so 18,000 of them fit into a list;
 * a month is a copy of its part, so that all of it is in memory twice for a moment. */
#define TITLE_MAX 4096
#define ITEM_MAX  (64 << 10)
#define LISTS_MAX (32u << 20) /* all lists that there are, with their rows ... */
#define LIST_MONTH_MAX                                                                             \
	10000 /* rows: what a month is searched and named in grows with their square */
#define LIST_SURE (2u << 20) /* ... but for those that have no more than this */

/* No padding: rows are written to disk and compared as bytes. */
struct activity {
	uint64_t label_id;  /* 1..LABEL_ID_MAX; what the activity is, for ever */
	int64_t start_s;    /* seconds since 1970, UTC; within two days of `day` */
	int64_t end_s;      /* >= start_s, by days at most */
	int64_t changed_ns; /* 0; since 1970, set by the cache when it saw the activity change */
	uint64_t hash;      /* XXH3 of the JSON text */
	uint32_t json_at;   /* in `json`: the item, re-indented, with its newline */
	uint32_t json_len;
	uint32_t json_lines;
	uint32_t strings_at; /* in `strings`: the title, then the cells, one after the other */
	uint32_t title_len;  /* UTF-8, decoded, unchecked as a name; 0: none */
	int32_t day;         /* YYYYMMDD, local date of the start, DAY_MIN..DAY_MAX */
	int32_t sport;       /* the hub's sportType, -1 unknown */
	int16_t zone_min;    /* local time minus UTC at the start, minutes */
	uint8_t cell_len[CELLS];
	uint8_t reserved[5]; /* 0 */
};
_Static_assert(sizeof(struct activity) == 80, "rows are a format on disk");

#define UNREAD_MAX 32

/* Activities in the order they came, with their texts. One owner. */
struct activities {
	struct activity *row;
	size_t n, room;
	struct buf strings, json;
	size_t held;                 /* bytes that count for LISTS_MAX, until it is cleared */
	uint64_t unread[UNREAD_MAX]; /* labels of the first that could not be decoded to rows ... */
	size_t unread_n;             /* ... as far as they had one */
};

void activities_init(struct activities *list);
void activities_clear(struct activities *list);

/* Bytes of all lists, for LISTS_MAX. Any thread. */
size_t activities_held(void);

/*
 * Decodes one item of the hub's list at the scanner's position, which is left
 * behind the item, and appends it. Lenient: a key that is missing, null or of
 * another type costs that cell, not the item (coros-api.md 4.3).
 *
 * Returns 1 when it was appended; 0 when the item cannot be told from others,
 * has no day (no labelId from 1 to LABEL_ID_MAX, no usable date or start) or is
 * larger than ITEM_MAX or TITLE_MAX: `why` then says so for the log; -EIO when
 * the text is not JSON, -ENOMEM, or -EFBIG past LISTS_MAX: then the list is of
 * no use any more.
 */
int activities_decode(struct activities *list, struct json_text *in, struct err *why);

/* Appends a copy of a row and its texts from another list; it does not count for LISTS_MAX. 0,
 * -ENOMEM or -EFBIG: the list is of no use any more. */
int activities_copy(struct activities *list, const struct activities *from, size_t i);

/* Newest first: by start, then by labelId. For qsort. */
int activity_compare(const void *a, const void *b);

/* A row's texts in the pool `strings`; `*len` may be 0. */
const char *activity_title(const struct activity *a, const char *strings, size_t *len);
const char *activity_cell(const struct activity *a, const char *strings, enum activity_cell cell,
			  size_t *len);

/* Minutes after local midnight of the start, 0..1439. */
int activity_local_minute(const struct activity *a);

#endif
