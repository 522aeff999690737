/* SPDX-License-Identifier: MIT */
/* What an answer means: HTTP's status and the hub's result code (coros-api.md 3). Pure. */
#ifndef API_ENVELOPE_H
#define API_ENVELOPE_H

#include "api/err.h"
#include "api/http.h"

enum verdict {
	VERDICT_GOOD,
	VERDICT_DEAD,    /* the token is not valid here, or any more, or for this call */
	VERDICT_REFUSED, /* the hub works and says no */
	VERDICT_FAILED,  /* the hub does not work, or cannot be reached: counts for the breaker */
	VERDICT_NONE,    /* says nothing about the hub: no memory, cancelled */
};

/*
 * `a` and `why` as http_done got them. `err` is 0 for VERDICT_GOOD, else an errno
 * of call.h and a sentence. `result`, unless NULL, gets the code for a debug line:
 * "0000", "-" when there is none.
 */
#define ENVELOPE_RESULT 8
enum verdict envelope_judge(const struct http_answer *a, const struct err *why,
			    char result[ENVELOPE_RESULT], struct err *err);

#endif
