/* SPDX-License-Identifier: MIT */
/* The state of a mount as JSON; see status.h. */
#include "fs/status.h"

#include <string.h>
#include <unistd.h>

#include "api/clock.h"
#include "api/metrics.h"
#include "api/session_state.h"

#define SESSION_MS 1000

static const char *const login_words[] = {
	[SESSION_LOGGED_OUT] = "logged out",
	[SESSION_LOGGED_IN] = "logged in",
	[SESSION_LOGGING_IN] = "logging in",
	[SESSION_LOGIN_WAITS] = "waiting",
};

/* Takes the value. Without memory it is missing, and whoever reads copes. */
static void set(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value);
}

static void gauge(json_t *metrics, const char *name, double value)
{
	set(metrics, name,
	    value == (double)(json_int_t)value ? json_integer((json_int_t)value)
					       : json_real(value));
}

static void add_session(json_t *o, json_t *metrics, struct session *session)
{
	struct session_state s;
	int r = session_state(session, SESSION_MS, &s);

	if (r < 0) {
		set(o, "login", json_pack("{s:s}", "state", "unknown"));
		return;
	}
	json_t *login = json_pack("{s:s}", "state", login_words[s.login]);
	if (s.login == SESSION_LOGIN_WAITS) {
		set(login, "why", json_string(s.why.text));
		set(login, "again_s", json_integer(s.retry_s));
	}
	set(o, "login", login);
	set(o, "region", json_integer(s.region));
	set(o, "hub", json_string(s.base));
	json_t *breaker = json_pack("{s:b}", "open", s.is_broken);
	if (s.is_broken) {
		set(breaker, "why", json_string(s.broken.text));
		set(breaker, "again_s", json_integer(s.trial_s));
	}
	set(o, "breaker", breaker);
	set(o, "calls", json_pack("{s:i, s:i}", "active", s.active, "queued", s.queued));
	gauge(metrics, "corosfs_logged_in", s.login == SESSION_LOGGED_IN);
	gauge(metrics, "corosfs_breaker_open", s.is_broken);
	gauge(metrics, "corosfs_hub_calls_active", s.active);
	gauge(metrics, "corosfs_hub_calls_queued", s.queued);
}

static void add_store(json_t *o, json_t *metrics, const struct backend *b)
{
	struct month_store_state s;
	const struct history *h = &s.history;

	month_store_state(b->store, &s);
	json_t *cache = json_pack("{s:s, s:b, s:i, s:i, s:I, s:I, s:I, s:I, s:i, s:i}", "folder",
				  b->dir.path, "offline", b->options->offline, "months", s.months,
				  "months_in_memory", s.in_memory, "memory", (json_int_t)s.memory,
				  "memory_limit", (json_int_t)b->options->memory, "newest_fetch_s",
				  (json_int_t)s.newest_s, "oldest_fetch_s", (json_int_t)s.oldest_s,
				  "waiting", s.waiting, "fetching", s.fetching);
	if (h->known)
		set(cache, "history",
		    json_pack("{s:I, s:i, s:i, s:I}", "activities", (json_int_t)h->count,
			      "oldest_day", h->oldest_day, "newest_day", h->newest_day, "fetched_s",
			      (json_int_t)h->fetched_s));
	set(o, "cache", cache);
	set(o, "failing", json_boolean(s.is_failing));
	if (s.lost.code)
		set(o, "list_failing", json_string(s.lost.text));
	if (s.failure.code)
		set(o, "last_error",
		    json_pack("{s:s, s:I}", "text", s.failure.text, "time_s",
			      (json_int_t)s.failure_s));
	gauge(metrics, "corosfs_hub_failing", s.is_failing);
	gauge(metrics, "corosfs_cache_months", s.months);
	gauge(metrics, "corosfs_cache_months_in_memory", s.in_memory);
	gauge(metrics, "corosfs_cache_memory_bytes", (double)s.memory);
	gauge(metrics, "corosfs_cache_waiting", s.waiting);
	if (s.newest_s) {
		gauge(metrics, "corosfs_cache_newest_fetch_timestamp_seconds", (double)s.newest_s);
		gauge(metrics, "corosfs_cache_oldest_fetch_timestamp_seconds", (double)s.oldest_s);
	}
	if (h->known)
		gauge(metrics, "corosfs_activities", (double)h->count);
}

static void add_blobs(json_t *o, json_t *metrics, struct blob_store *blobs)
{
	size_t failing = blob_store_failing(blobs);
	uint64_t files, size;

	blob_store_count(blobs, &files, &size);
	set(o, "downloads",
	    json_pack("{s:I, s:I, s:I}", "files", (json_int_t)files, "bytes", (json_int_t)size,
		      "failing", (json_int_t)failing));
	gauge(metrics, "corosfs_downloads_failing", (double)failing);
	gauge(metrics, "corosfs_downloads", (double)files);
	gauge(metrics, "corosfs_downloads_bytes", (double)size);
}

/* At its place in objects of objects. */
static void add_metric(void *arg, const char *family, const char *path, double value)
{
	char name[64];
	json_t *at = arg;

	snprintf(name, sizeof(name), "%s", family);
	while (*path) {
		json_t *below = json_object_get(at, name);
		if (!below)
			set(at, name, below = json_object());
		size_t len = strcspn(path, "/");
		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		path += len + (path[len] == '/');
		at = below;
	}
	gauge(at, name, value);
}

json_t *status_collect(const struct backend *b, const char *mountpoint, int64_t start_s)
{
	int64_t now_s = clock_system.wall_s();
	json_t *metrics = json_object();
	json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:I}", "mountpoint", mountpoint, "account",
			      b->options->account, "version", COROSFS_VERSION, "pid", (int)getpid(),
			      "started_s", (json_int_t)start_s);

	if (!o || !metrics) {
		json_decref(o);
		json_decref(metrics);
		return NULL;
	}
	gauge(metrics, "corosfs_uptime_seconds", (double)(now_s - start_s));
	add_session(o, metrics, b->session);
	add_store(o, metrics, b);
	if (b->blobs)
		add_blobs(o, metrics, b->blobs);
	metrics_list(add_metric, metrics);
	set(o, "metrics", metrics);
	return o;
}
