/* SPDX-License-Identifier: MIT */
/* Items of the hub's activity list -> rows; see activity.h. */
#include "api/activity.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "api/day.h"
#include "api/json_member.h"

#define TIME_MAX_S   (INT64_C(1) << 33) /* the year 2242: later is a unit mistake, not a date */
#define ZONE_MAX     (14 * 60)
#define DURATION_MAX (INT64_C(30) * 86400) /* an end so long after the start is none */
#define DATE_OFF_MAX (INT64_C(2) * 86400)  /* a start so far from its own date is none */

/* The values of an item that the rows need, as they stand in the hub's text. */
enum key {
	KEY_SPORT = CELL_SPORT,
	KEY_TIME = CELL_TIME,
	KEY_DISTANCE = CELL_DISTANCE,
	KEY_CALORIE = CELL_CALORIE,
	KEY_LOAD = CELL_LOAD,
	KEY_LABEL,
	KEY_NAME,
	KEY_DAY,
	KEY_START,
	KEY_END,
	KEY_ZONE,
	KEYS,
};

#define NAME(text)                                                                                 \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
static const struct {
	const char *text;
	size_t len;
} key_names[KEYS] = {
	[KEY_SPORT] = NAME("sportType"),    [KEY_TIME] = NAME("totalTime"),
	[KEY_DISTANCE] = NAME("distance"),  [KEY_CALORIE] = NAME("calorie"),
	[KEY_LOAD] = NAME("trainingLoad"),  [KEY_LABEL] = NAME("labelId"),
	[KEY_NAME] = NAME("name"),          [KEY_DAY] = NAME("date"),
	[KEY_START] = NAME("startTime"),    [KEY_END] = NAME("endTime"),
	[KEY_ZONE] = NAME("startTimezone"),
};

struct raw {
	const char *at; /* NULL: the key was not there */
	size_t len;
};

static atomic_size_t held; /* bytes of all lists there are */

void activities_init(struct activities *list)
{
	*list = (struct activities){0};
	buf_init(&list->strings, LISTS_MAX + LIST_SURE);
	buf_init(&list->json, LISTS_MAX + LIST_SURE);
}

void activities_clear(struct activities *list)
{
	atomic_fetch_sub(&held, list->held);
	free(list->row);
	buf_clear(&list->strings);
	buf_clear(&list->json);
	activities_init(list);
}

static int make_room(struct activities *list)
{
	if (list->n < list->room)
		return 0;
	size_t room = list->room ? list->room * 2 : 64;
	struct activity *row = reallocarray(list->row, room, sizeof(*row));
	if (!row)
		return -ENOMEM;
	list->row = row;
	list->room = room;
	return 0;
}

size_t activities_held(void)
{
	return atomic_load(&held);
}

/* Counts what was appended since the pools had these lengths. 0 or -EFBIG. */
static int hold(struct activities *list, size_t strings, size_t json)
{
	size_t more = list->strings.len - strings + list->json.len - json + sizeof(*list->row);
	size_t all = atomic_fetch_add(&held, more) + more;

	list->held += more;
	return all > LISTS_MAX && list->held > LIST_SURE ? -EFBIG : 0;
}

static void note_unread(struct activities *list, int64_t label)
{
	if (list->unread_n < UNREAD_MAX)
		list->unread[list->unread_n++] = (uint64_t)label;
}

/* ---- one value ---- */

static int integer(const struct raw *v, int64_t low, int64_t high, int64_t *value)
{
	int64_t n;

	if (!v->at || json_text_integer(v->at, v->len, &n) < 0 || n < low || n > high)
		return 0;
	*value = n;
	return 1;
}

/* Appends a cell: a number as the hub wrote it, or the text of a short string. */
static int add_cell(struct activities *list, const struct raw *v, uint8_t *len)
{
	size_t before = list->strings.len;
	int r = 0;

	*len = 0;
	if (!v->at || v->len > CELL_MAX)
		return 0;
	if (v->at[0] == '"')
		r = json_text_string(v->at, v->len, &list->strings);
	else if (v->at[0] == '-' || (v->at[0] >= '0' && v->at[0] <= '9'))
		r = buf_add(&list->strings, v->at, v->len);
	/* Escapes only shrink, but U+FFFD for a stray byte grows: then it is no number anyway. */
	if (list->strings.len - before > CELL_MAX)
		list->strings.len = before;
	*len = (uint8_t)(list->strings.len - before);
	return r;
}

