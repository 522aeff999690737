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

static void find(void *arg, const char *family, const char *labels, double value)
{
	struct wanted *w = arg;
	char series[160];

	snprintf(series, sizeof(series), "%s{%s}", family, labels);
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

static void named(void *arg, const char *family, const char *labels, double value)
{
	char base[80];
	const char *type = NULL;

	(void)labels;
	(void)value;
	snprintf(base, sizeof(base), "%s", family);
	for (size_t i = 0; i < 3; i++) {
		static const char *const ends[] = {"_bucket", "_sum", "_count"};
		size_t n = strlen(base), m = strlen(ends[i]);
		if (strstr(base, "_seconds_") && strcmp(base + n - m, ends[i]) == 0)
			base[n - m] = '\0';
	}
	if (!metrics_help(base, &type) || !type)
		fail_msg("nobody knows what %s is", base);
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
	assert_true(value_of("corosfs_fuse_requests_total{op=\"lookup\"}") == 5);
}

static void buckets(void **state)
{
	static const int ms[] = {0, 25, 26, 100, 30000, 30001};

	(void)state;
	for (size_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++)
		metrics_request(METRIC_CALL_LIST, METRIC_OK, ms[i], 1000);
	metrics_request(METRIC_CALL_LIST, METRIC_UNREACHABLE, -1, 0);
#define SECONDS(rest) value_of("corosfs_hub_request_seconds" rest)
	assert_true(SECONDS("_bucket{call=\"list\",le=\"0.025\"}") == 2);
	assert_true(SECONDS("_bucket{call=\"list\",le=\"0.05\"}") == 3);
	assert_true(SECONDS("_bucket{call=\"list\",le=\"0.1\"}") == 4);
	assert_true(SECONDS("_bucket{call=\"list\",le=\"30\"}") == 5);
	assert_true(SECONDS("_bucket{call=\"list\",le=\"+Inf\"}") == 6);
	assert_true(SECONDS("_count{call=\"list\"}") == 6);
	assert_true(SECONDS("_sum{call=\"list\"}") > 60.15 &&
		    SECONDS("_sum{call=\"list\"}") < 60.16);
	assert_true(value_of("corosfs_hub_requests_total{call=\"list\",result=\"ok\"}") == 6);
	assert_true(value_of("corosfs_hub_requests_total{call=\"list\",result=\"unreachable\"}") ==
		    1);
	assert_true(value_of("corosfs_hub_received_bytes_total{}") == 6000);
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
