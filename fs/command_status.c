/* SPDX-License-Identifier: MIT */
/* corosfs --status: one mount or all of this user's, in words, as JSON or for Prometheus. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/clock.h"
#include "api/log.h"
#include "fs/command.h"
#include "fs/control_client.h"
#include "fs/mountpoint.h"
#include "fs/status.h"

/* Mounts of ours in the kernel's table that no socket answers for. */
struct silent {
	const struct control_mount *mounts;
	int n;
	const char *wanted; /* NULL: all */
	int found;
};

static void say_silent(void *arg, const char *path)
{
	struct silent *s = arg;

	for (int i = 0; i < s->n; i++)
		if (strcmp(s->mounts[i].mountpoint, path) == 0)
			return;
	if (s->wanted && strcmp(s->wanted, path) != 0)
		return;
	s->found++;
	switch (mountpoint_probe(path)) {
	case -ENOTCONN:
		log_error("%s is dead: its process was killed; unmount it (fusermount3 -u) or "
			  "mount there again",
			  path);
		break;
	case 0:
		log_error("%s is mounted and works, but cannot be asked: it found no folder for "
			  "its socket, has another XDG_RUNTIME_DIR, or is of an older version",
			  path);
		break;
	default:
		log_error("%s is mounted, but its process does not answer", path);
	}
}

static void show(const struct options *o, const struct control_mount *mounts, int n)
{
	int64_t now_s = clock_system.wall_s();
	json_t *array = json_array();
	json_t **status = calloc((size_t)n + 1, sizeof(json_t *));

	for (int i = 0; i < n && status; i++)
		status[i] = mounts[i].status;
	for (int i = 0; i < n && o->json; i++)
		json_array_append(array, mounts[i].status);
	if (o->json) {
		json_dumpf(o->path && n == 1 ? mounts[0].status : array, stdout,
			   JSON_INDENT(2) | JSON_REAL_PRECISION(15));
		putchar('\n');
	} else if (o->metrics && status) {
		status_metrics(status, n, stdout);
	} else {
		for (int i = 0; i < n; i++) {
			if (i)
				putchar('\n');
			status_words(mounts[i].status, now_s, stdout);
		}
	}
	free(status);
	json_decref(array);
}

static int show_one(const struct options *o, struct control_mount *mounts, int n)
{
	char rest[PATH_MAX], path[PATH_MAX];
	const struct control_mount *m = control_find(mounts, n, o->path, rest);

	if (m) {
		show(o, m, 1);
		return 0;
	}
	/* realpath(3) would look at the mount, which may hang. */
	char *here = o->path[0] == '/' ? NULL : getcwd(NULL, 0);
	snprintf(path, sizeof(path), "%s%s%s", here ? here : "", here ? "/" : "", o->path);
	free(here);
	for (size_t len = strlen(path); len > 1 && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
	struct silent silent = {mounts, n, path, 0};
	mountpoint_each(say_silent, &silent);
	if (!silent.found)
		log_error("no corosfs of yours is mounted at %s", o->path);
	return 1;
}

int command_status(struct options *o)
{
	struct control_mount *mounts;
	int n = control_mounts(o, &mounts), status;

	if (n < 0) {
		log_error("no memory to ask the mounts");
		return 1;
	}
	if (o->path) {
		status = show_one(o, mounts, n);
	} else {
		show(o, mounts, n);
		status = n == 0;
		struct silent silent = {mounts, n, NULL, 0};
		if (!o->json && !o->metrics)
			mountpoint_each(say_silent, &silent);
		if (status && !silent.found)
			log_error("no corosfs mount of yours is running");
	}
	control_mounts_free(mounts, n);
	return status;
}
