/* SPDX-License-Identifier: MIT */
/* Members of small answers: found by name, whatever stands beside them. */
#include "api/json_member.h"

#include <errno.h>
#include <string.h>

#include "tests/support/rows.h"

static const struct member_case {
	const char *why, *json;
	int want;
	const char *raw;  /* of "a"; NULL: none */
	const char *text; /* the same decoded into 8 bytes; NULL: -EINVAL */
} member_cases[] = {
	{"a string", "{\"a\":\"x\"}", 0, "\"x\"", "x"},
	{"beside others", " {\"b\":[{\"a\":1}],\"a\" : \"x\" ,\"c\":{}} ", 0, "\"x\"", "x"},
	{"the last one counts", "{\"a\":1,\"a\":\"x\"}", 0, "\"x\"", "x"},
	{"escapes are undone", "{\"a\":\"\\u0078\\/\\n\"}", 0, "\"\\u0078\\/\\n\"", "x/\n"},
	{"an empty string", "{\"a\":\"\"}", 0, "\"\"", ""},
	{"as long as there is room", "{\"a\":\"1234567\"}", 0, "\"1234567\"", "1234567"},
	{"one byte longer", "{\"a\":\"12345678\"}", 0, "\"12345678\"", NULL},
	{"a NUL in it", "{\"a\":\"x\\u0000y\"}", 0, "\"x\\u0000y\"", NULL},
	{"a number", "{\"a\":-12.5e3}", 0, "-12.5e3", NULL},
	{"null", "{\"a\":null}", 0, "null", NULL},
	{"an object", "{\"a\":{\"a\":\"x\"}}", 0, "{\"a\":\"x\"}", NULL},
	{"none", "{\"b\":\"a\"}", 0, NULL, NULL},
	{"an empty object", "{}", 0, NULL, NULL},
	{"a list", "[\"a\"]", -EIO, NULL, NULL},
	{"something behind it", "{\"a\":\"x\"}{}", -EIO, NULL, NULL},
	{"cut off behind the member", "{\"a\":\"x\",", -EIO, NULL, NULL},
	{"cut off in it", "{\"a\":\"x", -EIO, NULL, NULL},
	{"a web page", "<html>", -EIO, NULL, NULL},
	{"nothing", "", -EIO, NULL, NULL},
};

static void member(void **state)
{
	const struct member_case *c = *state;
	const struct json_value object = {c->json, strlen(c->json)};
	struct json_value v;
	char text[8];

	assert_int_equal(json_member(object, "a", &v), c->want);
	assert_int_equal(v.at != NULL, c->raw != NULL);
	if (c->raw)
		assert_true(json_value_is(v, c->raw));
	assert_int_equal(json_value_text(v, text, sizeof(text)), c->text ? 0 : -EINVAL);
	assert_string_equal(text, c->text ? c->text : "");
}

static void no_value(void **state)
{
	const struct json_value none = {NULL, 0};
	struct json_value v;

	(void)state;
	assert_int_equal(json_member(none, "a", &v), -EIO);
	assert_false(json_value_is(none, "null"));
	assert_false(json_value_is_object(none));
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, member_cases, member);
	rows_add(&rows, "a value that is none", no_value, NULL);
	return rows_run("json_member", &rows);
}
