/* SPDX-License-Identifier: MIT */
/* One HTTP request as a curl easy handle: its options, its memory, how it ended. http.c drives it.
 */
#ifndef API_TRANSFER_H
#define API_TRANSFER_H

#include <curl/curl.h>
#include <stdint.h>

#include "api/buf.h"
#include "api/http.h"

struct transfer {
	struct transfer *prev, *next; /* http.c's list of what is on its way */
	CURL *easy;                   /* its CURLINFO_PRIVATE is the transfer */
	struct curl_slist *headers;
	char *body;
	size_t body_len;
	struct buf answer;
	int (*sink)(void *arg, const char *data, size_t len);
	size_t sunk;   /* bytes of the body so far */
	int is_paused; /* the sink wants nothing for now */
	int is_file;
	int is_chunked; /* so says a header */
	int refused; /* 0, or why the rest of the answer was not taken: -EFBIG, -ENOMEM, the sink's
		      */
	size_t head_len; /* of all headers and trailers */
	int is_headed;   /* a head is over */
	int is_odd;      /* a header says what nobody asked for */
	int timeout_ms;
	int64_t start_ms;
	int is_once;  /* never sent again */
	int is_twice; /* it was */
	int is_begun; /* the first byte of an answer is there */
	/* The same request once more, on the other connection: each other's, or NULL. */
	struct transfer *twin;
	int is_lost;     /* the twin's answer came first */
	int is_doubtful; /* its connection may be dead */
	int64_t sent_ms; /* http.c's: when it was seen to be sent; 0: not yet */
	int64_t date_s;  /* of the answer */
	char host[128];
	char words[CURL_ERROR_SIZE];
	http_done *done;
	void *arg;
};

/* Ready to be added to a multi handle. NULL: no memory. */
struct transfer *transfer_new(const struct http_config *config, const struct http_request *r,
			      http_done *done, void *arg);

/* Whether it was sent, and on a connection that was there before. */
int transfer_is_sent(const struct transfer *t);
int transfer_is_reused(const struct transfer *t);

/* The same request for a fresh connection, with the time that is left. They are twins then: the
 * first byte of an answer makes the other one lost. NULL: no memory. */
struct transfer *transfer_again(struct transfer *t);

/* Frees one of two twins. It has left the multi handle before. */
void transfer_drop(struct transfer *t);

/* Calls `done` with what came of it and frees it. It has left the multi handle before. */
void transfer_end(struct transfer *t, CURLcode result);

/* The same with this error. */
void transfer_fail(struct transfer *t, const struct err *err);

/* The sink may want something again. */
void transfer_resume(struct transfer *t);

#endif
