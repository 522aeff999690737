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
#include "api/http.h"

struct downloads;
struct session;

#define DOWNLOADS_AT_ONCE 4
/* Ends that are no errno, since a disk may say any of those. */
#define DOWNLOAD_ABSENT   (-10001) /* the hub does not make this form of this activity */
#define DOWNLOAD_UNPROVEN (-10002) /* it says so, but may be out of order */

/* What is under way; no thread yet. `http` is the session's. NULL and `err` on failure. */
struct downloads *downloads_new(struct session *s, struct http *http,
				const struct http_config *config, struct err *err);
/* After http_stop() of the session's transport: whatever is under way ends with -ECANCELED. */
void downloads_stop(struct downloads *d);
void downloads_free(struct downloads *d); /* NULL is fine */

struct download_want {
	uint64_t label_id;
	int32_t sport; /* the activity's own, or the hub refuses */
	enum export form;
};

/* Where the bytes go. On the thread of downloads, with no lock held. */
struct download_sink {
	/* Before the first byte, and again when an attempt is made anew: drop what came. */
	int (*begin)(void *arg);
	int (*write)(void *arg, const char *data, size_t len);
	/*
	 * The end, once. err->code 0: everything was written and looks whole. DOWNLOAD_ABSENT,
	 * DOWNLOAD_UNPROVEN. Else as in call.h, or what the sink gave. An end that is no success
	 * may come on the transport thread of the session.
	 */
	void (*done)(void *arg, const struct err *err);
};

/* Any thread. `sink` must outlive the download. 0, or -ENOMEM or -ECANCELED: then it will not be
 * called. */
int download_start(struct downloads *d, const struct download_want *want,
		   const struct download_sink *sink, void *arg);

#endif
