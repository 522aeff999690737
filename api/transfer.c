/* SPDX-License-Identifier: MIT */
/* One HTTP request; see transfer.h. */
#include "api/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "api/clock.h"

#define CONNECT_MS 10000
#define UNACKED_MS 10000 /* a connection that is dead on the way is noticed after this */
#define SLOWEST    100L  /* bytes a second, below which a file does not come any more */
#define SINK_MS    3600000L
/* What a sink must have got after so many ms is their square over this: 100 bytes a second in the
 * first half minute, 2,000 in ten. Else a host that drips keeps its place for an hour. */
#define PACE           300000
#define HEAD_MAX       65536 /* bytes of headers and trailers; all of the API's are below 2 KiB */
#define WIPE_MAX       65536 /* answers up to this size may hold a token, and are wiped */
#define RETRY_AFTER_S  3600  /* a later time is cut to this; libcurl 8 cuts it to six hours */
#define CURL_TOO_LARGE 100   /* CURLE_TOO_LARGE, which version 7 does not have */

/* Bytes of the answers that are collected now, of all transports, and the most that they may have
 * before those go that have more than a small one. */
#define ANSWERS_MAX ((size_t)16 << 20)
#define ANSWER_SURE ((size_t)1 << 20)
static atomic_size_t collected;

static void free_headers(struct curl_slist *headers)
{
	for (struct curl_slist *line = headers; line; line = line->next)
		explicit_bzero(line->data, strlen(line->data));
	curl_slist_free_all(headers);
}

static void transfer_free(struct transfer *t)
{
	if (t->easy)
		curl_easy_cleanup(t->easy);
	free_headers(t->headers);
	if (t->body)
		explicit_bzero(t->body, t->body_len);
	free(t->body);
	atomic_fetch_sub(&collected, t->answer.len);
	if (t->answer.data && t->answer.size <= WIPE_MAX)
		explicit_bzero(t->answer.data, t->answer.size);
	buf_clear(&t->answer);
	free(t);
}

static int add_header(struct transfer *t, const char *line)
{
	struct curl_slist *longer = curl_slist_append(t->headers, line);

	if (!longer)
		return -ENOMEM;
	t->headers = longer;
	return 0;
}

/* The part of a URL that error texts may show. */
static void copy_host(char *host, size_t size, const char *url)
{
	const char *at = strstr(url, "://");

	at = at ? at + 3 : url;
	size_t len = strcspn(at, "/?#");
	const char *name = memrchr(at, '@', len);
	if (name) {
		len -= (size_t)(name + 1 - at);
		at = name + 1;
	}
	if (len >= size)
		len = size - 1;
	memcpy(host, at, len);
	host[len] = '\0';
}

/* At once in one piece: growing would leave copies of a token behind, unwiped. */
static int make_room(struct transfer *t, size_t max_size)
{
	buf_init(&t->answer, max_size);
	return buf_reserve(&t->answer, max_size < WIPE_MAX / 2 ? max_size : WIPE_MAX / 2);
}

static int copy_request(struct transfer *t, const struct http_request *r)
{
	int typed = 0, post = strcmp(r->method, "POST") == 0;

	if (r->is_file && add_header(t, "Accept-Encoding: identity") < 0)
		return -ENOMEM;
	if (make_room(t, r->max_size) < 0)
		return -ENOMEM;
	for (const char *const *line = r->headers; line && *line; line++) {
		if (add_header(t, *line) < 0)
			return -ENOMEM;
		typed |= strncasecmp(*line, "Content-Type:", strlen("Content-Type:")) == 0;
	}
	/* A POST without a type would be labelled as a form. */
	if (post && !typed && add_header(t, "Content-Type:") < 0)
		return -ENOMEM;
	if (r->body && r->body_len) {
		t->body = malloc(r->body_len);
		if (!t->body)
			return -ENOMEM;
		memcpy(t->body, r->body, r->body_len);
		t->body_len = r->body_len;
	}
	t->timeout_ms = r->timeout_ms;
	t->is_once = r->is_once;
	t->sink = r->sink;
	t->is_file = r->is_file;
	copy_host(t->host, sizeof(t->host), r->url);
	return 0;
}

