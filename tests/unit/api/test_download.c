/* SPDX-License-Identifier: MIT */
/* Downloads from the sample hub: the bytes whole, the refusals, and every way to go wrong. */
#include "api/download.h"

#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/net.h"
#include "tests/support/rows.h"

#define RUN        UINT64_C(443785036645654868) /* sport 100 */
#define RUN_TEXT   "443785036645654868"
#define INDOOR     UINT64_C(443032345867956642) /* sport 101 */
#define SHORT      UINT64_C(443591341905785609) /* sport 100 */
#define PATIENCE_S 60
#define FIT_PATH   "/fit/476911223344556677/" RUN_TEXT ".fit"

/* Ends that are no errno. */
#define ABSENT   (-10001)
#define UNPROVEN (-10002)
#define GONE     (-10003)

static struct hub_process *hub;

/* ---- a sink in memory ---- */

struct sunk {
	struct buf bytes;
	int begins, pieces;
	int fail_begin, fail_write; /* errno that the sink gives */
	atomic_int ends;
	struct err err;
	enum failure_scope scope;
	sem_t ended;
};

static int sink_begin(void *arg)
{
	struct sunk *s = arg;

	s->begins++;
	buf_clear(&s->bytes);
	return s->fail_begin;
}

static int sink_write(void *arg, const char *data, size_t len)
{
	struct sunk *s = arg;

	s->pieces++;
	return s->fail_write ? s->fail_write : buf_add(&s->bytes, data, len);
}

static void sink_done(void *arg, enum failure_scope scope, const struct err *err)
{
	struct sunk *s = arg;

	s->err = *err;
	s->scope = scope;
	if (err->code && scope == FAILURE_ABSENT)
		s->err.code = err->code == -ENOENT ? ABSENT : UNPROVEN;
	else if (err->code && scope == FAILURE_GONE)
		s->err.code = GONE;
	atomic_fetch_add(&s->ends, 1);
	sem_post(&s->ended);
}

static const struct download_sink sink = {sink_begin, sink_write, sink_done};

static void sunk_init(struct sunk *s)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->bytes, EXPORT_SIZE_MAX);
	sem_init(&s->ended, 0, 0);
}

static void sunk_wait(struct sunk *s)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	if (sem_timedwait(&s->ended, &until) < 0)
		fail_msg("no end within %d s", PATIENCE_S);
	assert_int_equal(atomic_load(&s->ends), 1);
}

static void sunk_clear(struct sunk *s)
{
	buf_clear(&s->bytes);
	sem_destroy(&s->ended);
}

/* What a refused one is compared with. */
static struct download_want control;

static void start(struct net *n, struct sunk *s, enum export form, uint64_t label, int sport)
{
	const struct download_want want = {label,         sport,           form, control.label_id,
					   control.sport, control.was_gone};

	assert_int_equal(n->calls.download(n->calls.ctx, &want, &sink, s), 0);
}

/* Through to the end. */
static void bring(struct net *n, struct sunk *s, enum export form, uint64_t label, int sport)
{
	sunk_init(s);
	start(n, s, form, label, sport);
	sunk_wait(s);
}

static struct net *login(int timeout_ms)
{
	const struct net_config config = {.timeout_ms = timeout_ms};
	struct err err;

	control = (struct download_want){0};
	net_fresh_hub(hub);
	struct net *n = net_new(hub, &config);
	assert_int_equal(session_login(n->session, &err), 0);
	hub_process_post(hub, "reset", "");
	return n;
}

static void no_violations(void)
{
	char *text = hub_process_stat_text(hub, "violations");

	assert_string_equal(text, "[]\n");
	free(text);
}

/* ---- one after the other ---- */

#define TO(location)                                                                               \
	"{\"fault\":{\"kind\":\"redirect\",\"path\":\"/fit/"                                       \
	"\",\"times\":1,\"location\":\"" location "\"}}"
#define FILE_IS(url) "{\"answers\":{\"/activity/detail/download\":{\"fileUrl\":" url "}}}"
#define FAULT(text)  "{\"fault\":{" text ",\"path\":\"/fit/\"}}"

