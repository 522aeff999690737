/* SPDX-License-Identifier: MIT */
/* Requests on their way to an answer; see request.h. */
#include "fs/request.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "api/clock.h"
#include "api/lock.h"
#include "api/metrics.h"
#include "api/thread.h"
#include "fs/interrupt.h"
#include "fs/node.h"

#define WATCH_MS 50

static void request_unref(struct request *r)
{
	if (atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1)
		free(r);
}

int request_left_ms(const struct request *r)
{
	int64_t left = r->deadline_ms - clock_system.mono_ms();

	return left > 0 ? (int)left : 0;
}

/* ---- interrupts ---- */

/* Requests whose caller was interrupted. If that signal was not a deadly one, the kernel will
 * not say so when a deadly one follows, so their callers are looked at again and again. */
static struct watch {
	struct lock lock;
	pthread_cond_t wake;
	/* -- guarded by lock */
	pthread_t thread;
	int running, stopping;
	int news; /* somebody was added */
	struct request *first;
} watch = {.lock = {PTHREAD_MUTEX_INITIALIZER}, .wake = PTHREAD_COND_INITIALIZER};

static void answer_interrupted(struct request *r)
{
	metrics_add(METRIC_FUSE_ERROR_EINTR, 1);
	/* Counted references are beyond the analyzer: ours is still there.
	 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	fuse_reply_err(r->fuse, EINTR);
}

/* One look at everybody; returns how many are still waiting. */
static int look(void)
{
	struct request *gone = NULL;
	int left = 0;

	lock_take(&watch.lock);
	for (struct request **p = &watch.first, *r; (r = *p);) {
		if (!atomic_load(&r->answered) && !interrupt_pending(r->tid)) {
			p = &r->next_watched;
			left++;
			continue;
		}
		*p = r->next_watched;
		r->next_watched = gone;
		gone = r;
	}
	lock_drop(&watch.lock);
	for (struct request *next; gone; gone = next) {
		next = gone->next_watched;
		if (request_claim(gone))
			/* As above. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
			answer_interrupted(gone);
		request_unref(gone);
	}
	return left;
}

static void *watch_run(void *arg)
{
	int left = 0;

	pthread_setname_np(pthread_self(), "interrupts");
	lock_take(&watch.lock);
	while (!watch.stopping) {
		struct timespec until;
		/* Not the time of day: a clock that is set back would make this a long wait. */
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += WATCH_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		if (!watch.news && left)
			pthread_cond_clockwait(&watch.wake, &watch.lock.mutex, CLOCK_MONOTONIC,
					       &until);
		else if (!watch.news)
			pthread_cond_wait(&watch.wake, &watch.lock.mutex);
		watch.news = 0;
		lock_drop(&watch.lock);
		left = look();
		lock_take(&watch.lock);
	}
	lock_drop(&watch.lock);
	return arg;
}

static void watch_add(struct request *r)
{
	atomic_fetch_add(&r->refs, 1);
	lock_take(&watch.lock);
	r->next_watched = watch.first;
	watch.first = r;
	watch.news = 1;
	if (!watch.running && !watch.stopping)
		watch.running = thread_start(&watch.thread, watch_run, NULL) == 0;
	pthread_cond_signal(&watch.wake);
	lock_drop(&watch.lock);
}

void request_watch_stop(void)
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

/*
 * libfuse calls this with the request's own lock held, from the thread that got the INTERRUPT
 * or from fuse_req_interrupt_func(); a reply from here would free that lock. So the watcher
 * replies, at once if the signal is a deadly one.
 */
static void interrupted(fuse_req_t fuse, void *arg)
{
	struct request *r = arg;

	(void)fuse;
	watch_add(r);
}

/* ---- life ---- */

struct request *request_new(struct fs *fs, fuse_req_t fuse, enum request_what what)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r) {
		fuse_reply_err(fuse, ENOMEM);
		return NULL;
	}
	r->fs = fs;
	r->fuse = fuse;
	r->what = what;
	r->tid = fuse_req_ctx(fuse)->pid;
	r->deadline_ms = clock_system.mono_ms() + fs->wait_ms;
	atomic_init(&r->refs, 2);
	fuse_req_interrupt_func(fuse, interrupted, r);
	return r;
}

int request_claim(struct request *r)
{
	if (atomic_exchange(&r->answered, 1))
		return 0;
	/* Waits for interrupted() should it be running; afterwards it cannot run any more. */
	fuse_req_interrupt_func(r->fuse, NULL, NULL);
	request_unref(r);
	return 1;
}

void request_take_hold(struct request *r)
{
	if (!r->hold)
		return;
	r->blob = r->hold->info;
	r->has_blob = 1;
}

void request_end(struct request *r)
{
	for (int i = 0; r->text && i < r->span->n; i++)
		month_text_unref(r->text[i]);
	free(r->text);
	r->text = NULL;
	span_unref(r->span);
	r->span = NULL;
	hold_unref(r->hold);
	r->hold = NULL;
	free(r->history);
	r->history = NULL;
	request_unref(r);
}