/* ---- curl's callbacks and options ---- */

static int is_past(const struct transfer *t, CURLINFO time)
{
	curl_off_t us = 0;

	curl_easy_getinfo(t->easy, time, &us);
	return us > 0;
}

int transfer_is_sent(const struct transfer *t)
{
	return is_past(t, CURLINFO_PRETRANSFER_TIME_T);
}

/* An error page is no part of what a sink takes. */
static int is_good(const struct transfer *t)
{
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return status == 200;
}

static int is_too_slow(const struct transfer *t)
{
	int64_t ms = clock_system.mono_ms() - t->start_ms;

	return ms > t->timeout_ms && (int64_t)t->sunk < ms * ms / PACE;
}

static int collect(struct transfer *t, const char *data, size_t len)
{
	int r = buf_add(&t->answer, data, len);

	if (r == 0 && atomic_fetch_add(&collected, len) + len > ANSWERS_MAX &&
	    t->answer.len > ANSWER_SURE)
		r = -EMSGSIZE;
	return r;
}

static size_t take_bytes(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	int r;

	t->sunk += size * n;
	if (!t->sink)
		r = collect(t, data, size * n);
	else if (t->sunk > t->answer.max)
		r = -EFBIG;
	else if (is_too_slow(t))
		r = -ETIMEDOUT;
	else if (is_good(t))
		r = t->sink(t->arg, data, size * n);
	else
		r = t->sunk > WIPE_MAX ? 0 : collect(t, data, size * n);
	if (r == HTTP_LATER) {
		t->sunk -= size * n;
		t->is_paused = 1;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (r < 0) {
		t->refused = r;
		return CURL_WRITEFUNC_ERROR;
	}
	return size * n;
}

/* Whether a line is this header ("name:"), and its value. */
static int is_header(const char *line, size_t len, const char *name, char value[64])
{
	size_t n = strlen(name);

	if (len < n || strncasecmp(line, name, n) != 0)
		return 0;
	line += n;
	len -= n;
	while (len && strchr(" \t\r\n", line[len - 1]))
		len--;
	while (len && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	snprintf(value, 64, "%.*s", (int)len, line);
	return 1;
}

/*
 * A line of a head, of a 1xx or a proxy's too, or of the trailers behind the last chunk, which
 * libcurl keeps and does not count: so all that is no body is counted here. It unpacks whatever a
 * server likes to send: what was not asked for may want far more memory than gzip.
 */
static size_t take_header(char *line, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	char value[64];

	/* A proxy's answer to CONNECT is none of the hub's. */
	t->is_begun |= transfer_is_sent(t);
	if (t->is_lost)
		return CURL_WRITEFUNC_ERROR;
	if (t->is_begun && t->twin)
		t->twin->is_lost = 1;
	t->head_len += size * n;
	t->is_headed |= size * n <= 2;
	if (t->head_len > HEAD_MAX)
		return CURL_WRITEFUNC_ERROR;
	if (is_header(line, size * n, "date:", value)) {
		time_t date_s = curl_getdate(value, NULL);
		t->date_s = date_s > 0 ? date_s : 0;
	}
	if (is_header(line, size * n, "transfer-encoding:", value))
		t->is_chunked |= strcasestr(value, "chunked") != NULL;
	if (is_header(line, size * n, "content-encoding:", value) &&
	    (t->is_file || (strcasecmp(value, "gzip") != 0 && strcasecmp(value, "x-gzip") != 0)) &&
	    strcasecmp(value, "identity") != 0 && value[0]) {
		t->is_odd = 1;
		return CURL_WRITEFUNC_ERROR;
	}
	return size * n;
}

/*
 * After a suspend or a change of network an old connection swallows requests
 * without a word, and HTTP/2 would send the next ones the same way. The kernel
 * can tell: nothing that we sent was acknowledged.
 */
static int tune_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	unsigned int unacked_ms = UNACKED_MS;

	(void)arg;
	(void)purpose;
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked_ms, sizeof(unacked_ms));
	/* A password_command must not inherit it. */
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return CURL_SOCKOPT_OK;
}

