/* SPDX-License-Identifier: MIT */
/* One HTTP request through to its outcome, for tests of the transport. */
#ifndef TESTS_SUPPORT_EXCHANGE_H
#define TESTS_SUPPORT_EXCHANGE_H

#include <semaphore.h>

#include "api/http.h"

struct exchange {
	struct http *http;
	struct http_request request; /* a GET of `url`; a test may change it */
	char url[128];
	sem_t ended;

	/* -- the outcome */
	int ends; /* how often it ended: 1 */
	struct err err;
	long status;
	int retry_after_s;
	size_t len;
	char data[256]; /* the beginning of the body */
};

/* A transport with its thread. */
struct http *exchange_start(void);
void exchange_stop(struct http *http);

/* A request to http://127.0.0.1:PORT/path?secret=1. */
void exchange_init(struct exchange *x, struct http *http, int port);
/* Submits it; a task for the transport thread. */
void exchange_submit(void *x);
void exchange_wait(sem_t *ended);
/* All of it. */
void exchange_run(struct exchange *x);

#endif
