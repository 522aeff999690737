/* SPDX-License-Identifier: MIT */
/* JSON objects over a socket, one a line: what the control socket speaks. */
#ifndef FS_JSON_LINE_H
#define FS_JSON_LINE_H

#include <jansson.h>
#include <stddef.h>

#define JSON_LINE_MAX 65536 /* bytes of a line */

/* The reading side of a connection. */
struct json_line {
	int fd;
	size_t len;
	char *data; /* [JSON_LINE_MAX]; may hold a password's hash, so it is wiped */
};

/* 0 or -ENOMEM. The fd stays the caller's. */
int json_line_init(struct json_line *l, int fd);
void json_line_clear(struct json_line *l);

/* The next object, the caller's to json_decref(). 0; -EPIPE: the other side has gone; -ETIMEDOUT
 * after `wait_ms`; -EBADMSG: something else than an object, or too long; -ENOMEM. */
int json_line_read(struct json_line *l, int wait_ms, json_t **out);

/* Takes the object. 0; -EPIPE; -ETIMEDOUT: nobody reads; -ENOMEM, also for NULL. */
int json_line_send(int fd, int wait_ms, json_t *object);

#endif
