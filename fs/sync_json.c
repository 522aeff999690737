/* SPDX-License-Identifier: MIT */
/* A sync's progress as a line of JSON; see sync.h. */
#include "fs/sync.h"

json_t *sync_json(const char *event, const struct sync_progress *p)
{
	return json_pack("{s:s, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "event", event,
			 "months", p->months, "all_months", p->all_months, "activities",
			 (json_int_t)p->activities, "files", (json_int_t)p->files, "all_files",
			 (json_int_t)p->all_files, "failed", (json_int_t)p->failed, "requests",
			 (json_int_t)p->requests, "bytes", (json_int_t)p->bytes, "seconds",
			 (double)p->ms / 1e3);
}

static int64_t number(const json_t *o, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(o, key));
}

void sync_from_json(const json_t *line, struct sync_progress *p)
{
	*p = (struct sync_progress){
		.months = (int)number(line, "months"),
		.all_months = (int)number(line, "all_months"),
		.activities = number(line, "activities"),
		.files = number(line, "files"),
		.all_files = number(line, "all_files"),
		.failed = number(line, "failed"),
		.requests = number(line, "requests"),
		.bytes = number(line, "bytes"),
		.ms = (int64_t)(json_number_value(json_object_get(line, "seconds")) * 1e3),
	};
}
