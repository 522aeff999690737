/* SPDX-License-Identifier: MIT */
/* Downloads; see download.h. */
#include "api/download.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/call.h"
#include "api/download_impl.h"
#include "api/json_member.h"
#include "api/session_impl.h"
#include "api/url.h"

#define SECOND_LOOK_MS 1000 /* before a refusal is asked for again */
#define QUESTION_MAX   128

static void ask(void *arg);

/* ---- the end ---- */

void download_finish(struct download *d, enum failure_scope scope, const struct err *err)
{
	d->sink->done(d->arg, scope, err);
	free(d->url);
	free(d);
}

void download_finish_code(struct download *d, int code)
{
	struct err err;

	err_sys(&err, code, "fetch a file from the Training Hub");
	download_finish(d, FAILURE_HUB, &err);
}

int download_run(struct downloads *all, http_task *task, void *arg)
{
	struct err err;
	int r = 0;

	if (!all->is_started)
		r = http_start(all->files, &err);
	all->is_started |= r == 0;
	return r == 0 ? http_run(all->files, task, arg) : r;
}

static void hop(struct download *d, http_task *task)
{
	int r = download_run(d->all, task, d);

	if (r < 0)
		download_finish_code(d, r);
}

/* And back. */
void download_ask(void *arg)
{
	struct download *d = arg;

	download_delist(d);
	int r = http_run(d->all->http, ask, d);
	if (r < 0)
		download_finish_code(d, r);
}

/* No file will come. The breaker, if it let this one through to see, is the file thread's, and so
 * is what has come of a detail. */
static void fail(struct download *d, enum failure_scope scope, const struct err *err)
{
	if (!d->is_trial && d->want.form != EXPORT_DETAIL) {
		download_finish(d, scope, err);
		return;
	}
	d->scope = scope;
	d->why = *err;
	hop(d, download_give_up);
}

/* ---- the question ---- */

static void question(struct download *d, uint64_t label_id, int32_t sport, call_done *done)
{
	unsigned long long label = label_id;
	char path[QUESTION_MAX];

	if (d->want.form == EXPORT_DETAIL) {
		snprintf(path, QUESTION_MAX, "/activity/detail/query?labelId=%llu&sportType=%d",
			 label, sport);
		d->is_control = label_id != d->want.label_id;
		call_start_sunk(d->all->session, "POST", path, &download_detail_sink, done, d);
	} else {
		snprintf(path, QUESTION_MAX,
			 "/activity/detail/download?labelId=%llu&sportType=%d&fileType=%d", label,
			 sport, (int)d->want.form);
		call_start(d->all->session, "POST", path, done, d);
	}
}

/* ---- answers ---- */

/* 0 and the URL, the caller's; -ENOENT: none; -EIO: not what the API sends; -ENOMEM. */
static int read_url(const char *data, size_t len, char **url)
{
	struct json_value where, text;
	char s[URL_TEXT_MAX + 1];

	*url = NULL;
	if (json_member((struct json_value){data, len}, "data", &where) < 0)
		return -EIO;
	if (!where.at || json_value_is(where, "null"))
		return -ENOENT;
	if (json_member(where, "fileUrl", &text) < 0)
		return -EIO;
	if (!text.at || json_value_is(text, "null") || json_value_is(text, "\"\""))
		return -ENOENT;
	if (json_value_text(text, s, sizeof(s)) < 0)
		return -EIO;
	*url = strdup(s);
	explicit_bzero(s, sizeof(s));
	return *url ? 0 : -ENOMEM;
}

/* 0 and where the file is; -ENOENT: the hub says that there is none; else why not. */
static int take_url(struct download *d, const char *data, size_t len, struct err *err)
{
	free(d->url);
	d->url = NULL;
	int r = read_url(data, len, &d->url);
	if (r == -ENOENT)
		return err_set(err, r, "its answer has no URL");
	if (r == -ENOMEM)
		return err_sys(err, r, "read where a file is");
	if (r < 0)
		return err_set(err, r,
			       "the Training Hub's answer to a download is not what its API sends");
	if (url_check(d->url, d->all->url_flags, err) < 0)
		return err_set(err, -EIO,
			       "the Training Hub gives a file a URL that is not safe to follow");
	return 0;
}

/* The same of a detail, which has come by itself: whether there was one. */
static int take_detail(struct download *d, const char *beside, size_t len, struct err *err)
{
	struct json_value data;

	if (json_member((struct json_value){beside, len}, "data", &data) < 0 ||
	    (data.at && !json_value_is(data, "null")))
		return err_set(
			err, -EIO,
			"the Training Hub's detail of an activity is not what its API sends");
	/* An empty object stands for nothing. */
	if (d->detail_len <= strlen("{}\n"))
		return err_set(err, -ENOENT, "its answer has no data");
	return 0;
}

static int take_answer(struct download *d, const char *data, size_t len, struct err *err)
{
	return d->want.form == EXPORT_DETAIL ? take_detail(d, data, len, err)
					     : take_url(d, data, len, err);
}

