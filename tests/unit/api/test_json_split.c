/* SPDX-License-Identifier: MIT */
/* Answers taken apart: what is passed on, what stays, and that pieces of any size are the same. */
#include "api/json_split.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/json_text.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/rows.h"

#define KEY64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OK    "\"result\":\"0000\""

static int collect(void *arg, const char *data, size_t len)
{
	return buf_add(arg, data, len);
}

/* All of it in pieces; *data is to be cleared. */
static int split(struct json_split *s, struct buf *data, const char *text, size_t len, size_t piece)
{
	int r = 0;

	buf_init(data, (size_t)1 << 26);
	json_split_init(s, collect, data);
	for (size_t at = 0; at < len && r == 0; at += piece)
		r = json_split_add(s, text + at, len - at < piece ? len - at : piece);
	return r == 0 ? json_split_end(s) : r;
}

static const struct split_case {
	const char *why, *text;
	const char *data;   /* NULL: it is no JSON */
	const char *beside; /* with has_data before it */
} split_cases[] = {
	{"an object", "{\"data\":{\"a\":1,\"b\":[ ]}," OK "}", "{\n  \"a\": 1,\n  \"b\": []\n}\n",
	 "1{\"data\":null," OK "}"},
	{"behind everything",
	 "{\"apiCode\":\"C3\" , \"message\" : \"OK\"," OK ",\"data\":{\"a\":1}}",
	 "{\n  \"a\": 1\n}\n", "1{\"apiCode\":\"C3\",\"message\":\"OK\"," OK ",\"data\":null}"},
	{"numbers as they are", "{\"data\":{\"a\":[14651.110,6830.0,-0,1E+2]}}",
	 "{\n  \"a\": [\n    14651.110,\n    6830.0,\n    -0,\n    1E+2\n  ]\n}\n",
	 "1{\"data\":null}"},
	{"a key of 64 bytes", "{\"" KEY64 "\":1," OK "}", "", "0{\"" KEY64 "\":1," OK "}"},
	{"none", "{" OK "}", "", "0{" OK "}"},
	{"null", "{\"data\":null," OK "}", "", "0{\"data\":null," OK "}"},
	{"an empty one", "{\"data\":{ }}", "{}\n", "0{\"data\":null}"},
	{"a list", "{\"data\":[1,{\"a\":2}]}", "", "-1{\"data\":[1,{\"a\":2}]}"},
	{"a string", "{\"data\":\"soon\"}", "", "-1{\"data\":\"soon\"}"},
	{"false", "{\"data\":false}", "", "-1{\"data\":false}"},
	{"a key with escapes", "{\"d\\u0061ta\":{\"a\":1}}", "{\n  \"a\": 1\n}\n",
	 "1{\"d\\u0061ta\":null}"},
	{"another one further inside", "{\"x\":{\"data\":{\"a\":1}}}", "",
	 "0{\"x\":{\"data\":{\"a\":1}}}"},
	{"the first of two", "{\"data\":{\"a\":1},\"data\":{\"a\":2}}", "{\n  \"a\": 1\n}\n",
	 "1{\"data\":null,\"data\":{\"a\":2}}"},
	{"of two, the first that is one", "{\"data\":null,\"data\":{\"a\":2}}",
	 "{\n  \"a\": 2\n}\n", "1{\"data\":null,\"data\":null}"},
	{"an error", "{\"message\":\"Access token is invalid\",\"result\":\"1019\"}", "",
	 "0{\"message\":\"Access token is invalid\",\"result\":\"1019\"}"},
	{"blanks everywhere", " \r\n{ \"data\" :\t{ \"a\" : [ 1 , 2 ] } , \"b\" : 1 } \n",
	 "{\n  \"a\": [\n    1,\n    2\n  ]\n}\n", "1{\"data\":null,\"b\":1}"},

	/* -- links */
	{"a voice note", "{\"data\":{\"voiceNoteWavUrl\":\"https://x/y\",\"voiceNoteStatus\":1}}",
	 "{\n  \"voiceNoteWavUrl\": \"\",\n  \"voiceNoteStatus\": 1\n}\n", "1{\"data\":null}"},
	{"one further inside", "{\"data\":{\"s\":[{\"voiceNoteMp3Url\":\"https://x/y\"}]}}",
	 "{\n  \"s\": [\n    {\n      \"voiceNoteMp3Url\": \"\"\n    }\n  ]\n}\n",
	 "1{\"data\":null}"},
	{"one with escapes", "{\"data\":{\"imag\\u0065Url\":\"https://x/y\",\"b\":2}}",
	 "{\n  \"imag\\u0065Url\": \"\",\n  \"b\": 2\n}\n", "1{\"data\":null}"},
	{"a list of them", "{\"data\":{\"imageUrl\":[\"https://x/y\",{\"a\":[]}],\"b\":2}}",
	 "{\n  \"imageUrl\": \"\",\n  \"b\": 2\n}\n", "1{\"data\":null}"},
	{"none", "{\"data\":{\"imageUrl\":null,\"imageUrlType\":1,\"voiceNoteUrls\":2}}",
	 "{\n  \"imageUrl\": null,\n  \"imageUrlType\": 1,\n  \"voiceNoteUrls\": 2\n}\n",
	 "1{\"data\":null}"},

	/* -- no JSON */
	{"nothing", "", NULL, NULL},
	{"a web page", "<!DOCTYPE html><html></html>", NULL, NULL},
	{"a list of answers", "[{\"data\":{}}]", NULL, NULL},
	{"a word", "true", NULL, NULL},
	{"cut off", "{\"data\":{\"a\":1}", NULL, NULL},
	{"cut off in a string", "{\"data\":{\"a\":\"1}}", NULL, NULL},
	{"cut off in an escape", "{\"data\":{\"a\":\"1\\", NULL, NULL},
	{"something behind it", "{\"data\":{}} {}", NULL, NULL},
	{"a comma too many", "{\"data\":{\"a\":1,}}", NULL, NULL},
	{"and in a list", "{\"data\":{\"a\":[1,]}}", NULL, NULL},
	{"a comma missing", "{\"data\":{\"a\":1 \"b\":2}}", NULL, NULL},
	{"a colon missing", "{\"data\":{\"a\" 1}}", NULL, NULL},
	{"brackets that do not pair", "{\"data\":{\"a\":[1}]}", NULL, NULL},
	{"a key that is none", "{\"data\":{1:1}}", NULL, NULL},
	{"a number that is none", "{\"data\":{\"a\":01}}", NULL, NULL},
	{"a word that is none", "{\"data\":{\"a\":nul}}", NULL, NULL},
	{"two values", "{\"data\":{\"a\":1 2}}", NULL, NULL},
	{"an escape that is none", "{\"data\":{\"a\":\"\\q\"}}", NULL, NULL},
};

