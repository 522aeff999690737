/* SPDX-License-Identifier: MIT */
/*
 * The inside of a session, for the files that it is made of and for call.c:
 *
 *   session.c         the token, who waits for it, and when it may be renewed
 *   session_login.c   one login: scheme, request, outcome
 *   session_prepare.c what it sends: the password or the code, asked for
 *   session_factor.c  its second factor
 *   session_region.c  the search for the home of a token whose region is unknown
 *   session_probe.c   the cheap call that tells whose failure it is
 *   call.c            the calls that use it
 *
 * Everything here belongs to the transport thread, so there is no lock.
 */
#ifndef API_SESSION_IMPL_H
#define API_SESSION_IMPL_H

#include <pthread.h>

#include "api/breaker.h"
#include "api/bucket.h"
#include "api/call.h"
#include "api/envelope.h"
#include "api/login.h"
#include "api/refusal.h"
#include "api/rests.h"
#include "api/said.h"
#include "api/session.h"

#define SESSION_LOGIN_GAP_MS 60000 /* between logins, and between questions for a password */
/* A token that dies within this was taken by the web app. */
#define SESSION_TAKEN_MS    failure_wait_ms(FAILURE_LOGIN, 1)
#define SESSION_PASSWORD_MS 120000 /* how long calls wait for a password */
#define CALLS_AT_ONCE       4
#define CALLS_MAX           8   /* with those that the hub lets wait */
#define PAGE_SIZE           200 /* activities a page; coros-api.md 4.1 */
#define PAGE_SIZE_SAFE      100
#define SESSION_CHEAP_PATH  "/activity/query?size=1&pageNumber=1"
#define SESSION_CHEAP_MAX   (1u << 20)
#define SESSION_CHEAP_MS    10000 /* a page of one does not take longer on a hub that works */

enum session_phase {
	SESSION_IDLE,
	SESSION_ASKING,  /* a thread asks for the password or hashes it */
	SESSION_POSTING, /* the login is on its way, or waits for its next attempt */
	SESSION_SEEKING, /* the token's home is looked for */
};

/* One who waits for a token. The caller's memory; `ready` is called once. */
struct session_waiter {
	struct session_waiter *next;
	void (*ready)(void *arg, const struct err *err); /* err->code 0: there is a token */
	void *arg;
	int is_patient; /* waits for the end of what is under way, with a token or without */
};

/* One who wants to know what the cheap call says. The caller's memory; `told` is called once. */
struct session_doubt {
	struct session_doubt *next;
	void (*told)(void *arg, enum verdict verdict, const struct err *err);
	void *arg;
};

/* The requests of a login. With a second factor all three. */
enum login_step { LOGIN_STEP_PASSWORD, LOGIN_STEP_MAIL, LOGIN_STEP_CODE };

/* One login, from the question for the password to its outcome. */
struct login_run {
	enum login_step step;
	struct factor factor;
	int codes_wrong;
	const struct session_person *person; /* who waits for this one, or NULL */
	void (*person_done)(void *arg, const struct err *err);
	void *person_arg;
	enum login_scheme scheme;
	unsigned refused; /* schemes, as bits */
	char md5[PASSWORD_MD5];
	struct buf body;
	struct login_job *job; /* the thread, while there is one */
	char base[256];
	int attempt;
	int64_t start_ms; /* of the question, then of the request */
};

struct session {
	/* -- set at creation, then never changed */
	struct http *http;
	struct session_config config; /* account and api are its own copies */

	/* -- the token; without one token.token is "", and the rest is what is known anyway */
	struct session_token token;
	unsigned generation; /* counts tokens, so that a call knows whether its own still is current
			      */
	int is_ours;         /* from a login of this mount, at login_ms */
	int64_t login_ms;
	int is_sought; /* the search for its home was done */
	int is_proven; /* a call with it was answered */
	int home;      /* the region as the login says, 0 unknown; of use without routing alone */

	enum session_phase phase;
	struct session_waiter *waiting, **last_waiting;
	struct login_run login;
	struct refusal refusal;
	int seek_region;
	struct err seek_err;

	/* -- no login before this time; calls are answered with `why` until then */
	int64_t blocked_ms;
	int is_taken;  /* it is the web app's turn: `why` gets the minutes that are left */
	int is_wished; /* the hub asked for it: not to be cut short */
	struct err why;

