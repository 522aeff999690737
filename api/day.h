/* SPDX-License-Identifier: MIT */
/* Calendar days as the hub writes them, YYYYMMDD, and months as a running number. Pure. */
#ifndef API_DAY_H
#define API_DAY_H

#include <stdint.h>

/* Whether `day` is a date of the calendar, from DAY_MIN to DAY_MAX (activity.h). */
int day_valid(int64_t day);

/* The day of a moment `zone_min` minutes east of UTC; 0 outside DAY_MIN..DAY_MAX. */
int32_t day_of(int64_t utc_s, int zone_min);

/* The first second (UTC) of a valid day. */
int64_t day_start_s(int32_t day);

int32_t day_next(int32_t day);

/* Months are counted from January of year 0: year * 12 + (month - 1). */
int month_of_day(int32_t day);
int month_number(int year, int month);
int month_year(int number);
int month_month(int number); /* 1..12 */
int32_t month_first_day(int number);
int32_t month_last_day(int number);

#endif
