/* SPDX-License-Identifier: MIT */
/* The scanner over JSON text: what it takes, what it makes of it, and what it refuses. */
#include "api/json_text.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/rows.h"

#define FFFD "\xef\xbf\xbd"

/* Copies one value and expects nothing behind it. */
static int copy_all(const char *text, size_t len, int indent, struct buf *out)
{
	struct json_text in;

	json_text_init(&in, text, len);
	int r = json_text_copy(&in, indent, out);
	if (r == 0 && (json_text_peek(&in) || in.at != in.end))
		return -EIO;
	return r;
}

/* ---- copying ---- */

static const struct copy_case {
	const char *why, *text, *want; /* want NULL: -EIO */
	size_t len;                    /* 0: strlen(text) */
	int indent;
} copy_cases[] = {
	{"a number stays as it is", "14651.11", "14651.11", 0, 0},
	{"so does its last zero", "6830.0", "6830.0", 0, 0},
	{"and its exponent", "1E+02", "1E+02", 0, 0},
	{"and minus zero", "-0", "-0", 0, 0},
	{"words", "[true,false,null]", "[\n  true,\n  false,\n  null\n]", 0, 0},
	{"an empty object", "{ }", "{}", 0, 0},
	{"an empty array", " [ \n ] ", "[]", 0, 0},
	{"an object", "{\"a\":1 , \"b\" :[]}", "{\n  \"a\": 1,\n  \"b\": []\n}", 0, 0},
	{"keys keep their order and their doubles", "{\"b\":1,\"a\":2,\"b\":3}",
	 "{\n  \"b\": 1,\n  \"a\": 2,\n  \"b\": 3\n}", 0, 0},
	{"levels within levels", "[[{\"a\":{}}]]", "[\n  [\n    {\n      \"a\": {}\n    }\n  ]\n]",
	 0, 0},
	{"deeper from the start, but for the first line", "{\"a\":[1]}",
	 "{\n      \"a\": [\n        1\n      ]\n    }", 0, 2},
	{"escapes stay", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00FC\"",
	 "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00FC\"", 0, 0},
	{"a pair of surrogates stays", "\"\\ud83D\\udE00\"", "\"\\ud83D\\udE00\"", 0, 0},
	{"half of one does not", "\"a\\ud83d\"", "\"a\\ufffd\"", 0, 0},
	{"the other half", "\"\\uDe00b\"", "\"\\ufffdb\"", 0, 0},
	{"both, the wrong way round", "\"\\ude00\\ud83d\"", "\"\\ufffd\\ufffd\"", 0, 0},
	{"a half before a pair", "\"\\ud83d\\ud83d\\ude00\"", "\"\\ufffd\\ud83d\\ude00\"", 0, 0},
	{"a half before another escape", "\"\\ud83d\\n\\ud83d\\u0041\"",
	 "\"\\ufffd\\n\\ufffd\\u0041\"", 0, 0},
	{"half of one in a key", "{\"\\ud83d\":1}", "{\n  \"\\ufffd\": 1\n}", 0, 0},
	{"deep levels share a line", "[[[[[[{\"a\":1,\"b\":[2]}]]]]]]",
	 "[\n  [\n    [\n      [\n        [\n          [{\"a\": 1, \"b\": [2]}]\n        ]\n      "
	 "]\n"
	 "    ]\n  ]\n]",
	 0, 0},
	{"valid UTF-8 stays", "\"\xc3\xbc\xe6\x9d\xb1\xf0\x9f\x8f\x83\"",
	 "\"\xc3\xbc\xe6\x9d\xb1\xf0\x9f\x8f\x83\"", 0, 0},
	{"DEL stays", "\"\x7f\"", "\"\x7f\"", 0, 0},
	{"a stray byte",
	 "\"a\xff"
	 "b\"",
	 "\"a" FFFD "b\"", 0, 0},
	{"a sequence that the quote cuts", "\"\xe6\x9d\"", "\"" FFFD FFFD "\"", 0, 0},
	{"overlong forms", "\"\xc0\xaf\xe0\x80\xaf\"", "\"" FFFD FFFD FFFD FFFD FFFD "\"", 0, 0},
	{"a surrogate in UTF-8", "\"\xed\xa0\x80\"", "\"" FFFD FFFD FFFD "\"", 0, 0},
	{"the last code point", "\"\xf4\x8f\xbf\xbf\"", "\"\xf4\x8f\xbf\xbf\"", 0, 0},
	{"past the last code point", "\"\xf4\x90\x80\x80\"", "\"" FFFD FFFD FFFD FFFD "\"", 0, 0},
	{"bytes that are never UTF-8", "\"\xf8\xfe\"", "\"" FFFD FFFD "\"", 0, 0},
	{"raw control characters are escaped", "\"a\tb\nc\001\"", "\"a\\u0009b\\u000ac\\u0001\"", 0,
	 0},
	{"a raw NUL too", "\"a\0b\"", "\"a\\u0000b\"", 5, 0},
	{"what cannot stay in a key", "{\"\xff\t\":1}", "{\n  \"" FFFD "\\u0009\": 1\n}", 0, 0},
	{"nothing", "", NULL, 0, 0},
	{"white space alone", " \n\t\r ", NULL, 0, 0},
	{"form feed is no white space", "\f1", NULL, 0, 0},
	{"a NUL where a value should be",
	 "\0"
	 "1",
	 NULL, 2, 0},
	{"a cut string", "\"abc", NULL, 0, 0},
	{"a string cut behind a backslash", "\"abc\\", NULL, 0, 0},
	{"an unknown escape", "\"\\x41\"", NULL, 0, 0},
	{"an escaped NUL byte", "\"\\\0\"", NULL, 4, 0},
	{"a short \\u", "\"\\u12\"", NULL, 0, 0},
	{"a \\u that is no hex", "\"\\u12g4\"", NULL, 0, 0},
	{"a leading zero", "01", NULL, 0, 0},
	{"a minus alone", "-", NULL, 0, 0},
	{"a minus before a leading zero", "-01", NULL, 0, 0},
	{"a plus", "+1", NULL, 0, 0},
	{"no digit behind the point", "1.", NULL, 0, 0},
	{"no digit before the point", ".5", NULL, 0, 0},
	{"no digit in the exponent", "1e", NULL, 0, 0},
	{"a sign alone in the exponent", "1e-", NULL, 0, 0},
	{"hex", "0x10", NULL, 0, 0},
	{"NaN", "NaN", NULL, 0, 0},
	{"Infinity", "-Infinity", NULL, 0, 0},
	{"a word cut off", "tru", NULL, 0, 0},
	{"a word with capitals", "True", NULL, 0, 0},
	{"a word too long", "nulll", NULL, 0, 0},
	{"a comma before the end of an array", "[1,]", NULL, 0, 0},
	{"a comma before the end of an object", "{\"a\":1,}", NULL, 0, 0},
	{"a comma first", "[,1]", NULL, 0, 0},
	{"two commas", "[1,,2]", NULL, 0, 0},
	{"no comma", "[1 2]", NULL, 0, 0},
	{"an array cut off", "[1", NULL, 0, 0},
	{"an array cut behind a comma", "[1,", NULL, 0, 0},
	{"an array ended as an object", "[1}", NULL, 0, 0},
	{"an object ended as an array", "{\"a\":1]", NULL, 0, 0},
	{"an object cut behind its key", "{\"a\"", NULL, 0, 0},
	{"an object cut behind its colon", "{\"a\":", NULL, 0, 0},
	{"an object cut in its key", "{\"a", NULL, 0, 0},
	{"a key without quotes", "{a:1}", NULL, 0, 0},
	{"a key that is a number", "{1:1}", NULL, 0, 0},
	{"a comma for a colon", "{\"a\",1}", NULL, 0, 0},
	{"single quotes", "'a'", NULL, 0, 0},
	{"a comment", "[1/**/]", NULL, 0, 0},
	{"two values", "1 2", NULL, 0, 0},
	{"HTML", "<!DOCTYPE html><html></html>", NULL, 0, 0},
	{"a byte-order mark", "\xef\xbb\xbf{}", NULL, 0, 0},
};

