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
#include "api/log.h"
#include "api/retry.h"
#include "api/session_impl.h"
#include "api/url.h"

#define HOPS_MAX     3
#define APPEARING    3    /* more looks for a file that the hub is still making */
#define APPEARING_MS 500  /* the wait before the first of them, which doubles */
#define WATCH_MS     1000 /* between looks for places that slow files hold, while others wait */
/* A file that takes longer than this, and comes slower than so many bytes a millisecond, holds no
 * place that others wait for. */
#define SLOW_MS 3000
#define SLOW    8

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

/* The one that has waited longest for a place stands last. */
static struct download *next_queued(const struct downloads *all)
{
	struct download *next = NULL;

	for (struct download *d = all->first; d; d = d->next)
		if (d->is_queued)
			next = d;
	return next;
}

void download_free_place(struct download *d)
{
	struct downloads *all = d->all;

	if (!d->is_active)
		return;
	d->is_active = 0;
	all->active--;
	struct download *next = next_queued(all);
	if (next)
		fetch(next);
}

/* What drips or stands still goes on, but makes nobody wait. */
static struct download *slow_one(const struct downloads *all)
{
	int64_t now_ms = session_now_ms(all->session);

	for (struct download *d = all->first; d; d = d->next) {
		int64_t ms = now_ms - d->began_ms;
		if (d->is_active && ms > SLOW_MS && (int64_t)d->edges.size < ms * SLOW)
			return d;
	}
	return NULL;
}

static void watch(struct downloads *all);

static void look_at_places(void *arg)
{
	struct downloads *all = arg;

	all->is_watching = 0;
	for (struct download *d; next_queued(all) && (d = slow_one(all));)
		download_free_place(d);
	if (next_queued(all))
		watch(all);
}

static void watch(struct downloads *all)
{
	if (!all->is_watching)
		all->is_watching = http_after(all->files, WATCH_MS, look_at_places, all) == 0;
}

void download_end(struct download *d, enum failure_scope scope, const struct err *err)
{
	if (d->is_trial)
		breaker_undecided(&d->all->breaker);
	download_delist(d);
	download_free_place(d);
	download_finish(d, scope, err);
}

