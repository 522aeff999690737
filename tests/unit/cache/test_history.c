/* SPDX-License-Identifier: MIT */
/* The ends of the history: kept, checked, and what the root's times are. */
#include "cache/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/day.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"

static struct temp_dir dir;

static int new_dir(void **state)
{
	(void)state;
	temp_dir_new(&dir);
	return 0;
}

static int no_dir(void **state)
{
	(void)state;
	temp_dir_free(&dir);
	return 0;
}

static struct history some(void)
{
	struct history h = {.known = 1,
			    .fetched_s = 1672531200,
			    .count = 1234,
			    .newest_s = 1672390800,
			    .newest_day = 20221230,
			    .oldest_day = 20150301,
			    .stale_s = 1672000000,
			    .root_changed_s = 1671000000};

	h.year_changed_s[0] = 1;
	h.year_changed_s[2022 - HISTORY_YEAR_MIN] = 1672000001;
	h.year_changed_s[HISTORY_YEARS - 1] = INT64_C(4102444800);
	return h;
}

static void round_trip(void **state)
{
	struct history h = some(), have;
	struct err err;

	(void)state;
	assert_int_equal(history_read(dir.fd, &have, &err), -ENOENT);
	assert_int_equal(have.known, 0);
	assert_int_equal(history_write(dir.fd, &h, &err), 0);
	assert_int_equal(history_read(dir.fd, &have, &err), 0);
	assert_memory_equal(&h, &have, sizeof(h));
	/* An account of no activities is something that is known, too. */
	h = (struct history){.known = 1, .fetched_s = 5};
	assert_int_equal(history_write(dir.fd, &h, &err), 0);
	assert_int_equal(history_read(dir.fd, &have, &err), 0);
	assert_memory_equal(&h, &have, sizeof(h));
}

#define TEXT(fetched, count, newest_day, oldest_day, years)                                        \
	"{\"fetched\":" fetched ",\"count\":" count ",\"newest\":1,\"newest_day\":" newest_day     \
	",\"oldest_day\":" oldest_day ",\"stale\":0,\"root_changed\":0,\"year_changed\":" years    \
	"}"

static const struct text_case {
	const char *why, *text;
	int want;
} text_cases[] = {
	{"as it is written", TEXT("1", "2", "20221230", "20150301", "{\"2022\":5}"), 0},
	{"one activity", TEXT("1", "1", "20221230", "20221230", "{}"), 0},
	{"years that are none are passed over",
	 TEXT("1", "2", "20221230", "20150301",
	      "{\"1969\":5,\"2100\":5,\"-5\":5,\"x\":5,\"99999999999999999999\":5}"),
	 0},
	{"empty", "", -EBADMSG},
	{"no JSON", "{", -EBADMSG},
	{"an array", "[]", -EBADMSG},
	{"keys are missing", "{\"fetched\":1}", -EBADMSG},
	{"a day that is none", TEXT("1", "2", "20221232", "20150301", "{}"), -EBADMSG},
	{"an oldest day that is none", TEXT("1", "2", "20221230", "20150001", "{}"), -EBADMSG},
	{"no oldest day", TEXT("1", "2", "20221230", "0", "{}"), -EBADMSG},
	{"no newest day", TEXT("1", "2", "0", "20150301", "{}"), -EBADMSG},
	{"the ends the wrong way round", TEXT("1", "2", "20150301", "20221230", "{}"), -EBADMSG},
	{"two days that are none", TEXT("1", "2", "7", "7", "{}"), -EBADMSG},
	{"years before all", TEXT("1", "2", "20221230", "19000101", "{}"), -EBADMSG},
	{"years past all", TEXT("1", "2", "99991231", "20150301", "{}"), -EBADMSG},
	{"a day past 32 bits", TEXT("1", "2", "4315188526", "20150301", "{}"), -EBADMSG},
	{"a negative count", TEXT("1", "-2", "20221230", "20150301", "{}"), -EBADMSG},
	{"a fetch before 1970", TEXT("-1", "2", "20221230", "20150301", "{}"), -EBADMSG},
	{"a count that is a string", TEXT("1", "\"2\"", "20221230", "20150301", "{}"), -EBADMSG},
	{"a count that is a fraction", TEXT("1", "2.5", "20221230", "20150301", "{}"), -EBADMSG},
};

static void text(void **state)
{
	const struct text_case *c = *state;
	struct history h, none = {0};
	struct err err = {0};

	temp_dir_write(&dir, "history", c->text, strlen(c->text), 0600);
	assert_int_equal(history_read(dir.fd, &h, &err), c->want);
	assert_int_equal(err.code, c->want);
	if (c->want < 0)
		assert_memory_equal(&h, &none, sizeof(h));
	else
		assert_int_equal(h.known, 1);
}

static void years_of_another_type(void **state)
{
	static const char *const years[] = {"[]", "5", "null", "\"x\"", "{\"2022\":\"x\"}"};
	struct history h;
	struct err err;
	char text[400];

	(void)state;
	for (size_t i = 0; i < sizeof(years) / sizeof(years[0]); i++) {
		snprintf(text, sizeof(text), TEXT("1", "2", "20221230", "20150301", "%s"),
			 years[i]);
		temp_dir_write(&dir, "history", text, strlen(text), 0600);
		int r = history_read(dir.fd, &h, &err);
		assert_true(r == 0 || r == -EBADMSG);
		if (r == 0)
			assert_int_equal(h.year_changed_s[2022 - HISTORY_YEAR_MIN], 0);
	}
}

