/* SPDX-License-Identifier: MIT */
/* Items of the hub's list to rows: lenient in what they hold, strict in what they are. */
#include "api/activity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/day.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/item.h"
#include "tests/support/rows.h"

#define LABEL     UINT64_C(481230045566778899)
#define LABEL_KEY "\"labelId\":\"481230045566778899\""
#define DAY_KEY   "\"date\":20221230"

/* Decodes one item, in memory of exactly its length. */
static int decode(struct activities *list, const char *text, struct err *why)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	struct json_text in;

	assert_non_null(copy);
	memcpy(copy, text, len);
	*why = (struct err){0};
	json_text_init(&in, copy, len);
	int r = activities_decode(list, &in, why);
	if (r >= 0)
		assert_ptr_equal(in.at, in.end);
	free(copy);
	return r;
}

/* ---- what is an activity ---- */

static const struct taken_case {
	const char *why, *text;
	int want;
} taken_cases[] = {
	{"a labelId and a day", "{" LABEL_KEY "," DAY_KEY "}", 1},
	{"a labelId and a start", "{" LABEL_KEY ",\"startTime\":1672358400}", 1},
	{"a labelId that is a number", "{\"labelId\":481230045566778899," DAY_KEY "}", 1},
	{"the first labelId", "{\"labelId\":\"1\"," DAY_KEY "}", 1},
	{"the last labelId", "{\"labelId\":\"1152921504606846975\"," DAY_KEY "}", 1},
	{"one past it", "{\"labelId\":\"1152921504606846976\"," DAY_KEY "}", 0},
	{"labelId 0", "{\"labelId\":\"0\"," DAY_KEY "}", 0},
	{"a negative labelId", "{\"labelId\":\"-5\"," DAY_KEY "}", 0},
	{"a labelId past 64 bits", "{\"labelId\":\"99999999999999999999\"," DAY_KEY "}", 0},
	{"a labelId that was rounded", "{\"labelId\":4.8123e17," DAY_KEY "}", 0},
	{"a labelId of letters", "{\"labelId\":\"../../etc\"," DAY_KEY "}", 0},
	{"an empty labelId", "{\"labelId\":\"\"," DAY_KEY "}", 0},
	{"a null labelId", "{\"labelId\":null," DAY_KEY "}", 0},
	{"an array of labelIds", "{\"labelId\":[1]," DAY_KEY "}", 0},
	{"no labelId", "{" DAY_KEY "}", 0},
	{"neither day nor start", "{" LABEL_KEY "}", 0},
	{"a day that is none and no start", "{" LABEL_KEY ",\"date\":20221232}", 0},
	{"zeros for day and start of 1970", "{" LABEL_KEY ",\"date\":0,\"startTime\":-1}", 0},
	{"a start in milliseconds", "{" LABEL_KEY ",\"startTime\":1672358400000}", 0},
	{"an empty object", "{}", 0},
	{"no object", "[1,2]", 0},
	{"a string", "\"a\"", 0},
	{"null", "null", 0},
	{"a cut item", "{" LABEL_KEY "," DAY_KEY, -EIO},
	{"an item that is no JSON", "{" LABEL_KEY "," DAY_KEY ",}", -EIO},
	{"nothing", "", -EIO},
	{"an item within an item", "{\"a\":{" LABEL_KEY "," DAY_KEY "}}", 0},
	{"65 levels beside what is needed",
	 "{" LABEL_KEY "," DAY_KEY
	 ",\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]"
	 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
	 1},
};