/* No text comes out much longer than it went in. */
static const struct growth_case {
	const char *why, *open, *again, *close;
} growth_cases[] = {
	{"numbers in deep arrays", "[[[[[[[[[[[[[[[[[[[[0", ",0", "]]]]]]]]]]]]]]]]]]]]"},
	{"numbers in arrays", "[[[[[0", ",0", "]]]]]"},
	{"arrays in arrays", "[[[[0", ",[0]", "]]]]"},
	{"arrays in arrays in arrays", "[[[0", ",[[0]]", "]]]"},
	{"objects", "[[[[0", ",{\"\":0}", "]]]]"},
	{"raw controls", "[[[[\"", "\001", "\"]]]]"},
	{"wrong bytes", "[[[[\"", "\xff", "\"]]]]"},
	{"half surrogates", "[[[[\"", "\\ud83d", "\"]]]]"},
};

static void growth(void **state)
{
	const struct growth_case *c = *state;
	struct buf in, out;

	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 24);
	buf_add_str(&in, c->open);
	while (in.len < 10000)
		buf_add_str(&in, c->again);
	buf_add_str(&in, c->close);
	assert_int_equal(copy_all(in.data, in.len, 0, &out), 0);
	assert_true(out.len <= JSON_GROWTH * in.len);
	buf_clear(&in);
	buf_clear(&out);
}

