/* SPDX-License-Identifier: MIT */
/*
 * Whether a caller whose system call waits wants to die.
 *
 * The kernel sends one INTERRUPT a request, for whatever signal comes first, and lookup and
 * readdir cannot be killed unless the daemon then answers. Answering EINTR to every signal
 * breaks programs whose runtime uses signals all the time (Go's SIGURG); so the caller's
 * pending signals are looked at, and looked at again as long as it waits.
 */
#ifndef FS_INTERRUPT_H
#define FS_INTERRUPT_H

#include <sys/types.h>

/* Pure: the text of /proc/TID/status -> 1 when SIGKILL (the kernel adds it for every fatal
 * signal), SIGINT, SIGTERM, SIGQUIT or SIGHUP is pending and not blocked. */
int interrupt_wanted(const char *status);

/* The same for a thread; 0 when it cannot be looked at (gone, another pid namespace). */
int interrupt_pending(pid_t tid);

#endif