/* What is not taken leaves nothing behind, and the next one is. */
static void taken(void **state)
{
	const struct taken_case *c = *state;
	struct activities list;
	struct err why;

	activities_init(&list);
	assert_int_equal(decode(&list, "{\"labelId\":1," DAY_KEY ",\"name\":\"first\"}", &why), 1);
	size_t strings = list.strings.len, json = list.json.len;
	assert_int_equal(decode(&list, c->text, &why), c->want);
	if (c->want == 0)
		assert_int_not_equal(why.text[0], 0);
	if (c->want != 1) {
		assert_int_equal(list.n, 1);
		assert_int_equal(list.strings.len, strings);
		assert_int_equal(list.json.len, json);
	}
	assert_int_equal(decode(&list, "{\"labelId\":2," DAY_KEY ",\"name\":\"last\"}", &why), 1);
	const struct activity *last = &list.row[list.n - 1];
	size_t len;
	const char *title = activity_title(last, list.strings.data, &len);
	assert_int_equal(len, 4);
	assert_memory_equal(title, "last", 4);
	assert_true(last->json_at + last->json_len == list.json.len);
	activities_clear(&list);
}

/* ---- times ---- */

static const struct time_case {
	const char *why, *members;
	int64_t start_s, end_s;
	int32_t day;
	int zone_min;
} time_cases[] = {
	{"all of them",
	 DAY_KEY ",\"startTime\":1672387200,\"endTime\":1672390800,\"startTimezone\":4,"
		 "\"totalTime\":3541",
	 1672387200, 1672390800, 20221230, 60},
	{"no end: start and duration", DAY_KEY ",\"startTime\":1672387200,\"totalTime\":3541",
	 1672387200, 1672390741, 20221230, 0},
	{"neither end nor duration", DAY_KEY ",\"startTime\":1672387200", 1672387200, 1672387200,
	 20221230, 0},
	{"an end before the start",
	 DAY_KEY ",\"startTime\":1672387200,\"endTime\":1672387199,"
		 "\"totalTime\":10",
	 1672387200, 1672387210, 20221230, 0},
	{"an end of 0", DAY_KEY ",\"startTime\":1672387200,\"endTime\":0", 1672387200, 1672387200,
	 20221230, 0},
	{"a duration of more than a month",
	 DAY_KEY ",\"startTime\":1672387200,\"totalTime\":2592001", 1672387200, 1672387200,
	 20221230, 0},
	{"an end of 0xffffffff", DAY_KEY ",\"startTime\":1672387200,\"endTime\":4294967295",
	 1672387200, 1672387200, 20221230, 0},
	{"the same, and a duration",
	 DAY_KEY ",\"startTime\":1672387200,\"endTime\":4294967295,\"totalTime\":3541", 1672387200,
	 1672390741, 20221230, 0},
	{"an end after a long race", DAY_KEY ",\"startTime\":1672387200,\"endTime\":1673000000",
	 1672387200, 1673000000, 20221230, 0},
	{"a start of another year than the day",
	 DAY_KEY ",\"startTime\":4294967295,\"endTime\":4294967295", 1672358400, 1672358400,
	 20221230, 0},
	{"a start in milliseconds, cut to 32 bits", DAY_KEY ",\"startTime\":1684,\"totalTime\":60",
	 1672358400, 1672358460, 20221230, 0},
	{"a negative duration", DAY_KEY ",\"startTime\":1672387200,\"totalTime\":-5", 1672387200,
	 1672387200, 20221230, 0},
	{"floats", "\"date\":20221230.0,\"startTime\":1672387200.0,\"endTime\":1672390800.5",
	 1672387200, 1672390800, 20221230, 0},
	{"strings", "\"date\":\"20221230\",\"startTime\":\"1672387200\",\"endTime\":\"1672390800\"",
	 1672387200, 1672390800, 20221230, 0},
	{"a day alone", DAY_KEY, 1672358400, 1672358400, 20221230, 0},
	{"a day alone and a duration", DAY_KEY ",\"totalTime\":60", 1672358400, 1672358460,
	 20221230, 0},
	{"a start alone, local", "\"startTime\":1672444800,\"startTimezone\":-20", 1672444800,
	 1672444800, 20221230, -300},
	{"a day that is none: the start's", "\"date\":20221301,\"startTime\":1672358400",
	 1672358400, 1672358400, 20221230, 0},
	{"the hub's day counts, whatever the start says",
	 "\"date\":20221231,\"startTime\":"
	 "1672358400",
	 1672358400, 1672358400, 20221231, 0},
	{"half hours", DAY_KEY ",\"startTimezone\":22", 1672358400, 1672358400, 20221230, 330},
	{"the most eastern zone", DAY_KEY ",\"startTimezone\":56", 1672358400, 1672358400, 20221230,
	 840},
	{"a zone that is none", DAY_KEY ",\"startTimezone\":57", 1672358400, 1672358400, 20221230,
	 0},
	{"a zone past 16 bits", DAY_KEY ",\"startTimezone\":65540", 1672358400, 1672358400,
	 20221230, 0},
	{"the last of two values counts", "\"date\":20210101," DAY_KEY, 1672358400, 1672358400,
	 20221230, 0},
};