/* In memory of exactly its length, so that ASan sees a read past the end. */
static char *exact(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	return copy;
}

static void copy(void **state)
{
	const struct copy_case *c = *state;
	size_t len = c->len ? c->len : strlen(c->text);
	char *text = exact(c->text, len);
	struct json_text in;
	struct buf out;
	const char *raw;
	size_t raw_len;

	buf_init(&out, 1 << 20);
	assert_int_equal(copy_all(text, len, c->indent, &out), c->want ? 0 : -EIO);
	if (c->want)
		assert_string_equal(buf_cstr(&out), c->want);
	/* Passing over takes and refuses the same. */
	json_text_init(&in, text, len);
	int r = json_text_skip(&in, &raw, &raw_len);
	if (r == 0 && json_text_peek(&in))
		r = -EIO;
	assert_int_equal(r, c->want ? 0 : -EIO);
	buf_clear(&out);
	free(text);
}

/* ---- against another parser ---- */

static const char document[] =
	"{\"labelId\":\"481230045566778899\",\"name\":\"S\\u00fc\\n / "
	"\xe6\x9d\xb1\",\"a\":[1,-2.50,"
	"3e4,[],{}],\"t\":true,\"f\":false,\"n\":null, \"distance\" : 6830.0}";

/* Every byte of a document changed to every other: what Jansson takes we take, and mean the same.
 * What only we take has a byte that cannot stand in a string. */
static void every_byte_changed(void **state)
{
	size_t len = sizeof(document) - 1;
	char *text = exact(document, len);
	struct buf out;
	int both = 0;

	(void)state;
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < len; i++) {
		/* But NUL, which ends a number for Jansson. */
		for (int c = 1; c < 256; c++) {
			text[i] = (char)c;
			out.len = 0;
			int r = copy_all(text, len, 0, &out);
			json_t *want = json_loadb(text, len, JSON_ALLOW_NUL, NULL);
			if (want) {
				assert_int_equal(r, 0);
				json_t *have = json_loadb(out.data, out.len, JSON_ALLOW_NUL, NULL);
				assert_true(json_equal(want, have));
				json_decref(have);
				both++;
			} else if (r == 0) {
				assert_true(c < 0x20 || c >= 0x80 || document[i] & 0x80);
				json_t *have = json_loadb(out.data, out.len, JSON_ALLOW_NUL, NULL);
				assert_non_null(have);
				json_decref(have);
			} else {
				assert_int_equal(r, -EIO);
			}
			json_decref(want);
		}
		text[i] = document[i];
	}
	assert_true(both > 1000);
	buf_clear(&out);
	free(text);
}

static void every_length_cut(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1 << 20);
	for (size_t len = 0; len < sizeof(document) - 1; len++) {
		char *text = exact(document, len);
		assert_int_equal(copy_all(text, len, 0, &out), -EIO);
		free(text);
	}
	buf_clear(&out);
}

/* What was made is its own copy: the form is stable. */
static void copying_twice_changes_nothing(void **state)
{
	struct buf once, twice;

	(void)state;
	buf_init(&once, 1 << 20);
	buf_init(&twice, 1 << 20);
	assert_int_equal(copy_all(document, sizeof(document) - 1, 0, &once), 0);
	assert_int_equal(copy_all(once.data, once.len, 0, &twice), 0);
	assert_int_equal(once.len, twice.len);
	assert_memory_equal(once.data, twice.data, once.len);
	buf_clear(&once);
	buf_clear(&twice);
}

/* ---- ceilings ---- */

