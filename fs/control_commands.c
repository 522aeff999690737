/* SPDX-License-Identifier: MIT */
/* Commands of the control socket; see control_commands.h. */
#include "fs/control_commands.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "api/gate.h"
#include "api/metrics.h"
#include "api/session_state.h"
#include "fs/refresh_path.h"
#include "fs/status.h"
#include "fs/sync.h"

#define CODE_MS  600000 /* for a person to find the code in the mail */
#define STATE_MS 1000

static int run_status(void *arg, struct control_client *client, const json_t *request,
		      struct err *err)
{
	const struct control_context *c = arg;
	json_t *status = status_collect(c->backend, c->mountpoint, c->start_s);

	(void)request;
	if (!status)
		return err_set(err, -ENOMEM, "the mount has no memory to say how it is");
	return control_send(client, json_pack("{s:o}", "status", status));
}

/* ---- refresh ---- */

struct landing {
	struct gate over;
	/* -- before it is over */
	struct err err;
	struct span *span;
};

static void landed(void *arg, const struct err *err)
{
	struct landing *l = arg;

	l->err = *err;
	gate_open(&l->over);
}

static void got_span(void *arg, struct span *span, const struct err *err)
{
	struct landing *l = arg;

	l->span = span;
	landed(arg, err);
}

/* The months of `t` anew; of one month, what is in it then. The store answers by its deadline, and
 * when it stops. */
static int land(struct month_store *store, const struct thing *t, int wait_ms, struct span **span,
		struct err *err)
{
	struct landing l = {0};

	gate_init(&l.over);
	month_store_land(store, t->first, t->first ? t->last : INT_MAX, LAND_AGAIN, wait_ms, landed,
			 &l);
	gate_wait(&l.over, -1);
	gate_clear(&l.over);
	if (!l.err.code && t->first && t->first == t->last) {
		gate_init(&l.over);
		month_store_get(store, t->first, t->last, wait_ms, got_span, &l);
		gate_wait(&l.over, -1);
		gate_clear(&l.over);
	}
	*span = l.span;
	*err = l.err;
	return err->code;
}

/* Whether it turned out to be there. */
static int is_there(struct month_store *store, const struct thing *t, const char *name,
		    const struct span *span)
{
	struct blob_key key;
	struct tree_entry e;
	struct history h;

	month_store_history_now(store, &h);
	if (t->year && h.known && !history_has_year(&h, t->year))
		return 0;
	if (!span)
		return 1;
	if (!name[0])
		return span->month[0]->n > 0;
	return tree_find(t, name, span, &e) == 0 &&
	       (!thing_is_download(&e.thing) || tree_blob_key(&e.thing, span, &key) == 0);
}

/* The recordings of these months, too, whatever is remembered against them. */
static void forgive(const struct backend *b, int first, int last)
{
	if (!first) {
		blob_store_again(b->blobs, NULL);
		return;
	}
	for (int n = first; n <= last; n++) {
		struct span *span = month_store_peek(b->store, n, n, 0);
		for (size_t i = 0; span && i < span->month[0]->n; i++)
			for (enum export form = 0; form < EXPORTS; form++) {
				const struct blob_key key = blob_key(form, &span->month[0]->row[i],
								     span->month[0]->strings);
				blob_store_again(b->blobs, &key);
			}
		span_unref(span);
	}
}

static int64_t value(enum metric m)
{
	return atomic_load_explicit(&metrics_value[m], memory_order_relaxed);
}

static int run_refresh(void *arg, struct control_client *client, const json_t *request,
		       struct err *err)
{
	const struct control_context *c = arg;
	struct month_store *store = c->backend->store;
	const char *path = json_string_value(json_object_get(request, "path"));
	int64_t fresh = value(METRIC_MONTHS_NEW), changed = value(METRIC_MONTHS_CHANGED),
		requests = metrics_requests();
	char name[TREE_NAME_MAX];
	struct span *span = NULL;
	struct thing t;

	if (!path || refresh_path(path, &t, name) < 0)
		return err_set(err, -ENOENT, "no such file");
	int r = land(store, &t, 2000 * (int)c->backend->options->timeout, &span, err);
	if (r == 0 && !is_there(store, &t, name, span))
		r = err_set(err, -ENOENT, "no such file");
	span_unref(span);
	if (r < 0)
		return r;
	forgive(c->backend, t.first, t.last);
	return control_send(
		client, json_pack("{s:{s:i, s:I, s:I, s:I}}", "refreshed", "months",
				  month_store_count(store, t.first, t.first ? t.last : INT_MAX),
				  "new", (json_int_t)(value(METRIC_MONTHS_NEW) - fresh), "changed",
				  (json_int_t)(value(METRIC_MONTHS_CHANGED) - changed), "requests",
				  (json_int_t)(metrics_requests() - requests)));
}

/* ---- sync ---- */

struct sync_listener {
	struct control_client *client;
	int ticks;
};

/* Five times a second is more than a bar needs. */
static int tell_client(void *arg, const struct sync_progress *p)
{
	struct sync_listener *l = arg;

	return control_gone(l->client) ||
	       (l->ticks++ % 2 == 0 && control_send(l->client, sync_json("progress", p)) < 0);
}

static int run_sync(void *arg, struct control_client *client, const json_t *request,
		    struct err *err)
{
	const struct control_context *c = arg;
	const struct sync_plan plan = {
		.from_month = (int)json_integer_value(json_object_get(request, "from")),
		.views = (unsigned)json_integer_value(json_object_get(request, "views")),
		.wait_ms = SYNC_WAIT_MS,
	};
	struct sync_listener listener = {client, 0};
	struct sync_progress p;

	int r = sync_run(c->backend->store, c->backend->blobs, &plan, tell_client, &listener, &p,
			 err);
	control_send(client, sync_json("progress", &p));
	return r;
}

/* ---- login ---- */

static int ask_client(void *arg, int wrong, char code[FACTOR_CODE], struct err *err)
{
	struct control_client *client = arg;
	json_t *answer = NULL;
	int r = control_send(client, json_pack("{s:s, s:b}", "event", "code", "wrong", wrong));

	if (r == 0)
		r = control_receive(client, CODE_MS, &answer);
	const char *text = json_string_value(json_object_get(answer, "code"));
	if (r < 0 || !text || factor_code(text, code) < 0)
		r = err_set(err, -EACCES, "no code was given");
	json_decref(answer);
	return r;
}

static int run_login(void *arg, struct control_client *client, const json_t *request,
		     struct err *err)
{
	const struct control_context *c = arg;
	struct session_person person = {.code = ask_client, .arg = client};
	const char *md5 = json_string_value(json_object_get(request, "md5"));
	struct session_state state;

	if (!md5 || strlen(md5) != PASSWORD_MD5 - 1)
		return err_set(err, -EINVAL, "no password came with the login");
	if (c->backend->options->offline)
		return err_set(err, -EHOSTUNREACH, "the mount is offline; mount it without that");
	memcpy(person.md5, md5, PASSWORD_MD5);
	int r = session_login_person(c->backend->session, &person, err);
	if (r == 0)
		secret_keep(&c->backend->secret, person.md5);
	explicit_bzero(&person, sizeof(person));
	if (r < 0)
		return r;
	session_state(c->backend->session, STATE_MS, &state);
	return control_send(client, json_pack("{s:i}", "region", state.region));
}

const struct control_command control_commands[] = {
	{"status", run_status}, {"refresh", run_refresh}, {"sync", run_sync}, {"login", run_login},
	{NULL, NULL},
};