static void times(void **state)
{
	const struct time_case *c = *state;
	struct activities list;
	struct err why;
	char text[400];

	snprintf(text, sizeof(text), "{" LABEL_KEY ",%s}", c->members);
	activities_init(&list);
	if (decode(&list, text, &why) != 1)
		fail_msg("it says: %s", why.text);
	assert_true(list.row[0].label_id == LABEL);
	assert_true(list.row[0].start_s == c->start_s);
	assert_true(list.row[0].end_s == c->end_s);
	assert_int_equal(list.row[0].day, c->day);
	assert_int_equal(list.row[0].zone_min, c->zone_min);
	activities_clear(&list);
}

/* ---- sport, title, cells ---- */

static const struct member_case {
	const char *why, *members;
	int32_t sport;
	const char *title;
	const char *cell[CELLS]; /* sport, time, distance, calorie, load; NULL: empty */
} member_cases[] = {
	{"as the hub sends them",
	 "\"name\":\"Foo\",\"sportType\":100,\"totalTime\":9538,\"distance\":14651.11,"
	 "\"calorie\":1266085,\"trainingLoad\":117",
	 100,
	 "Foo",
	 {"100", "9538", "14651.11", "1266085", "117"}},
	{"nothing", "\"a\":1", -1, "", {NULL}},
	{"nulls", "\"name\":null,\"sportType\":null,\"distance\":null", -1, "", {NULL}},
	{"a sport that is a string", "\"sportType\":\"100\"", 100, "", {"100"}},
	{"a negative sport", "\"sportType\":-7", -1, "", {"-7"}},
	{"a sport past 32 bits", "\"sportType\":4294967396", -1, "", {"4294967396"}},
	{"escapes in a title", "\"name\":\"\\u6771/\\n\"", -1, "\xe6\x9d\xb1/\n", {NULL}},
	{"a lone surrogate in a title", "\"name\":\"\\ud800\"", -1, "\xef\xbf\xbd", {NULL}},
	{"a string in a cell", "\"distance\":\"\\u0031,5\"", -1, "", {NULL, NULL, "1,5"}},
	{"a string of bytes that grow past a cell",
	 "\"distance\":\"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\"",
	 -1,
	 "",
	 {NULL}},
	{"a long string is no cell",
	 "\"distance\":\"0123456789012345678901234567890123456789\"",
	 -1,
	 "",
	 {NULL}},
	{"another type is no cell",
	 "\"distance\":[1],\"calorie\":{},\"trainingLoad\":true",
	 -1,
	 "",
	 {NULL}},
	{"a key that only looks alike",
	 "\"Name\":\"x\",\"name \":\"y\",\"dist\":1",
	 -1,
	 "",
	 {NULL}},
};

static void members(void **state)
{
	const struct member_case *c = *state;
	struct activities list;
	struct err why;
	char text[400];
	size_t len;

	snprintf(text, sizeof(text), "{" LABEL_KEY "," DAY_KEY ",%s}", c->members);
	activities_init(&list);
	if (decode(&list, text, &why) != 1)
		fail_msg("it says: %s", why.text);
	const struct activity *a = &list.row[0];
	assert_int_equal(a->sport, c->sport);
	const char *strings = list.strings.data ? list.strings.data : "";
	const char *title = activity_title(a, strings, &len);
	assert_int_equal(len, strlen(c->title));
	assert_memory_equal(title, c->title, len);
	for (int i = 0; i < CELLS; i++) {
		const char *want = c->cell[i] ? c->cell[i] : "";
		const char *cell = activity_cell(a, strings, (enum activity_cell)i, &len);
		assert_int_equal(len, strlen(want));
		assert_memory_equal(cell, want, len);
	}
	activities_clear(&list);
}

