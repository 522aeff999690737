/* SPDX-License-Identifier: MIT */
/* Jobs one after the other, and none lost when it stops. */
#include "cache/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/rows.h"

#define LONG_MS 60000

/* What the jobs of a test did. */
struct log {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	int held, holding;
	int n, order[2000];
};

struct job {
	struct log *log;
	int number;
};

static struct log *new_log(void)
{
	struct log *log = calloc(1, sizeof(*log));

	assert_non_null(log);
	pthread_mutex_init(&log->mutex, NULL);
	pthread_cond_init(&log->cond, NULL);
	return log;
}

static void free_log(struct log *log)
{
	pthread_cond_destroy(&log->cond);
	pthread_mutex_destroy(&log->mutex);
	free(log);
}

static void note(void *arg)
{
	struct job *j = arg;

	pthread_mutex_lock(&j->log->mutex);
	j->log->order[j->log->n++] = j->number;
	pthread_cond_broadcast(&j->log->cond);
	pthread_mutex_unlock(&j->log->mutex);
	free(j);
}

static struct timespec deadline(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += 60;
	return t;
}

/* Waits until so many jobs have run. */
static void wait_for(struct log *log, int n)
{
	struct timespec until = deadline();

	pthread_mutex_lock(&log->mutex);
	while (log->n < n)
		assert_int_equal(pthread_cond_timedwait(&log->cond, &log->mutex, &until), 0);
	pthread_mutex_unlock(&log->mutex);
}

static void hold(void *arg)
{
	struct log *log = arg;

	pthread_mutex_lock(&log->mutex);
	log->holding = 1;
	pthread_cond_broadcast(&log->cond);
	while (log->held)
		pthread_cond_wait(&log->cond, &log->mutex);
	pthread_mutex_unlock(&log->mutex);
}

static struct job *new_job(struct log *log, int number)
{
	struct job *j = malloc(sizeof(*j));

	assert_non_null(j);
	*j = (struct job){log, number};
	return j;
}

static struct worker *new_worker(void)
{
	struct err err;
	struct worker *w = worker_new("test", &err);

	assert_non_null(w);
	return w;
}

static void in_order(void **state)
{
	struct worker *w = new_worker();
	struct log *log = new_log();

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(worker_post(w, note, new_job(log, i)), 0);
	wait_for(log, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(log->order[i], i);
	/* It waits for more. */
	assert_int_equal(worker_post(w, note, new_job(log, 7)), 0);
	wait_for(log, 1001);
	worker_stop(w, 0, NULL);
	worker_free(w);
	free_log(log);
}

static void drained(void **state)
{
	struct worker *w = new_worker();
	struct log *log = new_log();

	(void)state;
	for (int i = 0; i < 500; i++)
		assert_int_equal(worker_post(w, note, new_job(log, i)), 0);
	worker_stop(w, LONG_MS, NULL);
	assert_int_equal(log->n, 500);
	worker_free(w);
	free_log(log);
}

static atomic_int dropped;

static void drop(void *arg)
{
	atomic_fetch_add(&dropped, 1);
	free(arg);
}

/* The thread that stops; the job that is under way ends first. */
static void *stop(void *arg)
{
	worker_stop(arg, 0, drop);
	return NULL;
}

static void given_back(void **state)
{
	struct worker *w = new_worker();
	struct log *log = new_log();
	struct timespec until = deadline();
	pthread_t thread;
	int posted = 0;

	(void)state;
	dropped = 0;
	log->held = 1;
	assert_int_equal(worker_post(w, hold, log), 0);
	pthread_mutex_lock(&log->mutex);
	while (!log->holding)
		assert_int_equal(pthread_cond_timedwait(&log->cond, &log->mutex, &until), 0);
	pthread_mutex_unlock(&log->mutex);
	assert_int_equal(pthread_create(&thread, NULL, stop, w), 0);
	/* Until it has begun to stop, jobs are taken. */
	for (int r = 0; r == 0;) {
		struct job *j = new_job(log, 0);
		r = worker_post(w, note, j);
		posted += r == 0;
		if (r) {
			assert_int_equal(r, -ECANCELED);
			free(j);
		}
	}
	pthread_mutex_lock(&log->mutex);
	log->held = 0;
	pthread_cond_broadcast(&log->cond);
	pthread_mutex_unlock(&log->mutex);
	pthread_join(thread, NULL);
	/* None of them ran, none is lost. */
	assert_int_equal(log->n, 0);
	assert_int_equal(dropped, posted);
	worker_free(w);
	free_log(log);
}

struct posting {
	struct worker *w;
	struct log *log;
};

static void *post_many(void *arg)
{
	struct posting *r = arg;

	for (int i = 0; i < 200; i++)
		assert_int_equal(worker_post(r->w, note, new_job(r->log, i)), 0);
	return NULL;
}

static void from_many_threads(void **state)
{
	struct posting r = {new_worker(), new_log()};
	pthread_t thread[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, post_many, &r), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
	worker_stop(r.w, LONG_MS, NULL);
	assert_int_equal(r.log->n, 1600);
	worker_free(r.w);
	free_log(r.log);
}

static void out_of_memory(void **state)
{
	struct err err = {0};

	(void)state;
	failing_alloc_begin(1, FAIL_ONE);
	assert_null(worker_new("test", &err));
	assert_true(failing_alloc_end());
	assert_int_equal(err.code, -ENOMEM);
	struct worker *w = new_worker();
	failing_alloc_begin(1, FAIL_ONE);
	assert_int_equal(worker_post(w, note, NULL), -ENOMEM);
	assert_true(failing_alloc_end());
	worker_stop(w, LONG_MS, NULL);
	worker_free(w);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "jobs run in their order", in_order, NULL);
	rows_add(&rows, "what is queued is run at a stop", drained, NULL);
	rows_add(&rows, "or given back", given_back, NULL);
	rows_add(&rows, "jobs from many threads", from_many_threads, NULL);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	return rows_run("worker", &rows);
}
