/* SPDX-License-Identifier: MIT */
/* Filling the cache; see sync.h. */
#include "fs/sync.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/clock.h"
#include "api/day.h"
#include "api/cond.h"
#include "api/metrics.h"
#include "fs/sync_files.h"
#include "fs/view.h"

#define AT_ONCE       4     /* things under way; the session paces what they ask */
#define FILES_AT_ONCE 8     /* months whose files are: four are asked for, four come */
#define SAVE_MS       60000 /* the longest wait for the disk at the end */
#define FAILURES      25    /* files in a row: then it is not the files */
#define SYNC_NAME     256

struct sync;

struct sync_thing {
	struct sync *sync;
	int first, last; /* months */
	int64_t activities;
	int missing;    /* of its months; `why` is the reason of the first */
	struct err why; /* that failed, if it was asked for */
	struct sync_files files;
};

/* What is under way outlives a run that was stopped, so this is counted. */
struct sync {
	atomic_int refs;
	struct month_store *store;
	struct blob_store *blobs;
	atomic_int stop; /* the run is over: begin no more files */
	struct sync_plan plan;
	struct history history;
	int first, last;          /* the months that count: from the first activity to today */
	struct sync_thing *thing; /* of the present kind; not moved while any is under way */
	int things;
	pthread_cond_t news;

	struct lock lock;
	/* -- guarded by lock */
	int ended GUARDED; /* of the present kind */
	struct sync_progress progress GUARDED;
	struct err err GUARDED; /* the first failure that ends it all */
	/* Months and files that the hub, which is well, does not give: the others may come. */
	int months_failed GUARDED;
	int in_a_row GUARDED;
	char failed_name[SYNC_NAME] GUARDED; /* the first */
	struct err failed_err GUARDED;
};

static void unref(struct sync *s)
{
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	pthread_cond_destroy(&s->news);
	lock_clear(&s->lock);
	free(s->thing);
	free(s);
}

static int larger(int a, int b)
{
	return a > b ? a : b;
}

/* Both among them. */
static int months_between(int first, int last)
{
	return larger(last - first + 1, 0);
}

/* One thing has ended; from any thread. */
static void done(struct sync_thing *t, const struct err *err)
{
	struct sync *s = t->sync;

	lock_take(&s->lock);
	s->ended++;
	if (err->code && !s->err.code)
		s->err = *err;
	if (!err->code && t->first) {
		s->progress.months += months_between(larger(t->first, s->first),
						     t->last < s->last ? t->last : s->last) -
				      t->missing;
		s->progress.activities += t->activities;
	}
	pthread_cond_signal(&s->news);
	lock_drop(&s->lock);
	unref(s);
}

static struct sync_thing *add(struct sync *s, int first, int last)
{
	struct sync_thing *more = realloc(s->thing, ((size_t)s->things + 1) * sizeof(*s->thing));

	if (!more)
		return NULL;
	s->thing = more;
	s->thing[s->things] = (struct sync_thing){.sync = s, .first = first, .last = last};
	return &s->thing[s->things++];
}

/* ---- the history: from when to when ---- */

static int list_history(struct sync *s)
{
	return add(s, 0, 0) ? 0 : -ENOMEM;
}

static void got_history(void *ctx, const struct history *h, int valid_s, const struct err *err)
{
	struct sync_thing *t = ctx;

	(void)valid_s;
	if (h)
		t->sync->history = *h;
	done(t, err);
}

static void start_history(struct sync_thing *t)
{
	month_store_history(t->sync->store, t->sync->plan.wait_ms, got_history, t);
}

/* ---- months, a year at a time, the newest first ---- */

static int list_months(struct sync *s)
{
	const struct history *h = &s->history;

	if (!h->newest_day)
		return 0;
	/* Whole years: whoever lists one asks for all of it. */
	int first = larger(month_number(h->oldest_day / 10000, 1), s->plan.from_month),
	    last = month_number(h->newest_day / 10000, 12);
	history_months(h, clock_system.wall_s(), &s->first, &s->last);
	s->first = larger(s->first, s->plan.from_month);
	s->last = s->last < last ? s->last : last;
	lock_take(&s->lock);
	s->progress.all_months = months_between(s->first, s->last);
	lock_drop(&s->lock);
	while (last >= first) {
		int january = month_number(month_year(last), 1);
		int from = january > first ? january : first;
		if (!add(s, from, last))
			return -ENOMEM;
		last = from - 1;
	}
	return 0;
}

static void months_landed(void *ctx, const struct err *err)
{
	done(ctx, err);
}

