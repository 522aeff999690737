/* SPDX-License-Identifier: MIT */
/* Requests in the log and in the counters; see exchange.h. */
#include "api/exchange.h"

#include <errno.h>

#include "api/log.h"

static enum metric_result result_of(enum verdict verdict, const struct http_answer *a,
				    const struct err *why)
{
	if (verdict == VERDICT_GOOD)
		return METRIC_OK;
	if (verdict == VERDICT_DEAD)
		return METRIC_TOKEN_DEAD;
	if (verdict == VERDICT_REFUSED)
		return METRIC_REFUSED;
	if (a)
		return METRIC_FAILED;
	switch (why->code) {
	case -ECANCELED:
	case -ENOMEM:
		return METRIC_CANCELLED;
	case -ETIMEDOUT:
		return METRIC_TIMEOUT;
	case -EHOSTUNREACH:
		return METRIC_UNREACHABLE;
	default:
		return METRIC_FAILED;
	}
}

void exchange_note(enum metric_call call, const char *method, const char *path,
		   enum verdict verdict, const char *result, const struct http_answer *a,
		   const struct err *why)
{
	metrics_request(call, result_of(verdict, a, why), a ? a->ms : -1, a ? a->len + a->sunk : 0);
	if (a)
		log_debug("%s %s: %s, HTTP %ld, %d ms, %zu bytes", method, path, result, a->status,
			  a->ms, a->len + a->sunk);
	else
		log_debug("%s %s: no answer: %s", method, path, why->text);
}