static const struct one_case {
	const char *why;
	enum export form;
	uint64_t label;
	int sport;
	const char *knobs;
	int want;
	int calls, files; /* of the API and the file host; -1: some */
} one_cases[] = {
	{"a fit", EXPORT_FIT, RUN, 100, "{}", 0, 1, 1},
	{"a gpx", EXPORT_GPX, RUN, 100, "{}", 0, 1, 1},
	{"a kml", EXPORT_KML, RUN, 100, "{}", 0, 1, 1},
	{"a tcx", EXPORT_TCX, RUN, 100, "{}", 0, 1, 1},
	{"a csv", EXPORT_TRACK, RUN, 100, "{}", 0, 1, 1},
	{"a detail", EXPORT_DETAIL, RUN, 100, "{}", 0, 1, 0},
	{"a fit without a track", EXPORT_FIT, INDOOR, 101, "{}", 0, 1, 1},

	/* -- refusals, with nothing to compare */
	{"a gpx without a track", EXPORT_GPX, INDOOR, 101, "{}", UNPROVEN, 2, 0},
	{"an error code", EXPORT_FIT, RUN, 100, "{\"refusal\":{\"*\":0}}", UNPROVEN, 2, 0},
	{"no data", EXPORT_FIT, RUN, 100, "{\"refusal\":{\"*\":1}}", UNPROVEN, 2, 0},
	{"empty data", EXPORT_FIT, RUN, 100, "{\"refusal\":{\"*\":2}}", UNPROVEN, 2, 0},
	{"an empty URL", EXPORT_FIT, RUN, 100, "{\"refusal\":{\"*\":3}}", UNPROVEN, 2, 0},
	{"a URL that is null", EXPORT_FIT, RUN, 100, FILE_IS("null"), UNPROVEN, 2, 0},
	{"an error code that comes once", EXPORT_FIT, RUN, 100,
	 "{\"fault\":{\"kind\":\"result\",\"code\":\"5006\",\"path\":\"/download\",\"times\":1}}",
	 0, 1, 1},
	{"an error code for the detail", EXPORT_DETAIL, RUN, 100,
	 "{\"fault\":{\"kind\":\"result\",\"code\":\"5006\",\"path\":\"/detail/query\"}}", UNPROVEN,
	 0, 0},
	{"a code that tells of a failure of the service is no refusal", EXPORT_FIT, RUN, 100,
	 "{\"fault\":{\"kind\":\"result\",\"code\":\"1001\",\"path\":\"/download\"}}", -EIO, 0, 0},
	{"an empty detail", EXPORT_DETAIL, RUN, 100,
	 "{\"answers\":{\"/activity/detail/query\":{}}}", UNPROVEN, 2, 0},
	{"another sport than its own", EXPORT_FIT, RUN, 101, "{}", UNPROVEN, 2, 0},

	/* -- answers that are none */
	{"data of another type", EXPORT_FIT, RUN, 100,
	 "{\"answers\":{\"/activity/detail/download\":\"soon\"}}", -EIO, 1, 0},
	{"data that is a list", EXPORT_FIT, RUN, 100,
	 "{\"answers\":{\"/activity/detail/download\":[]}}", -EIO, 1, 0},
	{"a URL that is a number", EXPORT_FIT, RUN, 100, FILE_IS("7"), -EIO, 1, 0},
	{"a URL that is a list", EXPORT_FIT, RUN, 100, FILE_IS("[]"), -EIO, 1, 0},
	{"a web page", EXPORT_FIT, RUN, 100,
	 "{\"fault\":{\"kind\":\"html200\",\"path\":\"/download\"}}", -EIO, -1, 0},
	{"JSON that stops", EXPORT_FIT, RUN, 100,
	 "{\"fault\":{\"kind\":\"not_json\",\"path\":\"/download\"}}", -EIO, -1, 0},
	{"a detail of another type", EXPORT_DETAIL, RUN, 100,
	 "{\"answers\":{\"/activity/detail/query\":[]}}", -EIO, 1, 0},
	{"a detail that is larger than memory should be", EXPORT_DETAIL, RUN, 100,
	 "{\"fault\":{\"kind\":\"huge\",\"mb\":40,\"path\":\"/detail/query\"}}", 0, 1, 0},
	{"the same, packed", EXPORT_DETAIL, RUN, 100,
	 "{\"fault\":{\"kind\":\"huge\",\"mb\":40,\"gzip\":true,\"path\":\"/detail/query\"}}", 0, 1,
	 0},
	{"a detail without end", EXPORT_DETAIL, RUN, 100,
	 "{\"fault\":{\"kind\":\"huge\",\"mb\":300,\"path\":\"/detail/query\"}}", -EIO, 1, 0},
	{"a detail that is cut off, once", EXPORT_DETAIL, RUN, 100,
	 "{\"fault\":{\"kind\":\"cut\",\"path\":\"/detail/query\",\"times\":1}}", 0, -1, 0},
	{"a detail that is cut off", EXPORT_DETAIL, RUN, 100,
	 "{\"fault\":{\"kind\":\"cut\",\"path\":\"/detail/query\"}}", -EIO, -1, 0},
	{"an answer of HTTP 500 to a detail", EXPORT_DETAIL, RUN, 100,
	 "{\"fault\":{\"kind\":\"status\",\"path\":\"/detail/query\"}}", -EIO, -1, 0},
	/* -- URLs that are not safe */
	{"http elsewhere", EXPORT_FIT, RUN, 100, FILE_IS("\"http://192.0.2.1/a.fit\""), -EIO, 1, 0},
	{"a file of ours", EXPORT_FIT, RUN, 100, FILE_IS("\"file:///etc/passwd\""), -EIO, 1, 0},
	{"a user in it", EXPORT_FIT, RUN, 100, FILE_IS("\"https://a:b@192.0.2.1/\""), -EIO, 1, 0},
	{"no URL at all", EXPORT_FIT, RUN, 100, FILE_IS("\"s3.coros.com\""), -EIO, 1, 0},

	/* -- redirects */
	{"sent on to the same host", EXPORT_FIT, RUN, 100, TO(FIT_PATH), 0, 1, 2},
	{"sent on to a path beside it", EXPORT_FIT, RUN, 100, TO("443785036645654868.fit"), 0, 1,
	 2},
	{"sent on for ever", EXPORT_FIT, RUN, 100,
	 FAULT("\"kind\":\"redirect\",\"location\":\"" FIT_PATH "\""), -EIO, 1, 4},
	{"sent on to http", EXPORT_FIT, RUN, 100, TO("http://192.0.2.1/a.fit"), -EIO, 1, 1},
	{"sent on to a file of ours", EXPORT_FIT, RUN, 100, TO("file:///etc/passwd"), -EIO, 1, 1},
	{"sent on to ftp", EXPORT_FIT, RUN, 100, TO("ftp://127.0.0.1/a.fit"), -EIO, 1, 1},
	{"sent on with a password", EXPORT_FIT, RUN, 100, TO("https://a:b@127.0.0.1/a"), -EIO, 1,
	 1},
	{"sent on to nowhere", EXPORT_FIT, RUN, 100, TO(""), -EIO, 1, -1},

	/* -- the file host */
	{"a page where a file should be", EXPORT_FIT, RUN, 100, FAULT("\"kind\":\"html200\""), -EIO,
	 1, 1},
	{"a page where a csv should be", EXPORT_TRACK, RUN, 100,
	 "{\"fault\":{\"kind\":\"html200\",\"path\":\"/csv/\"}}", -EIO, 1, 1},
	{"cut off once", EXPORT_FIT, RUN, 100, FAULT("\"kind\":\"cut\",\"times\":1"), 0, 1, 2},
	{"cut off", EXPORT_FIT, RUN, 100, FAULT("\"kind\":\"cut\""), -EIO, 1, 3},
	{"reset once before it", EXPORT_FIT, RUN, 100, FAULT("\"kind\":\"reset\",\"times\":1"), 0,
	 1, -1},
	{"reset once in the middle", EXPORT_FIT, RUN, 100,
	 FAULT("\"kind\":\"reset\",\"when\":\"middle\",\"times\":1"), 0, 1, 2},
	{"reset", EXPORT_FIT, RUN, 100, FAULT("\"kind\":\"reset\""), -EHOSTUNREACH, 1, -1},
	{"out of order once", EXPORT_FIT, RUN, 100,
	 FAULT("\"kind\":\"status\",\"code\":503,\"times\":1"), 0, 1, 2},
	{"out of order", EXPORT_FIT, RUN, 100, FAULT("\"kind\":\"status\",\"code\":503"), -EIO, 1,
	 3},
	{"slow down, once", EXPORT_FIT, RUN, 100,
	 FAULT("\"kind\":\"status\",\"code\":429,\"retry_after\":1,\"times\":1"), 0, 1, 2},
	{"it has gone", EXPORT_FIT, RUN, 100, FAULT("\"kind\":\"status\",\"code\":410"), -EIO, 1,
	 1},
	{"a length that is too long", EXPORT_FIT, RUN, 100,
	 FAULT("\"kind\":\"wrong_length\",\"times\":1"), 0, 1, 2},
	{"less than its header says, once", EXPORT_FIT, RUN, 100,
	 FAULT("\"kind\":\"file\",\"keep\":5000,\"times\":1"), 0, 1, 2},
	{"less than its header says, again and again, is as it is", EXPORT_FIT, RUN, 100,
	 FAULT("\"kind\":\"file\",\"keep\":5000"), 0, 1, 2},
	{"no length, in chunks", EXPORT_FIT, RUN, 100, FAULT("\"kind\":\"chunked\""), 0, 1, 1},
	{"chunks that are cut off", EXPORT_TRACK, RUN, 100,
	 "{\"fault\":{\"kind\":\"chunked\",\"at\":0.5,\"path\":\"/csv/\"}}", -EIO, 1, -1},
	{"no length", EXPORT_TRACK, RUN, 100,
	 "{\"fault\":{\"kind\":\"no_length\",\"path\":\"/csv/\"}}", -EIO, 1, 1},
	{"no length, and cut off", EXPORT_TRACK, RUN, 100,
	 "{\"fault\":{\"kind\":\"no_length\",\"at\":0.4,\"path\":\"/csv/\"}}", -EIO, 1, 1},
	{"packed", EXPORT_FIT, RUN, 100, FAULT("\"kind\":\"packed\""), -EIO, 1, 1},
	{"packed, and half of it", EXPORT_TRACK, RUN, 100,
	 "{\"fault\":{\"kind\":\"packed\",\"at\":0.5,\"path\":\"/csv/\"}}", -EIO, 1, 1},
	{"a header that is odd", EXPORT_FIT, RUN, 100,
	 FAULT("\"kind\":\"file\",\"bytes\":{\"4\":255,\"6\":9}"), 0, 1, 2},
	{"a comment behind the end", EXPORT_GPX, RUN, 100,
	 "{\"fault\":{\"kind\":\"file\",\"after_it\":\"<!-- x -->\",\"path\":\"/gpx/\"}}", 0, 1, 1},
	{"a web page in place of a file", EXPORT_TCX, RUN, 100,
	 "{\"fault\":{\"kind\":\"html200\",\"path\":\"/tcx/\"}}", -EIO, 1, 1},
	{"a connection that closes", EXPORT_FIT, RUN, 100, FAULT("\"kind\":\"close_after\""), 0, 1,
	 1},
	{"a file without end", EXPORT_FIT, RUN, 100, FAULT("\"kind\":\"huge\",\"mb\":300"), -EIO, 1,
	 1},
	{"made on demand", EXPORT_FIT, RUN, 100,
	 FAULT("\"kind\":\"status\",\"code\":404,\"times\":3"), 0, 1, 4},
	{"late", EXPORT_FIT, RUN, 100, FAULT("\"kind\":\"delay\",\"ms\":50"), 0, 1, 1},
};

