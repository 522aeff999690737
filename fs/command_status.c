/* SPDX-License-Identifier: MIT */
/* corosfs --status: one mount or all of this user's, in words, as JSON or for Prometheus. */
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/clock.h"
#include "api/log.h"
#include "fs/command.h"
#include "fs/control_client.h"
#include "fs/mountpoint.h"
#include "fs/status.h"

static int answers_for(const struct control_mount *mounts, int n, const char *path)
{
	for (int i = 0; i < n; i++)
		if (strcmp(mounts[i].mountpoint, path) == 0)
			return 1;
	return 0;
}

/* Mounts of ours in the kernel's table that no socket answers for. Returns how many. */
static int say_silent(const struct control_mount *mounts, int n, const char *wanted)
{
	FILE *table = setmntent("/proc/self/mounts", "re");
	char line[4 * PATH_MAX], user[32];
	struct mntent m;
	int silent = 0;

	snprintf(user, sizeof(user), "user_id=%lu", (unsigned long)geteuid());
	while (table && getmntent_r(table, &m, line, sizeof(line))) {
		if (strcmp(m.mnt_type, MOUNTPOINT_TYPE) != 0 || !hasmntopt(&m, user) ||
		    answers_for(mounts, n, m.mnt_dir) || (wanted && strcmp(wanted, m.mnt_dir) != 0))
			continue;
		log_error("%s is mounted, but its process does not answer: it is dead (unmount "
			  "with fusermount3 -u), of an older version, or has another "
			  "XDG_RUNTIME_DIR",
			  m.mnt_dir);
		silent++;
	}
	if (table)
		endmntent(table);
	return silent;
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
	if (!say_silent(mounts, n, path))
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
		if ((o->json || o->metrics || !say_silent(mounts, n, NULL)) && status)
			log_error("no corosfs mount of yours is running");
	}
	control_mounts_free(mounts, n);
	return status;
}
