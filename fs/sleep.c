/* SPDX-License-Identifier: MIT */
/* logind's signal and its inhibitor, by sd-bus(3); see sleep.h. */
#include "fs/sleep.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/clock.h"
#include "api/log.h"

#define LIBRARY   "libsystemd.so.0"
#define SOCKET    "/run/dbus/system_bus_socket"
#define NAME      "org.freedesktop.login1"
#define PATH      "/org/freedesktop/login1"
#define INTERFACE "org.freedesktop.login1.Manager"

/* As in <systemd/sd-bus.h>, whose types are opaque. */
typedef int handler(void *message, void *arg, void *error);

struct sleep_watch {
	void (*going)(void *arg, int to_sleep);
	void *arg;
	void *bus;
	int inhibitor; /* -1: we have none */

	int (*open_system)(void **bus);
	void *(*flush_close_unref)(void *bus);
	int (*get_fd)(void *bus);
	int (*get_events)(void *bus);
	int (*get_timeout)(void *bus, uint64_t *until_us);
	int (*process)(void *bus, void **message);
	int (*match_signal_async)(void *bus, void **slot, const char *sender, const char *path,
				  const char *interface, const char *member, handler *signal,
				  handler *installed, void *arg);
	int (*call_method_async)(void *bus, void **slot, const char *destination, const char *path,
				 const char *interface, const char *member, handler *reply,
				 void *arg, const char *types, ...);
	int (*message_read)(void *message, const char *types, ...);
};

#define FUNCTION(name)                                                                             \
	{                                                                                          \
		"sd_bus_" #name, offsetof(struct sleep_watch, name)                                \
	}
static const struct {
	const char *name;
	size_t at;
} functions[] = {
	FUNCTION(open_system),        FUNCTION(flush_close_unref), FUNCTION(get_fd),
	FUNCTION(get_events),         FUNCTION(get_timeout),       FUNCTION(process),
	FUNCTION(match_signal_async), FUNCTION(call_method_async), FUNCTION(message_read),
};

static int load(struct sleep_watch *w)
{
	/* It stays until the end: it has destructors of threads. */
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *f = dlsym(library, functions[i].name);
		if (!f)
			return -ENOSYS;
		memcpy((char *)w + functions[i].at, &f, sizeof(f));
	}
	return library ? 0 : -ENOSYS;
}

static void let_go(struct sleep_watch *w)
{
	if (w->inhibitor >= 0)
		close(w->inhibitor);
	w->inhibitor = -1;
}

static int inhibited(void *message, void *arg, void *error)
{
	struct sleep_watch *w = arg;
	int fd = -1;

	(void)error;
	let_go(w);
	/* The descriptor goes with the message. An answer that is an error holds none. */
	if (w->message_read(message, "h", &fd) >= 0)
		w->inhibitor = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	else
		log_debug("no logind holds the sleep up for us");
	return 0;
}

static int inhibit(struct sleep_watch *w)
{
	return w->call_method_async(
		w->bus, NULL, NAME, PATH, INTERFACE, "Inhibit", inhibited, w, "ssss", "sleep",
		"corosfs", "Programs that wait for the Training Hub are answered before", "delay");
}

static int prepare_for_sleep(void *message, void *arg, void *error)
{
	struct sleep_watch *w = arg;
	int to_sleep = 0;

	(void)error;
	if (w->message_read(message, "b", &to_sleep) < 0)
		return 0;
	log_debug(to_sleep ? "the machine is about to sleep" : "the machine is awake");
	w->going(w->arg, to_sleep);
	if (to_sleep)
		let_go(w);
	else
		inhibit(w);
	return 0;
}

struct sleep_watch *sleep_watch_new(void (*going)(void *arg, int to_sleep), void *arg)
{
	struct sleep_watch *w;

	if (!getenv("DBUS_SYSTEM_BUS_ADDRESS") && access(SOCKET, F_OK) < 0)
		return NULL;
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->going = going;
	w->arg = arg;
	w->inhibitor = -1;
	/* First the signal: it may come as soon as the sleep waits for us. */
	if (load(w) < 0 || w->open_system(&w->bus) < 0 ||
	    w->match_signal_async(w->bus, NULL, NAME, PATH, INTERFACE, "PrepareForSleep",
				  prepare_for_sleep, NULL, w) < 0 ||
	    inhibit(w) < 0) {
		log_debug("nobody tells us of sleeps");
		sleep_watch_free(w);
		return NULL;
	}
	return w;
}

void sleep_watch_free(struct sleep_watch *w)
{
	if (!w)
		return;
	let_go(w);
	if (w->bus)
		w->flush_close_unref(w->bus);
	free(w);
}

int sleep_watch_wait(struct sleep_watch *w, struct pollfd *p)
{
	uint64_t until_us = UINT64_MAX;

	*p = (struct pollfd){w->get_fd(w->bus), (short)w->get_events(w->bus), 0};
	if (w->get_timeout(w->bus, &until_us) < 0 || until_us == UINT64_MAX)
		return -1;
	int64_t left_ms = (int64_t)(until_us / 1000) - clock_system.mono_ms() + 1;
	return left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

int sleep_watch_run(struct sleep_watch *w)
{
	int r;

	while ((r = w->process(w->bus, NULL)) > 0)
		;
	return r;
}
