/* SPDX-License-Identifier: MIT */
/* The transport thread over libcurl; see http.h. */
#include "api/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/lock.h"
#include "api/log.h"
#include "api/thread.h"
#include "api/timers.h"
#include "api/transfer.h"

#define IDLE_MS     60000 /* the longest sleep with nothing to do */
#define CONNECTIONS 8     /* a host; twice as many while requests are sent again */
#define LATE_MS     4000  /* without a byte on a connection that may be dead */
#define IDLE_MAX_S  118   /* libcurl's own: no connection is used that is idle for longer */

/* No connection is used that is idle since before then. What one transport finds out about the
 * network holds for the others. */
static _Atomic int64_t renewed_ms = INT64_MIN / 2;

struct http {
	/* -- set at creation, then never changed */
	CURLM *multi; /* the thread's alone, but for curl_multi_wakeup() */
	char *user_agent, *ca_file;
	const struct clock *clock;

	/* -- the starter's alone */
	pthread_t thread;
	int started;

	/* -- the thread's alone */
	struct transfer *running;
	int is_ready;  /* libcurl's own start was made */
	int canceling; /* requests are answered -ECANCELED from now on */

	struct lock lock;
	/* -- guarded by lock */
	struct timers tasks GUARDED;
	struct timers at_stop GUARDED;
	int stopped GUARDED;
};

/* ---- creation ---- */

struct http *http_new(const struct http_config *config, struct err *err)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h) {
		err_sys(err, -ENOMEM, "start the transport");
		return NULL;
	}
	lock_init(&h->lock);
	timers_init(&h->tasks);
	timers_init(&h->at_stop);
	h->clock = config->clock ? config->clock : &clock_system;
	h->multi = curl_multi_init();
	h->user_agent = strdup(config->user_agent);
	h->ca_file = config->ca_file ? strdup(config->ca_file) : NULL;
	if (!h->multi || !h->user_agent || (config->ca_file && !h->ca_file)) {
		http_free(h);
		err_sys(err, -ENOMEM, "start the transport");
		return NULL;
	}
	/* Neither can fail on a fresh handle. */
	curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 2L * CONNECTIONS);
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS);
	return h;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	if (h->multi)
		curl_multi_cleanup(h->multi);
	if (h->is_ready)
		curl_global_cleanup();
	lock_take(&h->lock);
	timers_clear(&h->tasks);
	timers_clear(&h->at_stop);
	lock_drop(&h->lock);
	lock_clear(&h->lock);
	free(h->user_agent);
	free(h->ca_file);
	free(h);
}

/* ---- requests ---- */

static void unlink_transfer(struct http *h, struct transfer *t)
{
	if (t->prev)
		t->prev->next = t->next;
	else
		h->running = t->next;
	if (t->next)
		t->next->prev = t->prev;
	curl_multi_remove_handle(h->multi, t->easy);
}

/* 0 or -ENOMEM. */
static int link_transfer(struct http *h, struct transfer *t)
{
	if (curl_multi_add_handle(h->multi, t->easy) != CURLM_OK)
		return -ENOMEM;
	t->next = h->running;
	if (t->next)
		t->next->prev = t;
	h->running = t;
	return 0;
}

/* Ends every request that is on its way. */
static void drop_running(struct http *h, int code)
{
	struct err err;

	err_sys(&err, code, "ask the Training Hub");
	while (h->running) {
		struct transfer *t = h->running;
		unlink_transfer(h, t);
		if (t->twin)
			transfer_drop(t);
		else
			transfer_fail(t, &err);
	}
}

/* OpenSSL alone takes a millisecond to start: a mount that finds what it needs in its cache has
 * better things to do. */
static int get_ready(struct http *h)
{
	if (!h->is_ready)
		h->is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	return h->is_ready;
}

/* ---- connections that are dead ---- */

