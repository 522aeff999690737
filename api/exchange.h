/* SPDX-License-Identifier: MIT */
/* What became of a request to the hub, for the counters and, with -d, for the log. */
#ifndef API_EXCHANGE_H
#define API_EXCHANGE_H

#include "api/envelope.h"
#include "api/metrics.h"

/*
 * Notes one exchange: a line "GET /path: 0000, HTTP 200, 31 ms, 4711 bytes", and the counters.
 * `path` without what may be secret: never a file's URL. `result` is the hub's code, "-" without
 * one; `a` and `why` as http_done got them.
 */
void exchange_note(enum metric_call call, const char *method, const char *path,
		   enum verdict verdict, const char *result, const struct http_answer *a,
		   const struct err *why);

#endif
