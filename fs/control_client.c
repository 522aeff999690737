/* SPDX-License-Identifier: MIT */
/* Asking mounts; see control_client.h. */
#include "fs/control_client.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/control_folder.h"
#include "fs/json_line.h"

#define STATUS_MS 3000
#define LINKS_MAX 40

/* ---- connections ---- */

static int is_our_peer(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 && who.uid == geteuid();
}

static int connect_name(int dirfd, const char *name)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	control_address(dirfd, name, &address);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && is_our_peer(fd))
		return fd;
	/* Killed before it could remove it. */
	if (errno == ECONNREFUSED)
		unlinkat(dirfd, name, 0);
	close(fd);
	return -ENOENT;
}

int control_connect(const struct options *o, long pid)
{
	char path[PATH_MAX], name[CONTROL_NAME];
	int fd = -ENOENT;

	control_name(pid, name);
	for (int i = 0; i < CONTROL_FOLDERS && fd < 0; i++) {
		int dirfd = control_folder(o, i, 0, path);
		if (dirfd < 0)
			continue;
		fd = connect_name(dirfd, name);
		close(dirfd);
	}
	return fd;
}

static int read_answer(struct json_line *in, int wait_ms, control_line *line, void *arg,
		       struct err *err)
{
	json_t *answer;
	int r;

	while ((r = json_line_read(in, wait_ms, &answer)) == 0) {
		const char *words = json_string_value(json_object_get(answer, "error"));
		int end = json_is_true(json_object_get(answer, "end"));
		if (end && words)
			r = err_set(err, -(int)json_integer_value(json_object_get(answer, "errno")),
				    "%s", words);
		else if (!end && line && line(arg, in->fd, answer))
			r = err_set(err, -ECANCELED, "interrupted");
		json_decref(answer);
		if (end || r)
			return r;
	}
	if (r == -ETIMEDOUT)
		return err_set(err, r,
			       "the mount does not answer; its process may have to be ended");
	return err_set(err, r, "the mount ended while it was asked");
}

int control_ask(int fd, json_t *request, int wait_ms, control_line *line, void *arg,
		struct err *err)
{
	struct json_line in;
	int r = json_line_send(fd, wait_ms, request);

	*err = (struct err){0};
	if (r < 0)
		return err_sys(err, r, "ask the mount");
	if (json_line_init(&in, fd) < 0)
		return err_set(err, -ENOMEM, "no memory to ask the mount");
	r = read_answer(&in, wait_ms, line, arg, err);
	json_line_clear(&in);
	return r;
}

/* ---- all of them ---- */

static int keep_status(void *arg, int fd, const json_t *line)
{
	json_t **status = arg;

	(void)fd;
	json_decref(*status);
	*status = json_incref(json_object_get(line, "status"));
	return 0;
}

/* What answers with a mountpoint is a mount. A request is a connection, so a fresh one is kept. */
static int look_at(int dirfd, const char *name, struct control_mount *m)
{
	struct err err;
	int fd = connect_name(dirfd, name);

	*m = (struct control_mount){.fd = -1, .pid = control_name_pid(name)};
	if (fd < 0)
		return fd;
	int r = control_ask(fd, json_pack("{s:s}", "do", "status"), STATUS_MS, keep_status,
			    &m->status, &err);
	close(fd);
	const char *at = json_string_value(json_object_get(m->status, "mountpoint"));
	const char *who = json_string_value(json_object_get(m->status, "account"));
	if (r == 0 && at && who) {
		m->mountpoint = strdup(at);
		m->account = strdup(who);
		m->fd = connect_name(dirfd, name);
		if (m->mountpoint && m->account && m->fd >= 0)
			return 0;
	}
	json_decref(m->status);
	free(m->mountpoint);
	free(m->account);
	if (m->fd >= 0)
		close(m->fd);
	return -ENOENT;
}

static int add_folder(int dirfd, struct control_mount **mounts, int *n)
{
	int fd = dup(dirfd);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	for (struct dirent *e; r == 0 && (e = readdir(dir));) {
		if (!control_name_pid(e->d_name))
			continue;
		struct control_mount *more = realloc(*mounts, ((size_t)*n + 1) * sizeof(**mounts));
		if (more)
			*mounts = more;
		if (!more)
			r = -ENOMEM;
		else if (look_at(dirfd, e->d_name, &more[*n]) == 0)
			++*n;
	}
	closedir(dir);
	return r;
}

