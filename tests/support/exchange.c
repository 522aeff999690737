/* SPDX-License-Identifier: MIT */
/* HTTP requests of tests; see exchange.h. */
#include "tests/support/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/net_clock.h"

#define PATIENCE_S 30

struct http *exchange_start(void)
{
	const struct http_config config = {.user_agent = "corosfs/test", .clock = &net_clock};
	struct http *http = http_new(&config, NULL);

	if (!http || http_start(http, NULL) < 0)
		abort();
	return http;
}

void exchange_stop(struct http *http)
{
	http_stop(http);
	http_free(http);
}

void exchange_init(struct exchange *x, struct http *http, int port)
{
	*x = (struct exchange){.http = http};
	sem_init(&x->ended, 0, 0);
	snprintf(x->url, sizeof(x->url), "http://127.0.0.1:%d/path?secret=1", port);
	x->request = (struct http_request){
		.method = "GET", .url = x->url, .max_size = 100000, .timeout_ms = 10000};
}

static void ended(void *arg, const struct http_answer *a, const struct err *err)
{
	struct exchange *x = arg;

	x->ends++;
	x->err = *err;
	if (a) {
		if (a->data[a->len] != '\0')
			abort();
		x->status = a->status;
		x->retry_after_s = a->retry_after_s;
		x->len = a->len;
		memcpy(x->data, a->data, a->len < 255 ? a->len : 255);
	}
	sem_post(&x->ended);
}

void exchange_submit(void *arg)
{
	struct exchange *x = arg;
	struct http_request request = x->request;
	char url[sizeof(x->url)];

	memcpy(url, x->url, sizeof(url));
	request.url = url;
	/* It may end here and now, and be gone. */
	http_submit(x->http, &request, ended, x);
	/* All of it was copied. */
	memset(url, 'x', sizeof(url));
}

void exchange_wait(sem_t *ended_sem)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	if (sem_timedwait(ended_sem, &until) < 0) {
		fprintf(stderr, "no outcome within %d s\n", PATIENCE_S);
		abort();
	}
}

void exchange_run(struct exchange *x)
{
	int r = http_run(x->http, exchange_submit, x);
	if (r == 0) {
		exchange_wait(&x->ended);
	} else {
		x->ends++;
		err_sys(&x->err, r, "ask");
	}
}
