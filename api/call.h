/* SPDX-License-Identifier: MIT */
/*
 * One API call: URL and headers, pacing, the wait for a token, retries, and the
 * hub's envelope with its result code (coros-api.md 3). Transport thread only.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include <stddef.h>

#include "api/err.h"

struct session;

/* Bytes of an answer that is collected. A page of 200 activities has 0.3 MB; what is larger takes
 * its time to be read, on the one transport thread. */
#define CALL_ANSWER_MAX (8u << 20)

/*
 * The end of a call, exactly once. With err->code 0 `data` is the whole answer
 * (envelope and all; its `result` was "0000"), which lives until `done` returns.
 * Else data is NULL and err->code is
 *   -EHOSTUNREACH  hub or network not reachable
 *   -ETIMEDOUT     no answer in time
 *   -EACCES        login refused, second factor needed, session taken by the web app
 *   -EIO           not what the API sends, or its own generic failure
 *   -EOPNOTSUPP    the hub says no, by a code that says no more
 *   -EINVAL        result 1031: the hub does not take these parameters
 *   -EBUSY         the hub asks to slow down (429) for longer than a call may take
 *   -ENOMEM, -ECANCELED
 * While the breaker is open calls fail at once, with the errno that opened it; a call that
 * cannot even start may end before call_start() returns.
 */
typedef void call_done(void *arg, const char *data, size_t len, const struct err *err);

/* `path` begins with '/' and holds the query; both are copied. */
void call_start(struct session *s, const char *method, const char *path, call_done *done,
		void *arg);
/* The same with `timeout_ms` for each exchange; 0: the session's. */
void call_start_within(struct session *s, const char *method, const char *path, int timeout_ms,
		       call_done *done, void *arg);

/* Where the member "data" of an answer goes that may be too large for memory (json_split.h). */
struct call_sink {
	void (*begin)(void *arg);   /* before the first byte of each attempt: drop what came */
	int (*has_room)(void *arg); /* 0: not now, but again after http_resume() */
	/* 0, or a negative errno, with which the call ends. */
	int (*write)(void *arg, const char *data, size_t len);
};
#define CALL_SUNK_MAX (256u << 20) /* bytes of such an answer */

/* The same: `data` of call_done is what stands beside the member. */
void call_start_sunk(struct session *s, const char *method, const char *path,
		     const struct call_sink *sink, call_done *done, void *arg);

#endif
