/* SPDX-License-Identifier: MIT */
/* Freshness; see freshness.h. */
#include "cache/freshness.h"

#include "api/day.h"

#define HOUR_S INT64_C(3600)
#define DAY_S  (24 * HOUR_S)

#define EARTH_EAST_S    (14 * HOUR_S) /* UTC+14 sees a day first */
#define EARTH_WEST_S    (12 * HOUR_S) /* UTC-12 sees it last */
#define RECENT_DAYS     3
#define YOUNG_DAYS      60
#define YOUNG_FRESH_S   HOUR_S
#define SETTLED_FRESH_S (7 * DAY_S)

static struct freshness_left judge(int64_t fetched_s, int64_t now_s, int64_t fresh_s,
				   enum freshness when_stale)
{
	int64_t age = now_s - fetched_s;

	/* A fetch in the future: the clock stepped back, and its age is anybody's guess. */
	if (age < 0 || age >= fresh_s)
		return (struct freshness_left){when_stale, 0};
	return (struct freshness_left){FRESH, (int)(fresh_s - age)};
}

struct freshness_left freshness(int month, int64_t fetched_s, int64_t now_s, int ttl_s)
{
	/* The first second after the month, as a date, and as seen from the last place on earth. */
	int64_t end_s = day_start_s(month_first_day(month + 1)) + EARTH_WEST_S;
	int64_t recent_until_s = end_s + RECENT_DAYS * DAY_S;

	if (now_s < recent_until_s)
		return judge(fetched_s, now_s, ttl_s, STALE_WAIT);
	enum freshness when_stale = fetched_s < recent_until_s ? STALE_WAIT : STALE_SERVE;
	if (now_s < end_s + YOUNG_DAYS * DAY_S)
		return judge(fetched_s, now_s, YOUNG_FRESH_S, when_stale);
	return judge(fetched_s, now_s, SETTLED_FRESH_S, when_stale);
}

struct freshness_left freshness_of_history(int64_t fetched_s, int64_t now_s, int ttl_s)
{
	return judge(fetched_s, now_s, ttl_s, STALE_WAIT);
}
