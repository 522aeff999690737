/* SPDX-License-Identifier: MIT */
/* Pending signals of a caller; see interrupt.h. */
#include "fs/interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BIT(sig) (1ULL << ((sig)-1))

static unsigned long long field(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at ? strtoull(at + strlen(name), NULL, 16) : 0;
}

int interrupt_wanted(const char *status)
{
	const unsigned long long deadly =
		BIT(SIGKILL) | BIT(SIGINT) | BIT(SIGTERM) | BIT(SIGQUIT) | BIT(SIGHUP);
	unsigned long long pending = field(status, "\nSigPnd:") | field(status, "\nShdPnd:");
	unsigned long long blocked = field(status, "\nSigBlk:") & ~BIT(SIGKILL);

	return (pending & ~blocked & deadly) != 0;
}

int interrupt_pending(pid_t tid)
{
	/* The groups stand before the signals, and there may be hundreds of them. */
	char path[40], status[16384];

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, status, sizeof(status) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	status[n] = '\0';
	return interrupt_wanted(status);
}
