/* SPDX-License-Identifier: MIT */
/* Lines of JSON; see json_line.h. */
#include "fs/json_line.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "api/clock.h"

int json_line_init(struct json_line *l, int fd)
{
	*l = (struct json_line){.fd = fd, .data = malloc(JSON_LINE_MAX)};
	return l->data ? 0 : -ENOMEM;
}

void json_line_clear(struct json_line *l)
{
	if (l->data)
		explicit_bzero(l->data, JSON_LINE_MAX);
	free(l->data);
	l->data = NULL;
}

/* Waits for the socket; what is left of the time is no more than `end_ms` allows. */
static int wait_for(int fd, short events, int64_t end_ms)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t left_ms = end_ms - clock_system.mono_ms();
		int n = poll(&p, 1, left_ms > 0 ? (int)left_ms : 0);
		if (n > 0)
			return 0;
		if (n == 0 && left_ms <= 0)
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* The first line, if there is a whole one. */
static int take(struct json_line *l, json_t **out)
{
	char *end = memchr(l->data, '\n', l->len);

	if (!end)
		return l->len == JSON_LINE_MAX ? -EBADMSG : -EAGAIN;
	size_t used = (size_t)(end - l->data) + 1;
	*out = json_loadb(l->data, used - 1, JSON_REJECT_DUPLICATES, NULL);
	memmove(l->data, l->data + used, l->len - used);
	explicit_bzero(l->data + l->len - used, used);
	l->len -= used;
	if (json_is_object(*out))
		return 0;
	json_decref(*out);
	*out = NULL;
	return -EBADMSG;
}

int json_line_read(struct json_line *l, int wait_ms, json_t **out)
{
	int64_t end_ms = clock_system.mono_ms() + wait_ms;
	int r;

	*out = NULL;
	while ((r = take(l, out)) == -EAGAIN) {
		if ((r = wait_for(l->fd, POLLIN, end_ms)) < 0)
			return r;
		ssize_t n = recv(l->fd, l->data + l->len, JSON_LINE_MAX - l->len, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return -EPIPE;
		if (n > 0)
			l->len += (size_t)n;
	}
	return r;
}

static int send_all(int fd, const char *data, size_t len, int64_t end_ms)
{
	while (len) {
		int r = wait_for(fd, POLLOUT, end_ms);
		if (r < 0)
			return r;
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -EPIPE;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int json_line_send(int fd, int wait_ms, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	int64_t end_ms = clock_system.mono_ms() + wait_ms;

	json_decref(object);
	if (!text)
		return -ENOMEM;
	/* In the place of its NUL. */
	size_t len = strlen(text);
	text[len] = '\n';
	int r = len < JSON_LINE_MAX ? send_all(fd, text, len + 1, end_ms) : -EBADMSG;
	explicit_bzero(text, len);
	free(text);
	return r;
}
