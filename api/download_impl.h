/* SPDX-License-Identifier: MIT */
/*
 * The inside of downloads:
 *
 *     download.c       the questions to the hub, and what it says, on the session's thread
 *     download_file.c  the files, on the thread of downloads
 */
#ifndef API_DOWNLOAD_IMPL_H
#define API_DOWNLOAD_IMPL_H

#include "api/breaker.h"
#include "api/buf.h"
#include "api/download.h"

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
	struct err refused;
	int is_active; /* holds one of the places */
	int is_queued; /* waits for one */
	char *url;
	struct buf detail;

	/* -- what has come in this attempt */
	uint64_t size;
	char head[EXPORT_EDGE], tail[EXPORT_EDGE];
};

/* That the hub does tell of files in a form: the last one it told of, label_id 0: none, and when.
 */
struct proof {
	struct download_want want;
	int64_t told_ms; /* mono */
};

struct downloads {
	struct session *session;
	struct http *http; /* the session's */
	int url_flags;
	/* -- the session's transport thread's alone */
	int is_started;
	struct proof proof[EXPORTS];

	struct http *files;
	/* -- the file thread's alone */
	struct download *first;
	int active;
	struct breaker breaker;
};

/* ---- download.c ---- */

/* The end, once: tells the sink and frees it. */
void download_finish(struct download *d, const struct err *err);
void download_finish_code(struct download *d, int code);

/* ---- download_file.c, on the thread of downloads ---- */

/* Those that are this thread's are in a list, so that its end can end them. */
void download_enlist(struct download *d);
void download_delist(struct download *d);
/* http_task: ends all of a struct downloads. */
void download_cancel_all(void *downloads);
/* http_task: a struct download knows its URL, and comes to be fetched. */
void download_arrive(void *download);

#endif
