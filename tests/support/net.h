/* SPDX-License-Identifier: MIT */
/*
 * A session on the sample hub, with a clock that a test can move and calls that
 * wait for their outcome: what the tests of session, call, listing and hub share.
 */
#ifndef TESTS_SUPPORT_NET_H
#define TESTS_SUPPORT_NET_H

#include "api/hub.h"
#include "api/http.h"
#include "api/lock.h"
#include "api/session.h"
#include "tests/support/hub_process.h"
#include "tests/support/net_clock.h"

#define NET_ACCOUNT  "runner@example.org"
#define NET_PASSWORD "correct horse"

struct net_wait;

struct net {
	struct hub_process *hub;
	struct http *http;
	struct session *session;
	struct downloads *downloads;
	struct hub_net door;
	struct hub calls;           /* hub_net() of the door */
	struct net_wait *under_way; /* net_calls_begin() */
	int n_under_way, is_stopped;

	struct lock lock;
	/* -- guarded by lock: what the session asked for and told */
	char md5[PASSWORD_MD5]; /* the answer to its next question */
	int password_result;
	int asked; /* questions for a password */
	int kept;  /* tokens to be kept */
	int dropped;
	struct session_token token; /* the last one kept */
};

/* The options of a session; zero is the usual: no routing, no rate, 10 s. */
struct net_config {
	const char *api; /* replaces the hub's URL */
	int routes;      /* /region/%r behind the hub's URL */
	int rate, timeout_ms;
	/* NULL: that the hub takes the legacy scheme, which costs no time. */
	const struct session_token *kept;
};

/* Nobody is logged in, no faults, counters at 0. */
void net_fresh_hub(struct hub_process *hub);

/* On a hub that is there already, which stays the caller's. Ends the program on failure. */
struct net *net_new(struct hub_process *hub, const struct net_config *config);
void net_free(struct net *n);
/* Its first half, the end of the transport. */
void net_stop(struct net *n);

/* Moves the clock, also for those who sleep by it. */
void net_pass(struct net *n, int64_t ms);

void net_password(struct net *n, const char *password);
void net_password_fails(struct net *n, int result);

/* How often a password was asked for, a token kept, a token dropped. */
int net_asked(struct net *n);
int net_kept(struct net *n);
int net_dropped(struct net *n);
struct session_token net_token(struct net *n);

/* Calls through to the outcome. `text`, unless NULL, gets the answer, which the caller frees. */
int net_call(struct net *n, const char *method, const char *path, char **text, struct err *err);
/* The listing is the caller's, NULL on failure. */
struct listing *net_range(struct net *n, int32_t first, int32_t last, struct err *err);
void net_range_begin(struct net *n, int32_t first, int32_t last);
struct listing *net_range_end(struct net *n, struct err *err);
struct listing *net_ends(struct net *n, const struct listing_known *known, struct err *err);

/* Several of the same call at once; returns how many failed, and the last one's outcome. */
int net_calls(struct net *n, int count, const char *path, struct err *last);
/* The same in two steps. */
void net_calls_begin(struct net *n, int count, const char *path);
int net_calls_end(struct net *n, struct err *last);

#endif
