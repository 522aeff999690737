/* SPDX-License-Identifier: MIT */
/* A hub of known activities; see fake_hub.h. */
#include "tests/support/fake_hub.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/day.h"
#include "api/lock.h"
#include "api/timers.h"
#include "tests/support/fake_clock.h"

struct kept {
	uint64_t label;
	int32_t day;
	struct buf json;
};

struct fake_file {
	struct download_want want;
	const struct download_sink *sink;
	void *arg;
};

struct fake_hub {
	struct hub door;
	struct lock lock;
	/* -- guarded by lock: the store's threads call, too */
	struct fake_call call[FAKE_HUB_CALLS];
	int calls, answered;
	struct fake_file file[FAKE_HUB_FILES];
	int files, sent, breaks;
	int fail, refuse, refuse_after;
	int fail_month, fail_month_code, fail_hole, narrow;
	struct fake_call held;
	struct listing *held_listing;
	struct err held_err;
	uint64_t unread;
	int unread_labelled;
	struct kept *kept;
	size_t n;
	struct timers timers;
};

static int add_call(struct fake_hub *h, const struct fake_call *call)
{
	lock_take(&h->lock);
	int r = h->refuse;
	if (r == 0) {
		if (h->calls == FAKE_HUB_CALLS)
			abort();
		h->call[h->calls++] = *call;
	}
	lock_drop(&h->lock);
	return r;
}

static int range(void *ctx, int32_t first, int32_t last, int64_t at_least, listing_done *done,
		 void *arg)
{
	(void)at_least;
	return add_call(
		ctx, &(struct fake_call){.first = first, .last = last, .done = done, .arg = arg});
}

static int ends(void *ctx, const struct listing_known *known, listing_done *done, void *arg)
{
	return add_call(ctx,
			&(struct fake_call){.ends = 1, .known = *known, .done = done, .arg = arg});
}

static int download(void *ctx, const struct download_want *want, const struct download_sink *sink,
		    void *arg)
{
	struct fake_hub *h = ctx;

	lock_take(&h->lock);
	int r = h->refuse;
	if (r == 0) {
		if (h->files == FAKE_HUB_FILES)
			abort();
		h->file[h->files++] = (struct fake_file){*want, sink, arg};
	}
	lock_drop(&h->lock);
	return r;
}

static int after(void *ctx, int ms, void (*task)(void *arg), void *arg)
{
	struct fake_hub *h = ctx;

	lock_take(&h->lock);
	int r = h->refuse_after;
	if (r == 0)
		r = timers_add(&h->timers, fake_clock.mono_ms() + ms, task, arg);
	lock_drop(&h->lock);
	return r;
}

/* It makes nobody wait but by not answering. */
static void again(void *ctx)
{
	(void)ctx;
}

struct fake_hub *fake_hub_new(void)
{
	struct fake_hub *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->door = (struct hub){.ctx = h,
			       .range = range,
			       .ends = ends,
			       .download = download,
			       .after = after,
			       .again = again};
	lock_init(&h->lock);
	timers_init(&h->timers);
	return h;
}

void fake_hub_free(struct fake_hub *h)
{
	fake_hub_fail(h, -ECANCELED);
	while (fake_hub_answer(h) || fake_hub_send(h, NULL, 0, -ECANCELED))
		;
	for (size_t i = 0; i < h->n; i++)
		buf_clear(&h->kept[i].json);
	free(h->kept);
	timers_clear(&h->timers);
	lock_clear(&h->lock);
	free(h);
}

const struct hub *fake_hub_door(struct fake_hub *h)
{
	return &h->door;
}

void fake_hub_put(struct fake_hub *h, const struct item *item)
{
	size_t i = 0;

	while (i < h->n && h->kept[i].label != item->label)
		i++;
	if (i == h->n) {
		h->kept = realloc(h->kept, (h->n + 1) * sizeof(*h->kept));
		if (!h->kept)
			abort();
		h->n++;
		buf_init(&h->kept[i].json, 1 << 24);
	}
	h->kept[i].label = item->label;
	h->kept[i].day = item->day;
	item_json(item, &h->kept[i].json);
}

