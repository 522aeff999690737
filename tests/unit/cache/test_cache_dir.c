/* SPDX-License-Identifier: MIT */
/* The account's folder: where it is, whose it is, and one owner at a time. */
#include "cache/cache_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/log.h"
#include "cache/atomic_file.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/failing_disk.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"

#define HASH_LEN 32

/* ---- paths ---- */

static const struct path_case {
	const char *why, *root, *xdg, *home;
	const char *want; /* in front of the hash; NULL: -ENOENT */
} path_cases[] = {
	{"cache_dir=", "/c", "/x", "/h", "/c/"},
	{"XDG_CACHE_HOME", NULL, "/x", "/h", "/x/corosfs/"},
	{"the home", NULL, NULL, "/h", "/h/.cache/corosfs/"},
	{"an empty XDG_CACHE_HOME is none", NULL, "", "/h", "/h/.cache/corosfs/"},
	{"a relative one is none", NULL, "x", "/h", "/h/.cache/corosfs/"},
	{"no home", NULL, NULL, NULL, NULL},
	{"a relative home", NULL, NULL, "h", NULL},
};

static void set(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void path(void **state)
{
	const struct path_case *c = *state;
	char have[PATH_MAX];
	struct err err;

	set("XDG_CACHE_HOME", c->xdg);
	set("HOME", c->home);
	int r = cache_dir_path(c->root, "you@example.org", NULL, have, &err);
	assert_int_equal(r, c->want ? 0 : -ENOENT);
	if (!c->want)
		return;
	assert_int_equal(strlen(have), strlen(c->want) + HASH_LEN);
	assert_memory_equal(have, c->want, strlen(c->want));
	assert_int_equal(strspn(have + strlen(c->want), "0123456789abcdef"), HASH_LEN);
	assert_null(strstr(have, "you"));
}

static void accounts_and_hubs_do_not_mix(void **state)
{
	static const char *const who[][2] = {{"you@example.org", NULL},
					     {"You@example.org", NULL},
					     {"me@example.org", NULL},
					     {"you@example.org", "http://127.0.0.1:1"},
					     {"you@example.org", "http://127.0.0.1:2"},
					     {"", NULL}};
	char have[6][PATH_MAX], again[PATH_MAX];
	struct err err;

	(void)state;
	for (int i = 0; i < 6; i++) {
		assert_int_equal(cache_dir_path("/c", who[i][0], who[i][1], have[i], &err), 0);
		assert_int_equal(cache_dir_path("/c", who[i][0], who[i][1], again, &err), 0);
		assert_string_equal(have[i], again);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(have[i], have[k]);
	}
	/* Written down: another hash would empty everybody's cache. */
	assert_string_equal(have[0], "/c/150a9466ad395bc4bbcc95fb1ee3bc6f");
}

static void long_paths(void **state)
{
	char root[PATH_MAX + 10], have[PATH_MAX];
	struct err err;

	(void)state;
	for (size_t len = PATH_MAX - 50; len < sizeof(root); len++) {
		memset(root, 'x', sizeof(root));
		root[0] = '/';
		root[len] = '\0';
		int r = cache_dir_path(root, "you", NULL, have, &err);
		assert_true(r == 0 || r == -ENAMETOOLONG);
		if (r == 0)
			assert_int_equal(strlen(have), len + 1 + HASH_LEN);
		if (len + 1 + HASH_LEN < PATH_MAX - 1)
			assert_int_equal(r, 0);
	}
}

/* ---- folders ---- */

static struct temp_dir dir;
static char folder[300];

static int new_dir(void **state)
{
	(void)state;
	log_open(LOG_LEVEL_ERROR, STDERR_FILENO);
	temp_dir_new(&dir);
	snprintf(folder, sizeof(folder), "%s/a/b/account", dir.path);
	return 0;
}

static int no_dir(void **state)
{
	(void)state;
	temp_dir_free(&dir);
	return 0;
}

static void open_it(struct cache_dir *d)
{
	struct err err;

	if (cache_dir_open(d, folder, 0, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(d->path, folder);
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(dir.fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

static void made_and_private(void **state)
{
	struct cache_dir d;

	(void)state;
	umask(0);
	open_it(&d);
	assert_int_equal(mode_of("a"), 0700);
	assert_int_equal(mode_of("a/b/account"), 0700);
	assert_int_equal(mode_of("a/b/account/months"), 0700);
	assert_int_equal(mode_of("a/b/account/lock"), 0600);
	assert_int_equal(mode_of("a/b/account/format"), 0600);
	cache_dir_close(&d);
	assert_int_equal(d.fd, -1);
	/* Others were let in meanwhile: not for long. */
	assert_int_equal(fchmodat(dir.fd, "a/b/account", 0755, 0), 0);
	assert_int_equal(fchmodat(dir.fd, "a/b/account/months", 0777, 0), 0);
	open_it(&d);
	assert_int_equal(mode_of("a/b/account"), 0700);
	assert_int_equal(mode_of("a/b/account/months"), 0700);
	cache_dir_close(&d);
}

static void content_stays(void **state)
{
	struct cache_dir d;

	(void)state;
	open_it(&d);
	temp_dir_write(&dir, "a/b/account/token", "t", 1, 0600);
	temp_dir_write(&dir, "a/b/account/months/2022-12", "m", 1, 0600);
	cache_dir_close(&d);
	open_it(&d);
	assert_int_equal(mode_of("a/b/account/token"), 0600);
	assert_int_equal(mode_of("a/b/account/months/2022-12"), 0600);
	cache_dir_close(&d);
}

static const struct format_case {
	const char *why, *format; /* what was read, and is not ours */
	size_t len;
} format_cases[] = {
	{"another version's folder is emptied", "corosfs cache 2\n", 16},
	{"one of an empty version", "", 0},
	{"one of a cut version", "corosfs cache 1", 15},
	{"one of a longer version", "corosfs cache 1\n1", 17},
};

static void format(void **state)
{
	const struct format_case *c = *state;
	struct cache_dir d;
	char *have;

	open_it(&d);
	cache_dir_close(&d);
	temp_dir_write(&dir, "a/b/account/format", c->format, c->len, 0600);
	temp_dir_write(&dir, "a/b/account/token", "t", 1, 0600);
	temp_dir_write(&dir, "a/b/account/months/2022-12", "m", 1, 0600);
	open_it(&d);
	assert_int_equal(faccessat(dir.fd, "a/b/account/token", F_OK, 0), -1);
	assert_int_equal(faccessat(dir.fd, "a/b/account/months/2022-12", F_OK, 0), -1);
	have = temp_dir_read(&dir, "a/b/account/format", NULL);
	assert_string_equal(have, "corosfs cache 1\n");
	free(have);
	cache_dir_close(&d);
}

/* What a bad look says of the folder is nothing: an error in words, and all is as it was. */
static const struct look_case {
	const char *why, *call, *name;
	int code, want;
	const char *said;
} look_cases[] = {
	{"too many open files at its format", "openat", "format", EMFILE, -EMFILE, "format"},
	{"a format that may not be opened", "openat", "format", EACCES, -EACCES, "format"},
	{"a format that cannot be read", "read", NULL, EIO, -EIO, "format"},
	{"a folder that cannot be opened", "openat", "account", EMFILE, -EMFILE, "account"},
	{"a disk of no locks", "flock", NULL, ENOLCK, -ENOLCK, "no locks"},
	{"that does not know them", "flock", NULL, EOPNOTSUPP, -EOPNOTSUPP, "no locks"},
	{"nor the call", "flock", NULL, ENOSYS, -ENOSYS, "no locks"},
};

static void nothing_is_lost(void)
{
	struct cache_dir d;

	assert_int_equal(mode_of("a/b/account/token"), 0600);
	assert_int_equal(mode_of("a/b/account/months/2022-12"), 0600);
	open_it(&d);
	assert_int_equal(mode_of("a/b/account/token"), 0600);
	assert_int_equal(mode_of("a/b/account/months/2022-12"), 0600);
	cache_dir_close(&d);
}

static void full_folder(void)
{
	struct cache_dir d;

	open_it(&d);
	cache_dir_close(&d);
	temp_dir_write(&dir, "a/b/account/token", "t", 1, 0600);
	temp_dir_write(&dir, "a/b/account/months/2022-12", "m", 1, 0600);
}

static void bad_look(void **state)
{
	const struct look_case *c = *state;
	struct cache_dir d;
	struct err err;

	full_folder();
	failing_disk_begin(c->call, c->name, c->code);
	int r = cache_dir_open(&d, folder, 0, &err);
	assert_true(failing_disk_end() > 0);
	assert_int_equal(r, c->want);
	if (!strstr(err.text, c->said))
		fail_msg("%s", err.text);
	nothing_is_lost();
}

static const struct mode_case {
	const char *why, *name;
	mode_t mode;
	int has_modes, want;
} mode_cases[] = {
	{"a format that others may read", "a/b/account/format", 0644, 1, -EPERM},
	{"a format that nobody may read", "a/b/account/format", 0, 1, -EACCES},
	{"a lock that others may read", "a/b/account/lock", 0666, 1, 0},
	{"folders on a disk without modes", "a/b/account", 0755, 0, -EPERM},
	{"files on one", "a/b/account/lock", 0755, 0, -EPERM},
};

static void modes(void **state)
{
	const struct mode_case *c = *state;
	struct cache_dir d;
	struct err err;

	if (geteuid() == 0 && !c->mode)
		skip();
	full_folder();
	mode_t was = mode_of(c->name);
	assert_int_equal(fchmodat(dir.fd, c->name, c->mode, 0), 0);
	if (!c->has_modes)
		failing_disk_begin("fchmod", NULL, 0);
	int r = cache_dir_open(&d, folder, 0, &err);
	failing_disk_end();
	assert_int_equal(r, c->want);
	if (r == 0)
		cache_dir_close(&d);
	if (!c->has_modes)
		assert_non_null(strstr(err.text, "without permissions"));
	assert_int_equal(fchmodat(dir.fd, c->name, was, 0), 0);
	nothing_is_lost();
}

/* No format was written, or that was undone by a crash: nothing that is there is wrong by that. */
static void no_format(void **state)
{
	(void)state;
	full_folder();
	assert_int_equal(unlinkat(dir.fd, "a/b/account/format", 0), 0);
	nothing_is_lost();
	assert_int_equal(mode_of("a/b/account/format"), 0600);
}

static void fifos(void **state)
{
	static const char *const names[] = {"lock", "format"};
	struct cache_dir d;
	struct err err;
	char name[40];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		full_folder();
		snprintf(name, sizeof(name), "a/b/account/%s", names[i]);
		assert_int_equal(unlinkat(dir.fd, name, 0), 0);
		assert_int_equal(mkfifoat(dir.fd, name, 0600), 0);
		assert_int_equal(cache_dir_owner(folder), 0);
		assert_int_equal(cache_dir_open(&d, folder, 0, &err), -EPERM);
		assert_int_equal(unlinkat(dir.fd, name, 0), 0);
		nothing_is_lost();
	}
}

/* The lock of a mount that could not write its number down, since the disk was full. */
static void owner_without_a_number(void **state)
{
	struct cache_dir d, second;
	struct err err;

	(void)state;
	open_it(&d);
	temp_dir_write(&dir, "a/b/account/lock", "", 0, 0600);
	assert_int_equal(cache_dir_open(&second, folder, 0, &err), -EBUSY);
	assert_null(strstr(err.text, "process -1"));
	assert_non_null(strstr(err.text, "mounted already"));
	cache_dir_close(&d);
}

static void one_owner(void **state)
{
	struct cache_dir d, second;
	struct err err;
	char pid[20];

	(void)state;
	open_it(&d);
	assert_int_equal(cache_dir_open(&second, folder, 0, &err), -EBUSY);
	snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	assert_non_null(strstr(err.text, pid));
	assert_int_equal(second.fd, -1);
	assert_int_equal(second.lock_fd, -1);
	/* The first one's is as it was, and free when it ends. */
	cache_dir_close(&d);
	open_it(&second);
	cache_dir_close(&second);
}

/* ---- it goes, and comes back ---- */

static void remove_all(void)
{
	static const char *const files[] = {"months/2022-12", "token", "format", "lock"};
	char name[64];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(name, sizeof(name), "a/b/account/%s", files[i]);
		unlinkat(dir.fd, name, 0);
	}
	unlinkat(dir.fd, "a/b/account/months", AT_REMOVEDIR);
	unlinkat(dir.fd, "a/b/account", AT_REMOVEDIR);
	unlinkat(dir.fd, "a/b", AT_REMOVEDIR);
}

static int can_write(const struct cache_dir *d)
{
	struct iovec iov[2] = {{(void *)"t", 1}, {(void *)"m", 1}};

	int r = atomic_file_write(d->fd, "token", &iov[0], 1, 0, NULL);
	return r < 0 ? r : atomic_file_write(d->months_fd, "2022-12", &iov[1], 1, 0, NULL);
}

static void made_again(void **state)
{
	struct cache_dir d, second;
	struct err err;

	(void)state;
	open_it(&d);
	const int fd = d.fd, months_fd = d.months_fd, lock_fd = d.lock_fd;
	assert_int_equal(cache_dir_renew(&d, &err), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(can_write(&d), 0);
		remove_all();
		assert_int_equal(can_write(&d), -ENOENT);
		assert_int_equal(cache_dir_renew(&d, &err), 1);
		assert_int_equal(cache_dir_renew(&d, &err), 0);
	}
	assert_int_equal(can_write(&d), 0);
	assert_true(d.fd == fd && d.months_fd == months_fd && d.lock_fd == lock_fd);
	assert_int_equal(mode_of("a/b/account/token"), 0600);
	assert_int_equal(cache_dir_open(&second, folder, 0, &err), -EBUSY);
	/* months/ alone. */
	unlinkat(dir.fd, "a/b/account/months/2022-12", 0);
	unlinkat(dir.fd, "a/b/account/months", AT_REMOVEDIR);
	assert_int_equal(can_write(&d), -ENOENT);
	assert_int_equal(cache_dir_renew(&d, &err), 1);
	assert_int_equal(can_write(&d), 0);
	cache_dir_close(&d);
}

/* The folder went, and another mount made it before this one wrote anything. */
static void taken_meanwhile(void **state)
{
	struct cache_dir d, second;
	struct err err;

	(void)state;
	open_it(&d);
	remove_all();
	open_it(&second);
	assert_int_equal(cache_dir_renew(&d, &err), -EBUSY);
	assert_int_equal(can_write(&d), -ENOENT);
	cache_dir_close(&second);
	assert_int_equal(cache_dir_renew(&d, &err), 1);
	assert_int_equal(can_write(&d), 0);
	cache_dir_close(&d);
}

static void without(void **state)
{
	struct cache_dir d;
	struct err err;

	(void)state;
	temp_dir_write(&dir, "a", "", 0, 0600);
	assert_int_equal(cache_dir_open(&d, folder, 0, &err), -ENOTDIR);
	assert_int_equal(cache_dir_do_without(&d, folder, &err), 0);
	assert_int_equal(d.there, 0);
	assert_int_equal(can_write(&d), -ENOTDIR);
	assert_int_equal(cache_dir_renew(&d, &err), -ENOTDIR);
	unlinkat(dir.fd, "a", 0);
	assert_int_equal(cache_dir_renew(&d, &err), 1);
	assert_int_equal(d.there, 1);
	assert_int_equal(can_write(&d), 0);
	cache_dir_close(&d);
}

static void released(void **state)
{
	struct cache_dir d, second;
	struct err err;
	char *have;
	size_t len;

	(void)state;
	open_it(&d);
	assert_int_equal(can_write(&d), 0);
	cache_dir_release(&d);
	assert_int_equal(d.ours, 0);
	open_it(&second);
	/* What is there can be read; what goes is the new owner's business. */
	assert_int_equal(atomic_file_read(d.fd, "token", 9, &have, &len, &err), 0);
	free(have);
	remove_all();
	assert_int_equal(cache_dir_renew(&d, &err), -EBUSY);
	cache_dir_close(&d);
	assert_int_equal(cache_dir_renew(&second, &err), 1);
	cache_dir_close(&second);
}

/* Whoever points cache_dir= at a folder with a `months` of their own loses nothing. */
static void foreign_files_stay(void **state)
{
	static const char *const names[] = {
		"notes",
		".notes.tmp",
		"tokens",
		"months/notes",
		"months/2022-1",
		"months/2022-13",
		"months/.2022-12.tmp.x",
		"months/.tmp",
		"months/2022-12.bak",
	};
	struct cache_dir d;
	char name[64];

	(void)state;
	open_it(&d);
	cache_dir_close(&d);
	temp_dir_write(&dir, "a/b/account/format", "x", 1, 0600);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "a/b/account/%s", names[i]);
		temp_dir_write(&dir, name, "x", 1, 0644);
	}
	temp_dir_write(&dir, "a/b/account/.history.tmp", "x", 1, 0600);
	temp_dir_write(&dir, "a/b/account/months/.2022-12.tmp", "x", 1, 0600);
	open_it(&d);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "a/b/account/%s", names[i]);
		assert_int_equal(mode_of(name), 0644);
	}
	assert_int_equal(faccessat(dir.fd, "a/b/account/.history.tmp", F_OK, 0), -1);
	assert_int_equal(faccessat(dir.fd, "a/b/account/months/.2022-12.tmp", F_OK, 0), -1);
	cache_dir_close(&d);
}

