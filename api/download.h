/* SPDX-License-Identifier: MIT */
/*
 * One activity in one form, streamed into a sink (coros-api.md 5 and 6).
 *
 * The hub is asked where the file is, on the transport thread like for every other
 * call; the file comes from another host, by a bare GET without token or cookie, on
 * a transport thread of its own, which may write to the disk: a slow disk holds up
 * downloads and nothing else. Four files are under way at a time.
 *
 * The file's URL works for whoever has it. It is never logged or kept: each download
 * asks anew. It must be https (plain http only where the hub itself is on loopback),
 * and so must the few redirects that are followed.
 */
#ifndef API_DOWNLOAD_H
#define API_DOWNLOAD_H

#include <stdint.h>

#include "api/err.h"
#include "api/export.h"
#include "api/failure.h"
#include "api/http.h"

struct downloads;
struct session;

#define DOWNLOADS_AT_ONCE 4

/* What is under way; no thread yet. `http` is the session's. NULL and `err` on failure. */
struct downloads *downloads_new(struct session *s, struct http *http,
				const struct http_config *config, struct err *err);
/* After http_stop() of the session's transport: whatever is under way ends with -ECANCELED. */
void downloads_stop(struct downloads *d);
void downloads_free(struct downloads *d); /* NULL is fine */

/* The file host is asked as if it had never failed, on connections of now. On the session's
 * transport thread. */
void downloads_again(struct downloads *d);

struct download_want {
	uint64_t label_id;
	int32_t sport; /* the activity's own, or the hub refuses */
	enum export form;
	/* One that came in this form before, control_id 0: none is known. It is asked about when
	 * this one is refused: see FAILURE_ABSENT. */
	uint64_t control_id;
	int32_t control_sport;
	int was_gone; /* the file host had none the last time: it is not waited for */
};

/* Where the bytes go. On the thread of downloads, with no lock held. */
struct download_sink {
	/* Before the first byte, and again when an attempt is made anew: drop what came. */
	int (*begin)(void *arg);
	int (*write)(void *arg, const char *data, size_t len);
	/*
	 * The end, once. err->code 0: everything was written, and is whole. Else as in call.h, or
	 * what the sink gave, and whose failure it is:
	 *   FAILURE_ITEM    this download's, as far as can be told
	 *   FAILURE_GONE    the file host does not have it, and gave another one meanwhile
	 *   FAILURE_ABSENT  -ENOENT: the hub does not make it, and told of another one; -EIO: it
	 * says so, but there is no other one to tell whether it is out of order FAILURE_HUB
	 * everything would fail now: hub, file host, network, login, our disk or memory An end that
	 * is no success may come on the transport thread of the session.
	 */
	void (*done)(void *arg, enum failure_scope scope, const struct err *err);
};

/* Any thread. `sink` must outlive the download. 0, or -ENOMEM or -ECANCELED: then it will not be
 * called. */
int download_start(struct downloads *d, const struct download_want *want,
		   const struct download_sink *sink, void *arg);

#endif
