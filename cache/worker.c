/* SPDX-License-Identifier: MIT */
/* A thread with a queue of jobs; see worker.h. */
#include "cache/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/clock.h"
#include "api/lock.h"
#include "api/thread.h"

struct job {
	struct job *next;
	worker_job *run;
	void *arg;
};

struct worker {
	pthread_t thread;
	char name[16];
	pthread_cond_t wake;
	struct lock lock;
	/* -- guarded by lock, which is not held while a job runs */
	struct job *first GUARDED, **last GUARDED;
	int stopping GUARDED;
	int64_t stop_ms GUARDED; /* monotonic: no job is begun after it */
};

/* The next job, waiting for one; NULL: stop. */
static struct job *next_job(struct worker *w)
{
	lock_take(&w->lock);
	while (!w->first && !w->stopping)
		pthread_cond_wait(&w->wake, &w->lock.mutex);
	struct job *j = w->first;
	if (w->stopping && clock_system.mono_ms() >= w->stop_ms)
		j = NULL;
	if (j) {
		w->first = j->next;
		if (!w->first)
			w->last = &w->first;
	}
	lock_drop(&w->lock);
	return j;
}

static void *run(void *arg)
{
	struct worker *w = arg;

	pthread_setname_np(pthread_self(), w->name);
	for (struct job *j; (j = next_job(w));) {
		j->run(j->arg);
		free(j);
	}
	return NULL;
}

struct worker *worker_new(const char *name, struct err *err)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w) {
		err_set(err, -ENOMEM, "no memory for a thread");
		return NULL;
	}
	lock_init(&w->lock);
	pthread_cond_init(&w->wake, NULL);
	lock_take(&w->lock);
	w->last = &w->first;
	lock_drop(&w->lock);
	snprintf(w->name, sizeof(w->name), "%s", name);
	int r = thread_start(&w->thread, run, w);
	if (r < 0) {
		err_sys(err, r, "start a thread");
		worker_free(w);
		return NULL;
	}
	return w;
}

int worker_post(struct worker *w, worker_job *job, void *arg)
{
	struct job *j = malloc(sizeof(*j));
	int r = 0;

	if (!j)
		return -ENOMEM;
	*j = (struct job){.run = job, .arg = arg};
	lock_take(&w->lock);
	if (w->stopping) {
		r = -ECANCELED;
	} else {
		*w->last = j;
		w->last = &j->next;
		pthread_cond_signal(&w->wake);
	}
	lock_drop(&w->lock);
	if (r < 0)
		free(j);
	return r;
}

void worker_stop(struct worker *w, int drain_ms, worker_job *drop)
{
	lock_take(&w->lock);
	w->stopping = 1;
	w->stop_ms = clock_system.mono_ms() + drain_ms;
	pthread_cond_signal(&w->wake);
	lock_drop(&w->lock);
	pthread_join(w->thread, NULL);

	lock_take(&w->lock);
	struct job *j = w->first;
	w->first = NULL;
	w->last = &w->first;
	lock_drop(&w->lock);
	while (j) {
		struct job *next = j->next;
		if (drop)
			drop(j->arg);
		free(j);
		j = next;
	}
}

void worker_free(struct worker *w)
{
	pthread_cond_destroy(&w->wake);
	lock_clear(&w->lock);
	free(w);
}
