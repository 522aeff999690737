/* SPDX-License-Identifier: MIT */
/* The real hub behind the door of hub.h: each call hops to the transport thread. */
#include "api/hub.h"

#include <errno.h>
#include <stdlib.h>

#include "api/http.h"
#include "api/session.h"

/* A call on its way to the transport thread, which runs it even while it ends. */
struct hop {
	struct session *session;
	int is_range;
	int32_t first, last;        /* range */
	int64_t at_least;           /* range */
	struct listing_known known; /* ends */
	listing_done *done;
	void *arg;
};

static void arrive(void *arg)
{
	struct hop hop = *(struct hop *)arg;

	free(arg);
	if (hop.is_range)
		listing_range(hop.session, hop.first, hop.last, hop.at_least, hop.done, hop.arg);
	else
		listing_ends(hop.session, &hop.known, hop.done, hop.arg);
}

static int hop_start(struct http *http, const struct hop *hop)
{
	struct hop *copy = malloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	*copy = *hop;
	int r = http_run(http, arrive, copy);
	if (r < 0)
		free(copy);
	return r;
}

static int range(void *ctx, int32_t first, int32_t last, int64_t at_least, listing_done *done,
		 void *arg)
{
	const struct hub_net *net = ctx;
	const struct hop hop = {.session = net->session,
				.is_range = 1,
				.first = first,
				.last = last,
				.at_least = at_least,
				.done = done,
				.arg = arg};

	return hop_start(net->http, &hop);
}

static int ends(void *ctx, const struct listing_known *known, listing_done *done, void *arg)
{
	const struct hub_net *net = ctx;
	const struct hop hop = {.session = net->session, .known = *known, .done = done, .arg = arg};

	return hop_start(net->http, &hop);
}

static int download(void *ctx, const struct download_want *want, const struct download_sink *sink,
		    void *arg)
{
	const struct hub_net *net = ctx;

	return download_start(net->downloads, want, sink, arg);
}

static int after(void *ctx, int ms, void (*task)(void *arg), void *arg)
{
	const struct hub_net *net = ctx;

	return http_after(net->http, ms, task, arg);
}

static void try_again(void *arg)
{
	const struct hub_net *net = arg;

	session_again(net->session);
	http_renew(net->http);
	downloads_again(net->downloads);
}

static void again(void *ctx)
{
	struct hub_net *net = ctx;

	/* Without memory the waits go on, as without this. */
	http_run(net->http, try_again, net);
}

struct hub hub_net(struct hub_net *net)
{
	return (struct hub){.ctx = net,
			    .range = range,
			    .ends = ends,
			    .download = download,
			    .after = after,
			    .again = again};
}