static int try_open(void *arg)
{
	struct cache_dir d;
	struct err err;

	(void)arg;
	int r = cache_dir_open(&d, folder, 0, &err);
	if (r == 0)
		cache_dir_close(&d);
	return r;
}

/* A cache of before is not lost because there was no memory to read its format. */
static void out_of_memory(void **state)
{
	struct cache_dir d;

	(void)state;
	failing_alloc_try(try_open, NULL, 0);
	open_it(&d);
	assert_int_equal(can_write(&d), 0);
	cache_dir_close(&d);
	failing_alloc_try(try_open, NULL, 0);
	assert_int_equal(mode_of("a/b/account/token"), 0600);
}

enum what { FILE_, LINK, LOCK_LINK, MONTHS_FILE, MONTHS_LINK, FILES_LINK, ABOVE_FILE };

static const struct refused_case {
	const char *why;
	enum what what;
	int want;
} refused_cases[] = {
	{"a file stands in its place", FILE_, -ENOTDIR},
	{"a link to a folder", LINK, -ENOTDIR},
	{"its lock is a link", LOCK_LINK, -ELOOP},
	{"months is a file", MONTHS_FILE, -ENOTDIR},
	{"months is a link", MONTHS_LINK, -ENOTDIR},
	{"files is a link", FILES_LINK, -ENOTDIR},
	{"a file is on its way", ABOVE_FILE, -ENOTDIR},
};

