/* SPDX-License-Identifier: MIT */
/*
 * The transport: one thread that drives one curl multi handle, so that every
 * request shares its connections, and a small clock of tasks beside it. Only
 * http.c and transfer.[ch] include curl.
 *
 * The thread never touches the disk and never waits for anything but the
 * network and its tasks. Everything above it in api/ (session, call, listing)
 * runs on this thread alone and so needs no lock.
 */
#ifndef API_HTTP_H
#define API_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "api/clock.h"
#include "api/err.h"

struct http;

struct http_config {
	const char *user_agent;
	const char *ca_file;       /* NULL: the system's certificates */
	const struct clock *clock; /* of the tasks; NULL: the machine's */
};

/* The handle, without a thread yet: fork only before http_start(). NULL and `err` on failure. */
struct http *http_new(const struct http_config *config, struct err *err);

/* Starts the thread. 0 or a negative errno. */
int http_start(struct http *h, struct err *err);

typedef void http_task(void *arg);

/*
 * Ends the thread: running requests are answered -ECANCELED, tasks that are due
 * still run (what they submit is answered -ECANCELED), later ones are dropped
 * unrun, and the tasks of http_at_stop() come last. Call it once, not from the
 * thread itself; without a thread all this happens on the caller's. Afterwards
 * http_run() and http_after() say -ECANCELED.
 */
void http_stop(struct http *h);
void http_free(struct http *h);

/* Has task(arg) run once, on the thread, when it ends. From any thread. 0 or -ENOMEM. */
int http_at_stop(struct http *h, http_task *task, void *arg);

/*
 * Runs task(arg) on the thread, as soon as it can or after `ms`. From any
 * thread; no lock is held while a task runs. 0 or -ENOMEM, or -ECANCELED after
 * http_stop(): then the task will not run.
 */
int http_run(struct http *h, http_task *task, void *arg);
int http_after(struct http *h, int ms, http_task *task, void *arg);

#define HTTP_LATER 1

struct http_request {
	const char *method; /* "GET" or "POST" */
	const char *url;
	const char *const *headers; /* "Name: value" lines, ended by NULL; may hold secrets */
	const void *body;           /* NULL: none; a POST then says Content-Length: 0 */
	size_t body_len;
	size_t max_size; /* a longer answer is -EIO, cut off while it arrives; so are 64 KiB of
			    headers */
	int timeout_ms;  /* for the whole exchange; with a sink, for every wait in it */
	/* The bytes as they lie there: no encoding is asked for, and one that comes all the same is
	 * -EIO; so is a 200 that ends with its connection, since nobody can tell whether it is
	 * whole.
	 */
	int is_file;
	int is_once; /* it must not be sent twice: it goes on a connection of its own */
	/*
	 * NULL: the answer is collected in memory. Else where the body of a 200 goes, piece by
	 * piece, on the transport thread: 0; HTTP_LATER: not now, but again after http_resume();
	 * or a negative errno, which ends the exchange. Of any other body the first 64 KiB are
	 * collected.
	 */
	int (*sink)(void *arg, const char *data, size_t len);
};

struct http_answer {
	long status;       /* HTTP's */
	const char *data;  /* the body, decompressed, and a NUL; lives until done returns */
	size_t len;        /* without the NUL */
	size_t sunk;       /* bytes that a sink got in its place */
	int retry_after_s; /* the header's seconds, -1 without one */
	/* Where a 3xx sends us, as an absolute URL; "" when it does not. */
	const char *redirect;
	int ms;         /* how long the exchange took */
	int64_t date_s; /* the Date header; 0 without one */
};

/*
 * The end of a request, on the thread, exactly once. `answer` is NULL when
 * there is none, with err->code
 *   -EHOSTUNREACH  no connection: no name, no route, refused, or TLS did not verify
 *   -ECONNRESET    the connection broke before an answer began
 *   -ECONNABORTED  the answer was cut off
 *   -ETIMEDOUT     no whole answer within timeout_ms
 *   -EIO           longer than max_size, in an encoding other than gzip, or not HTTP
 *   -ENOMEM, -ECANCELED, and what the sink gave
 * and words that name the host, never the URL's query. It may come before
 * http_submit() returns, when there is no memory or after http_stop().
 */
typedef void http_done(void *arg, const struct http_answer *answer, const struct err *err);

/*
 * Sends a request. On the transport thread only. Everything in `r` is copied.
 * One that goes on a connection of before, and brings no byte within 4 s, is sent
 * again on a fresh one: the old one may be dead, whatever TCP thinks of it (NAT
 * forgot it, a proxy swallows it, the machine slept). Whoever answers first counts.
 * Redirects are not followed: a 3xx is an answer like another. Gzip is asked
 * for and undone, and the ceiling counts the undone bytes. All answers that are
 * collected at a time have 16 MiB together, but each may have 1 MiB.
 */
void http_submit(struct http *h, const struct http_request *r, http_done *done, void *arg);

/*
 * The machine slept, or is in another network: no connection of before is used for
 * new requests, and what is under way is sent again should it bring nothing within
 * 4 s from now. On the transport thread only.
 */
void http_renew(struct http *h);

/* Sinks that wanted nothing for a while get what has come. On the transport thread. */
void http_resume(struct http *h);

#endif
