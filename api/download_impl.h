/* SPDX-License-Identifier: MIT */
/*
 * The inside of downloads:
 *
 *     download.c         the questions to the hub, and what it says, on the session's thread
 *     download_detail.c  details, which the session's thread hands on to the thread of downloads
 *     download_file.c    the files, on the thread of downloads
 *     download_host.c    whether the file host works; the same
 */
#ifndef API_DOWNLOAD_IMPL_H
#define API_DOWNLOAD_IMPL_H

#include "api/breaker.h"
#include <stdatomic.h>

#include "api/call.h"
#include "api/download.h"
#include "api/said.h"

#define URL_TEXT_MAX 4096

struct download {
	struct download *prev, *next; /* of those that are the file thread's now */
	struct downloads *all;
	struct download_want want;
	const struct download_sink *sink;
	void *arg;
	int refusals, looks, attempt, hops;
	int64_t start_ms;   /* mono */
	int64_t refused_ms; /* the first refusal */
	int64_t missed_ms;  /* the file host did not have it for the first time; 0: not yet */
	int64_t began_ms;   /* the attempt that is under way */
	enum failure_scope scope;
	struct err why;  /* it was refused, or fails */
	int is_active;   /* holds one of the places */
	int is_queued;   /* waits for one */
	int is_trial;    /* the one that the breaker let through */
	int is_probe;    /* nobody's, but to see whether the file host works */
	int is_doubted;  /* waits for the probe to tell whose failure it is */
	int is_odd;      /* once, so far */
	int sink_failed; /* it did not take the bytes */
	char *url;
	struct export_edges edges; /* of what has come in this attempt */

	/* -- details: the session's thread's */
	int is_control;    /* what comes is another one */
	size_t detail_len; /* of this attempt */
	/* -- both threads' */
	atomic_size_t flying; /* bytes on their way from one to the other */
	atomic_int is_held;   /* the answer is held up until there are fewer */
	atomic_int sink_code; /* why the sink takes no more */
};

struct downloads {
	struct session *session;
	struct http *http; /* the session's */
	int url_flags;
	/* -- the session's transport thread's alone */
	int is_started;
	int64_t told_ms[EXPORTS]; /* mono: the hub told of a file in this form */

	struct http *files;
	/* -- the file thread's alone */
	struct download *first;
	int active;
	int is_watching; /* a timer looks for places that slow ones hold */
	struct breaker breaker;
	uint64_t last_failed;      /* counts once for the breaker, however often it fails */
	struct download_want good; /* the last whole file that came; label_id 0: none */
	int64_t given_ms;          /* mono: then */
	int is_probing;
	struct said odd;
};

/* ---- download.c ---- */

/* The end, once: tells the sink and frees it. */
void download_finish(struct download *d, enum failure_scope scope, const struct err *err);
/* The same with what is the fault of nobody else. */
void download_finish_code(struct download *d, int code);
/* From the session's transport thread: has a task run on the thread of downloads, which is started
 * if need be. 0 or a negative errno. */
int download_run(struct downloads *all, http_task *task, void *arg);
/* On the thread of downloads: to the question. */
void download_ask(void *download);
/* download_start(), also of a probe. */
int download_begin(struct downloads *all, const struct download_want *want,
		   const struct download_sink *sink, void *arg, int is_probe);

/* ---- download_detail.c ---- */

extern const struct call_sink download_detail_sink; /* arg: a struct download */
/* http_task: all of it has come. */
void download_detail_end(void *download);

/* ---- download_file.c, on the thread of downloads ---- */

/* Those that are this thread's are in a list, so that its end can end them. */
void download_enlist(struct download *d);
void download_delist(struct download *d);
/* The end, once. */
void download_end(struct download *d, enum failure_scope scope, const struct err *err);
/* Others may have its place. */
void download_free_place(struct download *d);
/* http_task: ends all of a struct downloads. */
void download_cancel_all(void *downloads);
/* http_tasks: a struct download is about to be asked for; knows its URL, and comes to be fetched;
 * failed before that, as its scope and `why` say. */
void download_enter(void *download);
void download_arrive(void *download);
void download_give_up(void *download);

/* ---- download_host.c, on the thread of downloads ---- */

/* 0: the file host may be asked; else the errno and words of its breaker. */
int download_turned_away(struct download *d, struct err *err);
void download_host_works(struct download *d);
void download_host_fails(struct download *d, const struct err *err);
/* Whether a probe will tell whose failure it is: it ends the download then. */
int download_doubt(struct download *d, enum failure_scope scope, const struct err *why);
/* Whose failure it is while the host works, or does not. */
enum failure_scope download_whose(const struct downloads *all, enum failure_scope scope);

#endif