/* ---- refusals ---- */

/*
 * An error code, or an answer without a file, may mean that the hub does not make this one, or that
 * it makes none today, and a file that is not there looks deleted to a backup. So it counts when it
 * comes twice while the hub does tell of another file in this form: one of those that come anyway,
 * or the control, about which it is asked.
 */
static int is_refusal(const struct err *why)
{
	return why->code == -EOPNOTSUPP || why->code == -EINVAL || why->code == -ENOENT;
}

/* Whose failure the end of a call is: what cannot be told is the download's, and soon forgotten. */
static enum failure_scope scope_of(const struct download *d, const struct err *why)
{
	switch (why->code) {
	case -EACCES:
	case -EBUSY:
	case -ENOMEM:
	case -ECANCELED:
		return FAILURE_HUB;
	default:
		return d->all->session->breaker.failures < BREAKER_FAILURES ? FAILURE_ITEM
									    : FAILURE_HUB;
	}
}

static void absent(struct download *d)
{
	struct err err;

	err_set(&err, -ENOENT, "the Training Hub has no %s of this activity",
		export_name(d->want.form));
	fail(d, FAILURE_ABSENT, &err);
}

static void unproven(struct download *d)
{
	struct err err;

	err_set(&err, -EIO,
		"the Training Hub gives no %s of an activity (%.100s), and no other %s to tell "
		"whether it is out of order; that is not taken for a file that does not exist",
		export_name(d->want.form), d->why.text, export_name(d->want.form));
	fail(d, FAILURE_ABSENT, &err);
}

static int64_t *told_ms(struct download *d)
{
	return &d->all->told_ms[d->want.form];
}

static void wait_and_ask(void *arg)
{
	struct download *d = arg;

	download_enlist(d);
	if (http_after(d->all->files, SECOND_LOOK_MS, download_ask, d) < 0) {
		download_delist(d);
		download_finish_code(d, -ENOMEM);
	}
}

static void told_control(void *arg, const char *data, size_t len, const struct err *why)
{
	struct download *d = arg;
	struct err err = *why;

	if (!err.code && take_answer(d, data, len, &err) == 0) {
		*told_ms(d) = session_now_ms(d->all->session);
		absent(d);
	} else if (is_refusal(&err)) {
		unproven(d);
	} else {
		fail(d, scope_of(d, &err), &err);
	}
}

static void refused(struct download *d, const struct err *why)
{
	if (!d->refusals++) {
		d->refused_ms = session_now_ms(d->all->session);
		d->why = *why;
		hop(d, wait_and_ask);
	} else if (*told_ms(d) && *told_ms(d) >= d->refused_ms) {
		absent(d);
	} else if (!d->want.control_id || d->want.control_id == d->want.label_id) {
		unproven(d);
	} else {
		question(d, d->want.control_id, d->want.control_sport, told_control);
	}
}

/* ---- the way of a download ---- */

static void told(void *arg, const char *data, size_t len, const struct err *why)
{
	struct download *d = arg;
	struct err err = *why;

	if (!err.code)
		take_answer(d, data, len, &err);
	if (is_refusal(&err)) {
		refused(d, &err);
		return;
	}
	if (err.code) {
		fail(d, scope_of(d, &err), &err);
		return;
	}
	*told_ms(d) = session_now_ms(d->all->session);
	hop(d, d->want.form == EXPORT_DETAIL ? download_detail_end : download_arrive);
}

static void ask(void *arg)
{
	struct download *d = arg;

	d->start_ms = session_now_ms(d->all->session);
	d->looks = d->hops = 0;
	d->attempt = 1;
	question(d, d->want.label_id, d->want.sport, told);
}

/* A file host that is out of order makes questions idle: its breaker is asked first. */
static void set_out(void *arg)
{
	struct download *d = arg;

	if (d->want.form != EXPORT_DETAIL && d->all->is_started)
		hop(d, download_enter);
	else
		ask(d);
}

int download_start(struct downloads *all, const struct download_want *want,
		   const struct download_sink *sink, void *arg)
{
	return download_begin(all, want, sink, arg, 0);
}

int download_begin(struct downloads *all, const struct download_want *want,
		   const struct download_sink *sink, void *arg, int is_probe)
{
	struct download *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->all = all;
	d->want = *want;
	d->edges.form = want->form;
	d->sink = sink;
	d->arg = arg;
	d->is_probe = d->is_trial = is_probe;
	int r = http_run(all->http, set_out, d);
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
	if (!d->files || http_at_stop(d->files, download_cancel_all, d) < 0) {
		if (d->files)
			err_sys(err, -ENOMEM, "prepare downloads");
		downloads_free(d);
		return NULL;
	}
	return d;
}

static void files_again(void *arg)
{
	struct downloads *d = arg;

	breaker_nudge(&d->breaker, session_now_ms(d->session));
	http_renew(d->files);
}

void downloads_again(struct downloads *d)
{
	/* Without memory the waits go on, as without this. */
	if (d->is_started)
		http_run(d->files, files_again, d);
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
