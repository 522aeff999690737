/* SPDX-License-Identifier: MIT */
/* Days and months of the calendar, beside the C library's. */
#include "api/day.h"

#include <time.h>

#include "api/activity.h"
#include "tests/support/rows.h"

static const struct valid_case {
	const char *why;
	int64_t day;
	int want;
} valid_cases[] = {
	{"the first day", DAY_MIN, 1},
	{"the day before it", 19691231, 0},
	{"the last day", DAY_MAX, 1},
	{"the day after it", 21000101, 0},
	{"a leap day", 20240229, 1},
	{"the leap day of 2000", 20000229, 1},
	{"no leap day", 20230229, 0},
	{"30 February", 20240230, 0},
	{"31 April", 20230431, 0},
	{"31 December", 20231231, 1},
	{"32 December", 20231232, 0},
	{"day zero", 20230100, 0},
	{"month zero", 20230001, 0},
	{"month 13", 20231301, 0},
	{"nothing", 0, 0},
	{"a negative day", -20230101, 0},
	{"the lowest number", INT64_MIN, 0},
	{"the highest number", INT64_MAX, 0},
	{"a day that is one in 32 bits", INT64_C(20230101) + (INT64_C(1) << 32), 0},
};

static void valid(void **state)
{
	const struct valid_case *c = *state;

	assert_int_equal(day_valid(c->day), c->want);
}

static const struct of_case {
	const char *why;
	int64_t utc_s;
	int zone_min;
	int32_t want;
} of_cases[] = {
	{"the first second", 0, 0, 19700101},
	{"a second before midnight", 1672531199, 0, 20221231},
	{"midnight", 1672531200, 0, 20230101},
	{"already tomorrow in the east", 1672531200 - 3600, 60, 20230101},
	{"still yesterday in the west", 1672531200 + 3600, -120, 20221231},
	{"half hours", 1672531200 - 19800, 330, 20230101},
	{"half hours, a second before", 1672531200 - 19801, 330, 20221231},
	{"before 1970", -1, 0, 0},
	{"before 1970, but not there", -1, 60, 19700101},
	{"1970, but not there", 0, -60, 0},
	{"the last second", INT64_C(4102444799), 0, 20991231},
	{"past it", INT64_C(4102444800), 0, 0},
	{"past it, but not there", INT64_C(4102444800), -60, 20991231},
	{"milliseconds taken for seconds", INT64_C(1672531200000), 0, 0},
	{"the lowest number", INT64_MIN, -840, 0},
	{"the highest number", INT64_MAX, 840, 0},
};

static void of(void **state)
{
	const struct of_case *c = *state;

	assert_int_equal(day_of(c->utc_s, c->zone_min), c->want);
}

/* Every day there is, one after the other, as gmtime() has them. */
static void every_day(void **state)
{
	int32_t day = DAY_MIN;
	int month = 1970 * 12;

	(void)state;
	for (time_t s = 0; day <= DAY_MAX; s += 86400) {
		struct tm t;
		gmtime_r(&s, &t);
		int want = (t.tm_year + 1900) * 10000 + (t.tm_mon + 1) * 100 + t.tm_mday;
		assert_int_equal(day, want);
		assert_true(day_valid(day));
		assert_int_equal(day_of(s, 0), day);
		assert_int_equal(day_of(s + 86399, 0), day);
		assert_true(day_start_s(day) == s);
		if (t.tm_mday == 1) {
			assert_int_equal(month_of_day(day), month);
			assert_int_equal(month_year(month), t.tm_year + 1900);
			assert_int_equal(month_month(month), t.tm_mon + 1);
			assert_int_equal(month_number(t.tm_year + 1900, t.tm_mon + 1), month);
			assert_int_equal(month_first_day(month), day);
		}
		int32_t next = day_next(day);
		if (next / 100 != day / 100) {
			assert_int_equal(month_last_day(month), day);
			month++;
		}
		day = next;
	}
	assert_int_equal(day, 21000101);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, valid_cases, valid);
	ROWS_ADD(&rows, of_cases, of);
	rows_add(&rows, "every day of the calendar", every_day, NULL);
	return rows_run("day", &rows);
}
