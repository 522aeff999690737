/* SPDX-License-Identifier: MIT */
/* Counters; see metrics.h. */
#include "api/metrics.h"

#include <stdio.h>
#include <string.h>

#define REQUESTS "corosfs_hub_requests_total"
#define SECONDS  "corosfs_hub_request_seconds"

static const struct {
	const char *family, *label;
} counters[METRICS] = {
	[METRIC_FUSE_LOOKUP] = {"corosfs_fuse_requests_total", "lookup"},
	[METRIC_FUSE_GETATTR] = {"corosfs_fuse_requests_total", "getattr"},
	[METRIC_FUSE_READ] = {"corosfs_fuse_requests_total", "read"},
	[METRIC_FUSE_READDIR] = {"corosfs_fuse_requests_total", "readdir"},
	[METRIC_FUSE_STATFS] = {"corosfs_fuse_requests_total", "statfs"},
	[METRIC_FUSE_FORGET] = {"corosfs_fuse_requests_total", "forget"},
	[METRIC_FUSE_OTHER] = {"corosfs_fuse_requests_total", "other"},
	[METRIC_FUSE_BYTES] = {"corosfs_fuse_read_bytes_total", ""},
	[METRIC_FUSE_ERROR_EACCES] = {"corosfs_fuse_errors_total", "EACCES"},
	[METRIC_FUSE_ERROR_EBUSY] = {"corosfs_fuse_errors_total", "EBUSY"},
	[METRIC_FUSE_ERROR_EHOSTUNREACH] = {"corosfs_fuse_errors_total", "EHOSTUNREACH"},
	[METRIC_FUSE_ERROR_EINTR] = {"corosfs_fuse_errors_total", "EINTR"},
	[METRIC_FUSE_ERROR_EIO] = {"corosfs_fuse_errors_total", "EIO"},
	[METRIC_FUSE_ERROR_ENOMEM] = {"corosfs_fuse_errors_total", "ENOMEM"},
	[METRIC_FUSE_ERROR_ETIMEDOUT] = {"corosfs_fuse_errors_total", "ETIMEDOUT"},
	[METRIC_CACHE_AT_ONCE] = {"corosfs_cache_questions_total", "at_once"},
	[METRIC_CACHE_WAITED] = {"corosfs_cache_questions_total", "waited"},
	[METRIC_CACHE_FAILED] = {"corosfs_cache_questions_total", "failed"},
	[METRIC_CACHE_LOADED] = {"corosfs_cache_months_loaded_total", ""},
	[METRIC_CACHE_SAVED] = {"corosfs_cache_months_saved_total", ""},
	[METRIC_CACHE_DISCARDED] = {"corosfs_cache_months_discarded_total", ""},
	[METRIC_MONTHS_SAME] = {"corosfs_months_fetched_total", "same"},
	[METRIC_MONTHS_NEW] = {"corosfs_months_fetched_total", "new"},
	[METRIC_MONTHS_CHANGED] = {"corosfs_months_fetched_total", "changed"},
	[METRIC_HUB_BYTES] = {"corosfs_hub_received_bytes_total", ""},
};

static const struct {
	const char *family, *labels, *type, *help;
} families[] = {
	{"corosfs_fuse_requests_total", "op", "counter", "Questions of the kernel."},
	{"corosfs_fuse_read_bytes_total", "", "counter", "Bytes of files given to the kernel."},
	{"corosfs_fuse_errors_total", "errno", "counter",
	 "Errors given to programs, names that are not "
	 "there aside."},
	{"corosfs_cache_questions_total", "answer", "counter",
	 "Questions for months: answered from memory at once, after a wait for disk or hub, or "
	 "not."},
	{"corosfs_cache_months_loaded_total", "", "counter", "Months read from disk."},
	{"corosfs_cache_months_saved_total", "", "counter", "Months written to disk."},
	{"corosfs_cache_months_discarded_total", "", "counter", "Damaged files of months."},
	{"corosfs_months_fetched_total", "found", "counter",
	 "Months that the hub was asked for, and what "
	 "became of the cache's copy."},
	{"corosfs_hub_received_bytes_total", "", "counter", "Bytes of answers, unpacked."},
	{REQUESTS, "call,result", "counter", "Requests to the hub, by call and outcome."},
	{SECONDS, "call", "histogram", "How long the hub took to answer, by call."},
};

static const char *const calls[METRIC_CALLS] = {
	[METRIC_CALL_LOGIN] = "login",       [METRIC_CALL_CODE] = "code",
	[METRIC_CALL_LIST] = "list",         [METRIC_CALL_DETAIL] = "detail",
	[METRIC_CALL_DOWNLOAD] = "download", [METRIC_CALL_FILE] = "file",
	[METRIC_CALL_DAYS] = "days",         [METRIC_CALL_PLAN] = "plan",
	[METRIC_CALL_OTHER] = "other",
};