static int by_name(const void *a, const void *b)
{
	const struct control_mount *x = a, *y = b;

	return strcmp(x->mountpoint, y->mountpoint);
}

int control_mounts(const struct options *o, struct control_mount **mounts)
{
	char path[PATH_MAX];
	int n = 0, r = 0;

	*mounts = NULL;
	for (int i = 0; i < CONTROL_FOLDERS && r == 0; i++) {
		int dirfd = control_folder(o, i, 0, path);
		if (dirfd < 0)
			continue;
		r = add_folder(dirfd, mounts, &n);
		close(dirfd);
	}
	if (r < 0) {
		control_mounts_free(*mounts, n);
		*mounts = NULL;
		return r;
	}
	if (n)
		qsort(*mounts, (size_t)n, sizeof(**mounts), by_name);
	return n;
}

void control_mounts_free(struct control_mount *mounts, int n)
{
	for (int i = 0; i < n; i++) {
		close(mounts[i].fd);
		free(mounts[i].mountpoint);
		free(mounts[i].account);
		json_decref(mounts[i].status);
	}
	free(mounts);
}

/* ---- paths ---- */

static struct control_mount *mounted_at(struct control_mount *mounts, int n, const char *path)
{
	for (int i = 0; i < n; i++)
		if (strcmp(mounts[i].mountpoint, path) == 0)
			return &mounts[i];
	return NULL;
}

/* Puts what a symbolic link says in front of `left`. 0: `path` is none. */
static int follow(const char *path, char left[PATH_MAX])
{
	char target[PATH_MAX], whole[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len <= 0)
		return 0;
	target[len] = '\0';
	if (snprintf(whole, sizeof(whole), "%s/%s", target, left) >= (int)sizeof(whole))
		return 0;
	memcpy(left, whole, strlen(whole) + 1);
	return 1;
}

/* One component of `left` more in `at`, the canonical path so far. */
static void step(struct control_mount *mounts, int mounted, char at[PATH_MAX], char left[PATH_MAX],
		 int *links)
{
	size_t n = strcspn(left, "/"), len = strlen(at);
	char name[NAME_MAX + 1];

	snprintf(name, sizeof(name), "%.*s", (int)n, left);
	memmove(left, left + n, strlen(left + n) + 1);
	memmove(left, left + strspn(left, "/"), strlen(left + strspn(left, "/")) + 1);
	if (strcmp(name, "..") == 0) {
		char *slash = strrchr(at, '/');
		if (slash)
			*slash = '\0';
		return;
	}
	if (strcmp(name, ".") == 0 || !name[0])
		return;
	snprintf(at + len, PATH_MAX - len, "/%s", name);
	if (*links < LINKS_MAX && !mounted_at(mounts, mounted, at) && follow(at, left)) {
		++*links;
		at[left[0] == '/' ? 0 : len] = '\0';
		memmove(left, left + strspn(left, "/"), strlen(left + strspn(left, "/")) + 1);
	}
}

struct control_mount *control_find(struct control_mount *mounts, int n, const char *path,
				   char rest[PATH_MAX])
{
	char at[PATH_MAX] = "", left[PATH_MAX], here[PATH_MAX];
	struct control_mount *found = NULL;
	int links = 0;

	if (path[0] != '/' && !getcwd(here, sizeof(here)))
		return NULL;
	if (snprintf(left, sizeof(left), "%s%s%s", path[0] == '/' ? "" : here,
		     path[0] == '/' ? "" : "/", path) >= (int)sizeof(left))
		return NULL;
	memmove(left, left + strspn(left, "/"), strlen(left + strspn(left, "/")) + 1);
	while (left[0] && !(found = mounted_at(mounts, n, at)))
		step(mounts, n, at, left, &links);
	if (!found)
		found = mounted_at(mounts, n, at);
	if (found)
		memcpy(rest, left, strlen(left) + 1);
	return found;
}