/* ---- one item ---- */

/*
 * Passes the item and copies it to `json`. A URL in imageUrl holds the track and
 * a map token (coros-api.md 4.3), and would change at every answer: it stays out.
 */
static int copy_item(struct json_text *in, struct buf *json, struct raw value[KEYS])
{
	int first = 1, more, r, members = 0;

	if ((r = json_text_open(in, '{')) < 0 || (r = buf_add(json, "{", 1)) < 0)
		return r;
	while ((more = json_text_more(in, '}', &first)) == 1) {
		const char *key, *at;
		size_t key_len;

		if ((r = json_text_key(in, &key, &key_len)) < 0 ||
		    (r = buf_add_str(json, members++ ? ",\n  " : "\n  ")) < 0)
			return r;
		struct json_text key_text;
		json_text_init(&key_text, key, key_len);
		if ((r = json_text_copy(&key_text, 0, json)) < 0 ||
		    (r = buf_add(json, ": ", 2)) < 0)
			return r;
		json_text_peek(in);
		at = in->at;
		size_t before = json->len;
		if ((r = json_text_copy(in, 1, json)) < 0)
			return r;
		/* `key` has its quotes; most of the hub's 58 keys differ in length from ours. */
		for (int k = 0; k < KEYS; k++)
			if (key_len - 2 == key_names[k].len &&
			    memcmp(key + 1, key_names[k].text, key_len - 2) == 0)
				value[k] = (struct raw){at, (size_t)(in->at - at)};
		if (*at == '"' && json_text_key_is(key, key_len, "imageUrl")) {
			json->len = before;
			if ((r = buf_add(json, "\"\"", 2)) < 0)
				return r;
		}
	}
	if (more < 0)
		return more;
	return buf_add_str(json, members ? "\n}\n" : "}\n");
}

static int add_strings(struct activities *list, struct activity *row, const struct raw value[KEYS])
{
	const struct raw *name = &value[KEY_NAME];
	int r = 0;

	row->strings_at = (uint32_t)list->strings.len;
	if (name->at && name->at[0] == '"')
		r = json_text_string(name->at, name->len, &list->strings);
	row->title_len = (uint32_t)list->strings.len - row->strings_at;
	for (int c = 0; c < CELLS && r == 0; c++)
		r = add_cell(list, &value[c], &row->cell_len[c]);
	return r;
}

/* When it was. The hub's own `date` decides the day; a start alone will do. What is far from it is
 * a broken clock's, and would be the time of files. */
static int read_times(struct activity *row, const struct raw value[KEYS])
{
	int64_t zone = 0, start = -1, end, day, total;

	if (integer(&value[KEY_ZONE], -ZONE_MAX / 15, ZONE_MAX / 15, &zone))
		row->zone_min = (int16_t)(zone * 15);
	int has_start = integer(&value[KEY_START], 1, TIME_MAX_S, &start);
	if (integer(&value[KEY_DAY], DAY_MIN, DAY_MAX, &day) && day_valid(day))
		row->day = (int32_t)day;
	else if (has_start)
		row->day = day_of(start, row->zone_min);
	if (!row->day)
		return 0;
	row->start_s = day_start_s(row->day);
	if (has_start && llabs(start - row->start_s) <= DATE_OFF_MAX)
		row->start_s = start;
	row->end_s = row->start_s;
	if (integer(&value[KEY_END], row->start_s, row->start_s + DURATION_MAX, &end))
		row->end_s = end;
	else if (integer(&value[KEY_TIME], 0, DURATION_MAX, &total))
		row->end_s += total;
	return 1;
}

static uint32_t count_lines(const char *text, size_t len)
{
	const char *end = text + len;
	uint32_t n = 0;

	for (; (text = memchr(text, '\n', (size_t)(end - text))); text++)
		n++;
	return n;
}

