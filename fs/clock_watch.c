/* SPDX-License-Identifier: MIT */
/* A timer that is cancelled when the clock is set (timerfd_create(2)); see clock_watch.h. */
#include "fs/clock_watch.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "api/clock.h"

#define STEP_S 3600 /* less than that, and months are believed hardly longer than they should */

/* What a step changes, and a suspend does not. */
static int64_t offset_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return clock_system.wall_s() - t.tv_sec;
}

static void arm(struct clock_watch *w)
{
	/* In 2242: it is the cancellation that counts. */
	const struct itimerspec never = {.it_value.tv_sec = (time_t)1 << 33};

	timerfd_settime(w->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

void clock_watch_open(struct clock_watch *w)
{
	w->offset_s = offset_s();
	w->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (w->fd >= 0)
		arm(w);
}

void clock_watch_close(struct clock_watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

int clock_watch_stepped(struct clock_watch *w)
{
	uint64_t times;
	int64_t before_s = w->offset_s;

	/* Reads as ECANCELED; until it is armed again it stays readable. */
	if (read(w->fd, &times, sizeof(times)) < 0)
		arm(w);
	w->offset_s = offset_s();
	return w->offset_s - before_s > STEP_S || before_s - w->offset_s > STEP_S;
}
