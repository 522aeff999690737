/* SPDX-License-Identifier: MIT */
/* Requests against a server that says exactly what a test wants. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/canned.h"
#include "tests/support/exchange.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/rows.h"

#define HEAD "HTTP/1.1 200 OK\r\n"
#define A10  "aaaaaaaaaa"
#define A50  A10 A10 A10 A10 A10
#define A1K  A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50

static struct canned *server;

/* ---- answers ---- */

static const struct answer_case {
	const char *why, *bytes;
	size_t len; /* 0: as a text */
	enum canned_end end;
	int code;
	long status;
	const char *data;
	int retry_after_s;
} answer_cases[] = {
	{"a body of known length", HEAD "Content-Length: 5\r\n\r\nhello", 0, CANNED_CLOSE, 0, 200,
	 "hello", -1},
	{"a body until the connection ends", HEAD "\r\nhello", 0, CANNED_CLOSE, 0, 200, "hello",
	 -1},
	{"chunks", HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 0,
	 CANNED_CLOSE, 0, 200, "hello", -1},
	{"no body", HEAD "Content-Length: 0\r\n\r\n", 0, CANNED_CLOSE, 0, 200, "", -1},
	{"gzip is undone",
	 HEAD "Content-Encoding: gzip\r\nContent-Length: 25\r\n\r\n"
	      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07\x00"
	      "\x86\xa6\x10\x36\x05\x00\x00\x00",
	 17 + 46 + 25, CANNED_CLOSE, 0, 200, "hello", -1},
	{"gzip that is none", HEAD "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", 0,
	 CANNED_CLOSE, -EIO, 0, "", -1},
	{"gzip by its old name",
	 HEAD "Content-Encoding: X-Gzip\r\nContent-Length: 25\r\n\r\n"
	      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07\x00"
	      "\x86\xa6\x10\x36\x05\x00\x00\x00",
	 17 + 48 + 25, CANNED_CLOSE, 0, 200, "hello", -1},
	{"no encoding, in words",
	 HEAD "Content-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello", 0, CANNED_CLOSE, 0,
	 200, "hello", -1},
	{"an encoding that nobody asked for", HEAD "Content-Encoding: zstd\r\n\r\nhello", 0,
	 CANNED_CLOSE, -EIO, 0, "", -1},
	{"behind one that was", HEAD "Content-Encoding: gzip , br\r\n\r\nhello", 0, CANNED_CLOSE,
	 -EIO, 0, "", -1},
	{"large headers", HEAD "A: " A1K "\r\nB: " A1K A1K A1K "\r\nContent-Length: 5\r\n\r\nhello",
	 0, CANNED_CLOSE, 0, 200, "hello", -1},
	{"trailers", HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n", 0,
	 CANNED_CLOSE, 0, 200, "hello", -1},
	{"another status is an answer too", "HTTP/1.1 502 Bad\r\nContent-Length: 1\r\n\r\nx", 0,
	 CANNED_CLOSE, 0, 502, "x", -1},
	{"a redirect is not followed",
	 "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 0,
	 CANNED_CLOSE, 0, 302, "", -1},
	{"a wish to come back later",
	 "HTTP/1.1 429 Slow\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n", 0, CANNED_CLOSE, 0,
	 429, "", 17},
	{"a wish for the next century is cut",
	 "HTTP/1.1 429 Slow\r\nRetry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n"
	 "Content-Length: 0\r\n\r\n",
	 0, CANNED_CLOSE, 0, 429, "", 3600},
	{"a wish that is none",
	 "HTTP/1.1 429 Slow\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", 0, CANNED_CLOSE, 0,
	 429, "", -1},
	{"less than announced is cut off", HEAD "Content-Length: 50\r\n\r\nhello", 0, CANNED_CLOSE,
	 -ECONNABORTED, 0, "", -1},
	{"chunks without an end are cut off", HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
	 0, CANNED_CLOSE, -ECONNABORTED, 0, "", -1},
	{"a reset in the body is cut off", HEAD "Content-Length: 50\r\n\r\nhello", 0, CANNED_RESET,
	 -ECONNABORTED, 0, "", -1},
	{"a close without a word", "", 0, CANNED_CLOSE, -ECONNRESET, 0, "", -1},
	{"a reset without a word", "", 0, CANNED_RESET, -ECONNRESET, 0, "", -1},
	{"no HTTP", "SSH-2.0-OpenSSH\r\n", 0, CANNED_CLOSE, -EIO, 0, "", -1},
	{"silence", "", 0, CANNED_STALL, -ETIMEDOUT, 0, "", -1},
	{"a body that stops", HEAD "Content-Length: 50\r\n\r\nhello", 0, CANNED_STALL, -ETIMEDOUT,
	 0, "", -1},
};

