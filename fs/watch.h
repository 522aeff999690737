/* SPDX-License-Identifier: MIT */
/*
 * Callers whose wait may have to end: they are to die, or to be frozen (interrupt.h). If the signal
 * that interrupted one was not a deadly one, the kernel will not say so when a deadly one follows,
 * so each is looked at again and again until it is answered.
 */
#ifndef FS_WATCH_H
#define FS_WATCH_H

#include "fs/request.h"

/* The caller of this request was interrupted. From any thread; takes a reference. */
void watch_add(struct request *r);

/*
 * A caller that waits for a page of a file is not interrupted, whatever happens to it. So a READ
 * gets a reference more before it is gathered; this takes that over, and watches it should it wait.
 */
void watch_read(struct request *r);

/* Ends the thread (it starts with the first one to look after). */
void watch_stop(void);

#endif
