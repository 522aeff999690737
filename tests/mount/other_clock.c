/* SPDX-License-Identifier: MIT */
/*
 * Another clock, as a library to preload. The file named by $OTHER_CLOCK holds the seconds by which
 * the time of day differs and, behind them, those by which monotonic time does, and those that the
 * machine has slept (0 without them); it is read anew each time, so that a test can step the one
 * and let the others pass.
 *
 * Monotonic time is another one for the program alone: libcurl's is as it is, so that nothing on
 * its way is late by it.
 */
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long offset_s(clockid_t id)
{
	const char *path = getenv("OTHER_CLOCK");
	FILE *f = path ? fopen(path, "re") : NULL;
	long long wall = 0, mono = 0, slept = 0;

	if (f && fscanf(f, "%lld %lld %lld", &wall, &mono, &slept) < 1)
		wall = 0;
	if (f)
		fclose(f);
	return id == CLOCK_REALTIME ? wall : id == CLOCK_BOOTTIME ? slept : mono;
}

/* ---- whose clock it is ---- */

static uintptr_t program_from, program_to;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The first object is the program. */
static int find_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	program_from = UINTPTR_MAX;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		if (info->dlpi_phdr[i].p_type != PT_LOAD)
			continue;
		program_from = from < program_from ? from : program_from;
		program_to = from + info->dlpi_phdr[i].p_memsz;
	}
	return 1;
}

static void find(void)
{
	dl_iterate_phdr(find_program, NULL);
}

/* Seconds by which monotonic time is another one for who calls from there. */
static time_t passed_s(const void *caller)
{
	pthread_once(&once, find);
	return (uintptr_t)caller >= program_from && (uintptr_t)caller < program_to
		       ? (time_t)offset_s(CLOCK_MONOTONIC)
		       : 0;
}

/* ---- in place of the C library's ---- */

int clock_gettime(clockid_t id, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, id, t);

	if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_BOOTTIME))
		t->tv_sec += (time_t)offset_s(id);
	if (r == 0 && id == CLOCK_MONOTONIC)
		t->tv_sec += passed_s(__builtin_return_address(0));
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

/* The program's deadlines are monotonic. */
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
			   const struct timespec *until)
{
	struct timespec t = *until;

	t.tv_sec -= passed_s(__builtin_return_address(0));
	return pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &t);
}