static void answer(void **state)
{
	const struct answer_case *c = *state;
	struct http *http = exchange_start();
	struct exchange o;

	canned_set(server, c->bytes, c->len ? c->len : strlen(c->bytes), c->end);
	exchange_init(&o, http, canned_port(server));
	if (c->end == CANNED_STALL)
		o.request.timeout_ms = 200;
	exchange_run(&o);
	assert_int_equal(o.ends, 1);
	assert_int_equal(o.err.code, c->code);
	assert_int_equal(o.status, c->status);
	assert_string_equal(o.data, c->data);
	if (c->code == 0) {
		assert_int_equal(o.retry_after_s, c->retry_after_s);
	} else {
		assert_non_null(strstr(o.err.text, "127.0.0.1"));
		assert_null(strstr(o.err.text, "secret"));
	}
	exchange_stop(http);
}

/* ---- ceilings ---- */

static const struct size_case {
	const char *why;
	size_t sent;
	int code;
} size_cases[] = {
	{"an answer as large as allowed", 100000, 0},
	{"one byte more", 100001, -EIO},
	{"far more", 5000000, -EIO},
};

static void size(void **state)
{
	const struct size_case *c = *state;
	struct http *http = exchange_start();
	char *bytes = malloc(c->sent + 100);
	struct exchange o;

	int head = sprintf(bytes, HEAD "Content-Length: %zu\r\n\r\n", c->sent);
	memset(bytes + head, 'a', c->sent);
	canned_set(server, bytes, (size_t)head + c->sent, CANNED_CLOSE);
	free(bytes);
	exchange_init(&o, http, canned_port(server));
	exchange_run(&o);
	assert_int_equal(o.ends, 1);
	assert_int_equal(o.err.code, c->code);
	if (c->code == 0)
		assert_int_equal(o.len, c->sent);
	exchange_stop(http);
}

/* What is no body has a ceiling, too. A server that does not stop would be asked until the time is
 * over. */
static const struct head_case {
	const char *why, *first, *again;
	int is_line; /* each `again` is a line of its own */
	const char *want;
} head_cases[] = {
	{"headers without end", HEAD, "x-header: " A50, 1, "64 KiB of headers"},
	{"empty headers without end", HEAD, "a:", 1, "64 KiB of headers"},
	{"one header without end", HEAD "x-header: ", A50, 0, "64 KiB of headers"},
	{"early hints without end", "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n", 1,
	 "64 KiB of headers"},
	{"trailers without end", HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n0\r\n",
	 "x-trailer: " A50, 1, "64 KiB of headers"},
};

static void head(void **state)
{
	const struct head_case *c = *state;
	struct http *http = exchange_start();
	size_t room = 200000, len = 0;
	char *bytes = malloc(room + 1000);
	struct exchange o;

	len += (size_t)sprintf(bytes, "%s", c->first);
	while (len < room)
		len += (size_t)sprintf(bytes + len, "%s%s", c->again, c->is_line ? "\r\n" : "");
	canned_set(server, bytes, len, CANNED_AGAIN);
	free(bytes);
	exchange_init(&o, http, canned_port(server));
	exchange_run(&o);
	assert_int_equal(o.ends, 1);
	assert_int_equal(o.err.code, -EIO);
	assert_non_null(strstr(o.err.text, c->want));
	exchange_stop(http);
}

/* 20 MB of zeros are 20 kB on the line. */
static void bomb(void **state)
{
	static const char zeros[] = HEAD "Content-Encoding: gzip\r\n\r\n";
	static char bytes[40000];
	struct http *http = exchange_start();
	struct exchange o;
	FILE *gzip = popen("head -c 20000000 /dev/zero | gzip -9n", "r");
	size_t len = strlen(zeros);

	(void)state;
	assert_non_null(gzip);
	memcpy(bytes, zeros, len);
	len += fread(bytes + len, 1, sizeof(bytes) - len, gzip);
	pclose(gzip);
	canned_set(server, bytes, len, CANNED_CLOSE);
	exchange_init(&o, http, canned_port(server));
	exchange_run(&o);
	assert_int_equal(o.ends, 1);
	assert_int_equal(o.err.code, -EIO);
	assert_non_null(strstr(o.err.text, "KiB"));
	exchange_stop(http);
}

