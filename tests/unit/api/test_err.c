/* SPDX-License-Identifier: MIT */
/* Errors in words. */
#include "api/err.h"

#include <errno.h>
#include <string.h>

#include "tests/support/rows.h"

static void words_and_number(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(err_set(&err, -EIO, "page %d of %s", 3, "x"), -EIO);
	assert_int_equal(err.code, -EIO);
	assert_string_equal(err.text, "page 3 of x");
}

static void system_words(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(err_sys(&err, -ENOENT, "open %s", "x"), -ENOENT);
	assert_string_equal(err.text, "cannot open x: No such file or directory");
}

static void others_words(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, -EIO, "%s",
		"a\xc2\x9b"
		"b http://me:p@h");
	assert_string_equal(err.text, "a?b http://***@h");
	err_sys(&err, -ENOENT, "open %s", "a\nb");
	assert_string_equal(err.text, "cannot open a?b: No such file or directory");
	/* What is in it may be said again. */
	err_set(&err, -EIO, "%s, again", err.text);
	assert_string_equal(err.text, "cannot open a?b: No such file or directory, again");
}

static void nobody_listens(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, -EIO, "x"), -EIO);
	assert_int_equal(err_sys(NULL, -EIO, "x"), -EIO);
}

static void long_words_are_cut(void **state)
{
	char text[2 * ERR_TEXT];
	struct err err;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, -EIO, "%s", text);
	assert_int_equal(strlen(err.text), ERR_TEXT - 1);
	err_sys(&err, -EIO, "%s", text);
	assert_int_equal(strlen(err.text), ERR_TEXT - 1);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "words and number", words_and_number, NULL);
	rows_add(&rows, "the system's words behind ours", system_words, NULL);
	rows_add(&rows, "others' words are cleaned", others_words, NULL);
	rows_add(&rows, "the number alone when nobody wants words", nobody_listens, NULL);
	rows_add(&rows, "long words are cut", long_words_are_cut, NULL);
	return rows_run("err", &rows);
}
