/* SPDX-License-Identifier: MIT */
/* How long a month is believed, to the second. */
#include "cache/freshness.h"

#include "api/day.h"
#include "tests/support/rows.h"

#define TTL   60
#define HOUR  INT64_C(3600)
#define DAY   (24 * HOUR)
#define MONTH (2022 * 12 + 10)
/* November 2022 ended on earth at noon UTC of 1 December. */
#define END (INT64_C(1669852800) + 12 * HOUR)
/* Until then it holds one of the last three days, and until then it is young. */
#define RECENT (END + 3 * DAY)
#define YOUNG  (END + 60 * DAY)

static const struct freshness_case {
	const char *why;
	int64_t fetched_s, now_s;
	enum freshness want;
	int left_s;
} freshness_cases[] = {
	{"just fetched", END - DAY, END - DAY, FRESH, TTL},
	{"a current month's last second", END - DAY, END - DAY + TTL - 1, FRESH, 1},
	{"a current month is waited for after ttl", END - DAY, END - DAY + TTL, STALE_WAIT, 0},
	{"long after it", END - 20 * DAY, END - DAY, STALE_WAIT, 0},
	{"a month that has not begun is as current", END - 90 * DAY, END - 90 * DAY + TTL,
	 STALE_WAIT, 0},
	{"the month is over in the east, and is current", END - 26 * HOUR, END - 25 * HOUR,
	 STALE_WAIT, 0},
	{"the three days after it are current", RECENT - 1 - TTL, RECENT - 1, STALE_WAIT, 0},
	{"to their last second", RECENT - TTL, RECENT - 1, FRESH, 1},
	{"then an hour is believed", RECENT, RECENT + HOUR - 1, FRESH, 1},
	{"and the old copy is shown after it", RECENT, RECENT + HOUR, STALE_SERVE, 0},
	{"fetched while current: an hour, too", RECENT - 1, RECENT - 1 + HOUR - 1, FRESH, 1},
	{"but it may lack days, so it is waited for", RECENT - 1, RECENT - 1 + HOUR, STALE_WAIT, 0},
	{"however old it is", RECENT - 1, END + 1000 * DAY, STALE_WAIT, 0},
	{"young for 60 days", YOUNG - 1 - HOUR, YOUNG - 1, STALE_SERVE, 0},
	{"young to the last second", YOUNG - HOUR, YOUNG - 1, FRESH, 1},
	{"then settled, also what was fetched before", YOUNG - HOUR, YOUNG, FRESH,
	 (int)(7 * DAY - HOUR)},
	{"settled for a week", YOUNG, YOUNG + 7 * DAY - 1, FRESH, 1},
	{"and shown after it", YOUNG, YOUNG + 7 * DAY, STALE_SERVE, 0},
	{"years later", YOUNG, YOUNG + 3650 * DAY, STALE_SERVE, 0},
	{"a fetch in the future, current", END - DAY + 1, END - DAY, STALE_WAIT, 0},
	{"a fetch in the future, settled", YOUNG + DAY + 1, YOUNG + DAY, STALE_SERVE, 0},
	{"a fetch in 1970", 0, YOUNG, STALE_WAIT, 0},
	{"a clock in 1970", 0, 0, FRESH, TTL},
	{"a clock in 1970 and a fetch today", END, 0, STALE_WAIT, 0},
};

static void month(void **state)
{
	const struct freshness_case *c = *state;
	struct freshness_left f = freshness(MONTH, c->fetched_s, c->now_s, TTL);

	assert_int_equal(f.state, c->want);
	assert_int_equal(f.left_s, c->left_s);
}

static const struct history_case {
	const char *why;
	int64_t fetched_s, now_s;
	enum freshness want;
	int left_s;
} history_cases[] = {
	{"the history just fetched", 1000, 1000, FRESH, TTL},
	{"the history's last second", 1000, 1000 + TTL - 1, FRESH, 1},
	{"the history is waited for", 1000, 1000 + TTL, STALE_WAIT, 0},
	{"the history of the future", 1001, 1000, STALE_WAIT, 0},
};

static void history(void **state)
{
	const struct history_case *c = *state;
	struct freshness_left f = freshness_of_history(c->fetched_s, c->now_s, TTL);

	assert_int_equal(f.state, c->want);
	assert_int_equal(f.left_s, c->left_s);
}

static void a_day_of_ttl(void **state)
{
	(void)state;
	assert_int_equal(freshness(MONTH, END - 2 * DAY, END - DAY - 1, 86400).left_s, 1);
}

/* Every month of the calendar, at its edges. */
static void every_month(void **state)
{
	(void)state;
	for (int m = 1970 * 12; m < 2099 * 12 + 11; m++) {
		int64_t end = day_start_s(month_first_day(m + 1)) + 12 * HOUR;
		int64_t recent = end + 3 * DAY, young = end + 60 * DAY;
		assert_int_equal(freshness(m, recent - TTL - 1, recent - 1, TTL).state, STALE_WAIT);
		assert_int_equal(freshness(m, recent, recent + HOUR, TTL).state, STALE_SERVE);
		assert_int_equal(freshness(m, young, young + HOUR, TTL).state, FRESH);
	}
	/* The last one has no month behind it that the calendar knows. */
	assert_int_equal(freshness(2099 * 12 + 11, 0, 0, TTL).state, FRESH);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, freshness_cases, month);
	ROWS_ADD(&rows, history_cases, history);
	rows_add(&rows, "another ttl", a_day_of_ttl, NULL);
	rows_add(&rows, "every month of the calendar", every_month, NULL);
	return rows_run("freshness", &rows);
}
