/* SPDX-License-Identifier: MIT */
/* A timer that is cancelled when the clock is set, or set right after a sleep (timerfd_create(2));
 * see clock_watch.h. */
#include "fs/clock_watch.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "api/clock.h"

#define JUMP_S 2
#define STEP_S 3600 /* less than that, and months are believed hardly longer than they should */

static int64_t boot_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec;
}

static void arm(struct clock_watch *w)
{
	/* In 2242: it is the cancellation that counts. */
	const struct itimerspec never = {.it_value.tv_sec = (time_t)1 << 33};

	timerfd_settime(w->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

/* What a sleep changes, and what a step of the time of day does. */
static void read_clocks(struct clock_watch *w)
{
	w->slept_s = boot_s() - clock_system.mono_ms() / 1000;
	w->set_s = clock_system.wall_s() - boot_s();
}

void clock_watch_open(struct clock_watch *w)
{
	read_clocks(w);
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

enum clock_jump clock_watch_look(struct clock_watch *w)
{
	struct clock_watch before = *w;
	uint64_t times;

	/* Reads as ECANCELED; until it is armed again it stays readable. */
	if (read(w->fd, &times, sizeof(times)) < 0)
		arm(w);
	read_clocks(w);
	int64_t set_s = w->set_s - before.set_s;
	if (set_s > STEP_S || set_s < -STEP_S)
		return CLOCK_SET;
	if (w->slept_s - before.slept_s >= JUMP_S || set_s >= JUMP_S || set_s <= -JUMP_S)
		return CLOCK_JUMPED;
	return CLOCK_STEADY;
}
