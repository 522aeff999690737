/* SPDX-License-Identifier: MIT */
/* A thread that runs jobs one after the other: for the disk, which may be slow. */
#ifndef CACHE_WORKER_H
#define CACHE_WORKER_H

#include "api/err.h"

struct worker;

typedef void worker_job(void *arg);

/* `name` is the thread's, at most 15 characters. NULL and `err` on failure. */
struct worker *worker_new(const char *name, struct err *err);

/* Runs job(arg) on the thread, after the jobs before it. From any thread, the worker's own
 * among them. 0, or -ENOMEM/-ECANCELED: then the job will not run. */
int worker_post(struct worker *w, worker_job *job, void *arg);

/* Runs what is queued, for at most `drain_ms`, then ends the thread. Jobs left over are given
 * to `drop` (may be NULL) to free. The handle stays until worker_free(). */
void worker_stop(struct worker *w, int drain_ms, worker_job *drop);
void worker_free(struct worker *w);

#endif
