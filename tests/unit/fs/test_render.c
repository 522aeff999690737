/* SPDX-License-Identifier: MIT */
/* activities.csv and activities.json, whole and in pieces. */
#include "fs/render.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/make_span.h"

#define DECEMBER (2022 * 12 + 11)
#define LABEL    UINT64_C(481230045566778800)
#define HEAD     "date,name,sportType,totalTime,distance,calorie,trainingLoad\n"

static const struct render_options plain;

/* The whole file, asked for in one read. */
static void render_all(enum thing_format format, const struct render_options *o,
		       const struct made_span *s, struct buf *out)
{
	buf_init(out, 1 << 28);
	assert_int_equal(render_range(format, o, s->span, s->text, 0, UINT32_MAX, out), 0);
}

/* A span of December 2022 alone, from the text of one item or several. */
static void from_json(const char *items, struct made_span *s)
{
	struct activities list;

	items_decode(items, strlen(items), &list);
	make_span_of(s, DECEMBER, 1, &list);
	activities_clear(&list);
}

/* ---- csv ---- */

/* One item's members, and its line. */
static const struct csv_case {
	const char *why, *members, *want;
	struct render_options o;
} csv_cases[] = {
	{"the article's first line",
	 "\"name\":\"Foo Run\",\"sportType\":100,\"totalTime\":9538,\"distance\":14651.11,"
	 "\"calorie\":1266085,\"trainingLoad\":117",
	 "20221230,Foo Run,100,9538,14651.11,1266085,117",
	 {0, 0}},
	{"numbers stay as the hub wrote them",
	 "\"name\":\"a\",\"sportType\":1e2,\"totalTime\":-0,\"distance\":6830.0,\"calorie\":"
	 "0.10,\"trainingLoad\":1.5E+3",
	 "20221230,a,1e2,-0,6830.0,0.10,1.5E+3",
	 {0, 0}},
	{"more digits than a double has",
	 "\"name\":\"a\",\"distance\":14651.110000000001234567890123",
	 "20221230,a,,,14651.110000000001234567890123,,",
	 {0, 0}},
	{"a number of 32 characters",
	 "\"name\":\"a\",\"distance\":12345678901234567890123456789012",
	 "20221230,a,,,12345678901234567890123456789012,,",
	 {0, 0}},
	{"a longer one is no number of anybody's",
	 "\"name\":\"a\",\"distance\":123456789012345678901234567890123",
	 "20221230,a,,,,,",
	 {0, 0}},
	{"what is missing is an empty cell", "\"name\":\"a\"", "20221230,a,,,,,", {0, 0}},
	{"null is an empty cell",
	 "\"name\":null,\"sportType\":null,\"distance\":null,\"trainingLoad\":null",
	 "20221230,,,,,,",
	 {0, 0}},
	{"other types are empty cells",
	 "\"name\":[\"a\"],\"sportType\":{},\"distance\":[1],\"trainingLoad\":true",
	 "20221230,,,,,,",
	 {0, 0}},
	{"a name that is a number is no name", "\"name\":5", "20221230,,,,,,", {0, 0}},
	{"numbers sent as strings",
	 "\"name\":\"a\",\"distance\":\"12.50\",\"calorie\":\"-5\"",
	 "20221230,a,,,12.50,-5,",
	 {0, 0}},
	{"a cell that is no number is text, quoted",
	 "\"name\":\"a\",\"calorie\":\"1,5\"",
	 "20221230,a,,,,\"1,5\",",
	 {0, 0}},
	{"a cell that is a formula",
	 "\"name\":\"a\",\"calorie\":\"=1+1\"",
	 "20221230,a,,,,'=1+1,",
	 {0, 0}},
	{"a cell that begins like a number",
	 "\"name\":\"a\",\"calorie\":\"-1+1\"",
	 "20221230,a,,,,'-1+1,",
	 {0, 0}},
	{"a comma is quoted",
	 "\"name\":\"Long run, hilly\"",
	 "20221230,\"Long run, hilly\",,,,,",
	 {0, 0}},
	{"quotes are doubled",
	 "\"name\":\"the \\\"big\\\" one\"",
	 "20221230,\"the \"\"big\"\" one\",,,,,",
	 {0, 0}},
	{"a line end is quoted", "\"name\":\"a\\nb\"", "20221230,\"a\nb\",,,,,", {0, 0}},
	{"a carriage return too", "\"name\":\"a\\rb\"", "20221230,\"a\rb\",,,,,", {0, 0}},
	{"spaces are not", "\"name\":\" a b \"", "20221230, a b ,,,,,", {0, 0}},
	{"nor is an apostrophe", "\"name\":\"'a'\"", "20221230,'a',,,,,", {0, 0}},
	{"Japanese",
	 "\"name\":\"\\u6771\xe4\xba\xac\"",
	 "20221230,\xe6\x9d\xb1\xe4\xba\xac,,,,,",
	 {0, 0}},
	{"an equals sign is guarded", "\"name\":\"=cmd()\"", "20221230,'=cmd(),,,,,", {0, 0}},
	{"a plus", "\"name\":\"+1\"", "20221230,'+1,,,,,", {0, 0}},
	{"a minus", "\"name\":\"-1\"", "20221230,'-1,,,,,", {0, 0}},
	{"an at sign", "\"name\":\"@a\"", "20221230,'@a,,,,,", {0, 0}},
	{"a tab", "\"name\":\"\\t=a\"", "20221230,'\t'=a,,,,,", {0, 0}},
	{"a carriage return in front", "\"name\":\"\\r=a\"", "20221230,\"'\r'=a\",,,,,", {0, 0}},
	{"the guard stands inside the quotes",
	 "\"name\":\"=a,b\"",
	 "20221230,\"'=a,b\",,,,,",
	 {0, 0}},
	{"where a semicolon separates",
	 "\"name\":\"a;=1+41;-b\"",
	 "20221230,a;'=1+41;'-b,,,,,",
	 {0, 0}},
	{"where a tab or a bar does", "\"name\":\"a\\t+1|@b\"", "20221230,a\t'+1|'@b,,,,,", {0, 0}},
	{"in a line of its own",
	 "\"name\":\"x\\n=2+40;\\r=3\"",
	 "20221230,\"x\n'=2+40;\r'=3\",,,,,",
	 {0, 0}},
	{"behind a quote that ends the cell",
	 "\"name\":\"q\\\";=5+37;\\\"-1\"",
	 "20221230,\"q\"\";'=5+37;\"\"'-1\",,,,,",
	 {0, 0}},
	{"signs of full width",
	 "\"name\":\"\xef\xbc\x9d"
	 "1;\xef\xbc\x8b;\xef\xbc\x8d;\xef\xbc\xa0;\xef\xbc\x8c\"",
	 "20221230,'\xef\xbc\x9d"
	 "1;'\xef\xbc\x8b;'\xef\xbc\x8d;'\xef\xbc\xa0;\xef\xbc\x8c,,,,,",
	 {0, 0}},
	{"a NUL between", "\"name\":\"a;\\u0000=1\"", "20221230,a;'=1,,,,,", {0, 0}},
	{"a cell that is none of a number",
	 "\"name\":\"a\",\"calorie\":\"1;=2\"",
	 "20221230,a,,,,1;'=2,",
	 {0, 0}},
	{"raw_csv leaves the middle alone, too", "\"name\":\"a;=1\"", "20221230,a;=1,,,,,", {1, 0}},
	{"a sign in the middle runs nothing", "\"name\":\"a=b\"", "20221230,a=b,,,,,", {0, 0}},
	{"raw_csv leaves names alone", "\"name\":\"=cmd()\"", "20221230,=cmd(),,,,,", {1, 0}},
	{"but still quotes", "\"name\":\"=a,b\"", "20221230,\"=a,b\",,,,,", {1, 0}},
	{"a NUL would end the line", "\"name\":\"a\\u0000b\"", "20221230,ab,,,,,", {0, 0}},
	{"a NUL does not hide a formula",
	 "\"name\":\"\\u0000=cmd()\"",
	 "20221230,'=cmd(),,,,,",
	 {0, 0}},
	{"nor do several", "\"name\":\"\\u0000\\u0000@a\"", "20221230,'@a,,,,,", {0, 0}},
	{"a name of NULs is empty", "\"name\":\"\\u0000\"", "20221230,,,,,,", {0, 0}},
	{"the byte-order mark stands in front of the header",
	 "\"name\":\"=a\"",
	 "20221230,'=a,,,,,",
	 {0, 1}},
};