static const struct depth_case {
	const char *why;
	int arrays, indent, is_whole;
} depth_cases[] = {
	{"as deep as allowed", JSON_DEPTH_MAX, 0, 1},
	{"a level too deep is a null", JSON_DEPTH_MAX + 1, 0, 0},
	{"a hundred thousand levels do not end the stack", 100000, 0, 0},
	{"the indent counts, up to the last level", JSON_DEPTH_MAX - 2, 2, 1},
	{"the indent counts, a level too deep", JSON_DEPTH_MAX - 1, 2, 0},
};

static void depth(void **state)
{
	const struct depth_case *c = *state;
	size_t len = 2 * (size_t)c->arrays;
	char *text = malloc(len);
	struct json_text in;
	struct buf out;
	const char *raw;
	size_t raw_len;

	assert_non_null(text);
	memset(text, '[', len / 2);
	memset(text + len / 2, ']', len / 2);
	buf_init(&out, 1 << 20);
	assert_int_equal(copy_all(text, len, c->indent, &out), 0);
	assert_int_equal(strstr(buf_cstr(&out), "null") == NULL, c->is_whole);
	/* What is cut off stays an error, however deep. */
	for (size_t cut = 0; cut <= len / 2; cut += len / 2) {
		json_text_init(&in, text, len - cut);
		assert_int_equal(json_text_skip(&in, &raw, &raw_len), cut ? -EIO : 0);
	}
	buf_clear(&out);
	free(text);
}

/* Strings, scalars and what follows are told apart from brackets. */
static void deep_is_null(void **state)
{
	static const char inner[] = "{\"a ]\":[1.5,true,\"}\\\"]\"],\"b\":{}}";
	struct buf text, out;

	(void)state;
	buf_init(&text, 4096);
	buf_init(&out, 1 << 16);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		assert_int_equal(buf_add_str(&text, "["), 0);
	assert_int_equal(buf_printf(&text, "%s,7", inner), 0);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		assert_int_equal(buf_add_str(&text, "]"), 0);
	assert_int_equal(copy_all(text.data, text.len, 0, &out), 0);
	assert_non_null(strstr(buf_cstr(&out), "[null, 7]"));
	buf_clear(&text);
	buf_clear(&out);
}

/* A small answer must not grow past the buffer's ceiling. */
static void ceiling(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 10);
	assert_int_equal(copy_all("[1,2,3,4]", 9, 0, &out), -EFBIG);
	buf_clear(&out);
	buf_init(&out, 4);
	assert_int_equal(copy_all("\"\xff\xff\"", 4, 0, &out), -EFBIG);
	buf_clear(&out);
	buf_init(&out, 4);
	assert_int_equal(copy_all("\"\001\"", 3, 0, &out), -EFBIG);
	buf_clear(&out);
}

/* ---- walking ---- */

static void walk(void **state)
{
	const char text[] = " { \"a\" : [1, 2] , \"b\\\"\" : {} } ";
	const char *raw;
	struct json_text in;
	int first = 1;
	size_t len;

	(void)state;
	json_text_init(&in, text, sizeof(text) - 1);
	assert_int_equal(json_text_peek(&in), '{');
	assert_int_equal(json_text_open(&in, '['), -EIO);
	assert_int_equal(json_text_open(&in, '{'), 0);
	assert_int_equal(json_text_more(&in, '}', &first), 1);
	assert_int_equal(json_text_key(&in, &raw, &len), 0);
	assert_true(json_text_key_is(raw, len, "a"));
	assert_int_equal(json_text_skip(&in, &raw, &len), 0);
	assert_int_equal(len, 6);
	assert_memory_equal(raw, "[1, 2]", 6);
	assert_int_equal(json_text_more(&in, '}', &first), 1);
	assert_int_equal(json_text_key(&in, &raw, &len), 0);
	assert_int_equal(len, 5);
	assert_false(json_text_key_is(raw, len, "b"));
	assert_int_equal(json_text_open(&in, '{'), 0);
	first = 1;
	assert_int_equal(json_text_more(&in, '}', &first), 0);
	first = 0;
	assert_int_equal(json_text_more(&in, '}', &first), 0);
	assert_int_equal(json_text_peek(&in), '\0');
	assert_int_equal(in.depth, 0);
}