static void note_failed(struct sync *s, const char *name, const struct err *err) REQUIRES(s->lock);
static void note_failed(struct sync *s, const char *name, const struct err *err)
{
	if (s->failed_err.code)
		return;
	s->failed_err = *err;
	snprintf(s->failed_name, sizeof(s->failed_name), "%s", name);
}

static void month_failed(struct sync_thing *t, int number)
{
	static const struct err before = {-EIO, "it failed before, and is left alone for now"};
	struct sync *s = t->sync;
	char name[16];

	snprintf(name, sizeof(name), "%04d-%02d", month_year(number) % 10000, month_month(number));
	t->missing++;
	lock_take(&s->lock);
	s->months_failed++;
	note_failed(s, name, t->why.code ? &t->why : &before);
	lock_drop(&s->lock);
}

/* They are there; what of it is old is being looked at again behind that. */
static void got_months(void *ctx, struct span *span, const struct err *err)
{
	struct sync_thing *t = ctx;

	for (int i = 0; span && i < span->n; i++)
		if (span->month[i])
			t->activities += (int64_t)span->month[i]->n;
		else
			month_failed(t, span->first + i);
	span_unref(span);
	if (span)
		month_store_land(t->sync->store, t->first, t->last, LAND_WAIT,
				 t->sync->plan.wait_ms, months_landed, t);
	else
		done(t, err);
}

static void missing_landed(void *ctx, const struct err *err)
{
	struct sync_thing *t = ctx;

	t->why = *err;
	month_store_get_partly(t->sync->store, t->first, t->last, t->sync->plan.wait_ms, got_months,
			       t);
}

static void start_months(struct sync_thing *t)
{
	month_store_land(t->sync->store, t->first, t->last, LAND_MISSING, t->sync->plan.wait_ms,
			 missing_landed, t);
}

/* ---- downloads, a month at a time, the newest first ---- */

static int list_files(struct sync *s)
{
	const struct history *h = &s->history;
	int of_each = 0;

	for (int i = 0; i < VIEWS; i++)
		of_each += (s->plan.views & 1u << views[i]) != 0;
	if (!h->newest_day || !of_each)
		return 0;
	lock_take(&s->lock);
	s->progress.all_files = s->progress.activities * of_each;
	lock_drop(&s->lock);
	for (int m = month_of_day(h->newest_day); m >= s->first; m--)
		if (month_store_count(s->store, m, m) && !add(s, m, m))
			return -ENOMEM;
	return 0;
}

/* Trouble that is over soon, and ends the run only if it is not. */
static int is_of_file(int code)
{
	return code == -EIO || code == -EHOSTUNREACH || code == -ETIMEDOUT;
}

static int got_file(void *ctx, const char *name, int own, const struct err *err)
{
	struct sync *s = ((struct sync_thing *)ctx)->sync;

	lock_take(&s->lock);
	s->in_a_row = err->code ? s->in_a_row + 1 : 0;
	s->progress.files += !err->code;
	s->progress.failed += err->code != 0;
	if (err->code)
		note_failed(s, name, err);
	int is_over = (err->code && !own && !is_of_file(err->code)) || s->in_a_row >= FAILURES;
	if (is_over && !s->err.code && s->in_a_row >= FAILURES)
		err_set(&s->err, err->code,
			"gave up after %d files in a row: %s; the next run goes on from here",
			FAILURES, err->text);
	else if (is_over && !s->err.code)
		err_set(&s->err, err->code, "%s: %s; the next run goes on from here", name,
			err->text);
	lock_drop(&s->lock);
	return is_over;
}

/* Who failed by himself, when all others came. */
static int tell_failed(struct sync *s, struct err *err)
{
	lock_take(&s->lock);
	if (s->months_failed)
		err_set(err, s->failed_err.code,
			"%d month%s did not come, the first %s: %s; the next run asks again",
			s->months_failed, s->months_failed == 1 ? "" : "s", s->failed_name,
			s->failed_err.text);
	else if (s->failed_err.code)
		err_set(err, s->failed_err.code,
			"%lld file%s did not come, the first %s: %s; the next run asks again",
			(long long)s->progress.failed, s->progress.failed == 1 ? "" : "s",
			s->failed_name, s->failed_err.text);
	lock_drop(&s->lock);
	return err->code;
}

static void got_files(void *ctx, const struct err *err)
{
	struct sync_thing *t = ctx;

	/* Its months were counted before. */
	t->first = 0;
	done(t, err);
}

static void start_files(struct sync_thing *t)
{
	struct sync *s = t->sync;

	t->files = (struct sync_files){
		.blobs = s->blobs,
		.store = s->store,
		.views = s->plan.views,
		.month = t->first,
		.wait_ms = s->plan.wait_ms,
		.stop = &s->stop,
		.step = got_file,
		.done = got_files,
		.ctx = t,
	};
	sync_files_start(&t->files);
}