void fake_hub_remove(struct fake_hub *h, uint64_t label)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->kept[i].label == label) {
			buf_clear(&h->kept[i].json);
			h->kept[i] = h->kept[--h->n];
			return;
		}
}

void fake_hub_fail(struct fake_hub *h, int code)
{
	h->fail = code;
}

void fake_hub_fail_month(struct fake_hub *h, int month, int code, int hole)
{
	h->fail_month = month;
	h->fail_month_code = code;
	h->fail_hole = hole;
}

void fake_hub_narrow(struct fake_hub *h, int on)
{
	h->narrow = on;
}

void fake_hub_unread(struct fake_hub *h, uint64_t label, int labelled)
{
	h->unread = label;
	h->unread_labelled = labelled;
}

void fake_hub_refuse(struct fake_hub *h, int code)
{
	lock_take(&h->lock);
	h->refuse = code;
	lock_drop(&h->lock);
}

void fake_hub_refuse_after(struct fake_hub *h, int code)
{
	lock_take(&h->lock);
	h->refuse_after = code;
	lock_drop(&h->lock);
}

/* ---- answers ---- */

/* Those of the range, newest first; its end days from all of them. */
static struct listing *list_days(const struct fake_hub *h, int32_t first, int32_t last)
{
	struct listing *l = calloc(1, sizeof(*l));
	struct json_text in;

	if (!l)
		abort();
	activities_init(&l->list);
	for (size_t i = 0; i < h->n; i++) {
		const struct kept *k = &h->kept[i];
		if (k->day < first || k->day > last)
			continue;
		l->count++;
		if (k->label == h->unread) {
			l->bad++;
			if (h->unread_labelled)
				l->list.unread[l->list.unread_n++] = k->label;
			continue;
		}
		json_text_init(&in, k->json.data, k->json.len);
		if (activities_decode(&l->list, &in, NULL) != 1)
			abort();
		if (!l->newest_day || k->day > l->newest_day)
			l->newest_day = k->day;
		if (!l->oldest_day || k->day < l->oldest_day)
			l->oldest_day = k->day;
	}
	l->is_lost = !h->n;
	if (l->list.n)
		qsort(l->list.row, l->list.n, sizeof(l->list.row[0]), activity_compare);
	l->whole_from = first;
	return l;
}

/* The newest page of all. The day that it ends in is whole only if it is the last page. */
static struct listing *list_ends(const struct fake_hub *h)
{
	struct listing *l = list_days(h, DAY_MIN, DAY_MAX);

	if (l->list.n > FAKE_HUB_PAGE) {
		l->list.n = FAKE_HUB_PAGE;
		l->whole_from = l->list.row[l->list.n - 1].day + 1;
	}
	if (h->narrow) {
		l->whole_from = 0;
		l->list.n = l->list.n ? 1 : 0;
		err_set(&l->why, -EIO, "the fake hub fails");
	}
	return l;
}

/* What the call gets: a listing, or NULL and why. */
static struct listing *answer_to(const struct fake_hub *h, const struct fake_call *call,
				 struct err *err)
{
	int m = h->fail_month, first = month_of_day(call->first), last = month_of_day(call->last);
	int is_hit = m && !call->ends && first <= m && m <= last;
	int is_hole = is_hit && h->fail_hole && (first < m - 1 || last > m + 1);

	*err = (struct err){0};
	if (h->fail || (is_hit && !is_hole)) {
		err_set(err, h->fail ? h->fail : h->fail_month_code, "the fake hub fails");
		return NULL;
	}
	if (call->ends)
		return list_ends(h);
	struct listing *l = list_days(h, call->first, call->last);
	if (is_hole) {
		listing_add_hole(
			l, (struct listing_hole){month_first_day(m - 1), month_last_day(m + 1)});
		err_set(&l->why, h->fail_month_code, "the fake hub fails");
	}
	return l;
}

/* The one that has waited for longest. */
static int answer_one(struct fake_hub *h, unsigned long n, enum failing_alloc how)
{
	struct err err;

	lock_take(&h->lock);
	struct fake_call call = h->call[h->answered++];
	lock_drop(&h->lock);
	struct listing *l = answer_to(h, &call, &err);
	failing_alloc_begin(n, how);
	call.done(call.arg, l, &err);
	return failing_alloc_end();
}

