/* SPDX-License-Identifier: MIT */
/* Counters: every one has a name and a meaning, and requests are sorted into their buckets. */
#include "api/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/rows.h"

struct wanted {
	const char *series;
	double value;
	int times;
};

static void find(void *arg, const char *family, const char *path, double value)
{
	struct wanted *w = arg;
	char series[160];

	snprintf(series, sizeof(series), "%s/%s", family, path);
	if (strcmp(series, w->series) == 0) {
		w->value = value;
		w->times++;
	}
}

static double value_of(const char *series)
{
	struct wanted w = {series, 0, 0};

	metrics_list(find, &w);
	assert_true(w.times <= 1);
	return w.value;
}

static void named(void *arg, const char *family, const char *path, double value)
{
	const char *type = NULL, *labels = NULL;
	int names = 0, values = path[0] != '\0';

	(void)value;
	if (!metrics_help(family, &type, &labels) || !type || !labels)
		fail_msg("nobody knows what %s is", family);
	for (const char *p = labels; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ','))
		names++;
	for (const char *p = path; *p; p++)
		values += *p == '/';
	if (strcmp(type, "histogram") != 0 && names != values)
		fail_msg("%s has the labels %s for %s", family, labels, path);
	++*(int *)arg;
}

static void all_are_named(void **state)
{
	int n = 0;

	(void)state;
	metrics_list(named, &n);
	assert_true(n >= METRICS);
}

static void counts(void **state)
{
	(void)state;
	metrics_add(METRIC_FUSE_LOOKUP, 2);
	metrics_add(METRIC_FUSE_LOOKUP, 3);
	assert_true(value_of("corosfs_fuse_requests_total/lookup") == 5);
}

static void buckets(void **state)
{
	static const int ms[] = {0, 25, 26, 100, 30000, 30001};

	(void)state;
	for (size_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++)
		metrics_request(METRIC_CALL_LIST, METRIC_OK, ms[i], 1000);
	metrics_request(METRIC_CALL_LIST, METRIC_UNREACHABLE, -1, 0);
#define SECONDS(rest) value_of("corosfs_hub_request_seconds" rest)
	assert_true(SECONDS("/list/bucket/0.025") == 2);
	assert_true(SECONDS("/list/bucket/0.05") == 3);
	assert_true(SECONDS("/list/bucket/0.1") == 4);
	assert_true(SECONDS("/list/bucket/30") == 5);
	assert_true(SECONDS("/list/bucket/+Inf") == 6);
	assert_true(SECONDS("/list/count") == 6);
	assert_true(SECONDS("/list/sum") > 60.15 && SECONDS("/list/sum") < 60.16);
	assert_true(value_of("corosfs_hub_requests_total/list/ok") == 6);
	assert_true(value_of("corosfs_hub_requests_total/list/unreachable") == 1);
	assert_true(value_of("corosfs_hub_received_bytes_total/") == 6000);
	assert_int_equal(metrics_requests(), 7);
}

static const struct call_case {
	const char *why, *path;
	enum metric_call want;
} call_cases[] = {
	{"a login", "/account/login", METRIC_CALL_LOGIN},
	{"a mailed code", "/account/captcha", METRIC_CALL_CODE},
	{"its proof", "/account/2fa/login/verify", METRIC_CALL_CODE},
	{"a page of the list", "/activity/query?size=200&pageNumber=1", METRIC_CALL_LIST},
	{"an activity", "/activity/detail/query", METRIC_CALL_DETAIL},
	{"a download", "/activity/detail/download?labelId=1", METRIC_CALL_DOWNLOAD},
	{"days", "/analyse/dayDetail/query", METRIC_CALL_DAYS},
	{"the calendar", "/training/schedule/query", METRIC_CALL_PLAN},
	{"anything else", "/account/query", METRIC_CALL_OTHER},
};

static void call(void **state)
{
	const struct call_case *c = *state;

	assert_int_equal(metrics_call(c->path), c->want);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "every counter has a name and a meaning", all_are_named, NULL);
	rows_add(&rows, "counters count", counts, NULL);
	rows_add(&rows, "requests are sorted by time, call and result", buckets, NULL);
	ROWS_ADD(&rows, call_cases, call);
	return rows_run("metrics", &rows);
}