/* ---- the run ---- */

static const struct {
	/* Adds the things: 0 or -ENOMEM. What came before them is in the cache. */
	int (*list)(struct sync *s);
	/* Begins to fetch one; done() once, later or at once. */
	void (*start)(struct sync_thing *t);
	int at_once;
} kinds[] = {
	{list_history, start_history, AT_ONCE},
	{list_months, start_months, AT_ONCE},
	{list_files, start_files, FILES_AT_ONCE},
};

struct run {
	struct sync *sync;
	sync_report *report;
	void *arg;
	int64_t start_ms, requests, bytes; /* before the run */
};

/* How far it is, told. Nonzero: stop. */
static int tell(struct run *r)
{
	struct sync_progress p;

	lock_take(&r->sync->lock);
	r->sync->progress.ms = clock_system.mono_ms() - r->start_ms;
	r->sync->progress.requests = metrics_requests() - r->requests;
	r->sync->progress.bytes = atomic_load(&metrics_value[METRIC_HUB_BYTES]) - r->bytes;
	p = r->sync->progress;
	lock_drop(&r->sync->lock);
	return r->report(r->arg, &p);
}

/* Sleeps until something ended or it is time to tell. */
static void sleep_until_news(struct sync *s, int ended)
{
	lock_take(&s->lock);
	if (s->ended == ended)
		cond_wait_ms(&s->news, &s->lock, SYNC_TICK_MS);
	lock_drop(&s->lock);
}

static int stopped(struct err *err)
{
	return err_set(err, -ECANCELED, "interrupted; the next run goes on from here");
}

/* All things of a kind. */
static int run_kind(struct run *r, void (*start)(struct sync_thing *t), int at_once,
		    struct err *err)
{
	struct sync *s = r->sync;
	int begun = 0, ended = 0;

	lock_take(&s->lock);
	s->ended = 0;
	lock_drop(&s->lock);
	while (ended < s->things) {
		lock_take(&s->lock);
		*err = s->err;
		lock_drop(&s->lock);
		if (err->code)
			return err->code;
		while (begun < s->things && begun - ended < at_once) {
			atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
			start(&s->thing[begun++]);
		}
		sleep_until_news(s, ended);
		lock_take(&s->lock);
		ended = s->ended;
		*err = s->err;
		lock_drop(&s->lock);
		if (tell(r))
			return stopped(err);
	}
	return err->code;
}

/* What came is on its way to the disk: a sync that ends before it arrives did little. */
static int wait_for_disk(struct run *r, struct err *err)
{
	int64_t end_ms = clock_system.mono_ms() + SAVE_MS;
	struct month_store_state state;

	for (;;) {
		month_store_state(r->sync->store, &state);
		if (!state.unsaved)
			return 0;
		if (state.disk_failing || clock_system.mono_ms() > end_ms)
			return err_set(err, -EIO,
				       "the cache folder does not take what was fetched; is its "
				       "disk full?");
		if (tell(r))
			return stopped(err);
		poll(NULL, 0, SYNC_TICK_MS);
	}
}

static struct sync *sync_new(struct month_store *store, struct blob_store *blobs,
			     const struct sync_plan *plan)
{
	struct sync *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	atomic_init(&s->refs, 1);
	s->store = store;
	s->blobs = blobs;
	s->plan = *plan;
	lock_init(&s->lock);
	cond_init(&s->news);
	return s;
}

int sync_run(struct month_store *store, struct blob_store *blobs, const struct sync_plan *plan,
	     sync_report *report, void *arg, struct sync_progress *p, struct err *err)
{
	struct sync *s = sync_new(store, blobs, plan);
	struct run r = {s,
			report,
			arg,
			clock_system.mono_ms(),
			metrics_requests(),
			atomic_load(&metrics_value[METRIC_HUB_BYTES])};

	*err = (struct err){0};
	*p = (struct sync_progress){0};
	if (!s)
		return err_set(err, -ENOMEM, "no memory for the sync");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !err->code; i++) {
		/* Nothing is under way, so nobody has the things of the kind before. */
		s->things = 0;
		if (kinds[i].list(s) < 0)
			err_set(err, -ENOMEM, "no memory for the sync");
		else
			run_kind(&r, kinds[i].start, kinds[i].at_once, err);
	}
	if (!err->code)
		wait_for_disk(&r, err);
	if (!err->code)
		tell_failed(s, err);
	atomic_store(&s->stop, 1);
	tell(&r);
	lock_take(&s->lock);
	*p = s->progress;
	lock_drop(&s->lock);
	unref(s);
	return err->code;
}
