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

static int open_log(const struct options *o, struct err *err)
{
	int fd = STDERR_FILENO;

	if (o->log_file &&
	    (fd = open(o->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) < 0)
		return err_sys(err, -errno, "write the log to %s", o->log_file);
	log_open((enum log_level)o->log, fd);
	/* Whoever starts the program sees why it fails, wherever the log goes. */
	log_echo(1);
	return 0;
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

	/* What was left open by whoever starts us (a lock, a pipe) must not live as long as the
	 * mount. */
	close_range(3, ~0U, 0);
	log_open(LOG_LEVEL_WARN, STDERR_FILENO);
	home_settle();
	/* Months' texts are large and come and go: let them not fragment the heap. */
	mallopt(M_MMAP_THRESHOLD, 32 << 10);
	mallopt(M_ARENA_MAX, 2);
	login_wipe_json();
	if (options_parse(argc, argv, &o, &action, &err) < 0 || open_log(&o, &err) < 0)
		log_error("%s", err.text);
	else
		status = commands[action](&o);
	options_clear(&o);
	return flushed(status);
}