static const char *const results[METRIC_RESULTS] = {
	[METRIC_OK] = "ok",
	[METRIC_TOKEN_DEAD] = "token_dead",
	[METRIC_REFUSED] = "refused",
	[METRIC_FAILED] = "failed",
	[METRIC_TIMEOUT] = "timeout",
	[METRIC_UNREACHABLE] = "unreachable",
	[METRIC_CANCELLED] = "cancelled",
};

static const int bounds_ms[] = {25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000};
#define BOUNDS (sizeof(bounds_ms) / sizeof(bounds_ms[0]))

atomic_llong metrics_value[METRICS];
static atomic_llong requests[METRIC_CALLS][METRIC_RESULTS];
static struct {
	atomic_llong count[BOUNDS + 1], sum_ms;
} taken[METRIC_CALLS];

static void bump(atomic_llong *value, int64_t n)
{
	atomic_fetch_add_explicit(value, n, memory_order_relaxed);
}

static double get(const atomic_llong *value)
{
	return (double)atomic_load_explicit(value, memory_order_relaxed);
}

enum metric_call metrics_call(const char *path)
{
	static const struct {
		const char *begin;
		enum metric_call call;
	} table[] = {
		{"/account/login", METRIC_CALL_LOGIN},
		{"/account/captcha", METRIC_CALL_CODE},
		{"/account/2fa/", METRIC_CALL_CODE},
		{"/activity/query", METRIC_CALL_LIST},
		{"/activity/detail/query", METRIC_CALL_DETAIL},
		{"/activity/detail/download", METRIC_CALL_DOWNLOAD},
		{"/analyse/", METRIC_CALL_DAYS},
		{"/training/", METRIC_CALL_PLAN},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strncmp(path, table[i].begin, strlen(table[i].begin)) == 0)
			return table[i].call;
	return METRIC_CALL_OTHER;
}

void metrics_request(enum metric_call call, enum metric_result result, int ms, size_t bytes)
{
	size_t i = 0;

	bump(&requests[call][result], 1);
	metrics_add(METRIC_HUB_BYTES, (int64_t)bytes);
	if (ms < 0)
		return;
	while (i < BOUNDS && ms > bounds_ms[i])
		i++;
	bump(&taken[call].count[i], 1);
	bump(&taken[call].sum_ms, ms);
}

/* ---- reading ---- */

int64_t metrics_requests(void)
{
	int64_t n = 0;

	for (int c = 0; c < METRIC_CALLS; c++)
		for (int r = 0; r < METRIC_RESULTS; r++)
			n += atomic_load_explicit(&requests[c][r], memory_order_relaxed);
	return n;
}

static void list_requests(metrics_each *each, void *arg)
{
	char path[64];

	for (int c = 0; c < METRIC_CALLS; c++)
		for (int r = 0; r < METRIC_RESULTS; r++) {
			double n = get(&requests[c][r]);
			snprintf(path, sizeof(path), "%s/%s", calls[c], results[r]);
			if (n > 0)
				each(arg, REQUESTS, path, n);
		}
}

/* As Prometheus wants it: each bucket holds those below it, too. */
static void list_seconds(metrics_each *each, void *arg)
{
	char path[64];

	for (int c = 0; c < METRIC_CALLS; c++) {
		double n = 0;
		for (size_t i = 0; i <= BOUNDS; i++)
			n += get(&taken[c].count[i]);
		if (n <= 0)
			continue;
		n = 0;
		for (size_t i = 0; i <= BOUNDS; i++) {
			n += get(&taken[c].count[i]);
			snprintf(path, sizeof(path), "%s/bucket/", calls[c]);
			size_t len = strlen(path);
			if (i < BOUNDS)
				snprintf(path + len, sizeof(path) - len, "%g", bounds_ms[i] / 1e3);
			else
				snprintf(path + len, sizeof(path) - len, "+Inf");
			each(arg, SECONDS, path, n);
		}
		snprintf(path, sizeof(path), "%s/sum", calls[c]);
		each(arg, SECONDS, path, get(&taken[c].sum_ms) / 1e3);
		snprintf(path, sizeof(path), "%s/count", calls[c]);
		each(arg, SECONDS, path, n);
	}
}

void metrics_list(metrics_each *each, void *arg)
{
	for (int m = 0; m < METRICS; m++)
		each(arg, counters[m].family, counters[m].label, get(&metrics_value[m]));
	list_requests(each, arg);
	list_seconds(each, arg);
}

const char *metrics_help(const char *family, const char **type, const char **labels)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strcmp(families[i].family, family) == 0) {
			*type = families[i].type;
			*labels = families[i].labels;
			return families[i].help;
		}
	return NULL;
}