static void csv(void **state)
{
	const struct csv_case *c = *state;
	struct made_span s;
	struct part size;
	struct buf out;
	char items[600], want[600];

	snprintf(items, sizeof(items), "[{\"labelId\":\"1\",\"date\":20221230,%s}]", c->members);
	snprintf(want, sizeof(want), "%s" HEAD "%s\n", c->o.csv_bom ? "\xef\xbb\xbf" : "", c->want);
	from_json(items, &s);
	render_all(FORMAT_CSV, &c->o, &s, &out);
	assert_string_equal(buf_cstr(&out), want);
	assert_int_equal(out.len, strlen(want));
	assert_int_equal(render_summary(FORMAT_CSV, &c->o, s.span, &size), 0);
	assert_int_equal(size.size, out.len);
	buf_clear(&out);
	free_span(&s);
}

/* ---- json ---- */

/* Items as the hub sends them; the file is an array of the same. */
static const struct json_case {
	const char *why, *items;
} json_cases[] = {
	{"one item", "[{\"labelId\":\"1\",\"date\":20221230,\"name\":\"a\"}]"},
	{"two items",
	 "[{\"labelId\":\"2\",\"date\":20221231},{\"labelId\":\"1\",\"date\":20221230}]"},
	{"nested values", "[{\"labelId\":\"1\",\"date\":20221230,\"a\":[1,[2,{\"b\":[]}],{}],"
			  "\"c\":{\"d\":{\"e\":null}},\"f\":[true,false]}]"},
	{"every escape", "[{\"labelId\":\"1\",\"date\":20221230,\"name\":\"\\\"\\\\\\/\\b\\f\\n"
			 "\\r\\t\\u00fc\\ud83c\\udfc3\"}]"},
	{"brackets and newlines in strings",
	 "[{\"labelId\":\"1\",\"date\":20221230,\"name\":\"]}\\n,[{\"}]"},
	{"numbers", "[{\"labelId\":\"1\",\"date\":20221230,\"a\":14651.11,\"b\":6830.0,\"c\":-0,"
		    "\"d\":1e300,\"e\":0.1E-7}]"},
	{"an empty object within", "[{\"labelId\":\"1\",\"date\":20221230,\"\":{}}]"},
	{"white space between",
	 " [ {\r\n\t\"labelId\" : \"1\" ,\n \"date\" : 20221230 , \"a\" : [ ] } ] "},
};