	/* -- calls */
	struct breaker breaker;
	struct rests rests;
	struct bucket bucket;
	struct call *queue, **last_queued; /* and those that wait for their next attempt */
	struct call *active[CALLS_MAX];
	int is_pumping, is_watching;
	struct session_doubt *doubts; /* who waits for the cheap call */
	int is_probing;               /* it is under way, with the token of generation `probed` */
	unsigned probed;
	int page_size;      /* what listings ask for; less once the hub said 1031 */
	int is_size_proven; /* the hub gave a page of that size */
	int64_t listed_ms;  /* when a list last had anything in it; INT64_MIN never */
	int is_stopped;
	struct said said; /* oddities of lists that were logged */
};

static inline int64_t session_now_ms(const struct session *s)
{
	return s->config.clock->mono_ms();
}

/* ---- session.c ---- */

/* Calls w->ready when there is a token or an error; it may do so before it returns. */
void session_want(struct session *s, struct session_waiter *w);

/* The hub does not know the token of this generation. Has no effect when that one is gone
 * already; else the next session_want() gets another, or an error. */
void session_token_died(struct session *s, unsigned generation);

/* Whether no token can be had now: 0, or the errno and words that session_want() would give. */
int session_blocked(const struct session *s, struct err *err);

/* No login for `ms`; `why` is the answer until then. */
void session_block(struct session *s, int64_t ms, const struct err *why);

/* Drops the token for good. */
void session_forget(struct session *s);

/* Ends a phase: everyone who waits goes on. */
void session_settle(struct session *s, const struct err *err);

/* A request to `base` + `path` with the session's headers; what else it is says `r`: method, sizes,
 * sink, and timeout_ms, 0: the session's. */
void session_submit(struct session *s, const char *base, const char *path,
		    const struct http_request *r, http_done *done, void *arg);

/* ---- session_login.c ---- */

/* Ends in session_settle(). */
void session_login_start(struct session *s);
/* The same with a person's password, when the phase is idle; calls `done` after that. */
void session_login_start_person(struct session *s, const struct session_person *p,
				void (*done)(void *arg, const struct err *err), void *arg);
/* Wipes what a login holds; waits for its thread. */
void session_login_clear(struct session *s);
/* Asks for what the step needs, and posts it. */
void session_login_prepare(struct session *s);
/* Posts login.body as the step; `arg` is the session. */
void session_login_post(void *arg);
/* The outcome; with _block() there is no other login for `ms`. */
void session_login_end(struct session *s, const struct err *err);
void session_login_block(struct session *s, int64_t ms, const struct err *err);

/* What the step needs is there, or not; `arg` is the session. */
void session_login_prepared(void *arg);

/* ---- session_prepare.c ---- */

/* Starts the thread, at whose end session_login_prepared() runs. 0 or a negative errno. */
int session_prepare_start(struct session *s);
/* Then: what it found is the login's, or why not. */
void session_prepare_take(struct session *s, struct err *err);
/* Waits for the thread, if there is one, and drops what it found. */
void session_prepare_clear(struct session *s);

/* ---- session_factor.c ---- */

#define SESSION_FACTOR_MS 600000 /* before an account with a second factor is tried again */

/* The login was answered with a ticket instead of a token. */
void session_factor_start(struct session *s, const struct factor *f);
/* The answer of status 200 to LOGIN_STEP_MAIL. */
void session_factor_mailed(struct session *s, const struct http_answer *a);
/* What login_decode() made of an answer to LOGIN_STEP_CODE that holds no token. */
void session_factor_refused(struct session *s, int r, const struct err *why);

/* ---- session_region.c ---- */

/* Whether the dead token may live on another region's host. */
int session_may_seek(const struct session *s);
/* Ends in session_settle(). */
void session_seek(struct session *s);

/* ---- session_probe.c ---- */

/* Makes the cheap call, for which there must be a token, and calls d->told when its outcome is
 * known to breaker and login, too. It may do so before it returns. */
void session_probe(struct session *s, struct session_doubt *d);
/* Tells everyone who waits. */
void session_probe_end(struct session *s, enum verdict verdict, const struct err *err);

/* ---- call.c ---- */

/* What the end of a call, or of the cheap one, says of the hub as a whole. `a` may be NULL. */
void call_counts(struct session *s, enum verdict verdict, const struct http_answer *a,
		 const struct err *err);

void calls_init(struct session *s);
/* Ends all calls with -ECANCELED; there will be no more. */
void calls_cancel(struct session *s);
/* How many wait for their turn. */
int calls_queued(const struct session *s);

#endif
