/* SPDX-License-Identifier: MIT */
/*
 * Why a caller whose system call waits was interrupted: it is to die, or to be frozen.
 *
 * The kernel sends one INTERRUPT a request, for whatever comes first, and lookup and readdir cannot
 * be killed or frozen unless the daemon then answers. Answering EINTR to every signal breaks
 * programs whose runtime uses signals all the time (Go's SIGURG); so the caller is looked at, and
 * looked at again as long as it waits. A freezer (suspend, control groups) wakes it without a
 * signal; so do a tracer, io_uring's work, and a stop that another thread took.
 */
#ifndef FS_INTERRUPT_H
#define FS_INTERRUPT_H

#include <sys/types.h>

enum interrupt {
	INTERRUPT_OTHER, /* nothing that ends the wait, or it cannot be looked at (gone, another pid
			    namespace) */
	INTERRUPT_DEADLY, /* SIGKILL (the kernel adds it for every fatal signal), SIGINT, SIGTERM,
			     SIGQUIT or SIGHUP is pending and not blocked */
	INTERRUPT_SILENT, /* no signal is pending that is not blocked, and nobody traces it */
};

/* Pure: of the text of /proc/TID/status. */
enum interrupt interrupt_read(const char *status);
/* Of a thread. */
enum interrupt interrupt_look(pid_t tid);

/* Whether a silent interrupt of this thread may be something else than a freezer. */
int interrupt_is_doubtful(pid_t tid);

/* Whether the control group (version 2) that the thread is in is being frozen. */
int interrupt_is_freezing(pid_t tid);

#endif
