/* SPDX-License-Identifier: MIT */
/* What /proc tells of a caller; see interrupt.h. */
#include "fs/interrupt.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BIT(sig) (1ULL << ((sig)-1))
/* The groups stand before the signals, and there may be hundreds of them. */
#define TEXT_MAX 16384

/* The value in a line of /proc/TID/status; `absent` without that line. */
static unsigned long long field(const char *status, const char *name, int base,
				unsigned long long absent)
{
	const char *at = strstr(status, name);

	return at ? strtoull(at + strlen(name), NULL, base) : absent;
}

enum interrupt interrupt_read(const char *status)
{
	const unsigned long long deadly =
		BIT(SIGKILL) | BIT(SIGINT) | BIT(SIGTERM) | BIT(SIGQUIT) | BIT(SIGHUP);
	unsigned long long pending =
		field(status, "\nSigPnd:", 16, 0) | field(status, "\nShdPnd:", 16, 0);
	unsigned long long blocked = field(status, "\nSigBlk:", 16, 0) & ~BIT(SIGKILL);

	pending &= ~blocked;
	if (pending & deadly)
		return INTERRUPT_DEADLY;
	/* What is cut or missing is not silence. */
	if (pending || field(status, "\nTracerPid:", 10, 1) || !strstr(status, "\nSigBlk:"))
		return INTERRUPT_OTHER;
	return INTERRUPT_SILENT;
}

/* A file as text, "" when it cannot be read. Whether it could. */
static int read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static int read_status(pid_t tid, char status[TEXT_MAX])
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)tid);
	return read_text(path, status, TEXT_MAX);
}

enum interrupt interrupt_look(pid_t tid)
{
	char status[TEXT_MAX];

	return read_status(tid, status) ? interrupt_read(status) : INTERRUPT_OTHER;
}

/* What cannot be looked at may have one. */
static int may_have_uring(pid_t tid)
{
	char path[40], target[32];
	int found = 0;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)tid);
	DIR *dir = opendir(path);
	if (!dir)
		return 1;
	for (const struct dirent *e; !found && (e = readdir(dir));) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		found = strcmp(target, "anon_inode:[io_uring]") == 0;
	}
	closedir(dir);
	return found;
}

int interrupt_is_doubtful(pid_t tid)
{
	char status[TEXT_MAX];

	/* Signals to a process go to its first thread if that takes them. */
	read_status(tid, status);
	if (!read_status((pid_t)field(status, "\nTgid:", 10, 0), status) ||
	    strstr(status, "\nState:\tT"))
		return 1;
	return may_have_uring(tid);
}

int interrupt_is_freezing(pid_t tid)
{
	/* Of version 2 alone, and beside those of version 1. */
	static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	char text[TEXT_MAX], path[TEXT_MAX + 64], frozen[4];

	snprintf(path, sizeof(path), "/proc/%ld/cgroup", (long)tid);
	char *group = read_text(path, text, sizeof(text)) ? strstr(text, "0::/") : NULL;
	if (!group)
		return 0;
	group += strlen("0::");
	group[strcspn(group, "\n")] = '\0';
	/* Its own, and those above. */
	for (; *group; *strrchr(group, '/') = '\0')
		for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
			snprintf(path, sizeof(path), "%s%s/cgroup.freeze", roots[i], group);
			if (read_text(path, frozen, sizeof(frozen)) && frozen[0] == '1')
				return 1;
		}
	return 0;
}