/* ---- the item's text ---- */

static const struct text_case {
	const char *why, *text, *want;
} text_cases[] = {
	{"re-indented, with its newline", "{\"labelId\":\"1\"," DAY_KEY ",\"a\":[1,{\"b\":null}]}",
	 "{\n  \"labelId\": \"1\",\n  \"date\": 20221230,\n  \"a\": [\n    1,\n    {\n      \"b\": "
	 "null\n    }\n  ]\n}\n"},
	{"an image's URL goes",
	 "{\"labelId\":1,\"imageUrl\":\"https://a/?token=secret\"," DAY_KEY "}",
	 "{\n  \"labelId\": 1,\n  \"imageUrl\": \"\",\n  \"date\": 20221230\n}\n"},
	{"however often it is there",
	 "{\"imageUrl\":\"secret\",\"labelId\":1," DAY_KEY ",\"imageUrl\":\"secret\"}",
	 "{\n  \"imageUrl\": \"\",\n  \"labelId\": 1,\n  \"date\": 20221230,\n  \"imageUrl\": "
	 "\"\"\n}\n"},
	{"no URL stays as it is", "{\"labelId\":1," DAY_KEY ",\"imageUrl\":null}",
	 "{\n  \"labelId\": 1,\n  \"date\": 20221230,\n  \"imageUrl\": null\n}\n"},
	{"numbers stay", "{\"labelId\":1," DAY_KEY ",\"distance\":14651.110,\"x\":6830.0}",
	 "{\n  \"labelId\": 1,\n  \"date\": 20221230,\n  \"distance\": 14651.110,\n  \"x\": "
	 "6830.0\n}\n"},
};

static void text(void **state)
{
	const struct text_case *c = *state;
	struct activities list;
	struct err why;
	uint32_t lines = 0;

	activities_init(&list);
	assert_int_equal(decode(&list, c->text, &why), 1);
	const struct activity *a = &list.row[0];
	assert_int_equal(a->json_len, strlen(c->want));
	assert_memory_equal(list.json.data + a->json_at, c->want, a->json_len);
	for (const char *p = c->want; *p; p++)
		lines += *p == '\n';
	assert_int_equal(a->json_lines, lines);
	activities_clear(&list);
}

/* Any byte of an item changed or cut: taken, passed over or refused, and never more than that. */
static void every_byte_changed(void **state)
{
	static const char item[] =
		"{\"labelId\":\"48123\",\"name\":\"S\\u00fc\",\"date\":20221230,"
		"\"startTime\":1672387200,\"distance\":14651.11,\"imageUrl\":\"u\"}";
	static const char bytes[] = "\"\\{}[]:,0-.e \n\xff\x01tnu";
	char changed[sizeof(item)];
	struct activities list;
	struct err why;

	(void)state;
	activities_init(&list);
	for (size_t i = 0; i < sizeof(item) - 1; i++) {
		for (size_t b = 0; b < sizeof(bytes) - 1; b++) {
			memcpy(changed, item, sizeof(item));
			changed[i] = bytes[b];
			struct json_text in;
			json_text_init(&in, changed, sizeof(item) - 1);
			size_t n = list.n;
			int r = activities_decode(&list, &in, &why);
			assert_true(r == 1 || r == 0 || r == -EIO);
			assert_int_equal(list.n, n + (r == 1));
			if (r == 1) {
				const struct activity *a = &list.row[n];
				assert_true(day_valid(a->day) && a->label_id &&
					    a->end_s >= a->start_s);
			}
		}
		memcpy(changed, item, i);
		changed[i] = '\0';
		assert_int_equal(decode(&list, changed, &why), -EIO);
	}
	activities_clear(&list);
}