/* What came is what export_check() takes for whole. */
static void assert_whole(const struct sunk *s, enum export form)
{
	struct export_edges x = {.form = form};
	size_t len = s->bytes.len;
	struct err err;

	assert_true(len > 1000);
	export_edges_add(&x, s->bytes.data, len);
	if (form != EXPORT_DETAIL)
		assert_true(export_check(&x, &err) >= 0);
	else
		assert_memory_equal(s->bytes.data + len - 3, "\n}\n", 3);
}

static void one(void **state)
{
	const struct one_case *c = *state;
	struct net *n = login(10000);
	struct sunk s;

	hub_process_post(hub, "set", c->knobs);
	bring(n, &s, c->form, c->label, c->sport);
	if (s.err.code != c->want)
		fail_msg("%d, %s", s.err.code, s.err.text);
	if (c->want == 0)
		assert_whole(&s, c->form);
	else
		assert_true(s.err.text[0] && !strstr(s.err.text, "/fit/") &&
			    !strstr(s.err.text, "a.fit") && !strstr(s.err.text, "a:b"));
	if (c->want == UNPROVEN && c->form != EXPORT_DETAIL)
		assert_int_equal(s.begins, 0);
	long calls = hub_process_stat(hub, "downloads") + hub_process_stat(hub, "details");
	long files = hub_process_stat(hub, "files");
	if (c->calls >= 0)
		assert_int_equal(calls, c->calls);
	if (c->files >= 0)
		assert_int_equal(files, c->files);
	no_violations();
	sunk_clear(&s);
	net_free(n);
}

