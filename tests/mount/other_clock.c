/* SPDX-License-Identifier: MIT */
/*
 * Another time of day, as a library to preload: the file named by $OTHER_CLOCK holds the seconds
 * by which it differs, and is read anew each time, so that a test can step the clock. Monotonic
 * time goes on as it does, unless a second number moves that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long offset(clockid_t id)
{
	const char *path = getenv("OTHER_CLOCK");
	FILE *f = path ? fopen(path, "re") : NULL;
	long long wall = 0, mono = 0;

	if (f && fscanf(f, "%lld %lld", &wall, &mono) < 1)
		wall = 0;
	if (f)
		fclose(f);
	return id == CLOCK_REALTIME ? wall : id == CLOCK_MONOTONIC ? mono : 0;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, id, t);

	if (r == 0)
		t->tv_sec += (time_t)offset(id);
	return r;
}

time_t time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out)
		*out = t.tv_sec;
	return t.tv_sec;
}

int gettimeofday(struct timeval *tv, void *zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	*tv = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
	return 0;
}
