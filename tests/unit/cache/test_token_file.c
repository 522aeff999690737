/* SPDX-License-Identifier: MIT */
/* The kept login: private, whole or refused. */
#include "cache/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"

static struct temp_dir dir;

static int new_dir(void **state)
{
	(void)state;
	temp_dir_new(&dir);
	return 0;
}

static int no_dir(void **state)
{
	(void)state;
	temp_dir_free(&dir);
	return 0;
}

#define CHARS_127                                                                                  \
	"0123456789012345678901234567890123456789012345678901234567890123"                         \
	"012345678901234567890123456789012345678901234567890123456789012"

static const struct token_case {
	const char *why;
	struct session_token token;
} token_cases[] = {
	{"a usual one",
	 {"0A1B2C3D4E5F60718293A4B5C6D7E8F9", "476911223344556677", "https://teameuapi.coros.com",
	  3, 2}},
	{"an empty one", {"", "", "", 0, 0}},
	{"the longest token", {CHARS_127, "1", "https://a", 1, 1}},
	{"quotes and backslashes", {"a\"b\\c/d", "\"", "http://[::1]:8080/%r?a=b&c", 1, 1}},
	{"control characters", {"a\n\t\r\x01\x7f", "\b", "\f", 1, 1}},
	{"other letters", {"\xc3\xbc\xe6\x9d\xb1\xf0\x9f\x8f\x83", "1", "https://\xc3\xbc", 1, 1}},
	{"numbers of any size", {"a", "1", "https://a", INT32_MIN, INT32_MAX}},
};