/* The file ends where its length says. What comes behind it is an error of the connection to one
 * libcurl (7.88), which asks again and fails, and nothing to another (8.14). */
static void too_short(void **state)
{
	struct net *n = login(10000);
	struct sunk s;

	(void)state;
	hub_process_post(hub, "set", FAULT("\"kind\":\"wrong_length\",\"add\":-100"));
	bring(n, &s, EXPORT_FIT, RUN, 100);
	assert_true(s.err.code == 0 || s.err.code == -EIO);
	if (s.err.code == 0)
		assert_whole(&s, EXPORT_FIT);
	no_violations();
	sunk_clear(&s);
	net_free(n);
}

/* ---- refusals: what another download proves ---- */

static int code_of(struct net *n, enum export form, uint64_t label, int sport)
{
	struct sunk s;

	/* Later than what was told before. */
	net_clock_add(1);
	bring(n, &s, form, label, sport);
	int code = s.err.code;
	sunk_clear(&s);
	return code;
}

static const char *const shapes[] = {"0", "1", "2", "3"};

static void a_refusal_is_proven_by_another_download(void **state)
{
	const char *shape = *(const char *const *)*state;
	struct net *n = login(10000);
	char knobs[100];

	control = (struct download_want){.label_id = INDOOR, .sport = 101};
	snprintf(knobs, sizeof(knobs), "{\"refusal\":{\"" RUN_TEXT "/fit\":%s}}", shape);
	hub_process_post(hub, "set", knobs);
	assert_int_equal(code_of(n, EXPORT_FIT, RUN, 100), ABSENT);
	assert_int_equal(hub_process_stat(hub, "downloads"), 3);
	/* It goes wrong, too: nothing is known. */
	snprintf(knobs, sizeof(knobs), "{\"refusal\":{\"*\":%s}}", shape);
	hub_process_post(hub, "set", knobs);
	assert_int_equal(code_of(n, EXPORT_FIT, RUN, 100), UNPROVEN);
	/* A file in another form proves nothing: that one may be made elsewhere. */
	snprintf(knobs, sizeof(knobs), "{\"refusal\":{\"*/gpx\":%s}}", shape);
	hub_process_post(hub, "set", knobs);
	assert_int_equal(code_of(n, EXPORT_FIT, RUN, 100), 0);
	assert_int_equal(code_of(n, EXPORT_GPX, RUN, 100), UNPROVEN);
	/* Nor does the file itself, as it was before. */
	control.label_id = RUN;
	hub_process_post(hub, "set", "{\"refusal\":{}}");
	assert_int_equal(code_of(n, EXPORT_TCX, RUN, 100), 0);
	snprintf(knobs, sizeof(knobs), "{\"refusal\":{\"" RUN_TEXT "/tcx\":%s}}", shape);
	hub_process_post(hub, "set", knobs);
	assert_int_equal(code_of(n, EXPORT_TCX, RUN, 100), UNPROVEN);
	no_violations();
	net_free(n);
}

static void a_detail_is_proven_by_another(void **state)
{
	struct net *n = login(10000);

	(void)state;
	control = (struct download_want){.label_id = INDOOR, .sport = 101};
	hub_process_post(hub, "set",
			 "{\"fault\":{\"kind\":\"result\",\"code\":\"5006\","
			 "\"path\":\"/detail/query\",\"times\":2}}");
	assert_int_equal(code_of(n, EXPORT_DETAIL, RUN, 100), ABSENT);
	net_free(n);
}

/* ---- files that the file host does not have ---- */

#define MISSING "{\"fault\":{\"kind\":\"status\",\"code\":404,\"path\":\"" FIT_PATH "\"}}"

