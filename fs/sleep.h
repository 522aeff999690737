/* SPDX-License-Identifier: MIT */
/*
 * Word from logind before the machine sleeps, and after. The sleep waits for us meanwhile (a delay
 * inhibitor of systemd-logind(8)): a process that waits for the mount when it is frozen, or we are,
 * cannot be frozen, and the machine then does not sleep.
 *
 * libsystemd is loaded when there is a system bus, since it is the bus's client; nothing but this
 * is missing without it. Everything is done on the caller's thread.
 */
#ifndef FS_SLEEP_H
#define FS_SLEEP_H

struct pollfd;
struct sleep_watch;

/* Calls `going` with 1 before the machine sleeps, which then may as soon as that returns, and with
 * 0 afterwards. NULL: there is no bus. */
struct sleep_watch *sleep_watch_new(void (*going)(void *arg, int to_sleep), void *arg);
void sleep_watch_free(struct sleep_watch *w); /* NULL is fine */

/* What to poll for and how long, in ms, -1: without an end. */
int sleep_watch_wait(struct sleep_watch *w, struct pollfd *p);
/* After that. 0, or a negative errno: there is nobody to hear from any more. */
int sleep_watch_run(struct sleep_watch *w);

#endif
