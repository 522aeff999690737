/* SPDX-License-Identifier: MIT */
/* What can be mounted on, as far as it shows without a mount. */
#include "fs/mountpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"

static const struct overlap_case {
	const char *why, *a, *b;
	int want;
} overlap_cases[] = {
	{"the same", "/a/b", "/a/b", 1},
	{"one in the other", "/a/b", "/a/b/c", 1},
	{"deep in the other", "/a", "/a/b/c", 1},
	{"siblings", "/a/b", "/a/c", 0},
	{"a name that begins like the other", "/a/b", "/a/bc", 0},
	{"a name that begins like the other, deeper", "/a/b", "/a/bc/d", 0},
	{"nothing in common", "/a", "/b", 0},
	{"the root and anything", "/", "/a", 1},
	{"the root and the root", "/", "/", 1},
	{"a name of one letter", "/a", "/ab", 0},
};

static void overlap(void **state)
{
	const struct overlap_case *c = *state;

	assert_int_equal(mountpoint_overlap(c->a, c->b), c->want);
	assert_int_equal(mountpoint_overlap(c->b, c->a), c->want);
}

/* ---- with folders: mnt/ empty, full/ with a file in it, file, link -> mnt ---- */

static struct temp_dir dir;

static int new_dir(void **state)
{
	(void)state;
	temp_dir_new(&dir);
	temp_dir_write(&dir, "file", "", 0, 0600);
	int r = mkdirat(dir.fd, "mnt", 0700) | mkdirat(dir.fd, "full", 0700) |
		mkdirat(dir.fd, "full/cache", 0700) | symlinkat("mnt", dir.fd, "link") |
		symlinkat("nowhere", dir.fd, "dangling");
	return r;
}

static int no_dir(void **state)
{
	(void)state;
	temp_dir_free(&dir);
	return 0;
}

static const struct check_case {
	const char *why, *name;
	int nonempty;
	const char *keep; /* a folder, in the same temporary one unless it begins with / */
	int want;
	const char *path; /* found, in the temporary folder */
} check_cases[] = {
	{"an empty folder", "mnt", 0, "full", 0, "mnt"},
	{"a slash at the end", "mnt/", 0, NULL, 0, "mnt"},
	{"dots on the way", "full/../mnt/.", 0, NULL, 0, "mnt"},
	{"a link to it", "link", 0, NULL, 0, "mnt"},
	{"nothing there", "missing", 0, NULL, -ENOENT, NULL},
	{"nothing on the way", "missing/mnt", 0, NULL, -ENOENT, NULL},
	{"a link to nothing", "dangling", 0, NULL, -ENOENT, NULL},
	{"a file", "file", 0, NULL, -ENOTDIR, NULL},
	{"a file on the way", "file/mnt", 0, NULL, -ENOTDIR, NULL},
	{"not empty", "full", 0, NULL, -ENOTEMPTY, NULL},
	{"not empty, and that is wanted", "full", 1, NULL, 0, "full"},
	{"the cache is the mountpoint", "mnt", 0, "mnt", -EINVAL, NULL},
	{"the cache is in it", "full", 1, "full/cache", -EINVAL, NULL},
	{"the cache will be in it", "mnt", 0, "mnt/cache", -EINVAL, NULL},
	{"it is in the cache", "full/cache", 0, "full", -EINVAL, NULL},
	{"the cache by a link", "mnt", 0, "link", -EINVAL, NULL},
	{"the cache that will be, by a link", "mnt", 0, "link/cache", -EINVAL, NULL},
	{"the cache beside it", "mnt", 0, "mnt2", 0, "mnt"},
	{"no path is no overlap", "mnt", 0, "", 0, "mnt"},
};

