/* SPDX-License-Identifier: MIT */
/*
 * The second factor of a login, if there is a person to ask: the home host has a code mailed,
 * which is asked for and proven. Without anybody the login waits, and says what to do.
 */
#include <errno.h>
#include <string.h>

#include "api/envelope.h"
#include "api/region.h"
#include "api/session_impl.h"

#define CODES_MAX 3 /* that a person may get wrong */

void session_factor_start(struct session *s, const struct factor *f)
{
	struct err err;

	if (!s->login.person) {
		err_set(&err, -EACCES,
			"this account asks for a two-factor code; run corosfs --login %s",
			s->config.account);
		session_login_block(s, SESSION_FACTOR_MS, &err);
		return;
	}
	s->login.factor = *f;
	s->login.codes_wrong = 0;
	s->login.step = LOGIN_STEP_MAIL;
	s->login.attempt = 0;
	s->login.start_ms = session_now_ms(s);
	/* With a region that we do not know the host of the login has to do. */
	region_base(s->config.api, f->region, s->login.base, sizeof(s->login.base));
	login_wipe(&s->login.body);
	int r = factor_captcha_body(f, &s->login.body);
	if (r < 0) {
		err_sys(&err, r, "ask for the code");
		session_login_end(s, &err);
		return;
	}
	s->phase = SESSION_POSTING;
	session_login_post(s);
}

static void ask_code(struct session *s)
{
	s->login.step = LOGIN_STEP_CODE;
	s->login.attempt = 0;
	s->login.start_ms = session_now_ms(s);
	session_login_prepare(s);
}

void session_factor_mailed(struct session *s, const struct http_answer *a)
{
	const struct err none = {0};
	char result[ENVELOPE_RESULT];
	struct err err;

	if (envelope_judge(a, &none, result, &err) == VERDICT_GOOD) {
		ask_code(s);
		return;
	}
	err_set(&err, -EIO, "the Training Hub does not mail the two-factor code: code %s", result);
	session_login_block(s, SESSION_FACTOR_MS, &err);
}

void session_factor_refused(struct session *s, int r, const struct err *why)
{
	struct err err = *why;

	if ((r == LOGIN_CODE_WRONG || r == LOGIN_REFUSED) && ++s->login.codes_wrong < CODES_MAX) {
		ask_code(s);
		return;
	}
	if (r > 0)
		err_set(&err, -EACCES,
			"the Training Hub refuses the code; log in again for a new one");
	session_login_block(s, SESSION_FACTOR_MS, &err);
}
