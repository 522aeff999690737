/* SPDX-License-Identifier: MIT */
/*
 * The search for a token's home. A login may come back without a region that we
 * know, and the login host's 1019 then means "not here" as well as "dead": the
 * other hosts are asked once each before the token is given up (coros-api.md 1.2).
 */
#include <errno.h>
#include <string.h>

#include "api/exchange.h"
#include "api/region.h"
#include "api/session_impl.h"

static void seek_next(struct session *s);

int session_may_seek(const struct session *s)
{
	return region_routes(s->config.api) && !s->is_sought &&
	       (s->token.region < REGION_FIRST || s->token.region > REGION_LAST);
}

static void found(struct session *s, int region)
{
	const struct err none = {0};

	/* It fitted when the request was made. */
	region_base(s->config.api, region, s->token.base, sizeof(s->token.base));
	s->token.region = region;
	s->generation++;
	s->is_sought = 1;
	s->config.keep(s->config.arg, &s->token);
	session_settle(s, &none);
}

static void not_found(struct session *s)
{
	struct err err = s->seek_err;

	/* Without an answer from every host nothing is decided: the next call seeks again. */
	if (!err.code) {
		s->is_sought = 1;
		session_forget(s);
	}
	session_settle(s, &err);
}

static void answered(void *arg, const struct http_answer *a, const struct err *why)
{
	struct session *s = arg;
	struct err err;
	char result[ENVELOPE_RESULT];
	enum verdict verdict = envelope_judge(a, why, result, &err);

	exchange_note(METRIC_CALL_LIST, "GET", SESSION_CHEAP_PATH, verdict, result, a, why);
	if (verdict == VERDICT_GOOD) {
		found(s, s->seek_region);
		return;
	}
	if (verdict != VERDICT_DEAD)
		s->seek_err = err;
	seek_next(s);
}

static void seek_next(struct session *s)
{
	char base[sizeof(s->token.base)];

	while (++s->seek_region <= REGION_LAST && s->seek_err.code != -ECANCELED)
		if (region_base(s->config.api, s->seek_region, base, sizeof(base)) == 0 &&
		    strcmp(base, s->token.base) != 0) {
			const struct http_request request = {.method = "GET",
							     .max_size = SESSION_CHEAP_MAX};
			session_submit(s, base, SESSION_CHEAP_PATH, &request, answered, s);
			return;
		}
	not_found(s);
}

void session_seek(struct session *s)
{
	s->phase = SESSION_SEEKING;
	s->seek_region = 0;
	s->seek_err = (struct err){0};
	seek_next(s);
}
