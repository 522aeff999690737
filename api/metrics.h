/* SPDX-License-Identifier: MIT */
/*
 * Counters of what this process did, for --status and --metrics: bumped without a lock from any
 * thread, read at any time. A new one is a word in enum metric and a line in metrics.c's table.
 */
#ifndef API_METRICS_H
#define API_METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum metric {
	METRIC_FUSE_LOOKUP,
	METRIC_FUSE_GETATTR,
	METRIC_FUSE_READ,
	METRIC_FUSE_READDIR,
	METRIC_FUSE_STATFS,
	METRIC_FUSE_FORGET,
	METRIC_FUSE_OTHER,
	METRIC_FUSE_BYTES,
	METRIC_FUSE_ERROR_EACCES,
	METRIC_FUSE_ERROR_EBUSY,
	METRIC_FUSE_ERROR_EHOSTUNREACH,
	METRIC_FUSE_ERROR_EINTR,
	METRIC_FUSE_ERROR_EIO,
	METRIC_FUSE_ERROR_ENOMEM,
	METRIC_FUSE_ERROR_ETIMEDOUT,
	METRIC_CACHE_AT_ONCE,
	METRIC_CACHE_WAITED,
	METRIC_CACHE_FAILED,
	METRIC_CACHE_LOADED,
	METRIC_CACHE_SAVED,
	METRIC_CACHE_DISCARDED,
	METRIC_MONTHS_SAME,
	METRIC_MONTHS_NEW,
	METRIC_MONTHS_CHANGED,
	METRIC_HUB_BYTES,
	METRICS
};

/* The calls of the hub that are told apart, and how they end. */
enum metric_call {
	METRIC_CALL_LOGIN,
	METRIC_CALL_CODE, /* of a second factor */
	METRIC_CALL_LIST,
	METRIC_CALL_DETAIL,
	METRIC_CALL_DOWNLOAD,
	METRIC_CALL_FILE, /* from the file host */
	METRIC_CALL_DAYS,
	METRIC_CALL_PLAN,
	METRIC_CALL_OTHER,
	METRIC_CALLS
};
enum metric_result {
	METRIC_OK,
	METRIC_TOKEN_DEAD,
	METRIC_REFUSED, /* the hub works and says no */
	METRIC_FAILED,  /* an answer that is none */
	METRIC_TIMEOUT,
	METRIC_UNREACHABLE,
	METRIC_CANCELLED,
	METRIC_RESULTS
};

extern atomic_llong metrics_value[METRICS];

static inline void metrics_add(enum metric m, int64_t n)
{
	atomic_fetch_add_explicit(&metrics_value[m], n, memory_order_relaxed);
}

/* Which call a path of the API is. */
enum metric_call metrics_call(const char *path);

/* One exchange with the hub; `ms` < 0 when there was no answer to time. */
void metrics_request(enum metric_call call, enum metric_result result, int ms, size_t bytes);

/* All of them so far. */
int64_t metrics_requests(void);

/*
 * Calls `each` for every number. `family` is Prometheus' name, `path` which one of it: the values
 * of its labels with slashes between them, "list/ok", "" where there is one number alone. Behind
 * the labels of a histogram stand "bucket/0.025", "sum" or "count". Requests that never happened
 * are left out.
 */
typedef void metrics_each(void *arg, const char *family, const char *path, double value);
void metrics_list(metrics_each *each, void *arg);

/* What a family is, Prometheus' type of it and its labels, "call,result". NULL: no such family. */
const char *metrics_help(const char *family, const char **type, const char **labels);

#endif
