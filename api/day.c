/* SPDX-License-Identifier: MIT */
/* Calendar days and months; see day.h. Days are counted with the civil-date arithmetic of the
 * proleptic Gregorian calendar rather than timegm(), which would need a struct tm each way. */
#include "api/day.h"

#include "api/activity.h"

static int leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && leap(year));
}

int day_valid(int64_t day)
{
	if (day < DAY_MIN || day > DAY_MAX)
		return 0;
	int year = (int)(day / 10000), month = (int)(day / 100 % 100), mday = (int)(day % 100);
	return month >= 1 && month <= 12 && mday >= 1 && mday <= month_days(year, month);
}

/* Days from 1 January of year 1 to 1 January of `year`. */
static int64_t days_before_year(int64_t year)
{
	int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400;
}

int32_t day_of(int64_t utc_s, int zone_min)
{
	/* Far enough from both ends of int64 for the sum, and outside the calendar anyway. */
	if (utc_s < -86400 || utc_s > INT64_C(1) << 40)
		return 0;
	int64_t local = utc_s + (int64_t)zone_min * 60;
	if (local < 0)
		return 0;
	int64_t days = local / 86400;
	int year = (int)(1970 + days / 366);
	while (days_before_year(year + 1) - days_before_year(1970) <= days)
		year++;
	days -= days_before_year(year) - days_before_year(1970);
	int month = 1;
	for (; days >= month_days(year, month); month++)
		days -= month_days(year, month);
	return year > DAY_MAX / 10000 ? 0 : year * 10000 + month * 100 + (int)days + 1;
}

int64_t day_start_s(int32_t day)
{
	int year = day / 10000;
	int64_t days = days_before_year(year) - days_before_year(1970) + day % 100 - 1;

	for (int m = 1; m < day / 100 % 100; m++)
		days += month_days(year, m);
	return days * 86400;
}

int32_t day_next(int32_t day)
{
	if (day_valid(day + 1))
		return day + 1;
	return month_first_day(month_of_day(day) + 1);
}

int month_of_day(int32_t day)
{
	return month_number(day / 10000, day / 100 % 100);
}

int month_number(int year, int month)
{
	return year * 12 + month - 1;
}

int month_year(int number)
{
	return number / 12;
}

int month_month(int number)
{
	return number % 12 + 1;
}

int32_t month_first_day(int number)
{
	return month_year(number) * 10000 + month_month(number) * 100 + 1;
}

int32_t month_last_day(int number)
{
	return month_first_day(number) - 1 + month_days(month_year(number), month_month(number));
}