static void apart(void **state)
{
	const struct split_case *c = *state;
	size_t len = strlen(c->text);
	struct json_split s;
	struct buf data;
	char beside[300];

	for (size_t piece = 1; piece <= len + 1; piece++) {
		assert_int_equal(split(&s, &data, c->text, len, piece), 0);
		assert_int_equal(s.is_bad, !c->data);
		if (c->data) {
			assert_string_equal(data.len ? buf_cstr(&data) : "", c->data);
			snprintf(beside, sizeof(beside), "%d%s", s.has_data, buf_cstr(&s.beside));
			assert_string_equal(beside, c->beside);
		}
		json_split_clear(&s);
		buf_clear(&data);
	}
}

/* ---- the same as json_text.h ---- */

static unsigned seed;

static unsigned pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void grow(struct buf *b, int depth)
{
	static const char *const scalars[] = {"1",        "-2.50",          "true",
					      "null",     "\"a b\"",        "\"\\ud83d\\n\\\\\"",
					      "\"\xff\"", "\"\x01{}[],:\"", "\"\""};
	static const char *const keys[] = {"\"a\":", "\"b c\" : ", "\"\\\"\":", "\"data\":"};
	unsigned what = depth > 70 ? 2 : pick(depth < 3 ? 2 : 4), n = pick(4);

	if (what > 1) {
		buf_add_str(b, scalars[pick(sizeof(scalars) / sizeof(scalars[0]))]);
		return;
	}
	buf_add_str(b, what ? "{" : "[");
	for (unsigned i = 0; i < n; i++) {
		if (i)
			buf_add_str(b, pick(2) ? "," : " ,\n");
		if (what)
			buf_add_str(b, keys[pick(4)]);
		grow(b, depth + 1);
	}
	buf_add_str(b, what ? "}" : "]");
}