static void every_length(void **state)
{
	struct history h = some(), have;
	struct err err;
	size_t len;

	(void)state;
	assert_int_equal(history_write(dir.fd, &h, &err), 0);
	char *data = temp_dir_read(&dir, "history", &len);
	for (size_t i = 0; i + 1 < len; i++) {
		temp_dir_write(&dir, "history", data, i, 0600);
		assert_int_equal(history_read(dir.fd, &have, &err), -EBADMSG);
	}
	free(data);
}

static const struct year_case {
	const char *why;
	int32_t oldest, newest;
	int year, want;
} year_cases[] = {
	{"the oldest year", 20150301, 20221230, 2015, 1},
	{"the newest year", 20150301, 20221230, 2022, 1},
	{"a year between, empty or not", 20150301, 20221230, 2018, 1},
	{"before the oldest", 20150301, 20221230, 2014, 0},
	{"after the newest", 20150301, 20221230, 2023, 0},
	{"no activities, year 0", 0, 0, 0, 0},
	{"no activities, a year", 0, 0, 2022, 0},
};

static void year(void **state)
{
	const struct year_case *c = *state;
	struct history h = {.oldest_day = c->oldest, .newest_day = c->newest};

	assert_int_equal(history_has_year(&h, c->year), c->want);
}

static const struct months_case {
	const char *why;
	int known;
	int32_t oldest, newest, today;
	int first, last;
} months_cases[] = {
	{"to today", 1, 20201130, 20221201, 20230215, 2020 * 12 + 10, 2023 * 12 + 1},
	{"to a day to come", 1, 20201130, 20360101, 20230215, 2020 * 12 + 10, 2036 * 12},
	{"one month", 1, 20230201, 20230201, 20230215, 2023 * 12 + 1, 2023 * 12 + 1},
	{"nothing is known", 0, 0, 0, 20230215, 0, 2023 * 12 + 1},
	{"no activities", 1, 0, 0, 20230215, -1, -2},
};

static void months(void **state)
{
	const struct months_case *c = *state;
	struct history h = {.known = c->known, .oldest_day = c->oldest, .newest_day = c->newest};
	int first, last;

	history_months(&h, day_start_s(c->today), &first, &last);
	assert_int_equal(first, c->first);
	assert_int_equal(last, c->last);
}

static const struct mtime_case {
	const char *why;
	int32_t oldest, newest;
	int64_t root_changed_s, year_changed_s; /* of 2022 */
	int32_t root, year, all;                /* a day's first second; 0: 1970 */
} mtime_cases[] = {
	{"the newest year and month", 20150301, 20221230, 0, 0, 20220101, 20221201, 20150101},
	{"a year that is over is dated December", 20150301, 20230105, 0, 0, 20230101, 20221201,
	 20150101},
	{"its newest month", 20150301, 20220715, 0, 0, 20220101, 20220701, 20150101},
	{"a change that was seen", 20150301, 20221230, INT64_C(1672531200), INT64_C(1672531200),
	 20230101, 20230101, 20150101},
	{"a change of long ago", 20150301, 20221230, 1000, 1000, 20220101, 20221201, 20150101},
	{"nothing", 0, 0, 0, 0, 0, 20221201, 0},
};

static void mtime(void **state)
{
	const struct mtime_case *c = *state;
	struct history h = {.oldest_day = c->oldest,
			    .newest_day = c->newest,
			    .root_changed_s = c->root_changed_s};

	h.year_changed_s[2022 - HISTORY_YEAR_MIN] = c->year_changed_s;
	assert_int_equal(history_root_mtime_s(&h), c->root ? day_start_s(c->root) : 0);
	assert_int_equal(history_year_mtime_s(&h, 2022), day_start_s(c->year));
	assert_int_equal(history_all_mtime_s(&h), c->all ? day_start_s(c->all) : 0);
}

static int try_write(void *arg)
{
	const struct history *h = arg;
	struct history have;
	struct err err;
	int r = history_write(dir.fd, h, &err);

	/* What was written is all of it. */
	if (r == 0 && history_read(dir.fd, &have, &err) == 0)
		assert_memory_equal(h, &have, sizeof(have));
	return r;
}

/* A library that has no memory gives no reason: that is -EBADMSG, and a fetch more. */
static int try_read(void *arg)
{
	struct history have;
	struct err err;
	int r = history_read(dir.fd, &have, &err);

	(void)arg;
	return r == -EBADMSG ? -ENOMEM : r;
}

static void out_of_memory(void **state)
{
	struct history h = some();

	(void)state;
	failing_alloc_in_jansson();
	failing_alloc_try(try_write, &h, 1);
	failing_alloc_try(try_read, NULL, 1);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "what is written is read", round_trip, NULL);
	ROWS_ADD(&rows, text_cases, text);
	rows_add(&rows, "years of another type", years_of_another_type, NULL);
	rows_add(&rows, "cut off at each length it is damaged", every_length, NULL);
	ROWS_ADD(&rows, year_cases, year);
	ROWS_ADD(&rows, months_cases, months);
	ROWS_ADD(&rows, mtime_cases, mtime);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	for (size_t i = 0; i < rows.n; i++) {
		rows.test[i].setup_func = new_dir;
		rows.test[i].teardown_func = no_dir;
	}
	return rows_run("history", &rows);
}
