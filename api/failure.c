/* SPDX-License-Identifier: MIT */
/* One table, so that no part of the program has a patience of its own making. */
#include "api/failure.h"

#define MINUTE 60
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/*
 * An item that fails every night must not be asked for all night long, and one that failed for a
 * moment, or because the hub did, is wanted again as soon as the hub itself: hence from seconds to
 * hours. What two answers of the hub agree on is kept for days, and on disk.
 */
const struct failure_rule failure_rules[FAILURE_SCOPES] = {
	[FAILURE_ITEM] = {"a recording that fails", 10, 6 * HOUR},
	[FAILURE_GONE] = {"a recording that the file host lost", 6 * HOUR, 2 * DAY},
	[FAILURE_ABSENT] = {"a recording that does not exist", 30 * DAY, 30 * DAY},
	[FAILURE_MONTH] = {"a month of the list", 1 * MINUTE, 1 * HOUR},
	[FAILURE_HUB] = {"the hub", 10, 10},
	[FAILURE_FILE_HOST] = {"the file host", 10, 10},
	[FAILURE_LOGIN] = {"the session, while the web app has it", 10 * MINUTE, 10 * MINUTE},
	[FAILURE_PASSWORD] = {"a password that was refused", 1 * DAY, 1 * DAY},
};

int64_t failure_wait_ms(enum failure_scope scope, unsigned failures)
{
	const struct failure_rule *rule = &failure_rules[scope];
	int64_t wait_s = failures ? rule->first_s : 0;

	while (failures-- > 1 && wait_s < rule->most_s)
		wait_s *= 2;
	return (wait_s < rule->most_s ? wait_s : rule->most_s) * 1000;
}