static void a_file_is_gone_if_another_comes(void **state)
{
	struct net *n = login(10000);
	struct sunk gone, good;

	(void)state;
	hub_process_post(hub, "set", MISSING);
	/* One that came before says nothing: a gateway may answer so since. */
	assert_int_equal(code_of(n, EXPORT_FIT, INDOOR, 101), 0);
	assert_int_equal(code_of(n, EXPORT_FIT, RUN, 100), -EIO);
	/* While that one is looked for again and again. */
	net_clock_hold(1);
	sunk_init(&gone);
	long files = hub_process_stat(hub, "files");
	start(n, &gone, EXPORT_FIT, RUN, 100);
	while (hub_process_stat(hub, "files") == files)
		sched_yield();
	for (int i = 0; i < 3; i++) {
		net_clock_add(1);
		bring(n, &good, EXPORT_TRACK, INDOOR, 101);
		assert_int_equal(good.err.code, 0);
		sunk_clear(&good);
	}
	net_clock_hold(0);
	net_pass(n, 1000);
	sunk_wait(&gone);
	assert_int_equal(gone.err.code, GONE);
	sunk_clear(&gone);
	/* The next time it is not waited for. */
	control.was_gone = 1;
	files = hub_process_stat(hub, "files");
	assert_int_equal(code_of(n, EXPORT_FIT, RUN, 100), GONE);
	assert_int_equal(hub_process_stat(hub, "files"), files + 1);
	hub_process_post(hub, "clear", "");
	assert_int_equal(code_of(n, EXPORT_FIT, RUN, 100), 0);
	net_free(n);
}

/* The proof that comes by itself, between the two refusals, costs no question. */
static void a_refusal_is_proven_in_passing(void **state)
{
	struct net *n = login(10000);
	struct sunk refused, good;

	(void)state;
	hub_process_post(hub, "set", "{\"refusal\":{\"" RUN_TEXT "/tcx\":0}}");
	long before = hub_process_stat(hub, "downloads");
	net_clock_hold(1);
	sunk_init(&refused);
	start(n, &refused, EXPORT_TCX, RUN, 100);
	net_clock_wait_for_nap();
	/* Later than the first refusal, and before the second. */
	bring(n, &good, EXPORT_TCX, INDOOR, 101);
	assert_int_equal(good.err.code, 0);
	sunk_clear(&good);
	net_pass(n, 1000);
	sunk_wait(&refused);
	assert_int_equal(refused.err.code, ABSENT);
	assert_int_equal(hub_process_stat(hub, "downloads") - before, 3);
	sunk_clear(&refused);
	net_free(n);
}

/* ---- the sink ---- */

static void a_sink_that_cannot(void **state)
{
	struct net *n = login(10000);
	struct sunk s;

	(void)state;
	sunk_init(&s);
	s.fail_write = -ENOSPC;
	start(n, &s, EXPORT_FIT, RUN, 100);
	sunk_wait(&s);
	assert_int_equal(s.err.code, -ENOSPC);
	assert_int_equal(s.begins, 1);
	sunk_clear(&s);
	sunk_init(&s);
	s.fail_begin = -EROFS;
	start(n, &s, EXPORT_FIT, RUN, 100);
	sunk_wait(&s);
	assert_int_equal(s.err.code, -EROFS);
	assert_int_equal(s.pieces, 0);
	sunk_clear(&s);
	/* Our own disk is no reason to leave the file host alone. */
	for (int i = 0; i < 6; i++) {
		sunk_init(&s);
		s.fail_write = -ENOSPC;
		start(n, &s, EXPORT_FIT, RUN, 100);
		sunk_wait(&s);
		sunk_clear(&s);
	}
	bring(n, &s, EXPORT_FIT, RUN, 100);
	assert_int_equal(s.err.code, 0);
	sunk_clear(&s);
	net_free(n);
}

/* ---- time ---- */

#define SLOW 3

/* No answer, one that stops, and one of a byte at a time; together, since each takes its time. */
static void slow(void **state)
{
	static const enum export forms[SLOW] = {EXPORT_FIT, EXPORT_GPX, EXPORT_TCX};
	struct net *n = login(1000);
	struct sunk s[SLOW];

	(void)state;
	hub_process_post(hub, "set",
			 "{\"faults\":[{\"kind\":\"stall_headers\",\"path\":\"/fit/\"},"
			 "{\"kind\":\"stall_body\",\"at\":50,\"path\":\"/gpx/\"},"
			 "{\"kind\":\"trickle\",\"ms\":200,\"path\":\"/tcx/\"}]}");
	for (int i = 0; i < SLOW; i++) {
		sunk_init(&s[i]);
		start(n, &s[i], forms[i], RUN, 100);
	}
	for (int i = 0; i < SLOW; i++) {
		sunk_wait(&s[i]);
		assert_int_equal(s[i].err.code, -ETIMEDOUT);
		sunk_clear(&s[i]);
	}
	hub_process_post(hub, "clear", "");
	for (int i = 0; i < SLOW; i++) {
		bring(n, &s[i], forms[i], RUN, 100);
		assert_int_equal(s[i].err.code, 0);
		sunk_clear(&s[i]);
	}
	net_free(n);
}

/* ---- many ---- */

#define MANY 24

