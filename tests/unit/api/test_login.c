/* SPDX-License-Identifier: MIT */
/* What a login sends and what its answer says. */
#include "api/login.h"

#include <crypt.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/rows.h"

#define MD5    "0123456789abcdef0123456789abcdef"
#define LONG8  "abcdefgh"
#define LONG64 LONG8 LONG8 LONG8 LONG8 LONG8 LONG8 LONG8 LONG8
#define OK(data)                                                                                   \
	"{\"apiCode\":\"41C2B95C\",\"message\":\"OK\",\"result\":\"0000\",\"data\":" data "}"

/* ---- bodies ---- */

static json_t *body(enum login_scheme scheme, const char *account)
{
	struct buf out;
	struct err err;

	buf_init(&out, LOGIN_BODY_MAX);
	assert_int_equal(login_body(scheme, account, MD5, &out, &err), 0);
	json_t *root = json_loadb(out.data, out.len, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "accountType")), 2);
	assert_string_equal(json_string_value(json_object_get(root, "account")), account);
	login_wipe(&out);
	assert_null(out.data);
	return root;
}

static void legacy_body(void **state)
{
	json_t *root = body(LOGIN_LEGACY, "runner@example.org");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(root, "pwd")), MD5);
	assert_int_equal(json_object_size(root), 3);
	json_decref(root);
}

static void bcrypt_body(void **state)
{
	json_t *root = body(LOGIN_BCRYPT, "runner@example.org");
	const char *p1 = json_string_value(json_object_get(root, "p1"));
	const char *p2 = json_string_value(json_object_get(root, "p2"));
	struct crypt_data data = {0};

	(void)state;
	assert_int_equal(strlen(p1), 60);
	assert_int_equal(strlen(p2), 29);
	assert_memory_equal(p1, "$2b$10$", 7);
	assert_memory_equal(p1, p2, 29);
	/* As the hub may check it: the same hash from the salt alone. */
	assert_string_equal(crypt_r(MD5, p2, &data), p1);
	assert_null(json_object_get(root, "pwd"));
	json_decref(root);
}

static void fresh_salt(void **state)
{
	json_t *one = body(LOGIN_BCRYPT, "a"), *two = body(LOGIN_BCRYPT, "a");

	(void)state;
	assert_string_not_equal(json_string_value(json_object_get(one, "p2")),
				json_string_value(json_object_get(two, "p2")));
	json_decref(one);
	json_decref(two);
}

static void hostile_account(void **state)
{
	(void)state;
	json_decref(body(LOGIN_LEGACY, "a\",\"accountType\":1,\"x\":\"\\\n"));
}

static void account_not_utf8(void **state)
{
	struct buf out;
	struct err err;

	(void)state;
	buf_init(&out, LOGIN_BODY_MAX);
	assert_int_equal(login_body(LOGIN_LEGACY, "\xff", MD5, &out, &err), -EINVAL);
	login_wipe(&out);
}

/* ---- answers ---- */