static int set_transport_options(struct transfer *t, const char *url, const char *ca_file)
{
	long connect_ms = t->timeout_ms < CONNECT_MS ? t->timeout_ms : CONNECT_MS;
	int is_plain = strncasecmp(url, "http:", strlen("http:")) == 0, bad = 0;
	CURL *e = t->easy;

	bad |= curl_easy_setopt(e, CURLOPT_URL, url) != CURLE_OK;
	bad |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK;
	bad |= curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) != CURLE_OK;
	/* Rather a stream on a connection that is about to be there than one more handshake. Not
	 * without TLS: what the connection can do shows only with its first answer then, and all
	 * would wait behind one that stalls. */
	bad |= curl_easy_setopt(e, CURLOPT_PIPEWAIT, is_plain ? 0L : 1L) != CURLE_OK;
	bad |= curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L) != CURLE_OK;
	bad |= curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, tune_socket) != CURLE_OK;
	bad |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) != CURLE_OK;
	/* A resolver that hangs must not hold the thread up when the time is over. */
	bad |= curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L) != CURLE_OK;
	bad |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK;
	/* A file may take as long as it comes at all; anything else is a matter of seconds. */
	if (!t->sink) {
		bad |= curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)t->timeout_ms) != CURLE_OK;
	} else {
		bad |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, SLOWEST) != CURLE_OK;
		bad |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME,
					(long)(t->timeout_ms + 999) / 1000) != CURLE_OK;
		bad |= curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, SINK_MS) != CURLE_OK;
	}
	bad |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) != CURLE_OK;
	/* All that one look at the socket unpacks to waits in libcurl while a sink has no room: a
	 * thousand times as much. */
	bad |= curl_easy_setopt(e, CURLOPT_BUFFERSIZE, t->sink && !t->is_file ? 4096L : 65536L) !=
	       CURLE_OK;
	if (ca_file)
		bad |= curl_easy_setopt(e, CURLOPT_CAINFO, ca_file) != CURLE_OK;
	/* Plain http is for loopback alone; a proxy would take it off the machine. */
	if (is_plain)
		bad |= curl_easy_setopt(e, CURLOPT_PROXY, "") != CURLE_OK;
	/* The token is the hub's to see, not the proxy's. */
	bad |= curl_easy_setopt(e, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE) != CURLE_OK;
	return bad ? -ENOMEM : 0;
}

/* Where libcurl finds the transfer. */
static int set_pointers(struct transfer *t)
{
	CURL *e = t->easy;
	int bad = 0;

	bad |= curl_easy_setopt(e, CURLOPT_WRITEDATA, t) != CURLE_OK;
	bad |= curl_easy_setopt(e, CURLOPT_HEADERDATA, t) != CURLE_OK;
	bad |= curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->words) != CURLE_OK;
	bad |= curl_easy_setopt(e, CURLOPT_PRIVATE, t) != CURLE_OK;
	return bad ? -ENOMEM : 0;
}

static int set_request_options(struct transfer *t, const struct http_request *r,
			       const char *user_agent)
{
	CURL *e = t->easy;
	int bad = set_pointers(t) < 0;

	bad |= curl_easy_setopt(e, CURLOPT_USERAGENT, user_agent) != CURLE_OK;
	if (!r->is_file)
		bad |= curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip") != CURLE_OK;
	bad |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers) != CURLE_OK;
	bad |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_bytes) != CURLE_OK;
	bad |= curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header) != CURLE_OK;
	if (strcmp(r->method, "POST") == 0) {
		bad |= curl_easy_setopt(e, CURLOPT_POST, 1L) != CURLE_OK;
		bad |= curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->body ? t->body : "") != CURLE_OK;
		bad |= curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_len) !=
		       CURLE_OK;
	}
	return bad ? -ENOMEM : 0;
}