static void four_at_a_time(void **state)
{
	struct net *n = login(20000);
	struct sunk s[MANY];

	(void)state;
	hub_process_post(hub, "set", FAULT("\"kind\":\"delay\",\"ms\":50"));
	for (int i = 0; i < MANY; i++) {
		sunk_init(&s[i]);
		start(n, &s[i], EXPORT_FIT, RUN, 100);
	}
	for (int i = 0; i < MANY; i++) {
		sunk_wait(&s[i]);
		assert_int_equal(s[i].err.code, 0);
		assert_int_equal(s[i].bytes.len, s[0].bytes.len);
		assert_memory_equal(s[i].bytes.data, s[0].bytes.data, s[0].bytes.len);
	}
	assert_int_equal(hub_process_stat(hub, "files"), MANY);
	assert_int_equal(hub_process_stat(hub, "max_parallel_files"), DOWNLOADS_AT_ONCE);
	assert_in_range(hub_process_stat(hub, "max_parallel"), 1, 4);
	no_violations();
	for (int i = 0; i < MANY; i++)
		sunk_clear(&s[i]);
	net_free(n);
}

/* Five of the hub's files. */
static const uint64_t runs[] = {RUN, UINT64_C(443719568814583875), UINT64_C(443591341905785609),
				UINT64_C(443402020026479603), UINT64_C(443370385339308971)};

static void a_file_host_that_is_out_of_order_is_left_alone(void **state)
{
	struct net *n = login(10000);
	struct sunk s;

	(void)state;
	/* A status that is not worth a second attempt. */
	hub_process_post(hub, "set", FAULT("\"kind\":\"status\",\"code\":501"));
	for (int i = 0; i < 5; i++) {
		bring(n, &s, EXPORT_FIT, runs[i], 100);
		assert_int_equal(s.err.code, -EIO);
		assert_int_equal(s.scope, i < 4 ? FAILURE_ITEM : FAILURE_HUB);
		sunk_clear(&s);
	}
	assert_int_equal(hub_process_stat(hub, "files"), 5);
	/* Not even the hub is asked where the next one is. */
	bring(n, &s, EXPORT_FIT, RUN, 100);
	assert_int_equal(s.err.code, -EIO);
	assert_int_equal(s.scope, FAILURE_HUB);
	sunk_clear(&s);
	assert_int_equal(hub_process_stat(hub, "files"), 5);
	assert_int_equal(hub_process_stat(hub, "downloads"), 5);
	/* Other calls are none of its business. */
	struct err err;
	assert_int_equal(net_call(n, "GET", "/activity/query?size=1&pageNumber=1", NULL, &err), 0);
	bring(n, &s, EXPORT_DETAIL, RUN, 100);
	assert_int_equal(s.err.code, 0);
	sunk_clear(&s);
	/* Ten seconds later one is let through, */
	net_clock_add(10001);
	bring(n, &s, EXPORT_FIT, RUN, 100);
	sunk_clear(&s);
	bring(n, &s, EXPORT_FIT, RUN, 100);
	sunk_clear(&s);
	assert_int_equal(hub_process_stat(hub, "files"), 6);
	assert_int_equal(hub_process_stat(hub, "downloads"), 6);
	/* also after one that the hub refuses, */
	net_clock_add(10001);
	hub_process_post(hub, "set", "{\"refusal\":{\"" RUN_TEXT "\":0}}");
	bring(n, &s, EXPORT_FIT, RUN, 100);
	sunk_clear(&s);
	/* and when it is well, all. */
	hub_process_post(hub, "clear", "");
	for (int i = 0; i < 3; i++) {
		bring(n, &s, EXPORT_FIT, RUN, 100);
		assert_int_equal(s.err.code, 0);
		sunk_clear(&s);
	}
	net_free(n);
}

static void one_file_that_fails_says_nothing_about_the_host(void **state)
{
	struct net *n = login(10000);

	(void)state;
	hub_process_post(hub, "set",
			 "{\"fault\":{\"kind\":\"status\",\"code\":501,\"path\":\"" FIT_PATH
			 "\"}}");
	for (int i = 0; i < 8; i++)
		assert_int_equal(code_of(n, EXPORT_FIT, RUN, 100), -EIO);
	assert_int_equal(hub_process_stat(hub, "files"), 8);
	assert_int_equal(code_of(n, EXPORT_FIT, INDOOR, 101), 0);
	net_free(n);
}