static void as_if_whole(void **state)
{
	(void)state;
	for (seed = 1; seed < 2000000000; seed += 7000001) {
		unsigned start = seed;
		struct buf text, want, data;
		struct json_split s;
		struct json_text in;
		buf_init(&text, 1 << 24);
		buf_init(&want, 1 << 26);
		buf_add_str(&text, "{\"data\":{\"x\":");
		grow(&text, 0);
		buf_add_str(&text, "}}");
		json_text_init(&in, text.data + 8, text.len - 9);
		assert_int_equal(json_text_copy(&in, 0, &want), 0);
		buf_add_str(&want, "\n");
		assert_int_equal(split(&s, &data, text.data, text.len, 1 + pick(40)), 0);
		assert_int_equal(s.is_bad, 0);
		assert_string_equal(buf_cstr(&data), buf_cstr(&want));
		json_split_clear(&s);
		buf_clear(&data);
		buf_clear(&want);
		buf_clear(&text);
		seed = start;
	}
}

/* ---- sizes ---- */

static void nested_too_deep(void **state)
{
	static const char head[] = "{\"data\":{\"a\":", tail[] = ",\"b\":2}}";
	struct json_split s;
	struct buf text, data;

	(void)state;
	for (int depth = 50; depth < 4000; depth = depth < 70 ? depth + 1 : depth * 3) {
		buf_init(&text, 1 << 20);
		buf_add_str(&text, head);
		for (int i = 0; i < depth; i++)
			buf_add_str(&text, "[");
		for (int i = 0; i < depth; i++)
			buf_add_str(&text, "]");
		buf_add_str(&text, tail);
		assert_int_equal(split(&s, &data, text.data, text.len, 5), 0);
		assert_int_equal(s.is_bad, 0);
		assert_int_equal(s.has_data, 1);
		assert_int_equal(strstr(buf_cstr(&data), "null") != NULL, depth > 62);
		assert_non_null(strstr(buf_cstr(&data), "\n  \"b\": 2\n}\n"));
		json_split_clear(&s);
		buf_clear(&data);
		buf_clear(&text);
	}
}

/* Of what is larger than memory only a piece is held, and what is no detail does not fill it. */
static void of_any_size(void **state)
{
	static const char row[] = "{\"timestamp\":177355872700,\"heart\":147},";
	struct buf data;
	struct json_split s;

	(void)state;
	buf_init(&data, (size_t)1 << 26);
	json_split_init(&s, collect, &data);
	assert_int_equal(json_split_add(&s, "{\"data\":{\"list\":[", 17), 0);
	for (int i = 0; i < 100000; i++) {
		assert_int_equal(json_split_add(&s, row, strlen(row)), 0);
		assert_true(s.data.size < 300000 && s.in.size < 100000);
	}
	assert_int_equal(json_split_add(&s, "1]}}", 4), 0);
	assert_int_equal(json_split_end(&s), 0);
	assert_int_equal(s.is_bad, 0);
	assert_true(data.len > 6000000);
	json_split_clear(&s);
	buf_clear(&data);
	/* Beside it, and as one string. */
	json_split_init(&s, collect, &data);
	assert_int_equal(json_split_add(&s, "{\"list\":[", 9), 0);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(json_split_add(&s, row, strlen(row)), 0);
	assert_int_equal(s.is_bad, 1);
	json_split_clear(&s);
	assert_int_equal(json_split_add(&s, "{\"data\":{\"a\":\"", 13), 0);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(json_split_add(&s, "xxxxxxxx", 8), 0);
	assert_int_equal(s.is_bad, 1);
	assert_int_equal(json_split_end(&s), 0);
	json_split_clear(&s);
	buf_clear(&data);
}

static int refuse(void *arg, const char *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return -ENOSPC;
}

static void nobody_takes_it(void **state)
{
	struct json_split s;

	(void)state;
	json_split_init(&s, refuse, NULL);
	assert_int_equal(json_split_add(&s, "{\"data\":{\"a\":1}}", 16), 0);
	assert_int_equal(json_split_end(&s), -ENOSPC);
	json_split_clear(&s);
}

static int try_it(void *arg)
{
	static const char text[] = "{\"data\":{\"a\":[1,2,\"x\"]}," OK "}";
	struct json_split s;
	struct buf data;

	(void)arg;
	int r = split(&s, &data, text, strlen(text), 5);
	if (r == 0)
		assert_int_equal(s.is_bad, 0);
	json_split_clear(&s);
	buf_clear(&data);
	return r;
}

static void without_memory(void **state)
{
	(void)state;
	failing_alloc_try(try_it, NULL, 0);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, split_cases, apart);
	rows_add(&rows, "as if whole", as_if_whole, NULL);
	rows_add(&rows, "nested too deep", nested_too_deep, NULL);
	rows_add(&rows, "of any size", of_any_size, NULL);
	rows_add(&rows, "nobody takes it", nobody_takes_it, NULL);
	rows_add(&rows, "without memory", without_memory, NULL);
	return rows_run("json_split", &rows);
}
