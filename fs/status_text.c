/* SPDX-License-Identifier: MIT */
/* The state of a mount for people and for Prometheus; see status.h. What is missing in the object
 * (a mount of another version may have said it) is left out. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "api/clean.h"
#include "api/metrics.h"
#include "api/region.h"
#include "fs/status.h"

/* ---- words ---- */

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "?";
}

static int64_t number(const json_t *o, const char *key)
{
	return (int64_t)json_number_value(json_object_get(o, key));
}

/* "12 s", "3 h": one unit, rounded down. */
static const char *span(int64_t s, char out[32])
{
	static const struct {
		int64_t s;
		const char *unit;
	} units[] = {{86400, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	size_t i = 0;

	s = s > 0 ? s : 0;
	while (i < 3 && s < 2 * units[i].s)
		i++;
	snprintf(out, 32, "%lld %s", (long long)(s / units[i].s), units[i].unit);
	return out;
}

static const char *bytes(double n, char out[32])
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	size_t i = 0;

	for (; n >= 1024 && i < 4; i++)
		n /= 1024;
	snprintf(out, 32, i ? "%.1f %s" : "%.0f %s", n, units[i]);
	return out;
}

static void login_words(const json_t *o, FILE *out)
{
	const json_t *login = json_object_get(o, "login");
	char again[32];

	clean_print(out, "  login     %s", text(login, "state"));
	if (json_object_get(login, "why"))
		clean_print(out, " for %s: %s", span(number(login, "again_s"), again),
			    text(login, "why"));
	fputc('\n', out);
}

static void hub_words(const json_t *o, FILE *out)
{
	const json_t *breaker = json_object_get(o, "breaker"), *calls = json_object_get(o, "calls");
	const char *region = region_name((int)number(o, "region"));
	char again[32];

	int is_offline = json_is_true(json_object_get(json_object_get(o, "cache"), "offline"));
	if (is_offline || !text(o, "hub")[0]) {
		fprintf(out, "  hub       not asked %s\n", is_offline ? "(offline)" : "yet");
		return;
	}
	clean_print(out, "  hub       %s", text(o, "hub"));
	if (region)
		fprintf(out, ", region %d (%s)", (int)number(o, "region"), region);
	fprintf(out, ", %d calls under way, %d waiting\n", (int)number(calls, "active"),
		(int)number(calls, "queued"));
	if (!json_is_true(json_object_get(breaker, "open")))
		return;
	int64_t again_s = number(breaker, "again_s");
	clean_print(out, "  spared    tried again %s%s: %s", again_s ? "in " : "",
		    again_s ? span(again_s, again) : "as soon as somebody asks",
		    text(breaker, "why"));
	fputc('\n', out);
}

static void cache_words(const json_t *o, int64_t now_s, FILE *out)
{
	const json_t *c = json_object_get(o, "cache"), *h = json_object_get(c, "history");
	char a[32], b[32];

	fprintf(out, "  data      %d months", (int)number(c, "months"));
	if (h)
		fprintf(out, ", %lld activities from %d to %d", (long long)number(h, "activities"),
			(int)number(h, "oldest_day"), (int)number(h, "newest_day"));
	if (number(c, "newest_fetch_s"))
		fprintf(out, "; fetched between %s and %s ago",
			span(now_s - number(c, "oldest_fetch_s"), a),
			span(now_s - number(c, "newest_fetch_s"), b));
	fprintf(out, "%s\n", json_is_true(json_object_get(c, "offline")) ? "; offline" : "");
	if (json_object_get(o, "list_failing"))
		fprintf(out, "  list      %s\n", text(o, "list_failing"));
	fprintf(out, "  memory    %s of %s\n", bytes((double)number(c, "memory"), a),
		bytes((double)number(c, "memory_limit"), b));
	const json_t *d = json_object_get(o, "downloads");
	if (number(d, "files") || number(d, "failing"))
		fprintf(out, "  downloads %lld files, %s", (long long)number(d, "files"),
			bytes((double)number(d, "bytes"), a));
	if (number(d, "failing"))
		fprintf(out, "; %lld fail, as the log says", (long long)number(d, "failing"));
	if (number(d, "files") || number(d, "failing"))
		fputc('\n', out);
	clean_print(out, "  cache     %s", text(c, "folder"));
	fputc('\n', out);
}

/* Of a number, or of all that an object holds. */
static double sum(const json_t *value)
{
	const char *key;
	json_t *one;
	double n = json_number_value(value);

	json_object_foreach((json_t *)value, key, one) n += sum(one);
	return n;
}

/* What is not 0: "lookup 12, read 3", each with the names on the way to it. */
static void parts(const json_t *value, const char *names, const char **sep, FILE *out)
{
	const char *key;
	json_t *one;
	char name[80];

	json_object_foreach((json_t *)value, key, one)
	{
		snprintf(name, sizeof(name), "%s%s ", names, key);
		for (char *p = name; (p = strchr(p, '_'));)
			*p = ' ';
		parts(one, name, sep, out);
	}
	if (json_is_object(value) || json_number_value(value) <= 0 || !names[0])
		return;
	fprintf(out, "%s%s%.0f", *sep, names, json_number_value(value));
	*sep = ", ";
}

static void line_of(const json_t *metrics, const char *what, const char *family, const char *unit,
		    FILE *out)
{
	const json_t *value = json_object_get(metrics, family);
	const char *sep = " (";

	fprintf(out, "  %-9s %.0f %s", what, sum(value), unit);
	parts(value, "", &sep, out);
	if (sep[0] == ',')
		fputc(')', out);
}

void status_words(const json_t *o, int64_t now_s, FILE *out)
{
	const json_t *m = json_object_get(o, "metrics"), *last = json_object_get(o, "last_error");
	char a[32];

	clean_print(out, "%s: %s, for %s, process %d, version %s", text(o, "mountpoint"),
		    text(o, "account"), span(now_s - number(o, "started_s"), a),
		    (int)number(o, "pid"), text(o, "version"));
	fputc('\n', out);
	login_words(o, out);
	hub_words(o, out);
	cache_words(o, now_s, out);
	line_of(m, "requests", "corosfs_hub_requests_total", "to the hub", out);
	fprintf(out, ", %s\n",
		bytes(sum(json_object_get(m, "corosfs_hub_received_bytes_total")), a));
	line_of(m, "lookups", "corosfs_cache_questions_total", "in the cache", out);
	fputc('\n', out);
	line_of(m, "kernel", "corosfs_fuse_requests_total", "questions", out);
	fprintf(out, ", %s read\n",
		bytes(sum(json_object_get(m, "corosfs_fuse_read_bytes_total")), a));
	line_of(m, "errors", "corosfs_fuse_errors_total", "to programs", out);
	fputc('\n', out);
	if (!last)
		return;
	clean_print(out, "  %s %s ago: %s",
		    json_is_true(json_object_get(o, "failing")) ? "failing  " : "last error",
		    span(now_s - number(last, "time_s"), a), text(last, "text"));
	fputc('\n', out);
}

/* ---- Prometheus ---- */

/* What is written as a gauge where no table of counters knows it. */
static const char *help_of(const char *family, const char **type, const char **labels)
{
	static const struct {
		const char *family, *help;
	} gauges[] = {
		{"corosfs_uptime_seconds", "Since the mount began."},
		{"corosfs_logged_in", "Whether there is a login that the hub knows."},
		{"corosfs_breaker_open", "Whether the hub is spared because it does not work."},
		{"corosfs_hub_calls_active", "Calls under way."},
		{"corosfs_hub_calls_queued", "Calls that wait for their turn."},
		{"corosfs_hub_failing", "Whether the last fetch failed."},
		{"corosfs_cache_months", "Months in the cache."},
		{"corosfs_cache_months_in_memory", "Of these, in memory."},
		{"corosfs_cache_memory_bytes", "Memory of cached months."},
		{"corosfs_cache_waiting", "Questions that wait for disk or hub."},
		{"corosfs_cache_newest_fetch_timestamp_seconds", "The youngest fetch of a month."},
		{"corosfs_cache_oldest_fetch_timestamp_seconds", "The oldest fetch of a month."},
		{"corosfs_downloads", "Downloaded files on disk, as far as anybody looked."},
		{"corosfs_downloads_bytes", "Their bytes."},
		{"corosfs_downloads_failing", "Recordings that failed the last time."},
		{"corosfs_activities", "Activities that the hub counts."},
	};
	const char *help = metrics_help(family, type, labels);

	for (size_t i = 0; !help && i < sizeof(gauges) / sizeof(gauges[0]); i++)
		if (strcmp(gauges[i].family, family) == 0) {
			*type = "gauge";
			return gauges[i].help;
		}
	return help;
}

/* mount="/a/b" */
static void label_of(const char *mountpoint, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "mount=\"");

	for (; *mountpoint && n + 4 < size; mountpoint++) {
		char c = *mountpoint;
		if (c == '"' || c == '\\' || c == '\n')
			out[n++] = '\\';
		out[n++] = c;
		if (c == '\n')
			out[n - 1] = 'n';
	}
	memcpy(out + n, "\"", 2);
}

