/* SPDX-License-Identifier: MIT */
/*
 * The door between cache/ and the network: the few calls that the cache may make,
 * as a struct of functions, so that a test can stand in for the hub.
 *
 * Any thread may call; `done` comes on the transport thread, exactly once, with no
 * lock held. After hub_stop() it comes at once with -ECANCELED.
 */
#ifndef API_HUB_H
#define API_HUB_H

#include "api/download.h"
#include "api/listing.h"

struct hub {
	void *ctx;
	/* listing_range() and listing_ends() from any thread. 0, or -ENOMEM/-ECANCELED: then
	 * `done` will not be called. */
	int (*range)(void *ctx, int32_t first, int32_t last, int64_t at_least, listing_done *done,
		     void *arg);
	int (*ends)(void *ctx, const struct listing_known *known, listing_done *done, void *arg);
	/* download_start(). */
	int (*download)(void *ctx, const struct download_want *want,
			const struct download_sink *sink, void *arg);
	/* Runs task(arg) on the transport thread after `ms`; see http_after(). */
	int (*after)(void *ctx, int ms, void (*task)(void *arg), void *arg);
	/* Waits of our own choosing end, and no connection of before is used, before what is asked
	 * from now on: session_again(), http_renew(), downloads_again(). */
	void (*again)(void *ctx);
};

/* The real one. `session` and `http` stay the caller's and must outlive it. */
struct http;
struct session;
struct hub_net {
	struct http *http;
	struct session *session;
	struct downloads *downloads;
};
struct hub hub_net(struct hub_net *net);

#endif
