/* SPDX-License-Identifier: MIT */
/* The log's place; see log_file.h. */
#include "fs/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "api/log.h"

static const struct options *options;
static int log_fd = STDERR_FILENO; /* a number for life: other threads write to it */

static int open_file(struct err *err)
{
	int fd = open(options->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	return fd < 0 ? err_sys(err, -errno, "write the log to %s", options->log_file) : fd;
}

int log_file_open(const struct options *o, struct err *err)
{
	options = o;
	if (o->log_file && (log_fd = open_file(err)) < 0)
		return log_fd;
	log_open((enum log_level)o->log, log_fd);
	/* Whoever starts the program sees why it fails, wherever the log goes. */
	log_echo(1);
	return 0;
}

void log_file_again(void)
{
	struct err err;

	if (!options->log_file)
		return;
	int fd = open_file(&err);
	if (fd < 0) {
		log_warn("%s; it goes on where it was", err.text);
		return;
	}
	dup3(fd, log_fd, O_CLOEXEC);
	close(fd);
}

void log_file_leave_stderr(void)
{
	log_echo(0);
	if (!options->log_file)
		log_open((enum log_level)options->log, -1);
}
