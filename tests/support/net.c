/* SPDX-License-Identifier: MIT */
/* A session on the sample hub; see net.h. */
#include "tests/support/net.h"

#include <openssl/evp.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/call.h"
#include "api/download_impl.h"
#include "api/login.h"
#include "tests/support/failing_alloc.h"

#define PATIENCE_S 60

/* ---- the session's questions ---- */

static int password(void *arg, char md5[PASSWORD_MD5], struct err *err)
{
	struct net *n = arg;

	lock_take(&n->lock);
	n->asked++;
	memcpy(md5, n->md5, PASSWORD_MD5);
	int r = n->password_result;
	lock_drop(&n->lock);
	return r < 0 ? err_sys(err, r, "the test's password") : 0;
}

static void keep(void *arg, const struct session_token *token)
{
	struct net *n = arg;

	lock_take(&n->lock);
	if (token) {
		n->kept++;
		n->token = *token;
	} else {
		n->dropped++;
	}
	lock_drop(&n->lock);
}

void net_password(struct net *n, const char *text)
{
	unsigned char hash[16];

	EVP_Digest(text, strlen(text), hash, NULL, EVP_md5(), NULL);
	lock_take(&n->lock);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(n->md5 + 2 * i, 3, "%02x", hash[i]);
	n->password_result = 0;
	lock_drop(&n->lock);
}

void net_password_fails(struct net *n, int result)
{
	lock_take(&n->lock);
	n->password_result = result;
	lock_drop(&n->lock);
}

static int get(struct net *n, const int *value)
{
	lock_take(&n->lock);
	int copy = *value;
	lock_drop(&n->lock);
	return copy;
}

int net_asked(struct net *n)
{
	return get(n, &n->asked);
}

int net_kept(struct net *n)
{
	return get(n, &n->kept);
}

int net_dropped(struct net *n)
{
	return get(n, &n->dropped);
}

struct session_token net_token(struct net *n)
{
	lock_take(&n->lock);
	struct session_token copy = n->token;
	lock_drop(&n->lock);
	return copy;
}

/* ---- start and end ---- */

void net_fresh_hub(struct hub_process *hub)
{
	hub_process_post(hub, "clear", "");
	hub_process_post(hub, "set", "{\"expire_token\":true}");
	hub_process_post(hub, "reset", "");
}

struct net *net_new(struct hub_process *hub, const struct net_config *config)
{
	static const struct session_token legacy = {.scheme = LOGIN_LEGACY};
	const struct http_config http_config = {.user_agent = "corosfs/test", .clock = &net_clock};
	struct net *n = calloc(1, sizeof(*n));
	char api[256];
	struct err err;