/* ---- requests ---- */

static const struct request_case {
	const char *why, *method, *body;
	const char *headers[3];
	const char *want[4], *not_want;
} request_cases[] = {
	{"a GET",
	 "GET",
	 NULL,
	 {NULL},
	 {"GET /path?secret=1 HTTP/1.1\r\n", "\r\nUser-Agent: corosfs/test\r\n",
	  "\r\nAccept-Encoding: gzip\r\n"},
	 "Content-"},
	{"headers go along",
	 "GET",
	 NULL,
	 {"accesstoken: t", "yfheader: {\"userId\":\"1\"}"},
	 {"\r\naccesstoken: t\r\n", "\r\nyfheader: {\"userId\":\"1\"}\r\n"},
	 "Cookie"},
	{"a POST with a body",
	 "POST",
	 "{\"a\":1}",
	 {"Content-Type: application/json"},
	 {"POST /path?secret=1 HTTP/1.1\r\n", "\r\nContent-Length: 7\r\n",
	  "\r\nContent-Type: application/json\r\n", "\r\n\r\n{\"a\":1}"},
	 "Expect"},
	{"a POST without a body",
	 "POST",
	 NULL,
	 {NULL},
	 {"\r\nContent-Length: 0\r\n"},
	 "Content-Type"},
};

static void request(void **state)
{
	const struct request_case *c = *state;
	struct http *http = exchange_start();
	struct exchange o;

	canned_set(server, HEAD "Content-Length: 0\r\n\r\n", 38, CANNED_CLOSE);
	exchange_init(&o, http, canned_port(server));
	o.request.method = c->method;
	o.request.body = c->body;
	o.request.body_len = c->body ? strlen(c->body) : 0;
	o.request.headers = c->headers;
	exchange_run(&o);
	assert_int_equal(o.ends, 1);
	char *text = canned_request(server);
	for (int i = 0; i < 4 && c->want[i]; i++)
		assert_non_null(strstr(text, c->want[i]));
	assert_null(strstr(text, c->not_want));
	free(text);
	exchange_stop(http);
}

static void refused(void **state)
{
	struct canned *gone = canned_new();
	struct http *http = exchange_start();
	struct exchange o;

	(void)state;
	exchange_init(&o, http, canned_port(gone));
	canned_free(gone);
	exchange_run(&o);
	assert_int_equal(o.ends, 1);
	assert_int_equal(o.err.code, -EHOSTUNREACH);
	exchange_stop(http);
}

static void no_such_name(void **state)
{
	struct http *http = exchange_start();
	struct exchange o;

	(void)state;
	exchange_init(&o, http, 0);
	strcpy(o.url, "https://name.invalid/");
	/* A resolver that is itself out of reach takes its time to say so. */
	o.request.timeout_ms = 500;
	exchange_run(&o);
	assert_int_equal(o.ends, 1);
	assert_int_equal(o.err.code, -EHOSTUNREACH);
	assert_non_null(strstr(o.err.text, "name.invalid"));
	exchange_stop(http);
}

static void not_tls(void **state)
{
	struct http *http = exchange_start();
	struct exchange o;

	(void)state;
	canned_set(server, HEAD "\r\n", 19, CANNED_CLOSE);
	exchange_init(&o, http, 0);
	snprintf(o.url, sizeof(o.url), "https://127.0.0.1:%d/", canned_port(server));
	/* The server waits for the end of a request. */
	o.request.timeout_ms = 500;
	exchange_run(&o);
	assert_int_equal(o.ends, 1);
	assert_int_equal(o.err.code, -EHOSTUNREACH);
	exchange_stop(http);
}

static void other_protocol(void **state)
{
	struct http *http = exchange_start();
	struct exchange o;

	(void)state;
	exchange_init(&o, http, 0);
	strcpy(o.url, "file:///etc/passwd");
	exchange_run(&o);
	assert_int_equal(o.ends, 1);
	assert_int_equal(o.err.code, -EIO);
	exchange_stop(http);
}

/* Plain http is for loopback: a proxy of the environment must not see it. */
static void no_proxy_for_loopback(void **state)
{
	struct http *http;
	struct exchange o;

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	http = exchange_start();
	canned_set(server, HEAD "Content-Length: 0\r\n\r\n", 38, CANNED_CLOSE);
	exchange_init(&o, http, canned_port(server));
	exchange_run(&o);
	assert_int_equal(o.ends, 1);
	assert_int_equal(o.err.code, 0);
	unsetenv("http_proxy");
	exchange_stop(http);
}

