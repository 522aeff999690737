/* SPDX-License-Identifier: MIT */
/* The program: what to do, from the arguments, and who does it. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/log.h"
#include "api/login.h"
#include "fs/command.h"
#include "fs/home.h"
#include "fs/log_file.h"
#include "fs/options.h"

static int command_help(struct options *o)
{
	(void)o;
	options_help(stdout);
	return 0;
}

static int command_version(struct options *o)
{
	(void)o;
	puts("corosfs " COROSFS_VERSION);
	return 0;
}

static int (*const commands[])(struct options *o) = {
	[OPTIONS_MOUNT] = command_mount,     [OPTIONS_LOGIN] = command_login,
	[OPTIONS_SYNC] = command_sync,       [OPTIONS_STATUS] = command_status,
	[OPTIONS_REFRESH] = command_refresh, [OPTIONS_CHECK] = command_check,
	[OPTIONS_HELP] = command_help,       [OPTIONS_VERSION] = command_version,
};

/* What was left open by whoever starts us (a lock, a pipe) must not live as long as the mount. And
 * 0, 1 and 2 are not ours to use: the cache folder or its lock would be written over and closed as
 * if it were the terminal. Not for writing, so that lost output is a failure as before. */
static void settle_fds(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDONLY)) >= 0 && fd <= STDERR_FILENO)
		;
	close_range(3, ~0U, 0);
}

/* Output that got lost (a full disk, a closed pipe) is a failure, too. */
static int flushed(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	log_error("cannot write the output: %s", strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	static struct options o;
	enum options_action action;
	struct err err;
	int status = 1;

	settle_fds();
	log_open(LOG_LEVEL_WARN, STDERR_FILENO);
	home_settle();
	/* Months' texts are large and come and go: let them not fragment the heap. */
	mallopt(M_MMAP_THRESHOLD, 32 << 10);
	mallopt(M_ARENA_MAX, 2);
	login_wipe_json();
	if (options_parse(argc, argv, &o, &action, &err) < 0 || log_file_open(&o, &err) < 0) {
		log_error("%s", err.text);
		status = err.code == -EINVAL ? 2 : 1;
	} else {
		status = commands[action](&o);
	}
	options_clear(&o);
	return flushed(status);
}