	if (!n)
		abort();
	net_clock_hold(0);
	lock_init(&n->lock);
	n->hub = hub;
	net_password(n, NET_PASSWORD);
	snprintf(api, sizeof(api), "%s%s", hub ? hub_process_url(hub) : "",
		 config->routes ? "/region/%r" : "");
	n->http = http_new(&http_config, &err);
	const struct session_config session_config = {
		.account = NET_ACCOUNT,
		.api = config->api ? config->api : api,
		.rate = config->rate,
		.timeout_ms = config->timeout_ms ? config->timeout_ms : 10000,
		.clock = &net_clock,
		.password = password,
		.keep = keep,
		.arg = n,
	};
	if (n->http)
		n->session = session_new(n->http, &session_config,
					 config->kept ? config->kept : &legacy, &err);
	if (n->session)
		n->downloads = downloads_new(n->session, n->http, &http_config, &err);
	if (!n->downloads || http_start(n->http, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	n->door = (struct hub_net){n->http, n->session, n->downloads};
	n->calls = hub_net(&n->door);
	return n;
}

void net_stop(struct net *n)
{
	n->is_stopped = 1;
	http_stop(n->http);
	downloads_stop(n->downloads);
}

void net_free(struct net *n)
{
	if (!n)
		return;
	if (!n->is_stopped)
		net_stop(n);
	downloads_free(n->downloads);
	session_free(n->session);
	http_free(n->http);
	lock_clear(&n->lock);
	free(n);
}

static void look_at_the_clock(void *arg)
{
	(void)arg;
}

void net_pass(struct net *n, int64_t ms)
{
	net_clock_add(ms);
	if (http_run(n->http, look_at_the_clock, NULL) < 0 ||
	    http_run(n->downloads->files, look_at_the_clock, NULL) < 0)
		abort();
}

/* ---- calls ---- */

struct net_wait {
	struct net *net;
	const char *method, *path;
	sem_t ended;
	struct listing *listing;
	char *text;
	struct err err;
};

static void wait_init(struct net_wait *w, struct net *n)
{
	*w = (struct net_wait){.net = n};
	sem_init(&w->ended, 0, 0);
}

static void wait_for(struct net_wait *w)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	if (sem_timedwait(&w->ended, &until) < 0) {
		fprintf(stderr, "no outcome within %d s\n", PATIENCE_S);
		abort();
	}
	sem_destroy(&w->ended);
}

static void call_ended(void *arg, const char *data, size_t len, const struct err *err)
{
	struct net_wait *w = arg;

	w->text = data ? strndup(data, len) : NULL;
	w->err = *err;
	sem_post(&w->ended);
}

static void call_begin(void *arg)
{
	struct net_wait *w = arg;

	call_start(w->net->session, w->method, w->path, call_ended, w);
}

static void begin(struct net_wait *w, struct net *n, const char *method, const char *path)
{
	wait_init(w, n);
	w->method = method;
	w->path = path;
	int r = http_run(n->http, call_begin, w);
	if (r < 0) {
		err_sys(&w->err, r, "ask");
		sem_post(&w->ended);
	}
}

int net_call(struct net *n, const char *method, const char *path, char **text, struct err *err)
{
	struct net_wait w;

	begin(&w, n, method, path);
	wait_for(&w);
	if (text)
		*text = w.text;
	else
		free(w.text);
	*err = w.err;
	return w.err.code;
}

void net_calls_begin(struct net *n, int count, const char *path)
{
	failing_alloc_spare(1);
	n->under_way = calloc((size_t)count, sizeof(*n->under_way));
	failing_alloc_spare(0);
	n->n_under_way = count;
	if (!n->under_way)
		abort();
	for (int i = 0; i < count; i++)
		begin(&n->under_way[i], n, "GET", path);
}

int net_calls_end(struct net *n, struct err *last)
{
	int bad = 0;

	for (int i = 0; i < n->n_under_way; i++) {
		struct net_wait *w = &n->under_way[i];
		wait_for(w);
		bad += w->err.code != 0;
		*last = w->err;
		free(w->text);
	}
	free(n->under_way);
	n->under_way = NULL;
	return bad;
}

int net_calls(struct net *n, int count, const char *path, struct err *last)
{
	net_calls_begin(n, count, path);
	return net_calls_end(n, last);
}

static void listing_ended(void *arg, struct listing *listing, const struct err *err)
{
	struct net_wait *w = arg;

	w->listing = listing;
	w->err = *err;
	sem_post(&w->ended);
}

void net_range_begin(struct net *n, int32_t first, int32_t last)
{
	n->under_way = calloc(1, sizeof(*n->under_way));
	if (!n->under_way)
		abort();
	wait_init(n->under_way, n);
	if (n->calls.range(n->calls.ctx, first, last, 0, listing_ended, n->under_way) < 0)
		abort();
}

struct listing *net_range_end(struct net *n, struct err *err)
{
	struct net_wait *w = n->under_way;
	struct listing *listing;

	wait_for(w);
	listing = w->listing;
	*err = w->err;
	free(w);
	n->under_way = NULL;
	return listing;
}

struct listing *net_range(struct net *n, int32_t first, int32_t last, struct err *err)
{
	net_range_begin(n, first, last);
	return net_range_end(n, err);
}

struct listing *net_ends(struct net *n, const struct listing_known *known, struct err *err)
{
	struct net_wait w;

	wait_init(&w, n);
	if (n->calls.ends(n->calls.ctx, known, listing_ended, &w) < 0)
		abort();
	wait_for(&w);
	*err = w.err;
	return w.listing;
}