static const struct key_case {
	const char *why, *raw, *name;
	int want;
} key_cases[] = {
	{"the same", "\"name\"", "name", 1},
	{"case counts", "\"Name\"", "name", 0},
	{"a longer one", "\"names\"", "name", 0},
	{"a shorter one", "\"nam\"", "name", 0},
	{"the empty one", "\"\"", "", 1},
	{"the empty one is not another", "\"\"", "name", 0},
};

static void key(void **state)
{
	const struct key_case *c = *state;

	assert_int_equal(json_text_key_is(c->raw, strlen(c->raw), c->name), c->want);
}

/* ---- strings ---- */

static const struct string_case {
	const char *why, *raw, *want; /* want NULL: -EINVAL */
	size_t want_len;              /* 0: strlen(want) */
} string_cases[] = {
	{"plain", "\"abc\"", "abc", 0},
	{"empty", "\"\"", "", 0},
	{"every short escape", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 0},
	{"\\u of one byte", "\"\\u0041\"", "A", 0},
	{"\\u of two bytes", "\"\\u00fC\"", "\xc3\xbc", 0},
	{"\\u of three bytes", "\"\\u6771\"", "\xe6\x9d\xb1", 0},
	{"a surrogate pair", "\"\\ud83c\\udfc3\"", "\xf0\x9f\x8f\x83", 0},
	{"the first pair", "\"\\uD800\\uDC00\"", "\xf0\x90\x80\x80", 0},
	{"the last pair", "\"\\uDBFF\\uDFFF\"", "\xf4\x8f\xbf\xbf", 0},
	{"a high half alone", "\"a\\ud83cb\"", "a" FFFD "b", 0},
	{"a low half alone", "\"a\\udfc3b\"", "a" FFFD "b", 0},
	{"halves the wrong way round", "\"\\udfc3\\ud83c\"", FFFD FFFD, 0},
	{"two high halves", "\"\\ud83c\\ud83c\\udfc3\"", FFFD "\xf0\x9f\x8f\x83", 0},
	{"a high half and another escape", "\"\\ud83c\\n\"", FFFD "\n", 0},
	{"a high half and a plain \\u", "\"\\ud83c\\u0041\"", FFFD "A", 0},
	{"a NUL", "\"a\\u0000b\"", "a\0b", 3},
	{"stray bytes", "\"\xff\xc3\"", FFFD FFFD, 0},
	{"raw control characters stay", "\"a\tb\"", "a\tb", 0},
	{"no string", "12", NULL, 0},
	{"a quote alone", "\"", NULL, 0},
	{"no last quote", "\"a", NULL, 0},
};

static void string(void **state)
{
	const struct string_case *c = *state;
	size_t len = strlen(c->raw);
	char *raw = exact(c->raw, len);
	struct buf out;

	buf_init(&out, 100);
	assert_int_equal(json_text_string(raw, len, &out), c->want ? 0 : -EINVAL);
	if (c->want) {
		size_t want_len = c->want_len ? c->want_len : strlen(c->want);
		assert_int_equal(out.len, want_len);
		if (want_len)
			assert_memory_equal(out.data, c->want, want_len);
	}
	buf_clear(&out);
	free(raw);
}

/* Whatever a string that was passed over holds, it decodes, and to UTF-8. */
static void any_string_decodes(void **state)
{
	static const char *const pieces[] = {"a",       "\\n",  "\\u0000", "\\ud83c",
					     "\\udfc3", "\xc3", "\xbc",    "\xf0\x9f",
					     "\\u00fc", "\x01", "\xff"};
	const size_t n = sizeof(pieces) / sizeof(pieces[0]);
	struct buf raw, out, copied;

	(void)state;
	buf_init(&raw, 1000);
	buf_init(&out, 1000);
	buf_init(&copied, 1000);
	for (size_t i = 0; i < n * n * n * n; i++) {
		raw.len = out.len = copied.len = 0;
		buf_add_str(&raw, "\"");
		for (size_t k = 0, left = i; k < 4; k++, left /= n)
			buf_add_str(&raw, pieces[left % n]);
		buf_add_str(&raw, "\"");
		assert_int_equal(json_text_string(raw.data, raw.len, &out), 0);
		json_t *s = json_stringn(out.data, out.len);
		assert_non_null(s);
		json_decref(s);
		/* The copy means the same as the original. */
		assert_int_equal(copy_all(raw.data, raw.len, 0, &copied), 0);
		raw.len = 0;
		assert_int_equal(json_text_string(copied.data, copied.len, &raw), 0);
		assert_int_equal(raw.len, out.len);
		assert_memory_equal(raw.data, out.data, out.len);
	}
	buf_clear(&raw);
	buf_clear(&out);
	buf_clear(&copied);
}