/* Nor do many, if another one comes. */
static void neighbours_that_fail_say_nothing_about_the_host(void **state)
{
	static const uint64_t labels[] = {RUN,
					  UINT64_C(443719568814583875),
					  UINT64_C(443591341905785609),
					  UINT64_C(443402020026479603),
					  UINT64_C(443370385339308971),
					  UINT64_C(443239094430826825),
					  UINT64_C(443207192938901084)};
	struct net *n = login(10000);
	struct sunk s;

	(void)state;
	assert_int_equal(code_of(n, EXPORT_FIT, INDOOR, 101), 0);
	hub_process_post(hub, "set",
			 "{\"faults\":[{\"kind\":\"status\",\"code\":501,\"path\":\"/fit/\","
			 "\"except\":\"443032345867956642\"}]}");
	hub_process_post(hub, "reset", "");
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		bring(n, &s, EXPORT_FIT, labels[i], 100);
		assert_int_equal(s.err.code, -EIO);
		assert_int_equal(s.scope, FAILURE_ITEM);
		sunk_clear(&s);
	}
	/* It was seen once that it works. */
	assert_int_equal(hub_process_stat(hub, "files"), 8);
	assert_int_equal(code_of(n, EXPORT_FIT, INDOOR, 101), 0);
	/* One that does not is spared all the same. */
	hub_process_post(hub, "set", FAULT("\"kind\":\"status\",\"code\":501"));
	for (int i = 0; i < 5; i++)
		assert_int_equal(code_of(n, EXPORT_FIT, labels[i], 100), -EIO);
	long files = hub_process_stat(hub, "files");
	assert_int_equal(code_of(n, EXPORT_FIT, RUN, 100), -EIO);
	assert_int_equal(hub_process_stat(hub, "files"), files);
	/* After ten seconds any file may find out that it works again, even a lost one. */
	hub_process_post(hub, "set",
			 "{\"faults\":[{\"kind\":\"status\",\"code\":501,\"path\":\"/fit/\","
			 "\"except\":\"443032345867956642\"}]}");
	net_clock_add(10001);
	bring(n, &s, EXPORT_FIT, RUN, 100);
	assert_int_equal(s.scope, FAILURE_ITEM);
	sunk_clear(&s);
	assert_int_equal(code_of(n, EXPORT_FIT, INDOOR, 101), 0);
	net_free(n);
}

/* They keep their places from nobody. */
static void slow_ones_make_nobody_wait(void **state)
{
	struct net *n = login(60000);
	struct sunk slow[DOWNLOADS_AT_ONCE], s;

	(void)state;
	hub_process_post(hub, "set",
			 "{\"faults\":[{\"kind\":\"stall_body\",\"path\":\"/fit/\",\"times\":2},"
			 "{\"kind\":\"trickle\",\"ms\":20,\"path\":\"/fit/\",\"times\":4}]}");
	for (int i = 0; i < DOWNLOADS_AT_ONCE; i++) {
		sunk_init(&slow[i]);
		start(n, &slow[i], EXPORT_FIT, runs[i], 100);
	}
	while (hub_process_stat(hub, "files") < DOWNLOADS_AT_ONCE)
		sched_yield();
	sunk_init(&s);
	start(n, &s, EXPORT_FIT, runs[4], 100);
	while (!atomic_load(&s.ends))
		net_pass(n, 1000);
	assert_int_equal(s.err.code, 0);
	sunk_clear(&s);
	hub_process_post(hub, "clear", "");
	for (int i = 0; i < DOWNLOADS_AT_ONCE; i++) {
		sunk_wait(&slow[i]);
		assert_int_equal(slow[i].err.code, 0);
		sunk_clear(&slow[i]);
	}
	net_free(n);
}

/* A dead token costs one login, whoever asks. */
static void logged_in_again(void **state)
{
	struct net *n = login(10000);
	struct sunk s;

	(void)state;
	hub_process_post(hub, "set", "{\"expire_token\":true}");
	net_clock_add(3600000);
	bring(n, &s, EXPORT_FIT, RUN, 100);
	assert_int_equal(s.err.code, 0);
	assert_int_equal(hub_process_stat(hub, "logins"), 1);
	sunk_clear(&s);
	net_free(n);
}

/* ---- the end ---- */

static const struct end_case {
	const char *why, *knobs;
	const char *count; /* of the hub's, that has come to `n`; "nap": all wait for the clock */
	long n;
} end_cases[] = {
	{"the end before anything began", "{}", "files", 0},
	{"the end while files come", FAULT("\"kind\":\"delay\",\"ms\":100"), "files", 1},
	{"the end while the hub does not answer",
	 "{\"fault\":{\"kind\":\"stall_headers\",\"path\":\"/download\"}}", "downloads", 1},
	{"the end while the file host does not answer", FAULT("\"kind\":\"stall_headers\""),
	 "files", DOWNLOADS_AT_ONCE},
	{"the end while files stop in the middle", FAULT("\"kind\":\"stall_body\""), "files",
	 DOWNLOADS_AT_ONCE},
	{"the end while files are waited for", "{\"object_delay_s\":60}", "nap", 0},
	{"the end between attempts", FAULT("\"kind\":\"status\",\"code\":503"), "nap", 0},
	{"the end before a second look", "{\"refusal\":{\"*\":0}}", "nap", 0},
	{"the end while redirects are followed",
	 FAULT("\"kind\":\"redirect\",\"location\":\"" FIT_PATH "\""), "files", 2},
};

static void ended(void **state)
{
	const struct end_case *c = *state;
	struct net *n = login(10000);
	struct sunk s[MANY];

	net_clock_hold(1);
	hub_process_post(hub, "set", c->knobs);
	for (int i = 0; i < MANY; i++) {
		sunk_init(&s[i]);
		start(n, &s[i], i % 3 ? EXPORT_FIT : i % 2 ? EXPORT_GPX : EXPORT_DETAIL, RUN, 100);
	}
	if (strcmp(c->count, "nap") == 0)
		net_clock_wait_for_nap();
	else
		while (hub_process_stat(hub, c->count) < c->n)
			;
	net_stop(n);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(atomic_load(&s[i].ends), 1);
		sunk_clear(&s[i]);
	}
	const struct download_want want = {RUN, 100, EXPORT_FIT, 0, 0, 0};
	struct sunk late;
	sunk_init(&late);
	assert_int_equal(n->calls.download(n->calls.ctx, &want, &sink, &late), -ECANCELED);
	assert_int_equal(atomic_load(&late.ends), 0);
	sunk_clear(&late);
	hub_process_post(hub, "clear", "");
	net_free(n);
}