static void refused(void **state)
{
	const struct refused_case *c = *state;
	struct cache_dir d;
	struct err err;

	if (c->what == ABOVE_FILE) {
		temp_dir_write(&dir, "a", "", 0, 0600);
	} else {
		mkdirat(dir.fd, "a", 0700);
		mkdirat(dir.fd, "a/b", 0700);
	}
	if (c->what == FILE_)
		temp_dir_write(&dir, "a/b/account", "", 0, 0600);
	if (c->what == LINK)
		assert_int_equal(symlinkat("..", dir.fd, "a/b/account"), 0);
	if (c->what >= LOCK_LINK && c->what <= FILES_LINK)
		mkdirat(dir.fd, "a/b/account", 0700);
	if (c->what == LOCK_LINK)
		assert_int_equal(symlinkat("../x", dir.fd, "a/b/account/lock"), 0);
	if (c->what == MONTHS_FILE)
		temp_dir_write(&dir, "a/b/account/months", "", 0, 0600);
	if (c->what == MONTHS_LINK)
		assert_int_equal(symlinkat("../..", dir.fd, "a/b/account/months"), 0);
	if (c->what == FILES_LINK)
		assert_int_equal(symlinkat("../..", dir.fd, "a/b/account/files"), 0);
	assert_int_equal(cache_dir_open(&d, folder, 0, &err), c->want);
	assert_int_equal(err.code, c->want);
	if (c->what == LINK || c->what == MONTHS_LINK || c->what == FILES_LINK)
		assert_non_null(strstr(err.text, "is a link"));
	assert_int_equal(d.fd, -1);
	assert_int_equal(d.months_fd, -1);
	assert_int_equal(d.lock_fd, -1);
}

