/* SPDX-License-Identifier: MIT */
/*
 * What can fail, who remembers it, and for how long. A failure belongs to the smallest thing that
 * can be told to have failed, is asked for again after a wait of that thing's own, and says nothing
 * about others. This table is the one in corosfs(1), "FAILURES", as tests/tools/man.sh sees to.
 * Pure.
 */
#ifndef API_FAILURE_H
#define API_FAILURE_H

#include <stdint.h>

enum failure_scope {
	FAILURE_ITEM,      /* one recording or detail; the download store, until unmounted */
	FAILURE_GONE,      /* one recording that the file host does not have; the same, on disk */
	FAILURE_ABSENT,    /* one recording that the hub does not make; the same, on disk */
	FAILURE_MONTH,     /* one month of the list; the month store, until unmounted */
	FAILURE_HUB,       /* calls in a row, and then a cheap one; the breaker of calls */
	FAILURE_FILE_HOST, /* different files in a row; the breaker of files */
	FAILURE_LOGIN,     /* the web app has the session; the session */
	FAILURE_PASSWORD,  /* the hub refuses it; on disk, until another one is given */
	FAILURE_SCOPES,
};

struct failure_rule {
	const char *what;
	int first_s; /* the wait after the first failure; it doubles with each that follows ... */
	int most_s;  /* ... up to this */
};

extern const struct failure_rule failure_rules[FAILURE_SCOPES];

/* How long a thing is left alone after its `failures`th failure in a row (from 1; 0: not at all).
 * What somebody asks for on purpose (--refresh, SIGHUP) does not wait; what does not exist only
 * when its own month is asked for, since a name that comes and goes is a change. */
int64_t failure_wait_ms(enum failure_scope scope, unsigned failures);

#endif
