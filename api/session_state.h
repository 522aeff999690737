/* SPDX-License-Identifier: MIT */
/* What a session is at, for those who look at it from outside. No secrets in it. */
#ifndef API_SESSION_STATE_H
#define API_SESSION_STATE_H

#include "api/session.h"

enum session_login_state {
	SESSION_LOGGED_OUT, /* no token: the next call logs in */
	SESSION_LOGGED_IN,  /* there is a token, alive as far as we know */
	SESSION_LOGGING_IN,
	SESSION_LOGIN_WAITS, /* no login before retry_s: `why` */
};

struct session_state {
	enum session_login_state login;
	int region;     /* 0 unknown */
	char base[256]; /* the URL that calls go to, "" unknown */
	int retry_s;    /* SESSION_LOGIN_WAITS */
	struct err why;

	int is_broken; /* calls are answered at once with `broken`; one is let through then and when
			*/
	int trial_s;   /* seconds until the next of those */
	struct err broken;
	int active, queued; /* calls */
};

/* Asks the transport thread, which is never busy for long: 0, or -ETIMEDOUT after `wait_ms`, or
 * -ECANCELED, -ENOMEM. Any other thread. */
int session_state(struct session *s, int wait_ms, struct session_state *out);

#endif