static int decode_object(struct activities *list, struct json_text *in, struct err *why)
{
	struct raw value[KEYS] = {0};
	struct activity row = {.json_at = (uint32_t)list->json.len, .sport = -1};
	int64_t label, sport;
	int r;

	if ((r = copy_item(in, &list->json, value)) < 0)
		return r;
	row.json_len = (uint32_t)list->json.len - row.json_at;
	const char *json = list->json.data + row.json_at;
	row.json_lines = count_lines(json, row.json_len);
	row.hash = XXH3_64bits(json, row.json_len);

	if (!integer(&value[KEY_LABEL], 1, (int64_t)LABEL_ID_MAX, &label)) {
		err_set(why, 0, "its labelId is not a number from 1 to 2^60-1");
		return 0;
	}
	row.label_id = (uint64_t)label;
	if (!read_times(&row, value)) {
		note_unread(list, label);
		err_set(why, 0, "activity %lld has neither a date nor a start", (long long)label);
		return 0;
	}
	if (integer(&value[KEY_SPORT], 0, INT32_MAX, &sport))
		row.sport = (int32_t)sport;
	if ((r = add_strings(list, &row, value)) < 0)
		return r;
	list->row[list->n++] = row;
	return 1;
}

/* An item that is larger than any activity is passed over like others that cannot be read. */
static int pass_large(struct activities *list, struct json_text *in, struct err *why)
{
	struct json_value item, label;
	int64_t n = 0;
	int r = json_text_skip(in, &item.at, &item.len);

	if (r == 0 && json_member(item, "labelId", &label) == 0 && label.at)
		json_text_integer(label.at, label.len, &n);
	if (n > 0)
		note_unread(list, n);
	err_set(why, 0, "activity %lld has a name of more than %d KiB, or more than %d KiB in all",
		(long long)n, TITLE_MAX >> 10, ITEM_MAX >> 10);
	return r;
}

static int decode_bounded(struct activities *list, struct json_text *in, struct err *why)
{
	const struct json_text start = *in;
	size_t strings_max = list->strings.max, json_max = list->json.max;

	list->strings.max = list->strings.len + TITLE_MAX + (size_t)CELLS * CELL_MAX;
	list->json.max = list->json.len + ITEM_MAX;
	int r = decode_object(list, in, why);
	list->strings.max = strings_max;
	list->json.max = json_max;
	if (r != -EFBIG)
		return r;
	*in = start;
	return pass_large(list, in, why);
}

int activities_decode(struct activities *list, struct json_text *in, struct err *why)
{
	size_t strings = list->strings.len, json = list->json.len;
	int r;

	if (json_text_peek(in) != '{') {
		const char *raw;
		size_t len;
		err_set(why, 0, "it is not an object");
		return json_text_skip(in, &raw, &len);
	}
	if ((r = make_room(list)) < 0)
		return r;
	r = decode_bounded(list, in, why);
	if (r == 1)
		return hold(list, strings, json) < 0 ? -EFBIG : 1;
	list->strings.len = strings;
	list->json.len = json;
	return r;
}

int activities_copy(struct activities *list, const struct activities *from, size_t i)
{
	struct activity row = from->row[i];
	size_t strings_at = list->strings.len, json_at = list->json.len, len = row.title_len;
	int r;

	for (int c = 0; c < CELLS; c++)
		len += row.cell_len[c];
	if ((r = make_room(list)) < 0 ||
	    (r = buf_add(&list->strings, from->strings.data + row.strings_at, len)) < 0 ||
	    (r = buf_add(&list->json, from->json.data + row.json_at, row.json_len)) < 0)
		return r;
	row.strings_at = (uint32_t)strings_at;
	row.json_at = (uint32_t)json_at;
	list->row[list->n++] = row;
	return 0;
}

int activity_compare(const void *a, const void *b)
{
	const struct activity *x = a, *y = b;

	if (x->start_s != y->start_s)
		return x->start_s > y->start_s ? -1 : 1;
	return (x->label_id < y->label_id) - (x->label_id > y->label_id);
}

const char *activity_title(const struct activity *a, const char *strings, size_t *len)
{
	*len = a->title_len;
	return strings + a->strings_at;
}

const char *activity_cell(const struct activity *a, const char *strings, enum activity_cell cell,
			  size_t *len)
{
	size_t at = a->strings_at + a->title_len;

	for (int c = 0; c < (int)cell; c++)
		at += a->cell_len[c];
	*len = a->cell_len[cell];
	return strings + at;
}

int activity_local_minute(const struct activity *a)
{
	int64_t minutes = a->start_s / 60 + a->zone_min;

	return (int)(((minutes % 1440) + 1440) % 1440);
}
