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
	size_t sunk; /* bytes that the sink got */
	int is_file;
	int is_chunked; /* so says a header */
	int refused; /* 0, or why the rest of the answer was not taken: -EFBIG, -ENOMEM, the sink's
		      */
	size_t head_len; /* of all headers and trailers */
	int is_headed;   /* a head is over */
	int is_odd;      /* a header says what nobody asked for */
	int timeout_ms;
	int64_t start_ms;
	int64_t date_s; /* of the answer */
	char host[128];
	char words[CURL_ERROR_SIZE];
	http_done *done;
	void *arg;
};

/* Ready to be added to a multi handle. NULL: no memory. */
struct transfer *transfer_new(const struct http_config *config, const struct http_request *r,
			      http_done *done, void *arg);

/* Calls `done` with what came of it and frees it. It has left the multi handle before. */
void transfer_end(struct transfer *t, CURLcode result);

/* The same with this error. */
void transfer_fail(struct transfer *t, const struct err *err);

#endif
