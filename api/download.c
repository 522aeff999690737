/* SPDX-License-Identifier: MIT */
/* Downloads; see download.h. */
#include "api/download.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/breaker.h"
#include "api/call.h"
#include "api/exchange.h"
#include "api/json_text.h"
#include "api/retry.h"
#include "api/session_impl.h"
#include "api/url.h"

#define HOPS_MAX        3
#define SECOND_LOOK_MS  1000 /* before a refusal is asked for again */
#define APPEARING       4    /* looks for a file that the hub is still making */
#define URL_TEXT_MAX    4096
#define DETAIL_TEXT_MAX ((size_t)4 * CALL_ANSWER_MAX) /* indented */

struct download {
	struct download *prev, *next; /* of those that are the file thread's now */
	struct downloads *all;
	struct download_want want;
	const struct download_sink *sink;
	void *arg;
	int refusals, looks, attempt, hops;
	int64_t start_ms;
	int is_active; /* holds one of the places */
	int is_queued; /* waits for one */
	char *url;
	struct buf detail;

	/* -- what has come in this attempt */
	uint64_t size;
	char head[EXPORT_EDGE], tail[EXPORT_EDGE];
};

struct downloads {
	struct session *session;
	struct http *http; /* the session's */
	int is_started;    /* the session's transport thread's */
	int url_flags;

	struct http *files;
	/* -- the file thread's alone */
	struct download *first;
	int active;
	struct breaker breaker;
};

static void ask(void *arg);
static void fetch(void *arg);

/* ---- the list of what is the file thread's ---- */

static void enlist(struct download *d)
{
	d->next = d->all->first;
	if (d->next)
		d->next->prev = d;
	d->all->first = d;
}

static void delist(struct download *d)
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

/* ---- the end ---- */

static void finish(struct download *d, const struct err *err)
{
	d->sink->done(d->arg, err);
	free(d->url);
	buf_clear(&d->detail);
	free(d);
}

static void finish_code(struct download *d, int code)
{
	struct err err;

	err_sys(&err, code, "fetch a file from the Training Hub");
	finish(d, &err);
}

/* On the file thread. */
static void end(struct download *d, const struct err *err)
{
	delist(d);
	free_place(d);
	finish(d, err);
}

static void cancel_all(void *arg)
{
	struct downloads *all = arg;
	struct download *d = all->first;

	all->first = NULL;
	for (struct download *next; d; d = next) {
		next = d->next;
		finish_code(d, -ECANCELED);
	}
}

/* From the session's transport to the file thread. */
static void hop(struct download *d, http_task *task)
{
	struct downloads *all = d->all;
	struct err err;
	int r = 0;

	if (!all->is_started)
		r = http_start(all->files, &err);
	all->is_started |= r == 0;
	if (r == 0)
		r = http_run(all->files, task, d);
	if (r < 0)
		finish_code(d, r);
}

/* And back. */
static void ask_again(void *arg)
{
	struct download *d = arg;

	delist(d);
	int r = http_run(d->all->http, ask, d);
	if (r < 0)
		finish_code(d, r);
}

/* ---- refusals ---- */

static void absent(struct download *d)
{
	struct err err;

	err_set(&err, -ENOENT, "the Training Hub has no %s of this activity",
		export_name(d->want.form));
	finish(d, &err);
}

static void wait_and_ask(void *arg)
{
	struct download *d = arg;

	enlist(d);
	if (http_after(d->all->files, SECOND_LOOK_MS, ask_again, d) < 0) {
		delist(d);
		finish_code(d, -ENOMEM);
	}
}

/* The hub's error code may mean anything: it counts when it comes twice. A file that is not there
 * looks deleted to a backup. */
