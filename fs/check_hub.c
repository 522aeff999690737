/* SPDX-License-Identifier: MIT */
/* Steps of --check that ask the network: name, connection, clock, login; see check.h. */
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/clock.h"
#include "api/day.h"
#include "api/gate.h"
#include "api/region.h"
#include "api/session_state.h"
#include "cache/cache_dir.h"
#include "cache/token_file.h"
#include "fs/backend.h"
#include "fs/check.h"
#include "fs/control_client.h"

#define DNS_MS     10000
#define CONNECT_MS 15000
#define STATE_MS   2000
#define CLOCK_S    120 /* off by more: certificates and freshness go wrong */
#define ANSWER_MAX (1u << 20)

/* ---- the name ---- */

/* Shared with the resolver's thread, which may not come back. */
struct resolve {
	atomic_int refs;
	struct gate over;
	char host[256];
	int result; /* before it is over */
};

static void resolve_unref(struct resolve *r)
{
	if (atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
		return;
	gate_clear(&r->over);
	free(r);
}

static void *resolve(void *arg)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	struct resolve *r = arg;

	r->result = getaddrinfo(r->host, NULL, &hints, &found);
	if (found)
		freeaddrinfo(found);
	gate_open(&r->over);
	resolve_unref(r);
	return NULL;
}

/* The host in "https://host:port/path". */
static void host_of(const char *url, char *host, size_t size)
{
	const char *begin = strstr(url, "://");

	begin = begin ? begin + 3 : url;
	size_t n = begin[0] == '[' ? strcspn(++begin, "]") : strcspn(begin, ":/");
	snprintf(host, size, "%.*s", (int)n, begin);
}

/* 0: it is known. */
static int check_name(struct check *c, const char *url)
{
	struct resolve *r = calloc(1, sizeof(*r));
	pthread_t thread;

	if (!r)
		return 0;
	atomic_init(&r->refs, 2);
	gate_init(&r->over);
	host_of(url, r->host, sizeof(r->host));
	int bad = pthread_create(&thread, NULL, resolve, r);
	if (bad)
		atomic_store_explicit(&r->refs, 1, memory_order_relaxed);
	else
		pthread_detach(thread);
	bad = bad || gate_wait(&r->over, DNS_MS) < 0 ? EAI_AGAIN : r->result;
	if (bad)
		check_bad(c, "check the network, and the name servers in /etc/resolv.conf",
			  "name: %s: %s", r->host, gai_strerror(bad));
	else
		check_good(c, "name: %s is known", r->host);
	resolve_unref(r);
	return bad;
}

static int has_proxy(const char *url)
{
	return strncmp(url, "https:", 6) == 0 && (getenv("https_proxy") || getenv("HTTPS_PROXY") ||
						  getenv("all_proxy") || getenv("ALL_PROXY"));
}

/* ---- the connection ---- */

struct visit {
	struct http *http;
	const char *url;
	struct gate over;
	int ms;
	int64_t date_s;
	struct err err;
};

static void visited(void *arg, const struct http_answer *a, const struct err *err)
{
	struct visit *v = arg;

	v->err = *err;
	if (a) {
		v->ms = a->ms;
		v->date_s = a->date_s;
	}
	gate_open(&v->over);
}

static void visit(void *arg)
{
	struct visit *v = arg;
	const struct http_request request = {
		.method = "GET", .url = v->url, .max_size = ANSWER_MAX, .timeout_ms = CONNECT_MS};

	http_submit(v->http, &request, visited, v);
}

static void check_clock(struct check *c, int64_t hub_s)
{
	int64_t off_s = clock_system.wall_s() - hub_s;

	if (!hub_s)
		check_skipped(c, "clock: the hub does not say what time it is");
	else if (off_s > CLOCK_S || off_s < -CLOCK_S)
		check_bad(c, "set it: timedatectl set-ntp true",
			  "clock: this machine's is %lld s %s", llabs((long long)off_s),
			  off_s > 0 ? "ahead" : "behind");
	else
		check_good(c, "clock: right within %lld s", llabs((long long)off_s) + 1);
}

/* Any answer will do: it is about the way there. 0: there is one. */
static int check_connection(struct check *c, const char *url)
{
	const struct http_config config = {.user_agent = BACKEND_USER_AGENT,
					   .ca_file = c->options->ca_file};
	struct visit v = {.url = url};
	struct err err;

	v.http = http_new(&config, &err);
	if (!v.http || http_start(v.http, &err) < 0) {
		check_bad(c, "see above", "connection: %s", err.text);
		http_free(v.http);
		return -1;
	}
	gate_init(&v.over);
	/* A request ends by its deadline, or with http_stop(). */
	if (http_run(v.http, visit, &v) < 0)
		err_set(&v.err, -ENOMEM, "no memory to ask");
	else
		gate_wait(&v.over, -1);
	http_stop(v.http);
	http_free(v.http);
	gate_clear(&v.over);
	if (v.err.code) {
		check_bad(c,
			  "check network, proxy and firewall; what TLS does not trust may be a "
			  "proxy, whose certificate goes into ca_file=",
			  "connection: %s", v.err.text);
		return -1;
	}
	check_good(c, "connection: %s answers within %d ms%s", url, v.ms + 1,
		   strncmp(url, "https:", 6) == 0 ? ", and its certificate is good" : "");
	check_clock(c, v.date_s);
	return 0;
}