/* ---- ceilings ---- */

#define OPEN58 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
#define SHUT58 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"

static const struct large_case {
	const char *why, *first, *again, *last;
	int times, want;
} large_cases[] = {
	{"a title as long as any", ",\"name\":\"", "t", "\"", 4096, 1},
	{"a longer one", ",\"name\":\"", "t", "\"", 5000, 0},
	{"one that grows", ",\"name\":\"", "\xff", "\"", 4000, 0},
	{"an item with long notes", ",\"note\":\"", "note", "\"", 15000, 1},
	{"with longer ones", ",\"note\":\"", "note", "\"", 17000, 0},
	{"with large numbers", ",\"n\":1", "0", "", 70000, 0},
	{"with many keys", "", ",\"\":0", "", 14000, 0},
	{"with deep arrays", ",\"n\":" OPEN58 "0", ",1", SHUT58, 1000, 1},
	{"with large deep arrays", ",\"n\":" OPEN58 "0", ",1", SHUT58, 40000, 0},
};

/* What is too large is left out, and said by its number; the next one is read. */
static void large(void **state)
{
	const struct large_case *c = *state;
	struct activities list;
	struct err why;
	struct buf text;

	activities_init(&list);
	buf_init(&text, 1 << 20);
	buf_add_str(&text, "{" LABEL_KEY "," DAY_KEY);
	buf_add_str(&text, c->first);
	for (int i = 0; i < c->times; i++)
		buf_add_str(&text, c->again);
	buf_add_str(&text, c->last);
	buf_add_str(&text, "}");
	assert_int_equal(decode(&list, buf_cstr(&text), &why), c->want);
	assert_int_equal(list.n, c->want);
	if (c->want)
		assert_true(list.json.len <= ITEM_MAX);
	else
		assert_int_equal(list.json.len + list.strings.len, 0);
	if (!c->want)
		assert_non_null(strstr(why.text, "481230045566778899 has a name of more than 4"));
	assert_int_equal(decode(&list, "{" LABEL_KEY "," DAY_KEY "}", &why), 1);
	activities_clear(&list);
	buf_clear(&text);
}

/* One list may have what all together may; one of a page or two is always taken. */
static void all_lists(void **state)
{
	static char notes[60000];
	struct activities lists[2];
	struct err why;
	struct buf text;
	int n = 0, r;

	(void)state;
	memset(notes, 'a', sizeof(notes) - 1);
	buf_init(&text, 1 << 20);
	buf_printf(&text, "{" LABEL_KEY "," DAY_KEY ",\"note\":\"%s\"}", notes);
	assert_int_equal(activities_held(), 0);
	activities_init(&lists[0]);
	activities_init(&lists[1]);
	while ((r = decode(&lists[0], buf_cstr(&text), &why)) == 1)
		n++;
	assert_int_equal(r, -EFBIG);
	assert_in_range(n, LISTS_MAX / 61000, LISTS_MAX / 60000);
	assert_true(activities_held() > LISTS_MAX && activities_held() < LISTS_MAX + ITEM_MAX);
	for (n = 0; (r = decode(&lists[1], text.data, &why)) == 1; n++)
		;
	assert_int_equal(r, -EFBIG);
	assert_in_range(n, LIST_SURE / 61000, LIST_SURE / 60000);
	activities_clear(&lists[0]);
	assert_int_equal(decode(&lists[1], text.data, &why), 1);
	activities_clear(&lists[1]);
	assert_int_equal(activities_held(), 0);
	buf_clear(&text);
}

/* ---- lists ---- */