static void refused_by_code(struct download *d)
{
	if (d->refusals++)
		absent(d);
	else
		hop(d, wait_and_ask);
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
		err_set(err, -EIO, "the Training Hub's file host answers HTTP %ld", a->status);
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

/* Follows where the file host sends us. Returns whether it does. */
static int follow(struct download *d, const struct http_answer *a)
{
	struct err why;

	if (a->status < 300 || a->status >= 400 || !a->redirect[0] || d->hops++ == HOPS_MAX ||
	    strlen(a->redirect) > URL_TEXT_MAX ||
	    url_check(a->redirect, d->all->url_flags, &why) < 0)
		return 0;
	char *url = strdup(a->redirect);
	if (!url)
		return 0;
	free(d->url);
	d->url = url;
	breaker_undecided(&d->all->breaker);
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

static void arrive(void *arg)
{
	enlist(arg);
	fetch(arg);
}

/* Jansson's answer: 0 and the URL, the caller's; -ENOENT: none; -EIO: not what the API sends. */
static int read_url(const char *data, size_t len, char **url)
{
	json_t *o = json_loadb(data, len, 0, NULL);
	const json_t *where = json_object_get(o, "data");
	const json_t *text = json_object_get(where, "fileUrl");
	const char *s = json_string_value(text);
	int is_odd = !o || (where && !json_is_object(where) && !json_is_null(where));
	int is_none = !is_odd && (!text || json_is_null(text) || (s && !*s));
	int r = 0;

	*url = NULL;
	if (is_none)
		r = -ENOENT;
	else if (is_odd || !s || strlen(s) > URL_TEXT_MAX)
		r = -EIO;
	else if (!(*url = strdup(s)))
		r = -ENOMEM;
	json_decref(o);
	return r;
}

static void told_where(void *arg, const char *data, size_t len, const struct err *why)
{
	struct download *d = arg;
	struct err err = *why;

	if (err.code == -EOPNOTSUPP || err.code == -EINVAL) {
		refused_by_code(d);
		return;
	}
	free(d->url);
	d->url = NULL;
	int r = err.code ? err.code : read_url(data, len, &d->url);
	if (r == -ENOENT) {
		absent(d);
		return;
	}
	if (r < 0 && !err.code)
		err_set(&err, r,
			"the Training Hub's answer to a download is not what its API sends");
	if (r == 0 && url_check(d->url, d->all->url_flags, &err) < 0)
		err_set(&err, -EIO,
			"the Training Hub gives a file a URL that is not safe to follow");
	if (err.code)
		finish(d, &err);
	else
		hop(d, arrive);
}

/* ---- the detail answer, which comes by itself ---- */

/* Appends `data`, indented. 0, -ENOENT: there is none; -EIO, -ENOMEM, -EFBIG. */
static int copy_data(const char *text, size_t len, struct buf *out)
{
	const char *key, *raw;
	size_t key_len, raw_len;
	struct json_text in;
	int first = 1, more, r = -ENOENT;

	json_text_init(&in, text, len);
	if (json_text_open(&in, '{') < 0)
		return -EIO;
	while ((more = json_text_more(&in, '}', &first)) == 1) {
		if (json_text_key(&in, &key, &key_len) < 0)
			return -EIO;
		int is_data = json_text_key_is(key, key_len, "data") &&
			      json_text_peek(&in) != 'n' && !out->len;
		if (is_data && json_text_peek(&in) != '{')
			return -EIO;
		int step =
			is_data ? json_text_copy(&in, 0, out) : json_text_skip(&in, &raw, &raw_len);
		if (step < 0)
			return step;
		if (is_data)
			r = 0;
	}
	/* An empty object stands for nothing. */
	if (more == 0 && r == 0 && out->len <= strlen("{}"))
		r = -ENOENT;
	return more < 0 ? -EIO : r == 0 ? buf_add(out, "\n", 1) : r;
}

static void write_detail(void *arg)
{
	struct download *d = arg;
	struct err err = {0};

	int r = d->sink->begin(d->arg);
	if (r == 0)
		r = d->sink->write(d->arg, d->detail.data, d->detail.len);
	if (r < 0)
		err_sys(&err, r, "keep a file from the Training Hub");
	finish(d, &err);
}

static void told_detail(void *arg, const char *data, size_t len, const struct err *why)
{
	struct download *d = arg;
	struct err err = *why;

	if (err.code == -EOPNOTSUPP || err.code == -EINVAL) {
		refused_by_code(d);
		return;
	}
	buf_clear(&d->detail);
	int r = err.code ? err.code : copy_data(data, len, &d->detail);
	if (r == -ENOENT) {
		absent(d);
		return;
	}
	if (r < 0 && !err.code)
		err_set(&err, r == -ENOMEM ? r : -EIO,
			"the Training Hub's detail of an activity is not what its API sends");
	if (err.code)
		finish(d, &err);
	else
		hop(d, write_detail);
}

/* ---- the question ---- */

static void ask(void *arg)
{
	struct download *d = arg;
	unsigned long long label = d->want.label_id;
	char path[128];

	d->start_ms = session_now_ms(d->all->session);
	d->looks = d->hops = 0;
	d->attempt = 1;
	if (d->want.form == EXPORT_DETAIL) {
		snprintf(path, sizeof(path), "/activity/detail/query?labelId=%llu&sportType=%d",
			 label, d->want.sport);
		call_start(d->all->session, "POST", path, told_detail, d);
	} else {
		snprintf(path, sizeof(path),
			 "/activity/detail/download?labelId=%llu&sportType=%d&fileType=%d", label,
			 d->want.sport, (int)d->want.form);
		call_start(d->all->session, "POST", path, told_where, d);
	}
}

int download_start(struct downloads *all, const struct download_want *want,
		   const struct download_sink *sink, void *arg)
{
	struct download *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->all = all;
	d->want = *want;
	d->sink = sink;
	d->arg = arg;
	buf_init(&d->detail, DETAIL_TEXT_MAX);
	int r = http_run(all->http, ask, d);
	if (r < 0)
		free(d);
	return r;
}

/* ---- creation ---- */

struct downloads *downloads_new(struct session *s, struct http *http,
				const struct http_config *config, struct err *err)
{
	struct downloads *d = calloc(1, sizeof(*d));

	if (!d) {
		err_sys(err, -ENOMEM, "prepare downloads");
		return NULL;
	}
	d->session = s;
	d->http = http;
	/* Only a hub that is plain http itself, on loopback, may have such files. */
	int is_plain = s->config.api && strncasecmp(s->config.api, "http:", 5) == 0;
	d->url_flags = is_plain ? 0 : URL_IS_SAFE;
	breaker_init(&d->breaker);
	d->files = http_new(config, err);
	if (!d->files || http_at_stop(d->files, cancel_all, d) < 0) {
		if (d->files)
			err_sys(err, -ENOMEM, "prepare downloads");
		downloads_free(d);
		return NULL;
	}
	return d;
}

void downloads_stop(struct downloads *d)
{
	http_stop(d->files);
}

void downloads_free(struct downloads *d)
{
	if (!d)
		return;
	http_free(d->files);
	free(d);
}
