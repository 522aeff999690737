/* SPDX-License-Identifier: MIT */
/* A refused password between mounts: remembered for a day, and not to be had from the file. */
#include "cache/refusal_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/failing_disk.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"

#define WRONG "0123456789abcdef0123456789abcdef"
#define OTHER "0123456789abcdef0123456789abcdee"
/* Of another program: bcrypt of "U*U", a published example. */
#define FOREIGN "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n"

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

static void remembered(void **state)
{
	int64_t now_s = time(NULL);
	struct stat st;
	struct err err;

	(void)state;
	assert_int_equal(refusal_file_has(dir.fd, WRONG, now_s, &err), 0);
	assert_int_equal(refusal_file_write(dir.fd, WRONG, &err), 0);
	assert_int_equal(fstatat(dir.fd, REFUSAL_FILE_NAME, &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(refusal_file_has(dir.fd, WRONG, st.st_mtime, &err), 1);
	assert_int_equal(refusal_file_has(dir.fd, OTHER, st.st_mtime, &err), 0);
	/* A day, and not before it was. */
	assert_int_equal(refusal_file_has(dir.fd, WRONG, st.st_mtime + REFUSAL_FILE_S - 1, &err),
			 1);
	assert_int_equal(refusal_file_has(dir.fd, WRONG, st.st_mtime + REFUSAL_FILE_S, &err), 0);
	assert_int_equal(refusal_file_has(dir.fd, WRONG, st.st_mtime - 1, &err), 0);
	/* The next one takes its place. */
	assert_int_equal(refusal_file_write(dir.fd, OTHER, &err), 0);
	assert_int_equal(fstatat(dir.fd, REFUSAL_FILE_NAME, &st, 0), 0);
	assert_int_equal(refusal_file_has(dir.fd, WRONG, st.st_mtime, &err), 0);
	assert_int_equal(refusal_file_has(dir.fd, OTHER, st.st_mtime, &err), 1);
	refusal_file_remove(dir.fd);
	assert_int_equal(refusal_file_has(dir.fd, OTHER, st.st_mtime, &err), 0);
	refusal_file_remove(dir.fd);
}

static const struct damaged_case {
	const char *why, *text;
	mode_t mode;
} damaged_cases[] = {
	{"an empty file", "", 0600},
	{"a cut one", "$2b$10$abc\n", 0600},
	{"a hash of another program", FOREIGN, 0600},
	{"no hash", "012345678901234567890123456789012345678901234567890123456789\n", 0600},
};

static void damaged(void **state)
{
	const struct damaged_case *c = *state;
	struct err err;

	temp_dir_write(&dir, REFUSAL_FILE_NAME, c->text, strlen(c->text), c->mode);
	assert_int_equal(refusal_file_has(dir.fd, WRONG, time(NULL) + 1, &err), 0);
}

/* Then it is not known whether the hub would refuse it, which is not the same as no. */
static const struct look_case {
	const char *why, *call;
	int code;
} look_cases[] = {
	{"one that cannot be looked at", "fstatat", EIO},
	{"too many open files", "openat", EMFILE},
	{"one that cannot be read", "read", EIO},
};

static void bad_look(void **state)
{
	const struct look_case *c = *state;
	struct err err = {0};

	assert_int_equal(refusal_file_write(dir.fd, WRONG, &err), 0);
	failing_disk_begin(c->call, NULL, c->code);
	assert_int_equal(refusal_file_has(dir.fd, WRONG, time(NULL) + 1, &err), -c->code);
	assert_true(failing_disk_end() > 0);
	assert_non_null(strstr(err.text, REFUSAL_FILE_NAME));
	assert_int_equal(refusal_file_has(dir.fd, WRONG, time(NULL) + 1, &err), 1);
}

static int try(void *arg)
{
	struct err err;

	(void)arg;
	int r = refusal_file_has(dir.fd, WRONG, time(NULL) + 1, &err);
	return r < 0 ? r : !r;
}

static void no_memory(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(refusal_file_write(dir.fd, WRONG, &err), 0);
	failing_alloc_try(try, NULL, 0);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "remembered for a day", remembered, NULL);
	ROWS_ADD(&rows, damaged_cases, damaged);
	ROWS_ADD(&rows, look_cases, bad_look);
	rows_add(&rows, "no memory", no_memory, NULL);
	for (size_t i = 0; i < rows.n; i++) {
		rows.test[i].setup_func = new_dir;
		rows.test[i].teardown_func = no_dir;
	}
	return rows_run("refusal_file", &rows);
}
