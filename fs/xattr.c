/* SPDX-License-Identifier: MIT */
/* Extended attributes; see xattr.h. */
#include "fs/xattr.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PREFIX "user.coros."

const char xattr_names[] = PREFIX "label_id\0" PREFIX "sport\0" PREFIX "start\0" PREFIX
				  "distance_m\0" PREFIX "duration_s";
const size_t xattr_names_len = sizeof(xattr_names);

static int cell(const struct activity *a, const char *strings, enum activity_cell which,
		char value[XATTR_VALUE_MAX])
{
	size_t len;
	const char *text = activity_cell(a, strings, which, &len);

	if (!len || len > XATTR_VALUE_MAX)
		return -ENODATA;
	memcpy(value, text, len);
	return (int)len;
}

/* RFC 3339, as the clock on the wall showed it there. */
static int start(const struct activity *a, char value[XATTR_VALUE_MAX])
{
	time_t local = a->start_s + (time_t)a->zone_min * 60;
	int zone = abs(a->zone_min);
	struct tm tm;

	if (!gmtime_r(&local, &tm))
		return -ENODATA;
	size_t len = strftime(value, XATTR_VALUE_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	return (int)len + snprintf(value + len, XATTR_VALUE_MAX - len, "%c%02d:%02d",
				   a->zone_min < 0 ? '-' : '+', zone / 60, zone % 60);
}

int xattr_value(const char *name, const struct activity *a, const char *strings,
		char value[XATTR_VALUE_MAX])
{
	if (strncmp(name, PREFIX, sizeof(PREFIX) - 1) != 0)
		return -ENODATA;
	name += sizeof(PREFIX) - 1;
	if (strcmp(name, "label_id") == 0)
		return snprintf(value, XATTR_VALUE_MAX, "%" PRIu64, a->label_id);
	if (strcmp(name, "sport") == 0)
		return cell(a, strings, CELL_SPORT, value);
	if (strcmp(name, "start") == 0)
		return start(a, value);
	if (strcmp(name, "distance_m") == 0)
		return cell(a, strings, CELL_DISTANCE, value);
	if (strcmp(name, "duration_s") == 0)
		return cell(a, strings, CELL_TIME, value);
	return -ENODATA;
}