static void json(void **state)
{
	const struct json_case *c = *state;
	json_t *want = json_loads(c->items, 0, NULL), *have;
	struct made_span s;
	struct part size;
	struct buf out;

	assert_non_null(want);
	from_json(c->items, &s);
	render_all(FORMAT_JSON, &plain, &s, &out);
	have = json_loadb(out.data, out.len, 0, NULL);
	assert_non_null(have);
	assert_true(json_equal(want, have));
	assert_int_equal(out.data[out.len - 1], '\n');
	assert_int_equal(render_summary(FORMAT_JSON, &plain, s.span, &size), 0);
	assert_int_equal(size.size, out.len);
	json_decref(want);
	json_decref(have);
	buf_clear(&out);
	free_span(&s);
}

static void json_looks_like_this(void **state)
{
	struct made_span s;
	struct buf out;

	(void)state;
	from_json("[{\"labelId\":\"2\",\"date\":20221231,\"distance\":6830.0,\"a\":[1,{}]},"
		  "{\"date\":20221230,\"labelId\":1}]",
		  &s);
	render_all(FORMAT_JSON, &plain, &s, &out);
	assert_string_equal(buf_cstr(&out), "[\n"
					    "  {\n"
					    "    \"labelId\": \"2\",\n"
					    "    \"date\": 20221231,\n"
					    "    \"distance\": 6830.0,\n"
					    "    \"a\": [\n"
					    "      1,\n"
					    "      {}\n"
					    "    ]\n"
					    "  },\n"
					    "  {\n"
					    "    \"date\": 20221230,\n"
					    "    \"labelId\": 1\n"
					    "  }\n"
					    "]\n");
	buf_clear(&out);
	free_span(&s);
}

/* ---- several months ---- */