/* ---- the login ---- */

static void say_region(struct check *c, int region)
{
	const char *name = region_name(region);

	if (name)
		check_good(c, "region: %d (%s)", region, name);
}

static const char *login_remedy(const struct options *o, char out[300])
{
	snprintf(out, 300, "corosfs --login %.200s", o->account);
	return out;
}

static int keep_status(void *arg, int fd, const json_t *line)
{
	(void)fd;
	json_decref(*(json_t **)arg);
	*(json_t **)arg = json_incref(json_object_get(line, "status"));
	return 0;
}

static const char list_remedy[] =
	"what is not on it comes; the rest is the Training Hub's, corosfs --refresh asks again";

/* A login of our own would end the mount's. */
static void ask_mount(struct check *c, long owner)
{
	int fd = control_connect(c->options, owner);
	json_t *status = NULL;
	char remedy[300];
	struct err err;

	if (fd < 0) {
		check_skipped(c, "login: process %ld has it, and cannot be asked", owner);
		return;
	}
	int r = control_ask(fd, json_pack("{s:s}", "do", "status"), STATE_MS, keep_status, &status,
			    &err);
	close(fd);
	const json_t *login = json_object_get(status, "login");
	const char *state = json_string_value(json_object_get(login, "state"));
	const char *why = json_string_value(json_object_get(login, "why"));
	if (r < 0 || !state)
		check_bad(c, "see corosfs --status", "login: %s",
			  r < 0 ? err.text : "the mount does not say");
	else if (why)
		check_bad(c, login_remedy(c->options, remedy), "login: the mount says: %s", why);
	else
		check_good(c, "login: the mount of process %ld is %s", owner, state);
	const char *lost = json_string_value(json_object_get(status, "list_failing"));
	if (lost)
		check_bad(c, list_remedy, "list: %s", lost);
	if (r == 0)
		say_region(c, (int)json_integer_value(json_object_get(status, "region")));
	json_decref(status);
}

struct look {
	struct gate over;
	struct listing *listing;
	struct err err;
};

static void looked(void *arg, struct listing *listing, const struct err *err)
{
	struct look *l = arg;

	l->listing = listing;
	l->err = *err;
	gate_open(&l->over);
}

/* The ends of the list, for which the session logs in if it has to. The listing is the caller's. */
static struct listing *look_at_list(struct backend *b, struct err *err)
{
	const struct listing_known none = {0};
	struct hub_net net = {b->http, b->session, b->downloads};
	struct hub hub = hub_net(&net);
	struct look l = {0};

	gate_init(&l.over);
	int r = hub.ends(hub.ctx, &none, looked, &l);
	if (r == 0) {
		gate_wait(&l.over, -1);
		*err = l.err;
	} else {
		err_set(err, r, "no memory to ask");
	}
	gate_clear(&l.over);
	return l.listing;
}

static void say_list(struct check *c, const struct listing *l, const struct err *err)
{
	if (!l)
		check_bad(c, "try again later", "list: %s", err->text);
	else if (l->why.code)
		check_bad(c, list_remedy, "list: %s", l->why.text);
	else if (l->bad)
		check_bad(c, list_remedy, "list: %zu of the newest activities cannot be read",
			  l->bad);
	else
		check_good(c, "list: %lld activities", (long long)l->count);
}

static void log_in(struct check *c)
{
	struct session_state state;
	struct listing *l = NULL;
	struct backend b;
	char remedy[300];
	struct err err;
	int is_asked = 0;

	backend_init(&b, c->options);
	int r = backend_open(&b, 1, &err);
	int kept = r == 0 && faccessat(b.dir.fd, "token", F_OK, 0) == 0;
	if (r == 0 && (r = backend_start_session(&b, &err)) == 0 &&
	    (r = session_login(b.session, &err)) == 0) {
		l = look_at_list(&b, &err);
		is_asked = l || (err.code != -EACCES && err.code != -EKEYREJECTED);
		r = is_asked ? 0 : err.code;
	}
	if (r == -EACCES && c->no_password)
		check_skipped(c, "login: not without a password: %s", err.text);
	else if (r < 0)
		check_bad(c,
			  r == -EACCES || r == -EKEYREJECTED ? login_remedy(c->options, remedy)
							     : "try again later; see above",
			  "login: %s", err.text);
	else
		check_good(c, "login: %s, as %s", kept ? "the kept one works" : "done, and kept",
			   c->options->account);
	if (r == 0 && session_state(b.session, STATE_MS, &state) == 0)
		say_region(c, state.region);
	if (is_asked)
		say_list(c, l, &err);
	listing_free(l);
	backend_stop(&b);
	backend_free(&b);
}

void check_hub(struct check *c, const char *cache)
{
	char url[256];
	long owner = cache_dir_owner(cache);

	if (c->options->offline) {
		check_skipped(c, "hub: offline is set, so nobody is asked");
		return;
	}
	if (c->no_login) {
		check_skipped(c, "hub: not asked without %s", c->no_login);
		return;
	}
	region_base(c->options->api, REGION_FIRST, url, sizeof(url));
	int lost = 0;
	if (has_proxy(url))
		check_skipped(c, "name: left to the proxy");
	else
		lost = check_name(c, url);
	if (lost || check_connection(c, url) < 0)
		check_skipped(c, "login: not tried");
	else if (owner > 0)
		ask_mount(c, owner);
	else
		log_in(c);
}
