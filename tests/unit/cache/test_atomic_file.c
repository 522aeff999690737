/* SPDX-License-Identifier: MIT */
/* Files that are there whole or not at all, and are ours alone. */
#include "cache/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

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

static int write_text(const char *name, const char *text, int64_t mtime_s, struct err *err)
{
	/* In pieces, an empty one among them. */
	size_t len = strlen(text), half = len / 2;
	struct iovec iov[] = {
		{(void *)text, half}, {(void *)text, 0}, {(void *)(text + half), len - half}};

	return atomic_file_write(dir.fd, name, iov, 3, mtime_s, err);
}

static void assert_content(const char *name, const char *want)
{
	char *data;
	size_t len;
	struct err err;

	if (atomic_file_read(dir.fd, name, 1 << 20, &data, &len, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(data, want);
	assert_int_equal(len, strlen(want));
	free(data);
}

static void written_and_read(void **state)
{
	struct stat st;
	struct err err;

	(void)state;
	umask(0);
	assert_int_equal(write_text("a", "some text", 0, &err), 0);
	assert_content("a", "some text");
	assert_int_equal(fstatat(dir.fd, "a", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* The next one takes its place; nothing else is left. */
	assert_int_equal(write_text("a", "other", 1234567, &err), 0);
	assert_content("a", "other");
	assert_int_equal(fstatat(dir.fd, "a", &st, 0), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1234567);
	assert_int_equal(write_text("a", "", 0, &err), 0);
	assert_content("a", "");
	assert_int_equal(temp_dir_count(&dir), 1);
}

/* The temporary file of a write that was interrupted is in nobody's way, nor is a link there. */
static void leftovers(void **state)
{
	struct err err;

	(void)state;
	temp_dir_write(&dir, ".a.tmp", "a much longer leftover", 22, 0644);
	assert_int_equal(write_text("a", "text", 0, &err), 0);
	assert_content("a", "text");
	assert_int_equal(temp_dir_count(&dir), 1);
	temp_dir_write(&dir, "victim", "untouched", 9, 0600);
	assert_int_equal(symlinkat("victim", dir.fd, ".a.tmp"), 0);
	assert_int_equal(write_text("a", "more", 0, &err), 0);
	assert_content("a", "more");
	assert_content("victim", "untouched");
}

static void failed_writes_leave_the_old_one(void **state)
{
	struct rlimit before, limit;
	struct err err;
	char *large = malloc(100001);

	(void)state;
	memset(large, 'x', 100000);
	large[100000] = '\0';
	assert_int_equal(write_text("a", "text", 0, &err), 0);
	/* As on a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){70000, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	int r = write_text("a", large, 0, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(r, -EFBIG);
	assert_int_equal(err.code, -EFBIG);
	assert_content("a", "text");
	assert_int_equal(temp_dir_count(&dir), 1);
	/* And where a folder stands in the way. */
	assert_int_equal(mkdirat(dir.fd, "b", 0700), 0);
	assert_int_equal(write_text("b", "text", 0, &err), -EISDIR);
	assert_int_equal(temp_dir_count(&dir), 2);
	free(large);
}

static void long_names(void **state)
{
	char name[NAME_MAX + 2];
	struct err err;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[NAME_MAX - 5] = '\0';
	assert_int_equal(write_text(name, "text", 0, &err), 0);
	assert_content(name, "text");
	name[NAME_MAX - 5] = 'x';
	name[NAME_MAX - 4] = '\0';
	assert_int_equal(write_text(name, "text", 0, &err), -ENAMETOOLONG);
}

/* ---- what is not read ---- */

enum what { FILE_, FOLDER, LINK, FIFO, MISSING };

static const struct refused_case {
	const char *why;
	enum what what;
	mode_t mode;
	size_t max;
	int want;
} refused_cases[] = {
	{"as large as allowed", FILE_, 0600, 4, 0},
	{"too large", FILE_, 0600, 3, -EFBIG},
	{"read-only", FILE_, 0400, 4, 0},
	{"the group may read it", FILE_, 0640, 4, -EPERM},
	{"others may read it", FILE_, 0604, 4, -EPERM},
	{"others may write it", FILE_, 0602, 4, -EPERM},
	{"a folder", FOLDER, 0700, 4, -EPERM},
	{"a link", LINK, 0600, 4, -ELOOP},
	{"a fifo does not hold us up", FIFO, 0600, 4, -EPERM},
	{"nothing", MISSING, 0600, 4, -ENOENT},
};

static void refused(void **state)
{
	const struct refused_case *c = *state;
	char *data = NULL;
	size_t len;
	struct err err = {0};

	if (c->what == FILE_)
		temp_dir_write(&dir, "a", "text", 4, c->mode);
	if (c->what == FOLDER)
		assert_int_equal(mkdirat(dir.fd, "a", c->mode), 0);
	if (c->what == FIFO)
		assert_int_equal(mkfifoat(dir.fd, "a", c->mode), 0);
	if (c->what == LINK) {
		temp_dir_write(&dir, "b", "text", 4, c->mode);
		assert_int_equal(symlinkat("b", dir.fd, "a"), 0);
	}
	assert_int_equal(atomic_file_read(dir.fd, "a", c->max, &data, &len, &err), c->want);
	assert_int_equal(err.code, c->want);
	if (c->want)
		assert_null(data);
	else
		assert_string_equal(data, "text");
	free(data);
}

static void cut_short(void **state)
{
	char data[8];
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "abc", 3), 3);
	assert_int_equal(write(fd[1], "defg", 4), 4);
	close(fd[1]);
	assert_int_equal(read_all(fd[0], data, 5), 0);
	assert_memory_equal(data, "abcde", 5);
	assert_int_equal(read_all(fd[0], data, 0), 0);
	assert_int_equal(read_all(fd[0], data, 3), -EIO);
	close(fd[0]);
	assert_int_equal(read_all(-1, data, 3), -EBADF);
}

static int try_read(void *arg)
{
	char *data = NULL;
	size_t len;
	struct err err;
	int r = atomic_file_read(dir.fd, arg, 100, &data, &len, &err);

	assert_int_equal(data == NULL, r < 0);
	free(data);
	return r;
}

static void out_of_memory(void **state)
{
	char name[] = "a";

	(void)state;
	temp_dir_write(&dir, name, "text", 4, 0600);
	failing_alloc_try(try_read, name, 0);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "what is written is read", written_and_read, NULL);
	rows_add(&rows, "leftovers are in nobody's way", leftovers, NULL);
	rows_add(&rows, "a write that fails leaves the old one", failed_writes_leave_the_old_one,
		 NULL);
	rows_add(&rows, "the longest name", long_names, NULL);
	ROWS_ADD(&rows, refused_cases, refused);
	rows_add(&rows, "bytes that are not there", cut_short, NULL);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	for (size_t i = 0; i < rows.n; i++) {
		rows.test[i].setup_func = new_dir;
		rows.test[i].teardown_func = no_dir;
	}
	return rows_run("atomic_file", &rows);
}
