/* SPDX-License-Identifier: MIT */
/* What an answer means. */
#include "api/envelope.h"

#include <errno.h>
#include <string.h>

#include "tests/support/rows.h"

#define E80 "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

static const struct answer_case {
	const char *why;
	long status;
	const char *body;
	enum verdict want;
	int code;
	const char *words; /* part of them */
} answer_cases[] = {
	{"a success", 200, "{\"data\":{\"a\":[1]},\"message\":\"OK\",\"result\":\"0000\"}",
	 VERDICT_GOOD, 0, ""},
	{"a success without data", 200, "{\"result\":\"0000\"}", VERDICT_GOOD, 0, ""},
	{"a result inside the data is not the envelope's", 200,
	 "{\"data\":{\"result\":\"0000\"},\"result\":\"1001\"}", VERDICT_REFUSED, -EIO, "1001"},
	{"a dead token", 200, "{\"message\":\"Access token is invalid\",\"result\":\"1019\"}",
	 VERDICT_DEAD, -EACCES, ""},
	{"another code for it", 200, "{\"result\":\"0101\"}", VERDICT_DEAD, -EACCES, ""},
	{"a dead token with status 500", 500, "{\"result\":\"1019\"}", VERDICT_DEAD, -EACCES, ""},
	{"a dead token with status 403", 403, "{\"result\":\"1006\"}", VERDICT_DEAD, -EACCES, ""},
	{"401 is not the API's way to say so", 401, "", VERDICT_FAILED, -EIO, "401"},
	{"nor is 403 as a page", 403, "<html>", VERDICT_FAILED, -EIO, "firewall"},
	{"nor as another code", 403, "{\"result\":\"1001\"}", VERDICT_FAILED, -EIO, "403"},
	{"credentials, where none were sent", 200, "{\"result\":\"1030\"}", VERDICT_REFUSED, -EIO,
	 "1030"},
	{"wrong parameters", 200, "{\"result\":\"1031\"}", VERDICT_REFUSED, -EINVAL, "1031"},
	{"a code nobody knows, with its words", 200,
	 "{\"message\":\"Something\",\"result\":\"5006\"}", VERDICT_REFUSED, -EOPNOTSUPP,
	 "code 5006: Something"},
	{"words cannot forge a line", 200, "{\"message\":\"a\\nb\\u001b\",\"result\":\"9\"}",
	 VERDICT_REFUSED, -EOPNOTSUPP, "code 9: a?b?"},
	{"long words are cut", 200, "{\"message\":\"" E80 "X\",\"result\":\"9\"}", VERDICT_REFUSED,
	 -EOPNOTSUPP, "code 9: " E80},
	{"a result that is a number", 200, "{\"result\":0}", VERDICT_FAILED, -EIO, ""},
	{"a result with an escape", 200, "{\"result\":\"00\\u00300\"}", VERDICT_FAILED, -EIO, ""},
	{"a result that is too long", 200, "{\"result\":\"00000000\"}", VERDICT_FAILED, -EIO, ""},
	{"no result", 200, "{\"data\":{}}", VERDICT_FAILED, -EIO, ""},
	{"a web page", 200, "<!DOCTYPE html><html></html>", VERDICT_FAILED, -EIO, "not JSON"},
	{"nothing", 200, "", VERDICT_FAILED, -EIO, "not JSON"},
	{"cut off", 200, "{\"result\":\"0000\",\"data\":{\"dataList\":[{", VERDICT_FAILED, -EIO,
	 "not JSON"},
	{"something behind it", 200, "{\"result\":\"0000\"}{", VERDICT_FAILED, -EIO, "not JSON"},
	{"an array", 200, "[]", VERDICT_FAILED, -EIO, "not JSON"},
	{"too slow down", 429, "<html>", VERDICT_FAILED, -EBUSY, "slow down"},
	{"500 with JSON", 500, "{\"result\":\"1001\"}", VERDICT_FAILED, -EIO, "500"},
	{"502 as a page", 502, "<html>", VERDICT_FAILED, -EIO, "502"},
	{"a redirect", 302, "", VERDICT_FAILED, -EIO, "302"},
	{"404", 404, "", VERDICT_FAILED, -EIO, "404"},
	{"a success with status 500 is none", 500, "{\"result\":\"0000\"}", VERDICT_FAILED, -EIO,
	 "500"},
};

static void answer(void **state)
{
	const struct answer_case *c = *state;
	const struct http_answer a = {.status = c->status, .data = c->body, .len = strlen(c->body)};
	const struct err none = {0};
	char result[ENVELOPE_RESULT];
	struct err err;

	assert_int_equal(envelope_judge(&a, &none, result, &err), c->want);
	assert_int_equal(err.code, c->code);
	assert_non_null(strstr(err.text, c->words));
	assert_null(strstr(err.text, "eX"));
	if (c->want == VERDICT_GOOD)
		assert_string_equal(result, "0000");
}

static const struct transport_case {
	const char *why;
	int from;
	enum verdict want;
	int code;
} transport_cases[] = {
	{"unreachable", -EHOSTUNREACH, VERDICT_FAILED, -EHOSTUNREACH},
	{"a broken connection is unreachable", -ECONNRESET, VERDICT_FAILED, -EHOSTUNREACH},
	{"a cut-off answer is no answer of the API", -ECONNABORTED, VERDICT_FAILED, -EIO},
	{"no answer in time", -ETIMEDOUT, VERDICT_FAILED, -ETIMEDOUT},
	{"too large", -EIO, VERDICT_FAILED, -EIO},
	{"no memory is not the hub's fault", -ENOMEM, VERDICT_NONE, -ENOMEM},
	{"nor is the end of the mount", -ECANCELED, VERDICT_NONE, -ECANCELED},
};

static void transport(void **state)
{
	const struct transport_case *c = *state;
	const struct err why = {c->from, "words"};
	struct err err;

	assert_int_equal(envelope_judge(NULL, &why, NULL, &err), c->want);
	assert_int_equal(err.code, c->code);
	assert_string_equal(err.text, "words");
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, answer_cases, answer);
	ROWS_ADD(&rows, transport_cases, transport);
	return rows_run("envelope", &rows);
}
