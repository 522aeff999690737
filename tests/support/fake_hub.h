/* SPDX-License-Identifier: MIT */
/*
 * A hub of known activities behind struct hub. It answers nothing by itself: calls queue
 * up until the test, which is the transport thread, says fake_hub_answer(), and tasks wait
 * for fake_hub_tick() and the fake clock.
 */
#ifndef TESTS_SUPPORT_FAKE_HUB_H
#define TESTS_SUPPORT_FAKE_HUB_H

#include "api/hub.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/item.h"

#define FAKE_HUB_CALLS 256
#define FAKE_HUB_PAGE  200
#define FAKE_HUB_FILES 1024

struct fake_call {
	int ends; /* or a range */
	int32_t first, last;
	struct listing_known known;
	listing_done *done;
	void *arg;
};

struct fake_hub;

struct fake_hub *fake_hub_new(void);
/* Calls that are still waiting are answered -ECANCELED first. */
void fake_hub_free(struct fake_hub *h);
const struct hub *fake_hub_door(struct fake_hub *h);

/* What it holds: sets the activity with this label anew, or adds it. Strings are copied. */
void fake_hub_put(struct fake_hub *h, const struct item *item);
void fake_hub_remove(struct fake_hub *h, uint64_t label);

/* The answer to calls that are answered from now on: 0, or a negative errno. */
void fake_hub_fail(struct fake_hub *h, int code);
/* Ranges with this month (day.h; 0: none) are answered so; with `hole`, and other months beside it
 * and its neighbours, in a listing that says nothing of these three. */
void fake_hub_fail_month(struct fake_hub *h, int month, int code, int hole);
/* The ends are told without the newest page. */
void fake_hub_narrow(struct fake_hub *h, int on);
/* The activity is counted and its item cannot be read; `labelled`: but for its label. */
void fake_hub_unread(struct fake_hub *h, uint64_t label, int labelled);
/* What range(), ends() and download() return from now on, and what after() does. */
void fake_hub_refuse(struct fake_hub *h, int code);
void fake_hub_refuse_after(struct fake_hub *h, int code);

/* Answers what waits now (what comes in meanwhile waits for the next time), the oldest first.
 * Returns how many. */
int fake_hub_answer(struct fake_hub *h);
/* Makes the answer to the first that waits now, and gives it with fake_hub_let_go(). */
void fake_hub_hold(struct fake_hub *h);
void fake_hub_let_go(struct fake_hub *h);
/* Answers the first that waits while the n-th allocation (failing_alloc.h) fails. Whether it did.
 */
int fake_hub_answer_failing(struct fake_hub *h, unsigned long n, enum failing_alloc how);
/* How many wait. */
int fake_hub_waiting(struct fake_hub *h);
/* How many calls there ever were, and the i-th. */
int fake_hub_calls(struct fake_hub *h);
struct fake_call fake_hub_call(struct fake_hub *h, int i);

/* Ends of downloads that are not their own failure. */
#define FAKE_ABSENT   (-10001) /* the hub does not make it */
#define FAKE_UNPROVEN (-10002) /* it says so, but may be out of order */
#define FAKE_GONE     (-10003) /* the file host has lost it */
#define FAKE_HUB_DOWN (-10004) /* all fail */

/*
 * Downloads queue up, too. fake_hub_send() answers the one that has waited longest: with the
 * bytes, in two pieces, and `code`, 0, why it failed by itself, or one of the above; an attempt
 * that broke off (see fake_hub_break()) comes before it. NULL bytes: it fails before the first one.
 * Whether one waited.
 */
int fake_hub_send(struct fake_hub *h, const void *bytes, size_t len, int code);
/* The first attempt of downloads from now on breaks off after some bytes of nonsense. */
void fake_hub_break(struct fake_hub *h, int on);
/* How many downloads there ever were, how many wait, and what the i-th was of. */
int fake_hub_downloads(struct fake_hub *h);
int fake_hub_downloads_waiting(struct fake_hub *h);
struct download_want fake_hub_wanted(struct fake_hub *h, int i);

/* Runs the tasks that are due by fake_clock. Returns how many. */
int fake_hub_tick(struct fake_hub *h);

#endif