/* Two years of little: months without anything at both ends and in the middle. */
static const struct item some_items[] = {
	{LABEL + 0, 20210301, 450, "\"First, of all\"", ",\"a\":[1,2]"},
	{LABEL + 1, 20210303, 450, "\"=1\"", NULL},
	{LABEL + 2, 20210331, 1439, "\"x\\ny\"", NULL},
	{LABEL + 3, 20211231, 0, "\"\"", ",\"imageUrl\":\"https://example.org/track\""},
	{LABEL + 4, 20220101, 0, "null", NULL},
	{LABEL + 5, 20220101, 0, "\"twin\"", NULL},
	{LABEL + 6, 20220815, 700, "\"\\u6771\"", NULL},
};
#define SOME      (sizeof(some_items) / sizeof(some_items[0]))
#define SOME_FROM (2021 * 12)

static const struct range_case {
	const char *why;
	enum thing_format format;
	struct render_options o;
	int first, n; /* months, from SOME_FROM */
} range_cases[] = {
	{"csv of two years", FORMAT_CSV, {0, 0}, 0, 24},
	{"csv with a byte-order mark", FORMAT_CSV, {0, 1}, 0, 24},
	{"raw csv", FORMAT_CSV, {1, 0}, 0, 24},
	{"csv of one month", FORMAT_CSV, {0, 0}, 2, 1},
	{"csv of nothing", FORMAT_CSV, {0, 0}, 3, 4},
	{"json of two years", FORMAT_JSON, {0, 0}, 0, 24},
	{"json of one month", FORMAT_JSON, {0, 0}, 2, 1},
	{"json of a lone item between empty months", FORMAT_JSON, {0, 0}, 10, 2},
	{"json of nothing", FORMAT_JSON, {0, 0}, 3, 4},
};

/* What render_text() asks for of a month's text, and nothing else. */
static struct month_text *part_of(const struct made_span *s, const struct render_options *o,
				  uint64_t off, uint64_t len, int month)
{
	size_t from, to;

	render_text(o, s->span, off, len, month, &from, &to);
	struct month_text *t = month_text_alloc(from, to - from);
	assert_non_null(t);
	assert_true(from < to && to <= s->text[month]->len);
	memcpy(t->data, s->text[month]->data + from, t->len);
	return t;
}

/* Every window of the file equals that part of the whole, needs only the texts that it is told
 * to need, and the size is what was promised. */
static void ranges(void **state)
{
	const struct range_case *c = *state;
	struct made_span s;
	struct buf whole, piece;
	struct part size;

	make_span(&s, SOME_FROM + c->first, c->n, some_items, SOME);
	render_all(c->format, &c->o, &s, &whole);
	assert_int_equal(render_summary(c->format, &c->o, s.span, &size), 0);
	assert_int_equal(size.size, whole.len);
	buf_init(&piece, 1 << 28);
	for (size_t off = 0; off <= whole.len + 2; off++) {
		/* All short lengths, then in larger steps. */
		for (size_t len = 0; off + len <= whole.len + 3; len += len < 40 ? 1 : 37) {
			struct month_text *needed[MADE_MONTHS] = {NULL};
			int first, last;
			assert_int_equal(
				render_texts(c->format, &c->o, s.span, off, len, &first, &last), 0);
			assert_true(first >= 0 && last < c->n);
			for (int i = first; i <= last; i++)
				if (s.text[i]->len)
					needed[i] = part_of(&s, &c->o, off, len, i);
			piece.len = 0;
			assert_int_equal(
				render_range(c->format, &c->o, s.span, needed, off, len, &piece),
				0);
			size_t rest = off < whole.len ? whole.len - off : 0;
			assert_int_equal(piece.len, len < rest ? len : rest);
			if (piece.len)
				assert_memory_equal(piece.data, whole.data + off, piece.len);
			for (int i = first; i <= last; i++)
				month_text_unref(needed[i]);
		}
	}
	buf_clear(&piece);
	buf_clear(&whole);
	free_span(&s);
}

/* One byte needs at most one month's text. */
static void a_byte_needs_one_text(void **state)
{
	struct made_span s;
	struct part size;
	int first, last, before = 24, needed = 0;

	(void)state;
	make_span(&s, SOME_FROM, 24, some_items, SOME);
	assert_int_equal(render_summary(FORMAT_JSON, &plain, s.span, &size), 0);
	for (uint64_t off = 0; off < size.size; off++) {
		assert_int_equal(render_texts(FORMAT_JSON, &plain, s.span, off, 1, &first, &last),
				 0);
		assert_true(last - first <= 0);
		if (first > last)
			continue;
		/* Newest month first. */
		assert_true(first <= before);
		needed += first != before;
		before = first;
	}
	assert_int_equal(needed, 4);
	free_span(&s);
}