static void check(void **state)
{
	const struct check_case *c = *state;
	char name[400], keep[400], want[400], path[PATH_MAX];
	const char *const folders[] = {keep, NULL}, *const nothing[] = {NULL};
	struct err err = {0};

	snprintf(name, sizeof(name), "%s/%s", dir.path, c->name);
	if (c->keep && *c->keep)
		snprintf(keep, sizeof(keep), "%s/%s", dir.path, c->keep);
	else
		keep[0] = '\0';
	int r = mountpoint_check(name, c->nonempty, c->keep ? folders : nothing, path, &err);
	if (r == 0 && c->want < 0)
		fail_msg("it is taken");
	if (r < 0 && r != c->want)
		fail_msg("it says: %s", err.text);
	assert_int_equal(r, c->want);
	if (c->want == 0) {
		snprintf(want, sizeof(want), "%s/%s", dir.path, c->path);
		assert_string_equal(path, want);
	} else {
		assert_int_equal(err.code, c->want);
		assert_non_null(strstr(err.text, dir.path));
	}
}

static void relative(void **state)
{
	const char *const nothing[] = {NULL};
	char path[PATH_MAX], want[400];
	struct err err;

	(void)state;
	assert_int_equal(fchdir(dir.fd), 0);
	snprintf(want, sizeof(want), "%s/mnt", dir.path);
	assert_int_equal(mountpoint_check("mnt", 0, nothing, path, &err), 0);
	assert_string_equal(path, want);
	assert_int_equal(mountpoint_check("./mnt//", 0, nothing, path, &err), 0);
	assert_string_equal(path, want);
	assert_int_equal(mountpoint_check("", 0, nothing, path, &err), -ENOENT);
	assert_int_equal(chdir("/"), 0);
}

static void no_mount_answers(void **state)
{
	(void)state;
	assert_int_equal(mountpoint_answers(dir.path), 0);
	assert_int_equal(mountpoint_answers("/no/such/folder"), 0);
}

static void devices(void **state)
{
	dev_t device;

	(void)state;
	assert_int_equal(mountpoint_device("/proc", &device), 0);
	assert_int_equal(mountpoint_has_name(device), 1);
	assert_int_equal(mountpoint_has_name((dev_t)-1), 0);
	assert_int_equal(mountpoint_device("/no/such/folder", &device), -ENOENT);
}

/* ---- no memory ---- */

static int try_check(void *arg, struct err *err)
{
	char name[400], keep[400], path[PATH_MAX];
	const char *const folders[] = {keep, NULL};

	(void)arg;
	snprintf(name, sizeof(name), "%s/mnt", dir.path);
	snprintf(keep, sizeof(keep), "%s/full/cache", dir.path);
	return mountpoint_check(name, 0, folders, path, err);
}

/* Full, and never taken for empty. */
static int try_full(void *arg, struct err *err)
{
	const char *const nothing[] = {NULL};
	char name[400], path[PATH_MAX];

	(void)arg;
	snprintf(name, sizeof(name), "%s/full", dir.path);
	int r = mountpoint_check(name, 0, nothing, path, err);
	assert_int_not_equal(r, 0);
	return r == -ENOTEMPTY ? 0 : r;
}

/* What is mounted is never taken for gone. */
static int try_device(void *arg, struct err *err)
{
	dev_t device;

	(void)arg;
	int r = mountpoint_device("/proc", &device);
	assert_int_equal(mountpoint_has_name(device), 1);
	return r < 0 ? err_sys(err, r, "look at /proc") : 0;
}

static const struct failing_job jobs[] = {
	{"no memory to look at a folder", NULL, try_check, NULL, 0, 0},
	{"no memory to look into one", NULL, try_full, NULL, 0, 0},
	{"no memory for the table of mounts", NULL, try_device, NULL, 0, 0},
};

static void out_of_memory(void **state)
{
	failing_alloc_everywhere(*state, NULL);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, overlap_cases, overlap);
	ROWS_ADD(&rows, check_cases, check);
	rows_add(&rows, "a path from here", relative, NULL);
	rows_add(&rows, "no filesystem of ours answers", no_mount_answers, NULL);
	rows_add(&rows, "whether something is still mounted", devices, NULL);
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		rows_add(&rows, jobs[i].what, out_of_memory, &jobs[i]);
	for (size_t i = 0; i < rows.n; i++) {
		rows.test[i].setup_func = new_dir;
		rows.test[i].teardown_func = no_dir;
	}
	return rows_run("mountpoint", &rows);
}