/* Whatever libcurl makes of a proxy's URL: no word of who we are to it. */
static const struct proxy_case {
	const char *why, *proxy;
} proxy_cases[] = {
	{"a password that ends a proxy's host", "http://otto:pass#1@127.0.0.1:3128"},
	{"and looks like a port before", "http://127.0.0.1:1#secret@127.0.0.1:1"},
	{"a proxy without a scheme", "otto:pass#1@127.0.0.1:3128"},
	{"a proxy of an unknown scheme", "FTPX://otto:secret@127.0.0.1:1"},
	{"a blank in it", "HTTP://otto:pass secret@127.0.0.1:1"},
	{"a proxy that refuses", "http://otto:secret@127.0.0.1:1"},
};

static void proxy_is_not_told(void **state)
{
	const struct proxy_case *c = *state;
	struct http *http;
	struct exchange o;

	setenv("https_proxy", c->proxy, 1);
	http = exchange_start();
	exchange_init(&o, http, 0);
	strcpy(o.url, "https://127.0.0.2/");
	exchange_run(&o);
	unsetenv("https_proxy");
	assert_int_equal(o.ends, 1);
	assert_int_equal(o.err.code, -EHOSTUNREACH);
	assert_non_null(strstr(o.err.text, "127.0.0.2"));
	assert_null(strstr(o.err.text, "otto"));
	assert_null(strstr(o.err.text, "pass#"));
	assert_null(strstr(o.err.text, "secret"));
	assert_null(strstr(o.err.text, "127.0.0.1"));
	exchange_stop(http);
}

static void proxy_refuses(void **state)
{
	struct http *http;
	struct exchange o;
	char proxy[64];

	(void)state;
	snprintf(proxy, sizeof(proxy), "http://otto:wrong@127.0.0.1:%d", canned_port(server));
	setenv("https_proxy", proxy, 1);
	http = exchange_start();
	canned_set(server, "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", 38, CANNED_CLOSE);
	exchange_init(&o, http, 0);
	strcpy(o.url, "https://127.0.0.2/");
	exchange_run(&o);
	unsetenv("https_proxy");
	assert_int_equal(o.err.code, -EHOSTUNREACH);
	assert_non_null(strstr(o.err.text, "HTTP 407"));
	exchange_stop(http);
}

/* ---- a sink ---- */

static const struct sink_case {
	const char *why, *bytes;
	size_t max_size;
	int fail; /* what the sink gives */
	int want;
	long status;
	const char *sunk;
} sink_cases[] = {
	{"a body goes into the sink", HEAD "Content-Length: 5\r\n\r\nhello", 100, 0, 0, 200,
	 "hello"},
	{"no body", HEAD "Content-Length: 0\r\n\r\n", 100, 0, 0, 200, ""},
	{"a sink that wants nothing for a while", HEAD "Content-Length: 5\r\n\r\nhello", 5,
	 HTTP_LATER, 0, 200, "hello"},
	{"as much as is allowed", HEAD "Content-Length: 5\r\n\r\nhello", 5, 0, 0, 200, "hello"},
	{"more than is allowed", HEAD "Content-Length: 6\r\n\r\nhello!", 5, 0, -EIO, 0, NULL},
	{"a sink that is full", HEAD "Content-Length: 5\r\n\r\nhello", 100, -ENOSPC, -ENOSPC, 0,
	 NULL},
	{"less than announced", HEAD "Content-Length: 50\r\n\r\nhello", 100, 0, -ECONNABORTED, 0,
	 NULL},
	{"the page of an error does not go there",
	 "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello", 100, 0, 0, 404, ""},
	{"nor that of a redirect",
	 "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 5\r\n\r\nhello", 100, 0, 0, 302,
	 ""},
	{"a part of a file is no file",
	 "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\nhello", 100, 0, 0, 206, ""},
};

static const struct sink_case *sinking;
static struct http *resuming;
static int laters;
static char sunk[64];

static void resume(void *http)
{
	http_resume(http);
}

static int take(void *arg, const char *data, size_t len)
{
	size_t had = strlen(sunk);

	(void)arg;
	if (sinking->fail == HTTP_LATER && laters++ < 3) {
		http_after(resuming, 0, resume, resuming);
		return HTTP_LATER;
	}
	assert_true(had + len < sizeof(sunk));
	memcpy(sunk + had, data, len);
	return sinking->fail == HTTP_LATER ? 0 : sinking->fail;
}

