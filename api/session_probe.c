/* SPDX-License-Identifier: MIT */
/*
 * The cheap call: an answer that says that the login is dead, or the fifth failure in a row, may be
 * the fault of the one thing that was asked for. A page of one activity tells: is it good, then so
 * are the login and the hub. One at a time, however many wait for it.
 */
#include "api/exchange.h"
#include "api/session_impl.h"

void session_probe_end(struct session *s, enum verdict verdict, const struct err *err)
{
	struct session_doubt *d = s->doubts, *next;

	s->doubts = NULL;
	for (; d; d = next) {
		next = d->next;
		d->told(d->arg, verdict, err);
	}
}

static void answered(void *arg, const struct http_answer *a, const struct err *why)
{
	struct session *s = arg;
	struct err err;
	char result[ENVELOPE_RESULT];
	enum verdict verdict = envelope_judge(a, why, result, &err);

	exchange_note(METRIC_CALL_LIST, "GET", SESSION_CHEAP_PATH, verdict, result, a, why);
	s->is_probing = 0;
	s->is_proven |= verdict == VERDICT_GOOD && s->probed == s->generation;
	call_counts(s, verdict, a, &err);
	if (verdict == VERDICT_DEAD)
		session_token_died(s, s->probed);
	session_probe_end(s, verdict, &err);
}

void session_probe(struct session *s, struct session_doubt *d)
{
	d->next = s->doubts;
	s->doubts = d;
	if (s->is_probing)
		return;
	s->is_probing = 1;
	s->probed = s->generation;
	const struct http_request request = {
		.method = "GET",
		.max_size = SESSION_CHEAP_MAX,
		.timeout_ms = s->config.timeout_ms < SESSION_CHEAP_MS ? s->config.timeout_ms
								      : SESSION_CHEAP_MS,
	};
	session_submit(s, s->token.base, SESSION_CHEAP_PATH, &request, answered, s);
}
