/* SPDX-License-Identifier: MIT */
/* Requests on their way to an answer; see request.h. */
#include "fs/request.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "api/clock.h"
#include "fs/node.h"
#include "fs/watch.h"

#define HURRY_MS  50 /* enough for the disk */
#define ASLEEP_MS 60000

void request_ref(struct request *r)
{
	atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
}

void request_unref(struct request *r)
{
	if (atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1)
		free(r);
}

int request_is_hurried(const struct request *r)
{
	return atomic_load(&r->hurried) ||
	       clock_system.mono_ms() < atomic_load(&r->fs->asleep_until_ms);
}

void request_sleep(struct fs *fs, int on)
{
	atomic_store(&fs->asleep_until_ms, on ? clock_system.mono_ms() + ASLEEP_MS : 0);
	/* Again and again: one may have been between two waits. */
	for (int ms = 0; on && atomic_load(&fs->open) && ms < 1000; ms += 10) {
		month_store_hurry(fs->store, NULL, HURRY_MS);
		blob_store_hurry(fs->views.blobs, NULL, HURRY_MS);
		poll(NULL, 0, 10);
	}
}

void request_hurry(struct request *r)
{
	atomic_store(&r->hurried, 1);
	month_store_hurry(r->fs->store, r, HURRY_MS);
	blob_store_hurry(r->fs->views.blobs, r, HURRY_MS);
}

int request_left_ms(const struct request *r)
{
	int64_t left = r->deadline_ms - clock_system.mono_ms();

	if (request_is_hurried(r) && left > HURRY_MS)
		return HURRY_MS;
	return left > 0 ? (int)left : 0;
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
	atomic_store(&r->interrupted, 1);
	watch_add(r);
}

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
	atomic_fetch_add(&fs->open, 1);
	fuse_req_interrupt_func(fuse, interrupted, r);
	return r;
}

int request_claim(struct request *r)
{
	if (atomic_exchange(&r->answered, 1))
		return 0;
	/* Waits for interrupted() should it be running; afterwards it cannot run any more. */
	fuse_req_interrupt_func(r->fuse, NULL, NULL);
	atomic_fetch_sub(&r->fs->open, 1);
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
