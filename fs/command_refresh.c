/* SPDX-License-Identifier: MIT */
/* corosfs --refresh PATH: the mount looks at the hub again for what the path is. */
#include <errno.h>
#include <stdio.h>

#include "api/clean.h"
#include "api/log.h"
#include "fs/command.h"
#include "fs/control_client.h"

/* Longer than the mount waits for the hub, which tells us so. */
#define SLACK_MS 10000

static int keep(void *arg, int fd, const json_t *line)
{
	(void)fd;
	json_decref(*(json_t **)arg);
	*(json_t **)arg = json_incref(json_object_get(line, "refreshed"));
	return 0;
}

static int number(const json_t *o, const char *key)
{
	return (int)json_integer_value(json_object_get(o, key));
}

static void say(const char *path, const json_t *done)
{
	int all = number(done, "months"), fresh = number(done, "new"),
	    changed = number(done, "changed");

	/* A month before the first activity of all may be where one was added. */
	if (all < fresh + changed)
		all = fresh + changed;
	if (!all) {
		clean_print(stdout, "%s: nothing of it is cached", path);
		putchar('\n');
		return;
	}
	clean_print(stdout, "%s: looked at %d month%s with %d request%s: ", path, all,
		    all == 1 ? "" : "s", number(done, "requests"),
		    number(done, "requests") == 1 ? "" : "s");
	if (changed || fresh)
		printf("%d changed, %d for the first time\n", changed, fresh);
	else
		puts("nothing changed");
}

static int ask(const struct options *o, const struct control_mount *m, const char *rest)
{
	int wait_ms = 2 * 3600 * 1000 + SLACK_MS;
	json_t *done = NULL;
	struct err err;

	int r = control_ask(m->fd, json_pack("{s:s, s:s}", "do", "refresh", "path", rest), wait_ms,
			    keep, &done, &err);
	if (r == -ENOENT)
		log_error("%s: %s", o->path, err.text);
	else if (r < 0)
		log_error("%s", err.text);
	else
		say(o->path, done);
	json_decref(done);
	return r < 0;
}

int command_refresh(struct options *o)
{
	struct control_mount *mounts;
	char rest[PATH_MAX];
	int n = control_mounts(o, &mounts), status = 1;
	const struct control_mount *m = n > 0 ? control_find(mounts, n, o->path, rest) : NULL;

	if (m)
		status = ask(o, m, rest);
	else
		log_error("%s is in no corosfs mount of yours that answers", o->path);
	if (n > 0)
		control_mounts_free(mounts, n);
	return status;
}