static void somebody_elses(void **state)
{
	struct cache_dir d;
	struct err err;

	(void)state;
	if (geteuid() != 0)
		skip();
	open_it(&d);
	cache_dir_close(&d);
	assert_int_equal(fchownat(dir.fd, "a/b/account", 12345, 12345, 0), 0);
	assert_int_equal(cache_dir_open(&d, folder, 0, &err), -EPERM);
	assert_non_null(strstr(err.text, "cache_dir="));
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, path_cases, path);
	rows_add(&rows, "each account and hub has its own", accounts_and_hubs_do_not_mix, NULL);
	rows_add(&rows, "paths to the longest there can be", long_paths, NULL);
	size_t paths = rows.n;
	rows_add(&rows, "it is made, and private", made_and_private, NULL);
	rows_add(&rows, "what is in it stays", content_stays, NULL);
	ROWS_ADD(&rows, format_cases, format);
	ROWS_ADD(&rows, look_cases, bad_look);
	ROWS_ADD(&rows, mode_cases, modes);
	rows_add(&rows, "a folder without a format keeps what it has", no_format, NULL);
	rows_add(&rows, "a fifo in a file's place does not hang us", fifos, NULL);
	rows_add(&rows, "an owner without a number", owner_without_a_number, NULL);
	rows_add(&rows, "one owner at a time", one_owner, NULL);
	rows_add(&rows, "what is deleted is made again", made_again, NULL);
	rows_add(&rows, "unless another mount has it", taken_meanwhile, NULL);
	rows_add(&rows, "without a folder, until it can be made", without, NULL);
	rows_add(&rows, "left to the next owner", released, NULL);
	rows_add(&rows, "what is not ours stays", foreign_files_stay, NULL);
	rows_add(&rows, "each failing allocation is an error, and nothing is lost", out_of_memory,
		 NULL);
	ROWS_ADD(&rows, refused_cases, refused);
	rows_add(&rows, "somebody else's folder", somebody_elses, NULL);
	for (size_t i = paths; i < rows.n; i++) {
		rows.test[i].setup_func = new_dir;
		rows.test[i].teardown_func = no_dir;
	}
	return rows_run("cache_dir", &rows);
}