/* A month of so many that a read which made more than its own rows would take minutes for all. */
#define MANY 100000

static void a_read_makes_its_window(void **state)
{
	static const enum thing_format formats[] = {FORMAT_CSV, FORMAT_JSON};
	static const char text[] = "{\n  \"a\": 1\n}\n", title[] = "Run";
	struct activity *row = calloc(MANY, sizeof(*row));
	struct activities list = {.row = row, .n = MANY};
	struct buf whole, piece;
	struct made_span s;

	(void)state;
	assert_non_null(row);
	for (uint32_t i = 0; i < MANY; i++)
		row[i] = (struct activity){.label_id = MANY - i,
					   .day = 20221230,
					   .hash = i,
					   .json_len = sizeof(text) - 1,
					   .json_lines = 3,
					   .title_len = sizeof(title) - 1};
	list.strings.data = (char *)title;
	list.json.data = (char *)text;
	make_span_of(&s, DECEMBER, 1, &list);
	for (int f = 0; f < 2; f++) {
		render_all(formats[f], &plain, &s, &whole);
		buf_init(&piece, 1 << 28);
		for (uint64_t at = 0; at < whole.len; at += 1000) {
			piece.len = 0;
			assert_int_equal(
				render_range(formats[f], &plain, s.span, s.text, at, 1000, &piece),
				0);
			assert_memory_equal(piece.data, whole.data + at, piece.len);
			assert_true(piece.len == 1000 || at + piece.len == whole.len);
		}
		buf_clear(&piece);
		buf_clear(&whole);
	}
	free_span(&s);
	free(row);
}

static void empty_files(void **state)
{
	struct made_span s;
	struct buf out;

	(void)state;
	make_span(&s, SOME_FROM, 24, NULL, 0);
	render_all(FORMAT_CSV, &plain, &s, &out);
	assert_string_equal(buf_cstr(&out), HEAD);
	buf_clear(&out);
	render_all(FORMAT_JSON, &plain, &s, &out);
	assert_string_equal(buf_cstr(&out), "[]\n");
	buf_clear(&out);
	free_span(&s);
}

/* The newest row comes first, over all months; those of one second by labelId. */
static void newest_first(void **state)
{
	struct made_span s;
	struct buf out;

	(void)state;
	make_span(&s, SOME_FROM, 24, some_items, SOME);
	render_all(FORMAT_CSV, &plain, &s, &out);
	const char *at = buf_cstr(&out);
	static const char *const order[] = {"20220815,", "20220101,twin", "20220101,,", "20211231,",
					    "20210331,", "20210303,",     "20210301,"};
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const char *next = strstr(at, order[i]);
		assert_non_null(next);
		at = next;
	}
	buf_clear(&out);
	free_span(&s);
}

/* ---- the hash ---- */

