/* SPDX-License-Identifier: MIT */
/*
 * The control socket of a mount: what --status, --refresh, --sync and --login talk to, so that
 * they are answered when the mount is not.
 *
 * A client sends a JSON object a line (json_line.h), {"do": "status"}; the answer is any number of
 * lines and a last one with "end": true, and with "error" and "errno" in it if it failed. One
 * thread waits for clients; each has a thread of its own for as long as its command takes, and
 * there are at most CONTROL_CLIENTS. Only the mount's user and root are heard.
 */
#ifndef FS_CONTROL_H
#define FS_CONTROL_H

#include <jansson.h>

#include "api/err.h"
#include "fs/options.h"

#define CONTROL_CLIENTS 8
#define CONTROL_SEND_MS 5000 /* a client that does not read for so long is given up */

struct control;
struct control_client;

/* Answers; 0, or a negative errno with words, which are then sent. On a thread of its own. */
typedef int control_run(void *arg, struct control_client *client, const json_t *request,
			struct err *err);

/* A table of them ends with a NULL. */
struct control_command {
	const char *name;
	control_run *run;
};

/* Makes the socket and starts its thread. NULL and `err` when there is no place for it. */
struct control *control_new(const struct options *o, const struct control_command *commands,
			    void *arg, struct err *err);
/* No more clients, and those that are there are cut off: what they wait for from the client fails.
 * What they wait for from elsewhere has to be ended by others. */
void control_hang_up(struct control *c);
/* Waits for the threads. NULL is fine. */
void control_free(struct control *c);

/* ---- for a command */

/* One more line of the answer, taken. 0, or negative: the client is gone. */
int control_send(struct control_client *client, json_t *line);
/* A line from the client; as json_line_read(). */
int control_receive(struct control_client *client, int wait_ms, json_t **line);
/* Whether the client has gone or is cut off, so that nobody waits for what is done here. */
int control_gone(const struct control_client *client);

#endif