static void into_a_sink(void **state)
{
	struct http *http = exchange_start();
	struct exchange o;

	sinking = *state;
	resuming = http;
	laters = 0;
	memset(sunk, 0, sizeof(sunk));
	canned_set(server, sinking->bytes, strlen(sinking->bytes), CANNED_CLOSE);
	exchange_init(&o, http, canned_port(server));
	o.request.max_size = sinking->max_size;
	o.request.sink = take;
	exchange_run(&o);
	assert_int_equal(o.ends, 1);
	assert_int_equal(o.err.code, sinking->want);
	assert_int_equal(o.status, sinking->status);
	/* Nothing of it is kept beside; of what is none, for those who judge it. */
	assert_int_equal(o.len, o.status && o.status != 200 ? 5 : 0);
	if (sinking->sunk)
		assert_string_equal(sunk, sinking->sunk);
	exchange_stop(http);
}

/* ---- no memory ---- */

static const struct memory_case {
	const char *why, *method, *bytes;
	size_t len;
	int is_sunk;
	const char *want;
} memory_cases[] = {
	{"no memory for a GET", "GET", HEAD "Content-Length: 5\r\n\r\nhello", 0, 0, "hello"},
	{"no memory for a POST", "POST", HEAD "Content-Length: 5\r\n\r\nhello", 0, 0, "hello"},
	{"no memory for gzip", "GET",
	 HEAD "Content-Encoding: gzip\r\nContent-Length: 25\r\n\r\n"
	      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07\x00"
	      "\x86\xa6\x10\x36\x05\x00\x00\x00",
	 17 + 46 + 25, 0, "hello"},
	{"no memory for a file", "GET", HEAD "Content-Length: 5\r\n\r\nhello", 0, 1, ""},
	{"no memory for a redirect", "GET",
	 "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n", 0, 0, ""},
};

struct starved {
	const struct memory_case *c;
	struct http *http;
};

static int drop(void *arg, const char *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return 0;
}

static int starve(void *arg, struct err *err)
{
	static const char *const headers[] = {"accesstoken: t", "yfheader: {}", NULL};
	struct starved *s = arg;
	struct exchange o;

	exchange_init(&o, s->http, canned_port(server));
	o.request.method = s->c->method;
	o.request.headers = headers;
	o.request.sink = s->c->is_sunk ? drop : NULL;
	if (strcmp(s->c->method, "POST") == 0) {
		o.request.body = "{}";
		o.request.body_len = 2;
	}
	exchange_run(&o);
	assert_int_equal(o.ends, 1);
	if (o.err.code == 0)
		assert_string_equal(o.data, s->c->want);
	*err = o.err;
	return o.err.code;
}

/* The functions of libcurl fail, too, those of OpenSSL and of the C library do not. One transport
 * serves all of it. */
static void out_of_memory(void **state)
{
	struct starved s = {*state, exchange_start()};
	const struct failing_job job = {s.c->why, NULL, starve, NULL, 0, 1};

	canned_set(server, s.c->bytes, s.c->len ? s.c->len : strlen(s.c->bytes), CANNED_CLOSE);
	failing_alloc_everywhere(&job, &s);
	exchange_stop(s.http);
}

int main(void)
{
	static struct rows rows;

	failing_alloc_in_curl();
	server = canned_new();
	ROWS_ADD(&rows, answer_cases, answer);
	ROWS_ADD(&rows, size_cases, size);
	ROWS_ADD(&rows, head_cases, head);
	rows_add(&rows, "a bomb of zeros is stopped by what comes out", bomb, NULL);
	ROWS_ADD(&rows, request_cases, request);
	rows_add(&rows, "nobody listens", refused, NULL);
	rows_add(&rows, "no such name", no_such_name, NULL);
	rows_add(&rows, "no TLS where there should be", not_tls, NULL);
	rows_add(&rows, "no other protocols", other_protocol, NULL);
	rows_add(&rows, "no proxy for loopback", no_proxy_for_loopback, NULL);
	ROWS_ADD(&rows, proxy_cases, proxy_is_not_told);
	rows_add(&rows, "a proxy that wants another password", proxy_refuses, NULL);
	ROWS_ADD(&rows, sink_cases, into_a_sink);
	ROWS_ADD(&rows, memory_cases, out_of_memory);
	int failed = rows_run("transfer", &rows);
	canned_free(server);
	return failed;
}