/* When a request is to be sent again; INT64_MAX: not as it is now. */
static int64_t late_ms(const struct http *h, struct transfer *t)
{
	if (t->is_twice || t->is_once || t->is_begun ||
	    !(transfer_is_reused(t) || (t->is_doubtful && transfer_is_sent(t))))
		return INT64_MAX;
	if (!t->sent_ms)
		t->sent_ms = h->clock->mono_ms();
	return t->sent_ms + LATE_MS;
}

/* Whether HTTP/2 might add what comes next to a connection that seems to be dead. */
static int is_doubtful(const struct http *h)
{
	for (const struct transfer *t = h->running; t; t = t->next)
		if (t->is_doubtful)
			return 1;
	return 0;
}

static void send_late_ones(struct http *h)
{
	int64_t now_ms = h->clock->mono_ms();

	for (struct transfer *t = h->running; t; t = t->next) {
		if (late_ms(h, t) > now_ms)
			continue;
		t->is_twice = 1;
		struct transfer *twin = transfer_again(t);
		if (!twin)
			continue;
		log_debug("%s is silent on a connection of before: asked again on a fresh one",
			  t->host);
		if (link_transfer(h, twin) < 0)
			transfer_drop(twin);
	}
}

void http_renew(struct http *h)
{
	int64_t now_ms = h->clock->mono_ms();

	atomic_store(&renewed_ms, now_ms);
	for (struct transfer *t = h->running; t; t = t->next) {
		t->is_doubtful = 1;
		t->is_twice = t->twin != NULL;
		t->sent_ms = t->sent_ms ? now_ms : 0;
	}
}

/* The fresh connection was faster: the old one is dead, and so may be the others that are as old.
 */
static void distrust(struct http *h, struct transfer *dead)
{
	int64_t now_ms = h->clock->mono_ms();

	/* HTTP/2 would keep it for the next request. */
	curl_easy_setopt(dead->easy, CURLOPT_FORBID_REUSE, 1L);
	atomic_store(&renewed_ms, now_ms);
	for (struct transfer *t = h->running; t; t = t->next)
		if (t->sent_ms && !t->is_begun) {
			t->is_doubtful = 1;
			t->sent_ms = now_ms - LATE_MS;
		}
}

/* ---- submitting ---- */

void http_submit(struct http *h, const struct http_request *r, http_done *done, void *arg)
{
	const struct http_config config = {h->user_agent, h->ca_file, h->clock};
	struct transfer *t = NULL;
	struct err err;

	if (!h->canceling && get_ready(h))
		t = transfer_new(&config, r, done, arg);
	if (!t) {
		err_sys(&err, h->canceling ? -ECANCELED : -ENOMEM, "ask the Training Hub");
		done(arg, NULL, &err);
		return;
	}
	int64_t idle_s = (h->clock->mono_ms() - atomic_load(&renewed_ms)) / 1000;
	if (idle_s >= 0 && idle_s < IDLE_MAX_S)
		curl_easy_setopt(t->easy, CURLOPT_MAXAGE_CONN, (long)idle_s);
	if (t->is_once || is_doubtful(h))
		curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
	if (link_transfer(h, t) < 0) {
		err_sys(&err, -ENOMEM, "ask the Training Hub");
		transfer_fail(t, &err);
	}
}

void http_resume(struct http *h)
{
	for (struct transfer *t = h->running; t; t = t->next)
		transfer_resume(t);
}

/* ---- the thread ---- */

/* Runs the tasks that are due. Returns 0 once http_stop() was called. */
static int run_tasks(struct http *h)
{
	int64_t now_ms = h->clock->mono_ms();
	struct timer next;
	int stopped, more = 1;

	while (more) {
		lock_take(&h->lock);
		more = timers_take(&h->tasks, now_ms, &next);
		stopped = h->stopped;
		lock_drop(&h->lock);
		if (more)
			next.task(next.arg);
		if (stopped)
			return 0;
	}
	return 1;
}

static void drop(struct http *h, struct transfer *t)
{
	unlink_transfer(h, t);
	transfer_drop(t);
}