/* A number, or those within an object, whose keys are the values of the labels `names` and, behind
 * the last of these, the parts of a histogram. */
static void write_values(const char *family, const char *names, const char *labels,
			 const json_t *value, FILE *out)
{
	size_t len = strcspn(names, ",");
	char more[PATH_MAX];
	const char *key;
	json_t *one;

	if (!json_is_object(value))
		fprintf(out, "%s{%s} %.17g\n", family, labels, json_number_value(value));
	json_object_foreach((json_t *)value, key, one)
	{
		if (len) {
			snprintf(more, sizeof(more), "%s,%.*s=\"%s\"", labels, (int)len, names,
				 key);
			write_values(family, names + len + (names[len] == ','), more, one, out);
		} else {
			snprintf(more, sizeof(more), "%s_%s", family, key);
			write_values(more, "le", labels, one, out);
		}
	}
}

static void write_family(const char *family, json_t *const *status, int n, FILE *out)
{
	const char *type = "untyped", *labels = "";
	const char *help = help_of(family, &type, &labels);

	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", family, help ? help : "", family, type);
	for (int i = 0; i < n; i++) {
		char mount[PATH_MAX + 16];
		const json_t *value =
			json_object_get(json_object_get(status[i], "metrics"), family);
		label_of(text(status[i], "mountpoint"), mount, sizeof(mount));
		if (value)
			write_values(family, labels, mount, value, out);
	}
}

void status_metrics(json_t *const *status, int n, FILE *out)
{
	const char *family;
	json_t *value;

	for (int i = 0; i < n; i++)
		json_object_foreach(json_object_get(status[i], "metrics"), family, value)
		{
			int j = 0;
			while (!json_object_get(json_object_get(status[j], "metrics"), family))
				j++;
			if (j == i)
				write_family(family, status, n, out);
		}
}