struct transfer *transfer_new(const struct http_config *config, const struct http_request *r,
			      http_done *done, void *arg)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->done = done;
	t->arg = arg;
	t->start_ms = clock_system.mono_ms();
	t->easy = curl_easy_init();
	if (!t->easy || copy_request(t, r) < 0 ||
	    set_transport_options(t, r->url, config->ca_file) < 0 ||
	    set_request_options(t, r, config->user_agent) < 0) {
		transfer_free(t);
		return NULL;
	}
	return t;
}

/* ---- twice ---- */

int transfer_is_reused(const struct transfer *t)
{
	long fresh = 0;

	curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &fresh);
	return !fresh && transfer_is_sent(t);
}

struct transfer *transfer_again(struct transfer *t)
{
	int64_t left_ms = t->start_ms + t->timeout_ms - clock_system.mono_ms();
	struct transfer *twin = calloc(1, sizeof(*twin));

	if (!twin)
		return NULL;
	twin->done = t->done;
	twin->arg = t->arg;
	twin->sink = t->sink;
	twin->is_file = t->is_file;
	twin->start_ms = t->start_ms;
	twin->timeout_ms = t->timeout_ms;
	memcpy(twin->host, t->host, sizeof(twin->host));
	/* Headers and body stay the first one's, see transfer_drop(). */
	twin->easy = curl_easy_duphandle(t->easy);
	if (!twin->easy || make_room(twin, t->answer.max) < 0 || set_pointers(twin) < 0 ||
	    curl_easy_setopt(twin->easy, CURLOPT_FRESH_CONNECT, 1L) != CURLE_OK ||
	    (!t->sink && curl_easy_setopt(twin->easy, CURLOPT_TIMEOUT_MS,
					  left_ms > 0 ? (long)left_ms : 1L) != CURLE_OK)) {
		transfer_free(twin);
		return NULL;
	}
	t->twin = twin;
	twin->twin = t;
	return twin;
}

void transfer_drop(struct transfer *t)
{
	struct transfer *twin = t->twin;

	twin->twin = NULL;
	if (t->headers || t->body) {
		twin->headers = t->headers;
		twin->body = t->body;
		twin->body_len = t->body_len;
		t->headers = NULL;
		t->body = NULL;
	}
	transfer_free(t);
}

/* ---- the end ---- */

/* libcurl's own hold pieces of a proxy's URL, cut where it thinks that host and port are: with a
 * password in one they are not shown. */
static const char *words_of(const struct transfer *t, CURLcode result)
{
	static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy",
					    "ALL_PROXY"};
	int is_secret = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *proxy = getenv(names[i]);
		is_secret |= proxy && strchr(proxy, '@');
	}
	return t->words[0] && !is_secret ? t->words : curl_easy_strerror(result);
}

/* libcurl ends a single line of 100 KiB by itself, and says in its version 7 that memory is out. */
static int is_long_head(const struct transfer *t, CURLcode result)
{
	int is_too_large = result == CURLE_OUT_OF_MEMORY || (int)result == CURL_TOO_LARGE;

	return t->head_len > HEAD_MAX ||
	       (is_too_large && !t->is_headed && is_past(t, CURLINFO_STARTTRANSFER_TIME_T));
}