/* What changes the bytes changes the hash; what does not, does not. */
static const struct hash_case {
	const char *why;
	enum thing_format format;
	struct render_options o[2];
	struct item item[2]; /* before, after */
	int same;
} hash_cases[] = {
	{"the same data",
	 FORMAT_CSV,
	 {{0, 0}, {0, 0}},
	 {{LABEL, 20210301, 1, NULL, NULL}, {LABEL, 20210301, 1, NULL, NULL}},
	 1},
	{"a name of equal length",
	 FORMAT_CSV,
	 {{0, 0}, {0, 0}},
	 {{LABEL, 20210301, 1, NULL, NULL}, {LABEL, 20210301, 1, "\"Rum\"", NULL}},
	 0},
	{"a name of equal length in json",
	 FORMAT_JSON,
	 {{0, 0}, {0, 0}},
	 {{LABEL, 20210301, 1, NULL, NULL}, {LABEL, 20210301, 1, "\"Rum\"", NULL}},
	 0},
	{"a value that csv does not show",
	 FORMAT_CSV,
	 {{0, 0}, {0, 0}},
	 {{LABEL, 20210301, 1, NULL, ",\"a\":1"}, {LABEL, 20210301, 1, NULL, ",\"a\":2"}},
	 1},
	{"a value that json shows",
	 FORMAT_JSON,
	 {{0, 0}, {0, 0}},
	 {{LABEL, 20210301, 1, NULL, ",\"a\":1"}, {LABEL, 20210301, 1, NULL, ",\"a\":2"}},
	 0},
	{"an image's URL, which is not shown",
	 FORMAT_JSON,
	 {{0, 0}, {0, 0}},
	 {{LABEL, 20210301, 1, NULL, ",\"imageUrl\":\"https://a/1?token=1\""},
	  {LABEL, 20210301, 1, NULL, ",\"imageUrl\":\"https://a/2\""}},
	 1},
	{"the byte-order mark",
	 FORMAT_CSV,
	 {{0, 0}, {0, 1}},
	 {{LABEL, 20210301, 1, NULL, NULL}, {LABEL, 20210301, 1, NULL, NULL}},
	 0},
	{"the guard where it matters",
	 FORMAT_CSV,
	 {{0, 0}, {1, 0}},
	 {{LABEL, 20210301, 1, "\"=1\"", NULL}, {LABEL, 20210301, 1, "\"=1\"", NULL}},
	 0},
	{"the guard in the middle",
	 FORMAT_CSV,
	 {{0, 0}, {1, 0}},
	 {{LABEL, 20210301, 1, "\"a;=1\"", NULL}, {LABEL, 20210301, 1, "\"a;=1\"", NULL}},
	 0},
	{"the guard where it does not",
	 FORMAT_CSV,
	 {{0, 0}, {1, 0}},
	 {{LABEL, 20210301, 1, NULL, NULL}, {LABEL, 20210301, 1, NULL, NULL}},
	 1},
	{"another month",
	 FORMAT_JSON,
	 {{0, 0}, {0, 0}},
	 {{LABEL, 20210301, 1, NULL, NULL}, {LABEL, 20210401, 1, NULL, NULL}},
	 0},
};

static void hash(void **state)
{
	const struct hash_case *c = *state;
	struct part part[2];

	for (int i = 0; i < 2; i++) {
		struct made_span s;
		make_span(&s, SOME_FROM, 12, &c->item[i], 1);
		assert_int_equal(render_summary(c->format, &c->o[i], s.span, &part[i]), 0);
		free_span(&s);
	}
	assert_int_equal(part[0].hash == part[1].hash, c->same);
}

/* ---- no memory ---- */

static int try_view(void *arg)
{
	struct made_span *s = arg;
	struct part part;

	/* The view is made at the first success and kept; drop it, so that each try makes it. */
	int r = render_summary(FORMAT_CSV, &plain, s->span, &part);
	for (int i = 0; i < s->span->n; i++) {
		void *view = atomic_exchange(&s->span->month[i]->derived, NULL);
		if (view)
			s->span->month[i]->derived_free(view);
	}
	return r;
}

static int try_csv(void *arg)
{
	struct made_span *s = arg;
	struct buf out;

	buf_init(&out, 1 << 28);
	int r = render_range(FORMAT_CSV, &plain, s->span, s->text, 10, 1000, &out);
	buf_clear(&out);
	return r;
}

static int try_json(void *arg)
{
	struct made_span *s = arg;
	struct buf out;

	buf_init(&out, 1 << 28);
	int r = render_range(FORMAT_JSON, &plain, s->span, s->text, 10, 10000, &out);
	buf_clear(&out);
	return r;
}

static void out_of_memory(void **state)
{
	struct made_span s;

	(void)state;
	make_span(&s, SOME_FROM, 24, some_items, SOME);
	failing_alloc_try(try_view, &s, 0);
	failing_alloc_try(try_csv, &s, 0);
	failing_alloc_try(try_json, &s, 0);
	free_span(&s);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, csv_cases, csv);
	ROWS_ADD(&rows, json_cases, json);
	rows_add(&rows, "json keeps order and numbers, 2 spaces a level", json_looks_like_this,
		 NULL);
	ROWS_ADD(&rows, range_cases, ranges);
	rows_add(&rows, "a byte needs at most one month's text", a_byte_needs_one_text, NULL);
	rows_add(&rows, "a read makes what is in its window", a_read_makes_its_window, NULL);
	rows_add(&rows, "files of no activities", empty_files, NULL);
	rows_add(&rows, "newest first", newest_first, NULL);
	ROWS_ADD(&rows, hash_cases, hash);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	return rows_run("render", &rows);
}
