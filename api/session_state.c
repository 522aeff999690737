/* SPDX-License-Identifier: MIT */
/* A look at a session; see session_state.h. */
#include "api/session_state.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "api/gate.h"
#include "api/session_impl.h"

/* Shared by the one who asks, who may give up, and the transport thread. */
struct look {
	struct session *session;
	atomic_int refs;
	struct gate over;
	struct session_state state; /* before it is over */
};

static void look_unref(struct look *l)
{
	if (atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) != 1)
		return;
	gate_clear(&l->over);
	free(l);
}

static void read_login(const struct session *s, struct session_state *out)
{
	if (s->phase != SESSION_IDLE)
		out->login = SESSION_LOGGING_IN;
	else if (s->token.token[0])
		out->login = SESSION_LOGGED_IN;
	else if (session_blocked(s, &out->why)) {
		out->login = SESSION_LOGIN_WAITS;
		out->retry_s = (int)((s->blocked_ms - session_now_ms(s) + 999) / 1000);
	}
	out->region = s->token.region;
	memcpy(out->base, s->token.base, sizeof(out->base));
}

static void read_calls(const struct session *s, struct session_state *out)
{
	const struct breaker *b = &s->breaker;
	int64_t left_ms = b->since_ms + BREAKER_OPEN_MS - session_now_ms(s);

	if (b->failures >= BREAKER_FAILURES) {
		out->is_broken = 1;
		out->broken = b->why;
		out->trial_s = left_ms > 0 ? (int)((left_ms + 999) / 1000) : 0;
	}
	for (int i = 0; i < CALLS_MAX; i++)
		out->active += s->active[i] != NULL;
	out->queued = calls_queued(s);
}

static void look(void *arg)
{
	struct look *l = arg;

	read_login(l->session, &l->state);
	read_calls(l->session, &l->state);
	gate_open(&l->over);
	look_unref(l);
}

int session_state(struct session *s, int wait_ms, struct session_state *out)
{
	struct look *l = calloc(1, sizeof(*l));

	*out = (struct session_state){0};
	if (!l)
		return -ENOMEM;
	l->session = s;
	atomic_init(&l->refs, 2);
	gate_init(&l->over);
	int r = http_run(s->http, look, l);
	if (r < 0)
		/* The task will not run, and so not drop its share. */
		atomic_store_explicit(&l->refs, 1, memory_order_relaxed);
	else if ((r = gate_wait(&l->over, wait_ms)) == 0)
		*out = l->state;
	look_unref(l);
	return r;
}