/* Why there is no answer, as errno and words; see http_done. */
static int explain(const struct transfer *t, CURLcode result, struct err *err)
{
	const char *words = words_of(t, result);
	long status = 0, proxy = 0;

	curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &proxy);
	if (proxy >= 300)
		return err_set(err, -EHOSTUNREACH,
			       "the proxy does not let us through to %s (HTTP %ld); check its "
			       "address, user and password",
			       t->host, proxy);
	if (is_long_head(t, result))
		return err_set(err, -EIO, "%s sends more than %d KiB of headers", t->host,
			       HEAD_MAX >> 10);
	if (t->is_odd)
		return err_set(err, -EIO, "%s packs its answer in a way that it was not asked for",
			       t->host);
	switch (result) {
	case CURLE_OUT_OF_MEMORY:
		return err_sys(err, -ENOMEM, "ask %s", t->host);
	case CURLE_WRITE_ERROR:
		if (t->refused == -ETIMEDOUT)
			return err_set(err, -ETIMEDOUT, "%s sends too slowly", t->host);
		if (t->refused == -EMSGSIZE)
			return err_set(err, -EIO,
				       "%s sends large answers, %zu MiB together with others",
				       t->host, ANSWERS_MAX >> 20);
		if (t->refused && t->refused != -EFBIG)
			return err_sys(err, t->refused, "take the answer of %s", t->host);
		return err_set(err, -EIO, "%s sends more than %zu KiB in one answer", t->host,
			       t->answer.max >> 10);
	case CURLE_OPERATION_TIMEDOUT:
		if (transfer_is_sent(t))
			return err_set(err, -ETIMEDOUT, "%s does not answer within %d ms", t->host,
				       t->timeout_ms);
		return err_set(err, -EHOSTUNREACH, "cannot reach %s (%s); check the network",
			       t->host, words);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return err_set(err, -EHOSTUNREACH,
			       "cannot be sure that %s is itself (%s); check this machine's clock, "
			       "its proxy and ca_file",
			       t->host, words);
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
		if (status)
			return err_set(err, -ECONNABORTED, "the answer of %s was cut off: %s",
				       t->host, words);
		return err_set(err, -ECONNRESET, "the connection to %s broke: %s", t->host, words);
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_BAD_CONTENT_ENCODING:
		return err_set(err, -EIO, "%s does not answer as it should: %s", t->host, words);
	default:
		/* Names, routes, refusals, proxies and the other ways of TLS to fail. */
		return err_set(err, -EHOSTUNREACH, "cannot reach %s (%s); check the network",
			       t->host, words);
	}
}

/* Whether what HTTP calls a whole answer is a whole file. 0 or -EIO. */
static int check_file(const struct transfer *t, struct err *err)
{
	curl_off_t length = -1;
	long version = 0;

	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
	if (length < 0 && version < CURL_HTTP_VERSION_2_0 && !t->is_chunked)
		return err_set(err, -EIO,
			       "%s sends a file without its length, so nobody can tell whether it "
			       "is whole",
			       t->host);
	return 0;
}

void transfer_end(struct transfer *t, CURLcode result)
{
	struct http_answer answer = {.retry_after_s = -1};
	struct err err = {0};
	curl_off_t after = 0;
	char *redirect = NULL;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &answer.status);
	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &after);
	if (after > 0)
		answer.retry_after_s = (int)(after < RETRY_AFTER_S ? after : RETRY_AFTER_S);
	answer.ms = (int)(clock_system.mono_ms() - t->start_ms);
	answer.len = t->answer.len;
	answer.sunk = t->sink && answer.status == 200 ? t->sunk : 0;
	answer.date_s = t->date_s;
	answer.data = buf_cstr(&t->answer);
	curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &redirect);
	answer.redirect = redirect ? redirect : "";
	if (result != CURLE_OK)
		explain(t, result, &err);
	else if (!answer.data)
		err_sys(&err, -ENOMEM, "take the answer of %s", t->host);
	else if (t->is_file && answer.status == 200)
		check_file(t, &err);
	t->done(t->arg, err.code ? NULL : &answer, &err);
	transfer_free(t);
}

void transfer_fail(struct transfer *t, const struct err *err)
{
	t->done(t->arg, NULL, err);
	transfer_free(t);
}

void transfer_resume(struct transfer *t)
{
	if (!t->is_paused)
		return;
	t->is_paused = 0;
	/* May come back here through the sink. What fails ends by its time. */
	curl_easy_pause(t->easy, CURLPAUSE_CONT);
}
