/* SPDX-License-Identifier: MIT */
/*
 * Details, which are answers of the API: they come on the session's transport thread, which must
 * not touch the disk, so their pieces are handed on to the thread of downloads, and the answer is
 * held up while that one is behind. See download_impl.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/download_impl.h"
#include "api/session_impl.h"

#define FLYING_MAX ((size_t)1 << 20)

struct piece {
	struct download *download;
	size_t len; /* 0: what came before is to be dropped */
	char data[];
};

/* ---- on the thread of downloads ---- */

static void resume(void *http)
{
	http_resume(http);
}

static void land(void *arg)
{
	struct piece *p = arg;
	struct download *d = p->download;
	int r = atomic_load(&d->sink_code);

	if (r == 0 && !p->len)
		d->edges.size = 0;
	d->edges.size += p->len;
	if (r == 0 && d->edges.size > EXPORT_SIZE_MAX)
		r = -EFBIG;
	if (r == 0)
		r = p->len ? d->sink->write(d->arg, p->data, p->len) : d->sink->begin(d->arg);
	atomic_store(&d->sink_code, r);
	size_t left = atomic_fetch_sub(&d->flying, p->len) - p->len;
	if (left < FLYING_MAX && atomic_exchange(&d->is_held, 0))
		http_run(d->all->http, resume, d->all->http);
	free(p);
}

void download_detail_end(void *arg)
{
	struct download *d = arg;
	int r = atomic_load(&d->sink_code);
	struct err err = {0};

	if (r == -EFBIG)
		err_set(&err, -EIO, "the Training Hub's detail of an activity has no end");
	else if (r < 0)
		err_sys(&err, r, "keep it");
	download_finish(d, r == -EFBIG ? FAILURE_ITEM : FAILURE_HUB, &err);
}

/* ---- on the session's transport thread ---- */

static int post(struct download *d, const char *data, size_t len)
{
	struct piece *p = malloc(sizeof(*p) + len);

	if (!p)
		return -ENOMEM;
	p->download = d;
	p->len = len;
	if (len)
		memcpy(p->data, data, len);
	atomic_fetch_add(&d->flying, len);
	int r = download_run(d->all, land, p);
	if (r < 0) {
		atomic_fetch_sub(&d->flying, len);
		free(p);
	}
	return r;
}

static void begin(void *arg)
{
	struct download *d = arg;

	d->detail_len = 0;
}

/* Whoever lands the last piece looks at is_held after it; so it is looked at again here. */
static int has_room(void *arg)
{
	struct download *d = arg;

	if (atomic_load(&d->flying) < FLYING_MAX)
		return 1;
	atomic_store(&d->is_held, 1);
	if (atomic_load(&d->flying) >= FLYING_MAX)
		return 0;
	atomic_store(&d->is_held, 0);
	return 1;
}

static int write_piece(void *arg, const char *data, size_t len)
{
	struct download *d = arg;

	int is_first = !d->detail_len;

	d->detail_len += len;
	if (atomic_load(&d->sink_code) < 0)
		return -ECANCELED;
	int r = is_first && !d->is_control ? post(d, NULL, 0) : 0;
	return r < 0 || d->is_control ? r : post(d, data, len);
}

const struct call_sink download_detail_sink = {begin, has_room, write_piece};
