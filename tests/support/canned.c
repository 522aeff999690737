/* SPDX-License-Identifier: MIT */
/* A server of fixed bytes; see canned.h. */
#include "tests/support/canned.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/lock.h"
#include "tests/support/failing_alloc.h"

#define REQUEST_MAX 65536

struct canned {
	int listener, port;
	pthread_t thread;

	struct lock lock;
	/* -- guarded by lock */
	char *bytes;
	size_t len;
	enum canned_end end;
	char request[REQUEST_MAX + 1];
};

/* Whether the client says something or leaves. Not if it is silent while another one waits: a
 * libcurl without memory may forget a connection that it made. */
static int speaks(struct canned *c, int fd)
{
	struct pollfd on[] = {{.fd = fd, .events = POLLIN}, {.fd = c->listener, .events = POLLIN}};

	return poll(on, 2, -1) > 0 && (on[0].revents || poll(on, 1, 100) > 0);
}

/* Reads one request, with the body that its Content-Length announces; of what is no text, as a TLS
 * hello, the beginning. */
static void read_request(struct canned *c, int fd, char *text)
{
	size_t len = 0, need = REQUEST_MAX;
	ssize_t n;

	text[0] = '\0';
	while (len < need && speaks(c, fd) && (n = read(fd, text + len, REQUEST_MAX - len)) > 0) {
		len += (size_t)n;
		text[len] = '\0';
		if (text[0] < ' ')
			return;
		char *body = strstr(text, "\r\n\r\n");
		if (!body)
			continue;
		const char *length = strcasestr(text, "\r\nContent-Length:");
		need = (size_t)(body + 4 - text) +
		       (length ? strtoul(length + strlen("\r\nContent-Length:"), NULL, 10) : 0);
	}
}

static void answer(struct canned *c, int fd)
{
	static char text[REQUEST_MAX + 1]; /* the server's thread alone */
	struct linger abrupt = {.l_onoff = 1};
	char byte;

	read_request(c, fd, text);
	lock_take(&c->lock);
	memcpy(c->request, text, sizeof(text));
	size_t len = c->len;
	enum canned_end end = c->end;
	char *bytes = malloc(len + 1);
	if (bytes)
		memcpy(bytes, c->bytes, len);
	lock_drop(&c->lock);

	const char *line = bytes && len ? memrchr(bytes, '\n', len - 1) : NULL;
	size_t again = line ? (size_t)(line + 1 - bytes) : 0;
	for (size_t sent = 0; bytes && sent < len;) {
		ssize_t n = send(fd, bytes + sent, len - sent, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		sent += (size_t)n;
		if (sent == len && end == CANNED_AGAIN)
			sent = again;
	}
	free(bytes);
	if (end == CANNED_STALL)
		while (speaks(c, fd) && read(fd, &byte, 1) > 0)
			;
	if (end == CANNED_RESET)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &abrupt, sizeof(abrupt));
}

static void *serve(void *arg)
{
	struct canned *c = arg;
	int fd;

	failing_alloc_spare(1);
	while ((fd = accept(c->listener, NULL, NULL)) >= 0) {
		answer(c, fd);
		close(fd);
	}
	return NULL;
}

struct canned *canned_new(void)
{
	struct canned *c = calloc(1, sizeof(*c));
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);

	if (!c)
		abort();
	lock_init(&c->lock);
	c->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(c->listener, (struct sockaddr *)&at, len) < 0 || listen(c->listener, 16) < 0 ||
	    getsockname(c->listener, (struct sockaddr *)&at, &len) < 0 ||
	    pthread_create(&c->thread, NULL, serve, c)) {
		perror("canned server");
		abort();
	}
	c->port = ntohs(at.sin_port);
	return c;
}

void canned_free(struct canned *c)
{
	/* This ends the accept(). */
	shutdown(c->listener, SHUT_RDWR);
	pthread_join(c->thread, NULL);
	close(c->listener);
	lock_clear(&c->lock);
	free(c->bytes);
	free(c);
}

int canned_port(const struct canned *c)
{
	return c->port;
}

void canned_set(struct canned *c, const void *bytes, size_t len, enum canned_end end)
{
	char *copy = malloc(len + 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, len);
	lock_take(&c->lock);
	free(c->bytes);
	c->bytes = copy;
	c->len = len;
	c->end = end;
	lock_drop(&c->lock);
}

char *canned_request(struct canned *c)
{
	lock_take(&c->lock);
	char *copy = strdup(c->request);
	lock_drop(&c->lock);
	return copy;
}
