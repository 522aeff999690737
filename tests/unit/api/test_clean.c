/* SPDX-License-Identifier: MIT */
/* Words of others: nothing that steers a terminal, nothing that is secret. */
#include "api/clean.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/rows.h"

#define TOKEN "0123456789ABCDEF0123456789ABCDEF"
#define MD5   "5f4dcc3b5aa765d61d8327deb882cf99"
#define HASH  "$2b$10$abcdefghijklmnopqrstuuKZ7n0hQwJx1cVt3yL8o0oVQ2mW3eS6a"
#define BAD   "\xef\xbf\xbd"

static const struct words_case {
	const char *why, *text, *want;
} words_cases[] = {
	{"letters stay", "Übung 東京 🏃 it's 5 > 4?", "Übung 東京 🏃 it's 5 > 4?"},
	{"controls", "a\nb\rc\td\033[2J\a\177", "a?b?c?d?[2J??"},
	{"the second set of controls",
	 "a\xc2\x85"
	 "b\xc2\x9b"
	 "2J\xc2\x9d",
	 "a?b?2J?"},
	{"line and paragraph separators", "a\u2028b\u2029c", "a?b?c"},
	{"overrides of direction", "cod\u202efdp.exe \u2066x\u2069 \u061c", "cod?fdp.exe ?x? ?"},
	{"the invisible", "a\u200bb\u200dc\ufeffd\u00ade\U000e0041", "a?b?c?d?e?"},
	{"no UTF-8", "a\xff\xc3(\xe2\x82", "a" BAD BAD "(" BAD BAD},
	{"a surrogate, an overlong slash", "\xed\xa0\xbd \xc0\xaf", BAD BAD BAD " " BAD BAD},

	{"a host stays", "cannot reach https://host:8080/a/b (x)",
	 "cannot reach https://host:8080/a/b (x)"},
	{"user info", "'http://me:pass@host:3128'", "'http://***@host:3128'"},
	{"a user alone", "http://me@host/", "http://***@host/"},
	{"a password that ends a host", "'http://me:pass#1@host:3128'", "'http://***@host:3128'"},
	{"or has a slash, a question mark, an at sign", "http://me:p/a?s@s@host x@y",
	 "http://***@host x@y"},
	{"whatever the scheme", "HTTPS://me:p@h socks5h://me:p@h ://me:p@h",
	 "HTTPS://***@h socks5h://***@h ://***@h"},
	{"one URL in another", "http://a/http://me:p@h", "http://***@h"},
	{"a line end in it", "http://me:p\nq@h", "http://***@h"},
	{"a query", "GET https://files.example/a.fit?X-Sig=abc&t=1 failed",
	 "GET https://files.example/a.fit?*** failed"},
	{"a query that is none of a URL", "GET /activity/query?size=200 is it?yes",
	 "GET /activity/query?size=200 is it?yes"},
	{"an address is no user info", "for me@example.org", "for me@example.org"},
	{"cleaning is done once", "http://***@h/?*** ?" BAD, "http://***@h/?*** ?" BAD},

	{"the token", "accesstoken: " TOKEN ".", "accesstoken: ***."},
	{"in the middle of a word", "x" TOKEN "y/" TOKEN TOKEN, "x***y/******"},
	{"the password's hash", "pwd=" MD5, "pwd=***"},
	{"and the hash of that", "{\"p1\":\"" HASH "\"}", "{\"p1\":\"***\"}"},
	{"another of that form is no secret", "0123456789ABCDEF0123456789ABCDEE",
	 "0123456789ABCDEF0123456789ABCDEE"},
	{"a part is none", "0123456789ABCDEF", "0123456789ABCDEF"},
};

static void words(void **state)
{
	const struct words_case *c = *state;
	char out[256];

	clean_words(c->text, out, sizeof(out));
	assert_string_equal(out, c->want);
}

static const struct cut_case {
	const char *why, *text;
	size_t size;
	const char *want;
} cut_cases[] = {
	{"as long as there is room", "abcd", 5, "abcd"},
	{"and no longer", "abcd", 4, "abc"},
	{"between characters", "ab東", 5, "ab"},
	{"a secret across the cut is gone", "ab" TOKEN, 20, "ab***"},
	{"no room at all", "a", 1, ""},
};

static void cut(void **state)
{
	const struct cut_case *c = *state;
	char out[64];

	clean_words(c->text, out, c->size);
	assert_string_equal(out, c->want);
}

/* The last one of a kind counts; what is too short to be one would blot out words. */
static void the_last_secret(void **state)
{
	char out[256];

	(void)state;
	clean_secret(CLEAN_TOKEN, "another-token");
	clean_words("another-token " TOKEN, out, sizeof(out));
	assert_string_equal(out, "*** " TOKEN);
	clean_secret(CLEAN_TOKEN, "");
	clean_secret(CLEAN_TOKEN, "the");
	clean_words("the other: another-token", out, sizeof(out));
	assert_string_equal(out, "the other: ***");
}

static void printed(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	clean_print(f, "%s and %d", "http://me:p@h\033", 3);
	fclose(f);
	assert_string_equal(text, "http://***@h? and 3");
	free(text);
}

int main(void)
{
	static struct rows rows;

	clean_secret(CLEAN_TOKEN, TOKEN);
	clean_secret(CLEAN_MD5, MD5);
	clean_secret(CLEAN_BCRYPT, HASH);
	ROWS_ADD(&rows, words_cases, words);
	ROWS_ADD(&rows, cut_cases, cut);
	rows_add(&rows, "what is printed", printed, NULL);
	rows_add(&rows, "the last secret of a kind", the_last_secret, NULL);
	return rows_run("clean", &rows);
}
