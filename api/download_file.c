/* SPDX-License-Identifier: MIT */
/*
 * A file from the file host: a place among the few that come at a time, attempts, redirects, and
 * whether it is whole. All on the thread of downloads; see download_impl.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/download_impl.h"
#include "api/exchange.h"
#include "api/retry.h"
#include "api/session_impl.h"
#include "api/url.h"

#define HOPS_MAX  3
#define APPEARING 4 /* looks for a file that the hub is still making */

static void fetch(void *arg);

/* ---- the list of what is the file thread's ---- */

void download_enlist(struct download *d)
{
	d->next = d->all->first;
	if (d->next)
		d->next->prev = d;
	d->all->first = d;
}

void download_delist(struct download *d)
{
	if (d->prev)
		d->prev->next = d->next;
	else if (d->all->first == d)
		d->all->first = d->next;
	if (d->next)
		d->next->prev = d->prev;
	d->prev = d->next = NULL;
}

static void free_place(struct download *d)
{
	struct downloads *all = d->all;

	if (!d->is_active)
		return;
	d->is_active = 0;
	all->active--;
	/* The one that has waited longest stands last. */
	struct download *next = NULL;
	for (struct download *o = all->first; o; o = o->next)
		if (o->is_queued)
			next = o;
	if (next)
		fetch(next);
}

/* On the file thread. */
static void end(struct download *d, const struct err *err)
{
	download_delist(d);
	free_place(d);
	download_finish(d, err);
}

void download_cancel_all(void *arg)
{
	struct downloads *all = arg;
	struct download *d = all->first;

	all->first = NULL;
	for (struct download *next; d; d = next) {
		next = d->next;
		download_finish_code(d, -ECANCELED);
	}
}

/* ---- the file ---- */

/* The last bytes of what came so far, which may be less than there is room for. */
static void keep_edges(struct download *d, const char *data, size_t len)
{
	size_t had = d->size < EXPORT_EDGE ? (size_t)d->size : EXPORT_EDGE;
	size_t take = len < EXPORT_EDGE ? len : EXPORT_EDGE;
	size_t keep = had + take > EXPORT_EDGE ? EXPORT_EDGE - take : had;

	if (d->size < EXPORT_EDGE) {
		size_t room = EXPORT_EDGE - had;
		memcpy(d->head + had, data, len < room ? len : room);
	}
	memmove(d->tail, d->tail + had - keep, keep);
	memcpy(d->tail + keep, data + len - take, take);
	d->size += len;
}

static int take(void *arg, const char *data, size_t len)
{
	struct download *d = arg;

	keep_edges(d, data, len);
	return d->sink->write(d->arg, data, len);
}

static int begin(struct download *d)
{
	d->size = 0;
	memset(d->head, 0, sizeof(d->head));
	memset(d->tail, 0, sizeof(d->tail));
	return d->sink->begin(d->arg);
}

/* Why there is no file, and whether the file host is to blame. */
static int explain(const struct http_answer *a, const struct err *why, struct err *err)
{
	*err = *why;
	if (a) {
		err_set(err, a->status == 429 ? -EBUSY : -EIO,
			"the Training Hub's file host answers HTTP %ld", a->status);
		return a->status >= 500;
	}
	if (why->code == -ECONNRESET)
		err->code = -EHOSTUNREACH;
	else if (why->code == -ECONNABORTED)
		err->code = -EIO;
	return why->code == -ECONNRESET || why->code == -ECONNABORTED ||
	       why->code == -EHOSTUNREACH || why->code == -ETIMEDOUT;
}

/* Milliseconds until the next attempt, or -1. */
static int again_ms(struct download *d, const struct http_answer *a, const struct err *why)
{
	struct retry_outcome outcome = {why->code, a ? a->status : 0, a ? a->retry_after_s : -1};
	int64_t timeout_ms = d->all->session->config.timeout_ms;
	int64_t left_ms = d->start_ms + 2 * timeout_ms - session_now_ms(d->all->session);

	/* The hub makes it on demand, and the answer to where it is may come before it. */
	if (a && (a->status == 403 || a->status == 404))
		return d->looks++ < APPEARING ? 250 << d->looks : -1;
	return retry_wait_ms(&outcome, d->attempt++, left_ms, retry_random());
}

/* Follows where the file host sends us. Returns whether it does, or ended for want of memory. */
static int follow(struct download *d, const struct http_answer *a)
{
	struct err why;

	if (a->status < 300 || a->status >= 400 || !a->redirect[0] || d->hops++ == HOPS_MAX ||
	    strlen(a->redirect) > URL_TEXT_MAX ||
	    url_check(a->redirect, d->all->url_flags, &why) < 0)
		return 0;
	char *url = strdup(a->redirect);
	breaker_undecided(&d->all->breaker);
	if (!url) {
		err_sys(&why, -ENOMEM, "follow the Training Hub's file host");
		end(d, &why);
		return 1;
	}
	free(d->url);
	d->url = url;
	fetch(d);
	return 1;
}

/* For log and counters; never the URL. */
static void note(const struct download *d, const struct http_answer *a, const struct err *why)
{
	int good = a && a->status == 200;
	struct http_answer whole = a ? *a : (struct http_answer){0};
	char what[32];

	whole.len = (size_t)d->size;
	snprintf(what, sizeof(what), "a %s file", export_name(d->want.form));
	exchange_note(METRIC_CALL_FILE, "GET", what, good ? VERDICT_GOOD : VERDICT_FAILED, "-",
		      a ? &whole : NULL, why);
}

static void fetched(void *arg, const struct http_answer *a, const struct err *why)
{
	struct download *d = arg;
	struct downloads *all = d->all;
	struct err err = {0};

	note(d, a, why);
	if (a && a->status == 200) {
		breaker_succeeded(&all->breaker);
		export_check(d->want.form, d->size, d->head, d->tail, &err);
		end(d, &err);
		return;
	}
	if (a && follow(d, a))
		return;
	int wait_ms = again_ms(d, a, why);
	if (wait_ms >= 0 && http_after(all->files, wait_ms, fetch, d) == 0) {
		breaker_undecided(&all->breaker);
		/* Others need not wait for what is not there yet. */
		free_place(d);
		return;
	}
	if (explain(a, why, &err))
		breaker_failed(&all->breaker, session_now_ms(all->session), &err);
	else
		breaker_undecided(&all->breaker);
	end(d, &err);
}

/* An attempt, when there is a place for it. */
static void fetch(void *arg)
{
	struct download *d = arg;
	struct downloads *all = d->all;
	struct err err = {0};

	d->is_queued = !d->is_active && all->active >= DOWNLOADS_AT_ONCE;
	if (d->is_queued)
		return;
	all->active += !d->is_active;
	d->is_active = 1;
	int r = begin(d);
	if (r < 0)
		err_sys(&err, r, "keep a file from the Training Hub");
	else
		r = breaker_ask(&all->breaker, session_now_ms(all->session), &err);
	if (r < 0) {
		end(d, &err);
		return;
	}
	struct http_request request = {.method = "GET",
				       .url = d->url,
				       .max_size = EXPORT_SIZE_MAX,
				       .timeout_ms = all->session->config.timeout_ms,
				       .sink = take};
	http_submit(all->files, &request, fetched, d);
}

void download_arrive(void *arg)
{
	download_enlist(arg);
	fetch(arg);
}