static const struct answer_case {
	const char *why, *json;
	int want;
	const char *token, *user_id;
	int region;
} answer_cases[] = {
	{"the usual",
	 OK("{\"accessToken\":\"0A1B2C\",\"userId\":\"476911223344556677\",\"regionId\":3}"), 0,
	 "0A1B2C", "476911223344556677", 3},
	{"the user as a number", OK("{\"accessToken\":\"t\",\"userId\":4769112,\"regionId\":3}"), 0,
	 "t", "4769112", 3},
	{"no region", OK("{\"accessToken\":\"t\",\"userId\":\"1\"}"), 0, "t", "1", 0},
	{"the region as a float", OK("{\"accessToken\":\"t\",\"regionId\":2.0}"), 0, "t", "", 2},
	{"the region as a text", OK("{\"accessToken\":\"t\",\"regionId\":\"2\"}"), 0, "t", "", 2},
	{"a region that is nonsense", OK("{\"accessToken\":\"t\",\"regionId\":1e99}"), 0, "t", "",
	 0},
	{"a user that is no number stays out of headers",
	 OK("{\"accessToken\":\"t\",\"userId\":\"1\\\"}\\r\\nX: y\"}"), 0, "t", "", 0},
	{"a token with a line break is refused", OK("{\"accessToken\":\"t\\r\\nX: y\"}"), -EIO,
	 NULL, NULL, 0},
	{"a token with a space is refused", OK("{\"accessToken\":\"a b\"}"), -EIO, NULL, NULL, 0},
	{"a token beyond ASCII is refused", OK("{\"accessToken\":\"\xc3\xbc\"}"), -EIO, NULL, NULL,
	 0},
	{"an empty token is refused", OK("{\"accessToken\":\"\"}"), -EIO, NULL, NULL, 0},
	{"a token that is a number is refused", OK("{\"accessToken\":12}"), -EIO, NULL, NULL, 0},
	{"a token that is too long is refused", OK("{\"accessToken\":\"" LONG64 LONG64 "\"}"), -EIO,
	 NULL, NULL, 0},
	{"no token", OK("{}"), -EIO, NULL, NULL, 0},
	{"no data", "{\"result\":\"0000\"}", -EIO, NULL, NULL, 0},
	{"data of another type", OK("[1]"), -EIO, NULL, NULL, 0},
	{"a second factor", OK("{\"twoFactorRequired\":true,\"loginTicket\":\"x\",\"regionId\":3}"),
	 -EACCES, NULL, NULL, 0},
	{"a second factor by its ticket", OK("{\"loginTicket\":\"x\"}"), -EACCES, NULL, NULL, 0},
	{"a second factor with all it takes",
	 OK("{\"twoFactorRequired\":true,\"loginTicket\":\"x\",\"appKey\":\"y\","
	    "\"account\":\"47\",\"regionId\":3}"),
	 LOGIN_CODE_ASKED, NULL, NULL, 0},
	{"a second factor with an account that is a number",
	 OK("{\"loginTicket\":\"x\",\"appKey\":\"y\",\"account\":47}"), LOGIN_CODE_ASKED, NULL,
	 NULL, 0},
	{"a ticket that would end its quotes",
	 OK("{\"loginTicket\":\"x\\\"y\",\"appKey\":\"y\",\"account\":\"47\"}"), -EACCES, NULL,
	 NULL, 0},
	{"a wrong code", "{\"message\":\"x\",\"result\":\"1042\"}", LOGIN_CODE_WRONG, NULL, NULL,
	 0},
	{"wrong password", "{\"message\":\"do not match\",\"result\":\"1030\"}", LOGIN_REFUSED,
	 NULL, NULL, 0},
	{"refused scheme", "{\"message\":\"x\",\"result\":\"1031\"}", LOGIN_REFUSED, NULL, NULL, 0},
	{"another code", "{\"message\":\"x\",\"result\":\"1001\"}", -EIO, NULL, NULL, 0},
	{"a result that is a number", "{\"result\":0}", -EIO, NULL, NULL, 0},
	{"a result that is no code", "{\"result\":\"\\u001b[2J\"}", -EIO, NULL, NULL, 0},
	{"a result that is too long", "{\"result\":\"00000000\"}", -EIO, NULL, NULL, 0},
	{"an array", "[]", -EIO, NULL, NULL, 0},
	{"a web page", "<html><body>Log in</body></html>", -EIO, NULL, NULL, 0},
	{"nothing", "", -EIO, NULL, NULL, 0},
};

static void answer(void **state)
{
	const struct answer_case *c = *state;
	struct login_answer a;
	struct err err = {0};

	assert_int_equal(login_decode(c->json, strlen(c->json), &a, &err), c->want);
	if (c->want == 0) {
		assert_string_equal(a.token, c->token);
		assert_string_equal(a.user_id, c->user_id);
		assert_int_equal(a.region, c->region);
	} else if (c->want < 0) {
		assert_int_equal(err.code, c->want);
		assert_true(err.text[0] != '\0');
	}
}

/* The allocator gives the same piece out again, with what was left in it behind its own two words.
 */
static void json_is_wiped(void **state)
{
	json_malloc_t take;
	json_free_t give_back;

	(void)state;
	login_wipe_json();
	json_get_alloc_funcs(&take, &give_back);
	char *p = take(64);
	assert_non_null(p);
	memset(p, 'x', 64);
	give_back(p);
	give_back(NULL);
	char *again = malloc(64);
	assert_non_null(again);
	int left = 0, is_same = again == p;
	for (int i = 16; is_same && i < 64; i++)
		left += again[i] == 'x';
	free(again);
	if (!is_same)
		skip();
	assert_int_equal(left, 0);
}

/* ---- no memory ---- */

static const struct memory_case {
	const char *why;
	enum login_scheme scheme;
} memory_cases[] = {
	{"no memory for the legacy body", LOGIN_LEGACY},
	{"no memory for the bcrypt body", LOGIN_BCRYPT},
};

static int starved(void *arg, struct err *err)
{
	const struct memory_case *c = arg;
	struct buf out;

	buf_init(&out, LOGIN_BODY_MAX);
	int r = login_body(c->scheme, "runner@example.org", MD5, &out, err);
	login_wipe(&out);
	return r;
}

/* Jansson's allocations fail, too, which must not be taken for a bad account name. Reading an
 * answer takes none. */
static void out_of_memory(void **state)
{
	const struct memory_case *c = *state;
	const struct failing_job job = {c->why, NULL, starved, NULL, 0, 0};

	failing_alloc_in_jansson();
	failing_alloc_everywhere(&job, *state);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "the legacy body", legacy_body, NULL);
	rows_add(&rows, "the bcrypt body", bcrypt_body, NULL);
	rows_add(&rows, "every login has its own salt", fresh_salt, NULL);
	rows_add(&rows, "an account cannot add keys of its own", hostile_account, NULL);
	rows_add(&rows, "an account must be UTF-8", account_not_utf8, NULL);
	ROWS_ADD(&rows, answer_cases, answer);
	ROWS_ADD(&rows, memory_cases, out_of_memory);
	rows_add(&rows, "Jansson wipes what it frees", json_is_wiped, NULL);
	return rows_run("login", &rows);
}