static void copies(void **state)
{
	const struct item items[] = {{1, 20221230, 450, "\"a\"", NULL},
				     {2, 20221231, 450, "\"\"", ",\"x\":[1]"},
				     {3, 20221201, 450, "\"long name\"", NULL}};
	struct activities list, copy;

	(void)state;
	items_list(items, 3, &list);
	activities_init(&copy);
	for (size_t i = 3; i-- > 0;)
		assert_int_equal(activities_copy(&copy, &list, i), 0);
	for (size_t i = 0; i < 3; i++) {
		const struct activity *a = &list.row[i], *b = &copy.row[2 - i];
		size_t al, bl;
		assert_true(a->label_id == b->label_id && a->hash == b->hash);
		const char *as = activity_title(a, list.strings.data, &al);
		const char *bs = activity_title(b, copy.strings.data, &bl);
		assert_int_equal(al, bl);
		assert_memory_equal(as, bs, al);
		as = activity_cell(a, list.strings.data, CELL_LOAD, &al);
		bs = activity_cell(b, copy.strings.data, CELL_LOAD, &bl);
		assert_int_equal(al, bl);
		assert_memory_equal(as, bs, al);
		assert_int_equal(a->json_len, b->json_len);
		assert_memory_equal(list.json.data + a->json_at, copy.json.data + b->json_at,
				    a->json_len);
	}
	activities_clear(&copy);
	activities_clear(&list);
}

static const struct order_case {
	const char *why;
	int64_t start_s[2];
	uint64_t label[2];
	int want; /* the sign */
} order_cases[] = {
	{"the later one comes first", {200, 100}, {1, 2}, -1},
	{"the earlier one last", {100, 200}, {2, 1}, 1},
	{"of one second the higher labelId first", {100, 100}, {2, 1}, -1},
	{"far apart", {0, INT64_MAX}, {1, 1}, 1},
	{"labelIds far apart", {5, 5}, {1, UINT64_MAX}, 1},
	{"the same", {5, 5}, {7, 7}, 0},
};

static void order(void **state)
{
	const struct order_case *c = *state;
	struct activity a = {.start_s = c->start_s[0], .label_id = c->label[0]};
	struct activity b = {.start_s = c->start_s[1], .label_id = c->label[1]};
	int r = activity_compare(&a, &b), s = activity_compare(&b, &a);

	assert_int_equal((r > 0) - (r < 0), c->want);
	assert_int_equal((s > 0) - (s < 0), -c->want);
}

/* ---- no memory ---- */

static int try_decode(void *arg)
{
	struct activities list, copy;
	struct err why;
	struct json_text in;
	int r = 1;

	(void)arg;
	activities_init(&list);
	activities_init(&copy);
	for (int i = 0; i < 70 && r == 1; i++) {
		static const char item[] =
			"{" LABEL_KEY "," DAY_KEY ",\"name\":\"a\",\"distance\":1.5,\"x\":[1,2]}";
		json_text_init(&in, item, sizeof(item) - 1);
		size_t strings = list.strings.len, json = list.json.len;
		r = activities_decode(&list, &in, &why);
		if (r < 0)
			assert_true(list.strings.len == strings && list.json.len == json);
	}
	r = r == 1 ? 0 : r;
	for (size_t i = 0; i < list.n && r == 0; i++) {
		size_t n = copy.n;
		r = activities_copy(&copy, &list, i);
		if (r < 0)
			assert_true(copy.n == n);
	}
	activities_clear(&list);
	activities_clear(&copy);
	return r;
}

static void out_of_memory(void **state)
{
	(void)state;
	failing_alloc_try(try_decode, NULL, 0);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, taken_cases, taken);
	ROWS_ADD(&rows, time_cases, times);
	ROWS_ADD(&rows, member_cases, members);
	ROWS_ADD(&rows, text_cases, text);
	rows_add(&rows, "any byte of an item changed, or the rest cut off", every_byte_changed,
		 NULL);
	ROWS_ADD(&rows, large_cases, large);
	rows_add(&rows, "all lists together", all_lists, NULL);
	rows_add(&rows, "rows are copied with their texts", copies, NULL);
	ROWS_ADD(&rows, order_cases, order);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	return rows_run("activity", &rows);
}
