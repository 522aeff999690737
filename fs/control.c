/* SPDX-License-Identifier: MIT */
/* The serving side of the control socket; see control.h. */
#include "fs/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/lock.h"
#include "api/log.h"
#include "api/thread.h"
#include "fs/control_folder.h"
#include "fs/json_line.h"

#define REQUEST_MS 5000 /* for a client to say what it wants */

struct control_client {
	struct control *control;
	int fd;
	struct json_line in;
};

struct control {
	/* -- set at creation, then never changed */
	const struct control_command *commands;
	void *arg;
	int dirfd, listen_fd, wake_fd;
	char name[CONTROL_NAME];
	pthread_t thread;
	int started;

	struct lock lock;
	pthread_cond_t idle;
	/* -- guarded by lock */
	struct control_client *clients[CONTROL_CLIENTS] GUARDED;
	int n GUARDED;
	int is_hung_up GUARDED;
};

/* ---- one client ---- */

int control_send(struct control_client *client, json_t *line)
{
	return json_line_send(client->fd, CONTROL_SEND_MS, line);
}

int control_receive(struct control_client *client, int wait_ms, json_t **line)
{
	return json_line_read(&client->in, wait_ms, line);
}

int control_gone(const struct control_client *client)
{
	struct pollfd p = {.fd = client->fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static int run(struct control_client *client, const json_t *request, struct err *err)
{
	const char *name = json_string_value(json_object_get(request, "do"));

	for (const struct control_command *c = client->control->commands; name && c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c->run(client->control->arg, client, request, err);
	return err_set(err, -ENOSYS,
		       "the mount is of another version of corosfs and does not know this; "
		       "unmount and mount it again");
}

static void answer(struct control_client *client)
{
	struct err err = {0};
	json_t *request;

	int r = control_receive(client, REQUEST_MS, &request);
	if (r < 0)
		return;
	r = run(client, request, &err);
	json_decref(request);
	control_send(client,
		     r < 0 ? json_pack("{s:b, s:i, s:s}", "end", 1, "errno", -r, "error", err.text)
			   : json_pack("{s:b}", "end", 1));
}

static void forget(struct control_client *client)
{
	struct control *c = client->control;

	lock_take(&c->lock);
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (c->clients[i] == client)
			c->clients[i] = NULL;
	/* Not before, or control_hang_up() could meet another file with its number. */
	close(client->fd);
	if (--c->n == 0)
		pthread_cond_signal(&c->idle);
	lock_drop(&c->lock);
	free(client);
}

static void *serve_client(void *arg)
{
	struct control_client *client = arg;

	pthread_setname_np(pthread_self(), "control-client");
	answer(client);
	json_line_clear(&client->in);
	forget(client);
	return NULL;
}

/* ---- the door ---- */

static int may_ask(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
	       (who.uid == geteuid() || who.uid == 0);
}

static int enter(struct control *c, struct control_client *client)
{
	int r = -EBUSY;

	lock_take(&c->lock);
	for (int i = 0; i < CONTROL_CLIENTS && r < 0 && !c->is_hung_up; i++) {
		if (c->clients[i])
			continue;
		c->clients[i] = client;
		c->n++;
		r = 0;
	}
	lock_drop(&c->lock);
	return r;
}

static void let_in(struct control *c, int fd)
{
	struct control_client *client = may_ask(fd) ? calloc(1, sizeof(*client)) : NULL;
	pthread_attr_t attr;
	pthread_t thread;

	if (!client || json_line_init(&client->in, fd) < 0) {
		free(client);
		close(fd);
		return;
	}
	client->control = c;
	client->fd = fd;
	if (enter(c, client) < 0) {
		json_line_send(fd, 0,
			       json_pack("{s:b, s:i, s:s}", "end", 1, "errno", EBUSY, "error",
					 "too many ask the mount at once; try again"));
		json_line_clear(&client->in);
		free(client);
		close(fd);
		return;
	}
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, serve_client, client)) {
		json_line_clear(&client->in);
		forget(client);
	}
	pthread_attr_destroy(&attr);
}

static void *wait_for_clients(void *arg)
{
	struct control *c = arg;
	struct pollfd p[2] = {{.fd = c->listen_fd, .events = POLLIN},
			      {.fd = c->wake_fd, .events = POLLIN}};

	pthread_setname_np(pthread_self(), "control");
	while (!p[1].revents) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		if (!(p[0].revents & POLLIN))
			continue;
		int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			let_in(c, fd);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			/* It stays in the queue: do not spin around it. */
			poll(NULL, 0, 100);
	}
	return NULL;
}

/* ---- life ---- */

static int listen_at(struct control *c, struct err *err)
{
	struct sockaddr_un address;

	c->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->listen_fd < 0)
		return err_sys(err, -errno, "make the control socket");
	control_name((long)getpid(), c->name);
	control_address(c->dirfd, c->name, &address);
	/* Of a process that had our number and was killed. */
	unlinkat(c->dirfd, c->name, 0);
	if (bind(c->listen_fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(c->listen_fd, CONTROL_CLIENTS) < 0)
		return err_sys(err, -errno, "make the control socket");
	return 0;
}

static int start(struct control *c, struct err *err)
{
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->wake_fd < 0)
		return err_sys(err, -errno, "make an eventfd");
	int r = thread_start(&c->thread, wait_for_clients, c);
	if (r < 0)
		return err_sys(err, r, "start the control thread");
	c->started = 1;
	return 0;
}

struct control *control_new(const struct options *o, const struct control_command *commands,
			    void *arg, struct err *err)
{
	struct control *c = calloc(1, sizeof(*c));
	char path[PATH_MAX] = "no folder for it";

	if (!c) {
		err_set(err, -ENOMEM, "no memory for the control socket");
		return NULL;
	}
	c->commands = commands;
	c->arg = arg;
	c->dirfd = c->listen_fd = c->wake_fd = -1;
	lock_init(&c->lock);
	pthread_cond_init(&c->idle, NULL);
	for (int i = 0; i < CONTROL_FOLDERS && c->dirfd < 0; i++)
		c->dirfd = control_folder(o, i, 1, path);
	int r = c->dirfd < 0 ? err_sys(err, c->dirfd, "make the control socket (%s)", path)
			     : listen_at(c, err);
	if (r < 0 || start(c, err) < 0) {
		control_free(c);
		return NULL;
	}
	return c;
}

void control_hang_up(struct control *c)
{
	uint64_t one = 1;

	if (!c)
		return;
	lock_take(&c->lock);
	c->is_hung_up = 1;
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (c->clients[i])
			shutdown(c->clients[i]->fd, SHUT_RDWR);
	lock_drop(&c->lock);
	if (write(c->wake_fd, &one, sizeof(one)) < 0)
		log_error("cannot wake the control thread");
}

void control_free(struct control *c)
{
	if (!c)
		return;
	if (c->started) {
		control_hang_up(c);
		pthread_join(c->thread, NULL);
	}
	lock_take(&c->lock);
	while (c->n)
		pthread_cond_wait(&c->idle, &c->lock.mutex);
	lock_drop(&c->lock);
	if (c->listen_fd >= 0) {
		unlinkat(c->dirfd, c->name, 0);
		close(c->listen_fd);
	}
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	if (c->dirfd >= 0)
		close(c->dirfd);
	pthread_cond_destroy(&c->idle);
	lock_clear(&c->lock);
	free(c);
}