/* Those whose twin has the answer. */
static void drop_lost(struct http *h)
{
	for (struct transfer *t = h->running, *next; t; t = next) {
		next = t->next;
		if (!t->is_lost)
			continue;
		if (t->is_twice)
			distrust(h, t);
		drop(h, t);
	}
}

static void end(struct http *h, struct transfer *t, CURLcode result)
{
	/* The other one may still bring something. */
	if (t->twin && result != CURLE_OK && !t->is_begun) {
		drop(h, t);
		return;
	}
	if (t->twin)
		drop(h, t->twin);
	unlink_transfer(h, t);
	transfer_end(t, result);
}

/* Drives the requests one step and answers those that ended. */
static void perform(struct http *h)
{
	int n;
	CURLMsg *message;

	if (curl_multi_perform(h->multi, &n) != CURLM_OK) {
		/* Out of memory, or a bug: without this the loop would spin. */
		drop_running(h, -ENOMEM);
		return;
	}
	drop_lost(h);
	while ((message = curl_multi_info_read(h->multi, &n))) {
		struct transfer *t = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		end(h, t, message->data.result);
	}
}

static void sleep_until_news(struct http *h)
{
	int64_t now_ms = h->clock->mono_ms();

	lock_take(&h->lock);
	int wait_ms = timers_wait_ms(&h->tasks, now_ms, IDLE_MS);
	lock_drop(&h->lock);
	for (struct transfer *t = h->running; t; t = t->next) {
		int64_t due_ms = late_ms(h, t) - now_ms;
		if (due_ms < wait_ms)
			wait_ms = due_ms > 0 ? (int)due_ms : 0;
	}
	if (h->clock->nap_ms && !h->running)
		wait_ms = h->clock->nap_ms(wait_ms);
	if (curl_multi_poll(h->multi, NULL, 0, wait_ms, NULL) != CURLM_OK)
		poll(NULL, 0, wait_ms < 100 ? wait_ms : 100);
}

/* The end of the thread; see http_stop(). */
static void wind_up(struct http *h)
{
	int64_t now_ms = h->clock->mono_ms();
	struct timer next;
	int more = 1;

	h->canceling = 1;
	drop_running(h, -ECANCELED);
	while (more) {
		lock_take(&h->lock);
		more = timers_take(&h->tasks, now_ms, &next) ||
		       timers_take(&h->at_stop, now_ms, &next);
		lock_drop(&h->lock);
		if (more)
			next.task(next.arg);
	}
}

static void *transport(void *arg)
{
	struct http *h = arg;

	pthread_setname_np(pthread_self(), "corosfs-net");
	while (run_tasks(h)) {
		perform(h);
		send_late_ones(h);
		sleep_until_news(h);
	}
	wind_up(h);
	return NULL;
}

int http_start(struct http *h, struct err *err)
{
	int r = thread_start(&h->thread, transport, h);

	if (r < 0)
		return err_sys(err, r, "start the transport thread");
	h->started = 1;
	return 0;
}

void http_stop(struct http *h)
{
	lock_take(&h->lock);
	h->stopped = 1;
	lock_drop(&h->lock);
	if (!h->started) {
		wind_up(h);
		return;
	}
	curl_multi_wakeup(h->multi);
	pthread_join(h->thread, NULL);
}

int http_after(struct http *h, int ms, http_task *task, void *arg)
{
	int64_t due_ms = h->clock->mono_ms() + (ms > 0 ? ms : 0);

	lock_take(&h->lock);
	int r = h->stopped ? -ECANCELED : timers_add(&h->tasks, due_ms, task, arg);
	lock_drop(&h->lock);
	if (r == 0)
		curl_multi_wakeup(h->multi);
	return r;
}

int http_run(struct http *h, http_task *task, void *arg)
{
	return http_after(h, 0, task, arg);
}

int http_at_stop(struct http *h, http_task *task, void *arg)
{
	lock_take(&h->lock);
	int r = timers_add(&h->at_stop, 0, task, arg);
	lock_drop(&h->lock);
	return r;
}