/* ---- without memory ---- */

static void no_memory_to_begin(void **state)
{
	struct net *n = login(10000);
	const struct download_want want = {RUN, 100, EXPORT_FIT, 0, 0, 0};
	int refused = 1;

	(void)state;
	for (unsigned long nth = 1; refused; nth++) {
		struct sunk s;
		sunk_init(&s);
		failing_alloc_begin(nth, FAIL_ONE);
		int r = n->calls.download(n->calls.ctx, &want, &sink, &s);
		refused = failing_alloc_end();
		assert_true(r == 0 || r == -ENOMEM);
		if (r == 0)
			sunk_wait(&s);
		sunk_clear(&s);
	}
	net_free(n);
}

static void no_memory_to_prepare(void **state)
{
	struct net *n = login(10000);
	const struct http_config config = {.user_agent = "corosfs/test"};
	int refused = 1;

	(void)state;
	for (unsigned long nth = 1; refused; nth++) {
		struct err err = {0};
		failing_alloc_begin(nth, FAIL_ONE);
		struct downloads *d = downloads_new(n->session, n->http, &config, &err);
		refused = failing_alloc_end();
		assert_true(d || err.code == -ENOMEM);
		if (d)
			downloads_stop(d);
		downloads_free(d);
	}
	net_free(n);
}

#define TEN     "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct memory_case {
	const char *why;
	enum export form;
	const char *knobs;
} memory_cases[] = {
	{"no memory for a fit", EXPORT_FIT, "{}"},
	/* A small one, since it comes so often. */
	{"no memory for a detail", EXPORT_DETAIL,
	 "{\"answers\":{\"/activity/detail/query\":{\"lapList\":[[1,2,3],{\"a\":\"" HUNDRED HUNDRED
		 HUNDRED HUNDRED HUNDRED "\"}],\"b\":\"" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
	 "\"}}}"},
	{"no memory to be sent on", EXPORT_FIT, TO(FIT_PATH)},
};

struct starved {
	const struct memory_case *c;
	struct net *net;
};

static void starved_before(void *arg)
{
	struct starved *s = arg;

	s->net = login(10000);
}

/* The sink's own memory counts as well. */
static int starved_run(void *arg, struct err *err)
{
	struct starved *s = arg;
	const struct download_want want = {SHORT, 100, s->c->form, 0, 0, 0};
	struct sunk sunk;

	failing_alloc_spare(1);
	hub_process_post(hub, "set", s->c->knobs);
	failing_alloc_spare(0);
	sunk_init(&sunk);
	int r = s->net->calls.download(s->net->calls.ctx, &want, &sink, &sunk);
	if (r < 0) {
		err_sys(err, r, "begin");
	} else {
		sunk_wait(&sunk);
		*err = sunk.err;
		if (err->code == 0)
			assert_whole(&sunk, s->c->form);
	}
	sunk_clear(&sunk);
	return err->code;
}

static void starved_after(void *arg)
{
	struct starved *s = arg;

	net_free(s->net);
	no_violations();
}

static void no_memory(void **state)
{
	struct starved s = {.c = *state};
	const struct failing_job job = {s.c->why, starved_before, starved_run, starved_after, 0, 1};

	failing_alloc_everywhere(&job, &s);
}

int main(void)
{
	static struct rows rows;

	failing_alloc_in_curl();
	failing_alloc_in_jansson();
	hub = hub_process_new(NULL);
	ROWS_ADD(&rows, one_cases, one);
	rows_add(&rows, "a length that is too short", too_short, NULL);
	rows_add(&rows, "no answer, one that stops, and a byte at a time", slow, NULL);
	ROWS_ADD(&rows, end_cases, ended);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		rows_add(&rows, "a refusal is proven by another download",
			 a_refusal_is_proven_by_another_download, &shapes[i]);
	rows_add(&rows, "a detail is proven by another", a_detail_is_proven_by_another, NULL);
	rows_add(&rows, "a refusal is proven in passing", a_refusal_is_proven_in_passing, NULL);
	rows_add(&rows, "a sink that cannot", a_sink_that_cannot, NULL);
	rows_add(&rows, "four at a time", four_at_a_time, NULL);
	rows_add(&rows, "a file host that is out of order is left alone",
		 a_file_host_that_is_out_of_order_is_left_alone, NULL);
	rows_add(&rows, "a file is gone if another comes", a_file_is_gone_if_another_comes, NULL);
	rows_add(&rows, "one file that fails says nothing about the host",
		 one_file_that_fails_says_nothing_about_the_host, NULL);
	rows_add(&rows, "neighbours that fail say nothing about the host",
		 neighbours_that_fail_say_nothing_about_the_host, NULL);
	rows_add(&rows, "slow ones make nobody wait", slow_ones_make_nobody_wait, NULL);
	rows_add(&rows, "logged in again", logged_in_again, NULL);
	rows_add(&rows, "no memory to begin", no_memory_to_begin, NULL);
	rows_add(&rows, "no memory to prepare", no_memory_to_prepare, NULL);
	ROWS_ADD(&rows, memory_cases, no_memory);
	int failed = rows_run("download", &rows);
	hub_process_free(hub);
	return failed;
}