/* ---- integers ---- */

static const struct integer_case {
	const char *why, *raw;
	int want;
	int64_t value;
} integer_cases[] = {
	{"zero", "0", 0, 0},
	{"minus zero", "-0", 0, 0},
	{"18 digits", "481230045566778899", 0, INT64_C(481230045566778899)},
	{"18 digits as a string", "\"481230045566778899\"", 0, INT64_C(481230045566778899)},
	{"a string with leading zeros", "\"007\"", 0, 7},
	{"a negative string", "\"-7\"", 0, -7},
	{"a fraction is cut off", "3541.99", 0, 3541},
	{"towards zero", "-3541.99", 0, -3541},
	{"a zero fraction", "3541.0", 0, 3541},
	{"the largest", "9223372036854775807", 0, INT64_MAX},
	{"the smallest", "-9223372036854775808", 0, INT64_MIN},
	{"one more than the largest", "9223372036854775808", -ERANGE, 0},
	{"one less than the smallest", "-9223372036854775809", -ERANGE, 0},
	{"very many digits", "99999999999999999999999999999999999999", -ERANGE, 0},
	{"an exponent", "1e3", -EINVAL, 0},
	{"a fraction and an exponent", "1.5e3", -EINVAL, 0},
	{"a fraction in a string", "\"1.5\"", -EINVAL, 0},
	{"an empty string", "\"\"", -EINVAL, 0},
	{"words in a string", "\"12a\"", -EINVAL, 0},
	{"white space in a string", "\" 12\"", -EINVAL, 0},
	{"a plus in a string", "\"+12\"", -EINVAL, 0},
	{"a minus alone in a string", "\"-\"", -EINVAL, 0},
	{"null", "null", -EINVAL, 0},
	{"true", "true", -EINVAL, 0},
	{"an array", "[1]", -EINVAL, 0},
	{"an escaped digit", "\"\\u0031\"", -EINVAL, 0},
};

static void integer(void **state)
{
	const struct integer_case *c = *state;
	size_t len = strlen(c->raw);
	char *raw = exact(c->raw, len);
	int64_t value = 0;

	assert_int_equal(json_text_integer(raw, len, &value), c->want);
	assert_true(value == c->value);
	free(raw);
}

/* ---- no memory ---- */

static int try_copy(void *arg)
{
	static const char text[] = "[\"a\\u0000\xff\t\",{\"k\":[[[[1,2.5],[]]]]}]";
	struct buf out;

	(void)arg;
	buf_init(&out, 1 << 20);
	int r = copy_all(text, sizeof(text) - 1, 30, &out);
	buf_clear(&out);
	return r;
}

static int try_string(void *arg)
{
	static char raw[2000];
	struct buf out;

	(void)arg;
	memset(raw, 'x', sizeof(raw));
	memcpy(raw + 300, "\\ud83c\\udfc3\\n\xff", 14);
	raw[0] = raw[sizeof(raw) - 1] = '"';
	buf_init(&out, 1 << 20);
	int r = json_text_string(raw, sizeof(raw), &out);
	buf_clear(&out);
	return r;
}

static void out_of_memory(void **state)
{
	(void)state;
	failing_alloc_try(try_copy, NULL, 0);
	failing_alloc_try(try_string, NULL, 0);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, copy_cases, copy);
	ROWS_ADD(&rows, growth_cases, growth);
	rows_add(&rows, "a document with each byte changed, beside Jansson", every_byte_changed,
		 NULL);
	rows_add(&rows, "a document cut at each length", every_length_cut, NULL);
	rows_add(&rows, "a copy of a copy is the copy", copying_twice_changes_nothing, NULL);
	ROWS_ADD(&rows, depth_cases, depth);
	rows_add(&rows, "what is too deep is a null, what follows is not", deep_is_null, NULL);
	rows_add(&rows, "the buffer's ceiling holds", ceiling, NULL);
	rows_add(&rows, "walking through an object", walk, NULL);
	ROWS_ADD(&rows, key_cases, key);
	ROWS_ADD(&rows, string_cases, string);
	rows_add(&rows, "any string decodes to UTF-8", any_string_decodes, NULL);
	ROWS_ADD(&rows, integer_cases, integer);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	return rows_run("json_text", &rows);
}
