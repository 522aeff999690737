/* SPDX-License-Identifier: MIT */
/* A folder that goes with the test; see temp_dir.h. */
#include "tests/support/temp_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(2);
}

void temp_dir_new(struct temp_dir *d)
{
	const char *base = getenv("TMPDIR");
	char real[PATH_MAX];

	snprintf(d->path, sizeof(d->path), "%.200s/corosfs-test.XXXXXX", base ? base : "/tmp");
	must(mkdtemp(d->path) != NULL, "mkdtemp");
	/* Some tests compare paths. */
	must(realpath(d->path, real) != NULL && strlen(real) < sizeof(d->path), "realpath");
	memcpy(d->path, real, strlen(real) + 1);
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(d->fd >= 0, "open the temporary folder");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void temp_dir_free(struct temp_dir *d)
{
	close(d->fd);
	nftw(d->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void temp_dir_write(const struct temp_dir *d, const char *name, const void *data, size_t len,
		    mode_t mode)
{
	int fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0, name);
	must(write(fd, data, len) == (ssize_t)len, name);
	must(fchmod(fd, mode) == 0, name);
	close(fd);
}

char *temp_dir_read(const struct temp_dir *d, const char *name, size_t *len)
{
	struct stat st;
	int fd = openat(d->fd, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	must(fstat(fd, &st) == 0, name);
	char *data = malloc((size_t)st.st_size + 1);
	must(data && read(fd, data, (size_t)st.st_size) == st.st_size, name);
	close(fd);
	data[st.st_size] = '\0';
	if (len)
		*len = (size_t)st.st_size;
	return data;
}

int temp_dir_count(const struct temp_dir *d)
{
	DIR *dir = opendir(d->path);
	int n = 0;

	must(dir != NULL, d->path);
	for (struct dirent *e; (e = readdir(dir));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(dir);
	return n;
}
