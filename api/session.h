/* SPDX-License-Identifier: MIT */
/*
 * Being logged in: account, token, home region. One login at a time however many
 * calls wait for it, one repeat after a dead token, and no second try with
 * credentials that were refused.
 *
 * Everything but session_new/free and session_login() runs on the transport thread.
 */
#ifndef API_SESSION_H
#define API_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "api/clock.h"
#include "api/err.h"
#include "api/factor.h"
#include "api/http.h"

struct session;

/* What is kept between mounts. `token` is a secret. Strings are never NULL, may be "". */
struct session_token {
	char token[128];
	char user_id[24];
	char base[256]; /* the URL that the token belongs to, "https://teameuapi.coros.com" */
	int region;     /* 0 unknown */
	int scheme;     /* the login scheme that worked, enum login_scheme; 0 none yet */
};

#define PASSWORD_MD5 33 /* 32 lower-case hex digits and a NUL */

struct session_config {
	const char *account;
	const char *api; /* NULL: the hub. Else a URL, in which %r stands for the region id */
	int rate;        /* calls a second, 0: no limit */
	int timeout_ms;  /* for one exchange */
	const struct clock *clock;
	/*
	 * The MD5 of the password as hex, asked for at each login and wiped after it.
	 * Runs on a thread of its own, since a password_command may take its time. It must
	 * come to an end by itself: session_free() waits for it.
	 * 0 or a negative errno with words; -EKEYREJECTED: the hub is known to refuse it, or the
	 * person who was asked gives none.
	 */
	int (*password)(void *arg, char md5[PASSWORD_MD5], struct err *err);
	/* A new token is to be kept, or (NULL) the kept one is dead. Transport thread; must not
	 * wait for the disk. */
	void (*keep)(void *arg, const struct session_token *token);
	/* The hub refused this password in every scheme: to be remembered, so that `password` can
	 * fail with it. As `keep`. May be NULL. */
	void (*refused)(void *arg, const char md5[PASSWORD_MD5]);
	void *arg;
};

/* `kept`: from an earlier mount, or NULL. Strings are copied. NULL and `err` on failure. */
struct session *session_new(struct http *http, const struct session_config *config,
			    const struct session_token *kept, struct err *err);
/* After http_stop(). Wipes the token. */
void session_free(struct session *s);

/*
 * A person wants it tried again now: what we chose to wait for ourselves (the web
 * app's turn, a password that was refused, a breaker) is over. What the hub asked
 * for is not. On the transport thread.
 */
void session_again(struct session *s);

/*
 * Logs in now if there is no token, and waits for the outcome; for the start of a
 * mount, before anyone depends on it. Any thread but the transport's. 0, or
 *   -EKEYREJECTED  the hub refuses the password, or a person gives none; in call.h -EACCES
 *   -EACCES        no password to be had, second factor needed, a region that is not ours
 *   -EHOSTUNREACH, -ETIMEDOUT, -EIO  as in call.h
 */
int session_login(struct session *s, struct err *err);

/* Somebody who logs in and can be asked. */
struct session_person {
	char md5[PASSWORD_MD5];
	/* The code that the hub has just mailed; `wrong` once the last one was. On a thread of its
	 * own; must come to an end by itself. 0 or a negative errno with words. */
	int (*code)(void *arg, int wrong, char code[FACTOR_CODE], struct err *err);
	void *arg;
};

/*
 * Logs in with this password whatever there is: a token, a refusal, a wait because of the web
 * app. What the session had is kept unless it succeeds. Waits for the outcome, for as long as the
 * person thinks; http_stop() waits for the person, too. Errors as session_login(), -EINVAL with
 * them: no code.
 */
int session_login_person(struct session *s, const struct session_person *p, struct err *err);

#endif
