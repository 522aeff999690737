/* SPDX-License-Identifier: MIT */
/* A thread that looks at callers again and again; see watch.h. */
#include "fs/watch.h"

#include <errno.h>
#include <pthread.h>

#include "api/clock.h"
#include "api/cond.h"
#include "api/metrics.h"
#include "api/thread.h"
#include "fs/interrupt.h"

#define WATCH_MS       50
#define SECOND_LOOK_MS 100  /* an interrupt without a reason is a freezer's after this */
#define FREEZING_MS    1000 /* so long after one was frozen the others need no second look */
#define GROUP_MS       500  /* between two looks at a control group, which costs more */

static struct watch {
	struct lock lock;
	pthread_cond_t wake;
	/* -- guarded by lock */
	pthread_t thread;
	int running, stopping;
	int news; /* somebody was added, or interrupted */
	struct request *first;
	/* -- the thread's alone */
	int64_t frozen_ms; /* when somebody was */
} watch = {.lock = {PTHREAD_MUTEX_INITIALIZER}, .wake = PTHREAD_COND_INITIALIZER};

static void answer_interrupted(struct request *r)
{
	metrics_add(METRIC_FUSE_ERROR_EINTR, 1);
	/* Counted references are beyond the analyzer: ours is still there.
	 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	fuse_reply_err(r->fuse, EINTR);
}

/* Whether it was interrupted by nothing that shows, so by a freezer. */
static int is_silent(struct request *r, enum interrupt why, int64_t now_ms)
{
	/* A reason counts even when it is gone, as after a SIGCONT. */
	r->is_explained |= why != INTERRUPT_SILENT;
	if (!r->silent_ms)
		r->silent_ms = now_ms;
	/* Those who wait behind another for the same name ask one after the other. */
	int is_sure = watch.frozen_ms && now_ms - watch.frozen_ms < FREEZING_MS;
	if (r->is_explained || (!is_sure && now_ms - r->silent_ms < SECOND_LOOK_MS))
		return 0;
	r->is_explained = interrupt_is_doubtful(r->tid);
	return !r->is_explained;
}

static int is_group_frozen(struct request *r, int64_t now_ms)
{
	if (now_ms < r->group_ms)
		return 0;
	r->group_ms = now_ms + GROUP_MS;
	return interrupt_is_freezing(r->tid);
}

/* Whether the request need not be looked at again. Without the lock, since it may answer. */
static int look_at(struct request *r)
{
	int64_t now_ms = clock_system.mono_ms();
	int is_interrupted = atomic_load(&r->interrupted);
	enum interrupt why = INTERRUPT_OTHER;

	if (atomic_load(&r->answered))
		return 1;
	if (is_interrupted)
		why = interrupt_look(r->tid);
	if (why == INTERRUPT_DEADLY) {
		if (request_claim(r))
			answer_interrupted(r);
		return 1;
	}
	int is_frozen = (is_interrupted && is_silent(r, why, now_ms)) || is_group_frozen(r, now_ms);
	if (is_frozen)
		watch.frozen_ms = now_ms;
	/* Again until it is answered: it may have been between two waits. */
	if (is_frozen || request_is_hurried(r))
		request_hurry(r);
	return 0;
}

/* One look at everybody; returns how long to the next one, -1: nobody waits. */
static int look(void)
{
	struct request *r, *next, *keep = NULL, **end = &keep;
	int wait_ms = -1;

	lock_take(&watch.lock);
	r = watch.first;
	watch.first = NULL;
	lock_drop(&watch.lock);
	for (; r; r = next) {
		next = r->next_watched;
		if (look_at(r)) {
			request_unref(r);
			continue;
		}
		wait_ms = atomic_load(&r->interrupted) ? WATCH_MS
			  : wait_ms < 0                ? GROUP_MS
						       : wait_ms;
		*end = r;
		end = &r->next_watched;
	}
	lock_take(&watch.lock);
	*end = watch.first;
	watch.first = keep;
	lock_drop(&watch.lock);
	return wait_ms;
}

static void *watch_run(void *arg)
{
	int wait_ms = -1;

	pthread_setname_np(pthread_self(), "interrupts");
	lock_take(&watch.lock);
	while (!watch.stopping) {
		if (!watch.news)
			cond_wait_ms(&watch.wake, &watch.lock, wait_ms);
		watch.news = 0;
		lock_drop(&watch.lock);
		wait_ms = look();
		lock_take(&watch.lock);
	}
	lock_drop(&watch.lock);
	return arg;
}

void watch_add(struct request *r)
{
	lock_take(&watch.lock);
	if (!r->is_watched) {
		request_ref(r);
		r->is_watched = 1;
		r->next_watched = watch.first;
		watch.first = r;
	}
	watch.news = 1;
	if (!watch.running && !watch.stopping) {
		cond_init(&watch.wake);
		watch.running = thread_start(&watch.thread, watch_run, NULL) == 0;
	}
	pthread_cond_signal(&watch.wake);
	lock_drop(&watch.lock);
}

void watch_read(struct request *r)
{
	if (!atomic_load(&r->answered))
		watch_add(r);
	request_unref(r);
}

void watch_stop(void)
{
	lock_take(&watch.lock);
	int running = watch.running;
	watch.stopping = 1;
	pthread_cond_signal(&watch.wake);
	lock_drop(&watch.lock);
	if (running)
		pthread_join(watch.thread, NULL);
	for (struct request *r = watch.first, *next; r; r = next) {
		next = r->next_watched;
		request_unref(r);
	}
	watch.first = NULL;
}