void fake_hub_hold(struct fake_hub *h)
{
	lock_take(&h->lock);
	h->held = h->call[h->answered++];
	lock_drop(&h->lock);
	h->held_listing = answer_to(h, &h->held, &h->held_err);
}

void fake_hub_let_go(struct fake_hub *h)
{
	h->held.done(h->held.arg, h->held_listing, &h->held_err);
}

int fake_hub_answer(struct fake_hub *h)
{
	int answers = 0;

	for (int waiting = fake_hub_waiting(h); answers < waiting; answers++)
		answer_one(h, 0, FAIL_ONE);
	return answers;
}

int fake_hub_answer_failing(struct fake_hub *h, unsigned long n, enum failing_alloc how)
{
	return answer_one(h, n, how);
}

int fake_hub_waiting(struct fake_hub *h)
{
	lock_take(&h->lock);
	int n = h->calls - h->answered;
	lock_drop(&h->lock);
	return n;
}

int fake_hub_calls(struct fake_hub *h)
{
	lock_take(&h->lock);
	int n = h->calls;
	lock_drop(&h->lock);
	return n;
}

struct fake_call fake_hub_call(struct fake_hub *h, int i)
{
	lock_take(&h->lock);
	struct fake_call call = h->call[i];
	lock_drop(&h->lock);
	return call;
}

/* ---- downloads ---- */

/* What the sink says to an attempt. */
static int attempt(const struct fake_file *f, const char *bytes, size_t len)
{
	int r = f->sink->begin(f->arg);

	if (r == 0)
		r = f->sink->write(f->arg, bytes, len / 2);
	return r == 0 ? f->sink->write(f->arg, bytes + len / 2, len - len / 2) : r;
}

int fake_hub_send(struct fake_hub *h, const void *bytes, size_t len, int code)
{
	static const char nonsense[] = "half an answer";
	struct err err = {0};

	lock_take(&h->lock);
	int waits = h->sent < h->files, breaks = h->breaks;
	struct fake_file f = waits ? h->file[h->sent++] : (struct fake_file){0};
	lock_drop(&h->lock);
	if (!waits)
		return 0;
	int r = bytes && breaks ? attempt(&f, nonsense, sizeof(nonsense)) : 0;
	if (r == 0 && bytes)
		r = attempt(&f, bytes, len);
	enum failure_scope scope = r < 0 || code == FAKE_HUB_DOWN                 ? FAILURE_HUB
				   : code == FAKE_GONE                            ? FAILURE_GONE
				   : code == FAKE_ABSENT || code == FAKE_UNPROVEN ? FAILURE_ABSENT
										  : FAILURE_ITEM;
	if (r == 0)
		r = code == FAKE_ABSENT ? -ENOENT : code <= FAKE_ABSENT ? -EIO : code;
	if (r < 0)
		err_sys(&err, r, "fetch from the fake hub");
	f.sink->done(f.arg, scope, &err);
	return 1;
}

void fake_hub_break(struct fake_hub *h, int on)
{
	lock_take(&h->lock);
	h->breaks = on;
	lock_drop(&h->lock);
}

int fake_hub_downloads(struct fake_hub *h)
{
	lock_take(&h->lock);
	int n = h->files;
	lock_drop(&h->lock);
	return n;
}

int fake_hub_downloads_waiting(struct fake_hub *h)
{
	lock_take(&h->lock);
	int n = h->files - h->sent;
	lock_drop(&h->lock);
	return n;
}

struct download_want fake_hub_wanted(struct fake_hub *h, int i)
{
	lock_take(&h->lock);
	struct download_want want = h->file[i].want;
	lock_drop(&h->lock);
	return want;
}

/* ---- time ---- */

int fake_hub_tick(struct fake_hub *h)
{
	struct timer t;

	for (int n = 0;; n++) {
		lock_take(&h->lock);
		int due = timers_take(&h->timers, fake_clock.mono_ms(), &t);
		lock_drop(&h->lock);
		if (!due)
			return n;
		t.task(t.arg);
	}
}