void download_give_up(void *arg)
{
	struct download *d = arg;
	const struct err why = d->why;

	/* Of a detail, that may be because the sink took no more. */
	if (atomic_load(&d->sink_code) < 0)
		download_detail_end(d);
	else
		download_end(d, d->scope, &why);
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

static int take(void *arg, const char *data, size_t len)
{
	struct download *d = arg;

	export_edges_add(&d->edges, data, len);
	int r = d->sink->write(d->arg, data, len);
	d->sink_failed = r < 0;
	return r;
}

static int begin(struct download *d)
{
	d->edges = (struct export_edges){.form = d->want.form};
	d->began_ms = session_now_ms(d->all->session);
	return d->sink->begin(d->arg);
}

static int is_missing(const struct http_answer *a)
{
	return a && (a->status == 403 || a->status == 404 || a->status == 410);
}

/* Why there is no file, and whether the file host is to blame. */
static int explain(const struct http_answer *a, const struct err *why, struct err *err)
{
	*err = *why;
	if (a) {
		err_set(err, a->status == 429 ? -EBUSY : -EIO,
			"the Training Hub's file host answers HTTP %ld", a->status);
		return a->status >= 500 || a->status == 429;
	}
	if (why->code == -ECONNRESET)
		err->code = -EHOSTUNREACH;
	else if (why->code == -ECONNABORTED)
		err->code = -EIO;
	return why->code == -ECONNRESET || why->code == -ECONNABORTED ||
	       why->code == -EHOSTUNREACH || why->code == -ETIMEDOUT;
}

/* Whose failure that is, if the host works. A gateway that answers 403 for everything is told from
 * a file that is not there by another one that comes meanwhile. */
static enum failure_scope scope_of(const struct download *d, const struct http_answer *a,
				   const struct err *why)
{
	if (d->sink_failed || why->code == -ENOMEM || why->code == -ECANCELED ||
	    why->code == -EHOSTUNREACH)
		return FAILURE_HUB;
	if (is_missing(a) && (d->want.was_gone || d->all->given_ms > d->missed_ms))
		return FAILURE_GONE;
	return FAILURE_ITEM;
}

/* Milliseconds until the next attempt, or -1. */
static int again_ms(struct download *d, const struct http_answer *a, const struct err *why)
{
	struct retry_outcome outcome = {why->code, a ? a->status : 0, a ? a->retry_after_s : -1};
	int64_t timeout_ms = d->all->session->config.timeout_ms;
	int64_t left_ms = d->start_ms + 2 * timeout_ms - session_now_ms(d->all->session);

	/* The hub makes it on demand, and the answer to where it is may come before it. */
	if (is_missing(a) && a->status != 410)
		return d->want.was_gone || d->looks == APPEARING ? -1 : APPEARING_MS << d->looks++;
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
	if (!url) {
		err_sys(&why, -ENOMEM, "follow the Training Hub's file host");
		download_end(d, FAILURE_HUB, &why);
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
	char what[32];

	snprintf(what, sizeof(what), "a %s file", export_name(d->want.form));
	exchange_note(METRIC_CALL_FILE, "GET", what,
		      a && a->status == 200 ? VERDICT_GOOD : VERDICT_FAILED, "-", a, why);
}

/* All of it came. What is odd is fetched once more: a cut that HTTP does not show may be over. */
static void came(struct download *d)
{
	struct downloads *all = d->all;
	struct err err;
	int r = export_check(&d->edges, &err);

	download_host_works(d);
	if (r > 0 && !d->is_odd++) {
		fetch(d);
		return;
	}
	if (r > 0 && said_news(&all->odd, &err, session_now_ms(all->session)))
		log_warn("%s; it is taken as it is", err.text);
	if (r >= 0) {
		all->good = d->want;
		all->given_ms = session_now_ms(all->session);
		err = (struct err){0};
	}
	download_end(d, FAILURE_ITEM, &err);
}

static void fetched(void *arg, const struct http_answer *a, const struct err *why)
{
	struct download *d = arg;
	struct err err = {0};

	note(d, a, why);
	if (a && a->status == 200) {
		came(d);
		return;
	}
	if (d->is_probe && d->sink_failed) {
		download_host_works(d);
		download_end(d, FAILURE_ITEM, &err);
		return;
	}
	if (a && follow(d, a))
		return;
	if (is_missing(a) && !d->missed_ms)
		d->missed_ms = session_now_ms(d->all->session);
	int wait_ms = again_ms(d, a, why);
	if (wait_ms >= 0 && http_after(d->all->files, wait_ms, fetch, d) == 0) {
		/* Others need not wait for what is not there yet. */
		download_free_place(d);
		return;
	}
	enum failure_scope scope = scope_of(d, a, why);
	if (d->sink_failed) {
		err_sys(&err, why->code, "keep it");
	} else if (explain(a, why, &err)) {
		if (download_doubt(d, scope, &err))
			return;
		download_host_fails(d, &err);
	}
	download_end(d, download_whose(d->all, scope), &err);
}

/* An attempt, when there is a place for it. */
static void fetch(void *arg)
{
	struct download *d = arg;
	struct downloads *all = d->all;
	struct err err = {0};

	d->is_queued = !d->is_active && !d->is_probe && all->active >= DOWNLOADS_AT_ONCE;
	if (d->is_queued) {
		watch(all);
		return;
	}
	all->active += !d->is_active;
	d->is_active = 1;
	int r = begin(d);
	if (r < 0)
		err_sys(&err, r, "keep it");
	else
		r = download_turned_away(d, &err);
	if (r < 0) {
		download_end(d, FAILURE_HUB, &err);
		return;
	}
	struct http_request request = {.method = "GET",
				       .url = d->url,
				       .max_size = EXPORT_SIZE_MAX,
				       .timeout_ms = all->session->config.timeout_ms,
				       .is_file = 1,
				       .sink = take};
	http_submit(all->files, &request, fetched, d);
}

void download_enter(void *arg)
{
	struct download *d = arg;
	struct err err;

	download_enlist(d);
	if (download_turned_away(d, &err) < 0)
		download_end(d, FAILURE_HUB, &err);
	else
		download_ask(d);
}

void download_arrive(void *arg)
{
	download_enlist(arg);
	fetch(arg);
}