static void round_trip(void **state)
{
	const struct token_case *c = *state;
	struct session_token have;
	struct err err;
	struct stat st;

	if (token_file_write(dir.fd, &c->token, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(fstatat(dir.fd, "token", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(temp_dir_count(&dir), 1);
	if (token_file_read(dir.fd, &have, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(have.token, c->token.token);
	assert_string_equal(have.user_id, c->token.user_id);
	assert_string_equal(have.base, c->token.base);
	assert_int_equal(have.region, c->token.region);
	assert_int_equal(have.scheme, c->token.scheme);
}

static void forgotten(void **state)
{
	struct session_token have;
	struct err err;

	(void)state;
	assert_int_equal(token_file_read(dir.fd, &have, &err), -ENOENT);
	assert_int_equal(token_file_write(dir.fd, NULL, &err), 0);
	assert_int_equal(token_file_write(dir.fd, &token_cases[0].token, &err), 0);
	assert_int_equal(token_file_write(dir.fd, NULL, &err), 0);
	assert_int_equal(token_file_read(dir.fd, &have, &err), -ENOENT);
	assert_int_equal(temp_dir_count(&dir), 0);
}

#define GOOD "\"token\":\"a\",\"user\":\"1\",\"base\":\"https://a\",\"region\":1,\"scheme\":1"

static const struct text_case {
	const char *why, *text;
	mode_t mode;
	int want;
} text_cases[] = {
	{"as it is written", "{" GOOD "}\n", 0600, 0},
	{"read-only", "{" GOOD "}", 0400, 0},
	{"a key more", "{" GOOD ",\"more\":1}", 0600, 0},
	{"others may read it", "{" GOOD "}", 0644, -EPERM},
	{"the group may read it", "{" GOOD "}", 0640, -EPERM},
	{"others may write it", "{" GOOD "}", 0602, -EPERM},
	{"empty", "", 0600, -EBADMSG},
	{"no JSON", "a", 0600, -EBADMSG},
	{"an array", "[1]", 0600, -EBADMSG},
	{"two tokens", "{" GOOD ",\"token\":\"b\"}", 0600, -EBADMSG},
	{"something behind it", "{" GOOD "} x", 0600, -EBADMSG},
	{"no token", "{\"user\":\"1\",\"base\":\"a\",\"region\":1,\"scheme\":1}", 0600, -EBADMSG},
	{"a token that is a number",
	 "{\"token\":1,\"user\":\"1\",\"base\":\"a\",\"region\":1,\"scheme\":1}", 0600, -EBADMSG},
	{"a null token", "{\"token\":null,\"user\":\"1\",\"base\":\"a\",\"region\":1,\"scheme\":1}",
	 0600, -EBADMSG},
	{"a NUL in the token",
	 "{\"token\":\"a\\u0000b\",\"user\":\"1\",\"base\":\"a\",\"region\":1,\"scheme\":1}", 0600,
	 -EBADMSG},
	{"a token that is too long",
	 "{\"token\":\"" CHARS_127 "8\",\"user\":\"1\",\"base\":\"a\",\"region\":1,\"scheme\":1}",
	 0600, -EBADMSG},
	{"a user that is too long",
	 "{\"token\":\"a\",\"user\":\"" CHARS_127 "\",\"base\":\"a\",\"region\":1,\"scheme\":1}",
	 0600, -EBADMSG},
	{"a region that is a string",
	 "{\"token\":\"a\",\"user\":\"1\",\"base\":\"a\",\"region\":\"1\",\"scheme\":1}", 0600,
	 -EBADMSG},
	{"invalid UTF-8",
	 "{\"token\":\"\xff\",\"user\":\"1\",\"base\":\"a\",\"region\":1,\"scheme\":1}", 0600,
	 -EBADMSG},
};

static void text(void **state)
{
	const struct text_case *c = *state;
	struct session_token have;
	struct err err = {0};

	temp_dir_write(&dir, "token", c->text, strlen(c->text), c->mode);
	assert_int_equal(token_file_read(dir.fd, &have, &err), c->want);
	assert_int_equal(err.code, c->want);
	/* The words say nothing of it. */
	assert_null(strstr(err.text, CHARS_127));
}

static void every_byte(void **state)
{
	struct session_token have;
	struct err err;
	size_t len;

	(void)state;
	assert_int_equal(token_file_write(dir.fd, &token_cases[0].token, &err), 0);
	char *data = temp_dir_read(&dir, "token", &len);
	for (size_t i = 0; i < len; i++) {
		for (int c = 0; c < 256; c += 5) {
			char was = data[i];
			data[i] = (char)c;
			temp_dir_write(&dir, "token", data, len, 0600);
			data[i] = was;
			int r = token_file_read(dir.fd, &have, &err);
			assert_true(r == 0 || r == -EBADMSG);
		}
		temp_dir_write(&dir, "token", data, i, 0600);
		int r = token_file_read(dir.fd, &have, &err);
		/* All but the last newline. */
		assert_int_equal(r, i + 1 == len ? 0 : -EBADMSG);
	}
	free(data);
}

static void too_large(void **state)
{
	struct session_token have;
	struct err err;
	char *data = malloc(5000);

	(void)state;
	memset(data, ' ', 5000);
	temp_dir_write(&dir, "token", data, 5000, 0600);
	assert_int_equal(token_file_read(dir.fd, &have, &err), -EFBIG);
	free(data);
}

static int try_write(void *arg)
{
	struct err err;

	(void)arg;
	return token_file_write(dir.fd, &token_cases[0].token, &err);
}

/* A library that has no memory gives no reason: that is -EBADMSG, and a login more. */
static int try_read(void *arg)
{
	struct session_token have;
	struct err err;
	int r = token_file_read(dir.fd, &have, &err);

	(void)arg;
	return r == -EBADMSG ? -ENOMEM : r;
}

static void out_of_memory(void **state)
{
	(void)state;
	failing_alloc_in_jansson();
	failing_alloc_try(try_write, NULL, 1);
	assert_int_equal(temp_dir_count(&dir), 1);
	failing_alloc_try(try_read, NULL, 1);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, token_cases, round_trip);
	rows_add(&rows, "a login that is forgotten", forgotten, NULL);
	ROWS_ADD(&rows, text_cases, text);
	rows_add(&rows, "any byte changed or cut: a login or damage", every_byte, NULL);
	rows_add(&rows, "a large file", too_large, NULL);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	for (size_t i = 0; i < rows.n; i++) {
		rows.test[i].setup_func = new_dir;
		rows.test[i].teardown_func = no_dir;
	}
	return rows_run("token_file", &rows);
}
