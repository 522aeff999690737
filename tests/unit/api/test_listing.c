/* SPDX-License-Identifier: MIT */
/* Listings against the sample hub: whole or an error, whatever moves meanwhile. */
#include "api/listing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/day.h"
#include "tests/support/exchange.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/net.h"
#include "tests/support/rows.h"

#define ALL_FIRST 20000101
#define ALL_LAST  20991231

static struct hub_process *hub;

static struct net *start(const char *athlete)
{
	const struct net_config config = {.routes = 1};
	char body[160];
	struct err err;

	hub_process_post(hub, "clear", "");
	snprintf(body, sizeof(body),
		 "{%s,\"athlete\":\"synthetic\",\"years\":3,\"last_day\":20261031}", athlete);
	hub_process_post(hub, "athlete", body);
	struct net *n = net_new(hub, &config);
	assert_int_equal(session_login(n->session, &err), 0);
	hub_process_post(hub, "reset", "");
	return n;
}

static void assert_sorted(const struct activities *list)
{
	for (size_t i = 1; i < list->n; i++) {
		assert_true(activity_compare(&list->row[i - 1], &list->row[i]) < 0);
		assert_true(list->row[i - 1].label_id != list->row[i].label_id);
	}
}

/* ---- a range ---- */

static const struct range_case {
	const char *why, *athlete, *knobs;
	int32_t first, last;
	int want;
	long n;        /* rows, -1: some */
	long requests; /* -1: depends */
} range_cases[] = {
	{"all on one page", "\"activities\":200", "{}", ALL_FIRST, ALL_LAST, 0, 200, 2},
	{"one more than a page", "\"activities\":201", "{}", ALL_FIRST, ALL_LAST, 0, 201, 2},
	{"many pages", "\"activities\":1000", "{}", ALL_FIRST, ALL_LAST, 0, 1000, 6},
	{"a month", "\"activities\":1000", "{}", 20260301, 20260331, 0, -1, 1},
	{"nothing in it: is there anything at all", "\"activities\":1000", "{}", 20990101, 20991231,
	 0, 0, 2},
	{"nothing at all", "\"activities\":0", "{}", ALL_FIRST, ALL_LAST, 0, 0, 2},
	{"a hub that takes pages of a hundred", "\"activities\":250", "{\"page_max\":100}",
	 ALL_FIRST, ALL_LAST, 0, 250, 4},
	{"a hub that takes no such pages", "\"activities\":250", "{\"page_max\":50}", ALL_FIRST,
	 ALL_LAST, -EIO, 0, 2},
	{"an activity that comes twice counts once", "\"activities\":1000",
	 "{\"fault\":{\"kind\":\"duplicate\",\"n\":5}}", ALL_FIRST, ALL_LAST, 0, 1000, 6},
	{"a new one while pages are read", "\"activities\":1000",
	 "{\"fault\":{\"kind\":\"insert\"}}", ALL_FIRST, ALL_LAST, 0, 1001, 12},
	{"a count that is wrong for a moment", "\"activities\":300",
	 "{\"fault\":{\"kind\":\"count_lies\",\"add\":1,\"times\":1}}", ALL_FIRST, ALL_LAST, 0, 300,
	 4},
	{"a count that is always one too high", "\"activities\":300",
	 "{\"fault\":{\"kind\":\"count_lies\",\"add\":1}}", ALL_FIRST, ALL_LAST, 0, 300, 2},
	{"a count that is always one too low", "\"activities\":300",
	 "{\"fault\":{\"kind\":\"count_lies\",\"add\":-1}}", ALL_FIRST, ALL_LAST, 0, 300, 2},
	{"a count that hides all but a page", "\"activities\":460",
	 "{\"fault\":{\"kind\":\"count_lies\",\"add\":-260}}", ALL_FIRST, ALL_LAST, 0, 460, 3},
	{"one that hides the last page", "\"activities\":460",
	 "{\"fault\":{\"kind\":\"count_lies\",\"add\":-60}}", ALL_FIRST, ALL_LAST, 0, 460, -1},
	{"one that says pages, too, that are not there", "\"activities\":460",
	 "{\"fault\":{\"kind\":\"count_lies\",\"add\":-260,\"pages\":false}}", ALL_FIRST, ALL_LAST,
	 0, 460, -1},
	{"one page fails for a moment", "\"activities\":1000",
	 "{\"fault\":{\"kind\":\"status\",\"code\":503,\"after\":2,\"times\":1}}", ALL_FIRST,
	 ALL_LAST, 0, 1000, 7},
	{"one page is cut off for a moment", "\"activities\":1000",
	 "{\"fault\":{\"kind\":\"cut\",\"after\":2,\"times\":1}}", ALL_FIRST, ALL_LAST, 0, 1000,
	 -1},
	{"all pages fail: they are not all asked for", "\"activities\":1000",
	 "{\"fault\":{\"kind\":\"result\",\"code\":\"1001\"}}", ALL_FIRST, ALL_LAST, -EIO, 0, 1},
	{"a month of which a page fails", "\"activities\":8000",
	 "{\"fault\":{\"kind\":\"result\",\"code\":\"1001\",\"query\":\"pageNumber=2\"}}", 20260301,
	 20260331, -EIO, 0, 2},
	{"a month that lacks what it counts", "\"activities\":1000",
	 "{\"fault\":{\"kind\":\"count_lies\",\"add\":4}}", 20260301, 20260331, -EIO, 0, 2},
	{"or lacks it for a moment", "\"activities\":1000",
	 "{\"fault\":{\"kind\":\"count_lies\",\"add\":4,\"times\":1}}", 20260301, 20260331, 0, -1,
	 2},
	{"success without data is no emptiness", "\"activities\":10",
	 "{\"fault\":{\"kind\":\"wrong_types\",\"what\":\"data_null\"}}", ALL_FIRST, ALL_LAST, -EIO,
	 0, 1},
	{"data of another type", "\"activities\":10",
	 "{\"fault\":{\"kind\":\"wrong_types\",\"what\":\"data\"}}", ALL_FIRST, ALL_LAST, -EIO, 0,
	 1},
	{"a list of another type", "\"activities\":10",
	 "{\"fault\":{\"kind\":\"wrong_types\",\"what\":\"dataList\"}}", ALL_FIRST, ALL_LAST, -EIO,
	 0, 1},
	{"a count as a text", "\"activities\":10",
	 "{\"fault\":{\"kind\":\"wrong_types\",\"what\":\"count\"}}", ALL_FIRST, ALL_LAST, 0, 10,
	 1},
	{"numbers that changed their kind", "\"activities\":10",
	 "{\"fault\":{\"kind\":\"swap_numbers\"}}", ALL_FIRST, ALL_LAST, 0, 10, 1},
	{"keys that are missing", "\"activities\":10", "{\"fault\":{\"kind\":\"missing_keys\"}}",
	 ALL_FIRST, ALL_LAST, 0, 10, 1},
	{"nulls", "\"activities\":10", "{\"fault\":{\"kind\":\"nulls\"}}", ALL_FIRST, ALL_LAST, 0,
	 10, 1},
	{"labels as numbers", "\"activities\":10",
	 "{\"fault\":{\"kind\":\"wrong_types\",\"what\":\"labelId\"}}", ALL_FIRST, ALL_LAST, 0, 10,
	 1},
	{"bytes that are no UTF-8", "\"activities\":10", "{\"fault\":{\"kind\":\"bad_utf8\"}}",
	 ALL_FIRST, ALL_LAST, 0, 10, 1},
	{"nesting without end", "\"activities\":10", "{\"fault\":{\"kind\":\"deep\"}}", ALL_FIRST,
	 ALL_LAST, 0, 10, 1},
	{"activities of other days alone are no empty month", "\"activities\":1000",
	 "{\"fault\":{\"kind\":\"huge\",\"mb\":2}}", 20260301, 20260331, -EIO, 0, -1},
	{"an answer without end", "\"activities\":10", "{\"fault\":{\"kind\":\"huge\"}}", ALL_FIRST,
	 ALL_LAST, -EIO, 0, 1},
};

static void range(void **state)
{
	const struct range_case *c = *state;
	struct net *n = start(c->athlete);
	struct err err;

	hub_process_post(hub, "set", c->knobs);
	struct listing *l = net_range(n, c->first, c->last, &err);
	assert_int_equal(err.code, c->want);
	if (c->want == 0) {
		assert_non_null(l);
		if (c->n >= 0)
			assert_int_equal(l->list.n, c->n);
		else
			assert_true(l->list.n > 0);
		assert_sorted(&l->list);
		assert_int_equal(l->whole_from, c->first);
		for (size_t i = 0; i < l->list.n; i++) {
			assert_in_range(l->list.row[i].day, c->first, c->last);
			assert_in_range(l->list.row[i].day, l->oldest_day, l->newest_day);
		}
	} else {
		assert_null(l);
		assert_true(err.text[0] != '\0');
	}
	if (c->requests >= 0)
		assert_int_equal(hub_process_stat(hub, "requests"), c->requests);
	assert_in_range(hub_process_stat(hub, "max_parallel"), 1, 4);
	listing_free(l);
	net_free(n);
}

/* ---- holes ---- */

/* `month` (of 1000 activities in three years) is to be in a hole, of at most so many months. */
static const struct hole_case {
	const char *why, *fault;
	int32_t month;
	int months;
	long requests;
} hole_cases[] = {
	{"a page that fails", "\"kind\":\"result\",\"query\":\"pageNumber=3\"", 202504, 9, 5},
	{"the first page", "\"kind\":\"html200\",\"month\":202610", 202610, 999, -1},
	{"the last page", "\"kind\":\"result\",\"query\":\"pageNumber=5\"", 202402, 300, 5},
	{"two pages", "\"kind\":\"result\",\"month\":202505", 202505, 17, -1},
	{"a page that is refused for its size",
	 "\"kind\":\"result\",\"code\":\"1031\",\"query\":\"pageNumber=3\"", 202504, 9, 5},
	{"a page that does not come in time",
	 "\"kind\":\"delay\",\"ms\":6000,\"query\":"
	 "\"pageNumber=3\"",
	 202504, 9, 5},
	{"a month of more than anybody has", "\"kind\":\"rows\",\"n\":10500,\"page\":1", 202610, 1,
	 -1},
	{"a month that counts more than it lists",
	 "\"kind\":\"count_lies\",\"add\":4,\"covers\":"
	 "202505",
	 202505, 1, 16},
};

static void hole(void **state)
{
	const struct hole_case *c = *state;
	struct net *n = start("\"activities\":1000");
	char knobs[200];
	struct err err;
	size_t here = 0, there = 0;

	struct listing *all = net_range(n, ALL_FIRST, ALL_LAST, &err);
	assert_non_null(all);
	snprintf(knobs, sizeof(knobs), "{\"fault\":{%s}}", c->fault);
	hub_process_post(hub, "set", knobs);
	hub_process_post(hub, "reset", "");
	struct listing *l = net_range(n, ALL_FIRST, ALL_LAST, &err);
	if (c->months == 999) {
		/* Nobody tells how many there are. */
		assert_null(l);
	} else {
		assert_non_null(l);
		assert_int_equal(l->holes, 1);
		assert_true(l->why.code < 0);
		assert_true(listing_misses(l, c->month * 100 + 1, c->month * 100 + 28));
		assert_in_range(month_of_day(l->hole[0].last) - month_of_day(l->hole[0].first), 0,
				c->months - 1);
		/* Beside it all is there. */
		for (size_t i = 0; i < l->list.n; i++)
			here += !listing_misses(l, l->list.row[i].day, l->list.row[i].day);
		for (size_t i = 0; i < all->list.n; i++)
			there += !listing_misses(l, all->list.row[i].day, all->list.row[i].day);
		assert_int_equal(here, there);
	}
	if (c->requests >= 0)
		assert_in_range(hub_process_stat(hub, "requests"), 1, c->requests);
	listing_free(l);
	listing_free(all);
	net_free(n);
}

/* Pages of one activity, of a hub that counts a hundred thousand. */
static void endless(void **state)
{
	struct net *n = start("\"activities\":1");
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"fault\":{\"kind\":\"count_lies\",\"add\":99999}}");
	assert_null(net_range(n, ALL_FIRST, ALL_LAST, &err));
	assert_int_equal(err.code, -EIO);
	assert_int_equal(hub_process_stat(hub, "requests"), 1);
	net_free(n);
}

static void bad_items(void **state)
{
	struct net *n = start("\"activities\":10");
	struct err err;

	(void)state;
	hub_process_post(hub, "set",
			 "{\"faults\":[{\"kind\":\"bad_item\",\"what\":\"path\"},"
			 "{\"kind\":\"bad_item\",\"what\":\"number\"},"
			 "{\"kind\":\"count_lies\",\"add\":2}]}");
	struct listing *l = net_range(n, ALL_FIRST, ALL_LAST, &err);
	assert_non_null(l);
	assert_int_equal(l->list.n, 10);
	assert_int_equal(l->count, 12);
	assert_int_equal(hub_process_stat(hub, "requests"), 1);
	listing_free(l);
	net_free(n);
}

/* A hub that changes at every look is not believed, and not asked for ever. */
static void never_at_rest(void **state)
{
	struct net *n = start("\"activities\":300");
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"fault\":{\"kind\":\"insert\",\"times\":1000}}");
	assert_null(net_range(n, ALL_FIRST, ALL_LAST, &err));
	assert_int_equal(err.code, -EIO);
	assert_non_null(strstr(err.text, "changes while it is read"));
	assert_int_equal(hub_process_stat(hub, "requests"), 8);
	net_free(n);
}

static void smaller_pages_for_good(void **state)
{
	struct net *n = start("\"activities\":150");
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"page_max\":100}");
	listing_free(net_range(n, ALL_FIRST, ALL_LAST, &err));
	assert_int_equal(hub_process_stat(hub, "requests"), 3);
	listing_free(net_range(n, ALL_FIRST, ALL_LAST, &err));
	assert_int_equal(hub_process_stat(hub, "requests"), 5);
	assert_int_equal(hub_process_stat(hub, "results|1031"), 1);
	net_free(n);
}

/* ---- the ends ---- */

static const struct ends_case {
	const char *why, *athlete, *knobs;
	int knows;       /* what an earlier call gave */
	int count, rows; /* rows: on the newest page */
	int requests;
	int is_whole;
} ends_cases[] = {
	{"everything on one page", "\"activities\":150", "{}", 0, 150, 150, 1, 1},
	{"a page exactly", "\"activities\":200", "{}", 0, 200, 200, 2, 1},
	{"a page exactly, as it was", "\"activities\":200", "{}", 1, 200, 200, 1, 1},
	{"two pages", "\"activities\":201", "{}", 0, 201, 200, 2, 0},
	{"many pages, only the ends of them", "\"activities\":1000", "{}", 0, 1000, 200, 3, 0},
	{"the oldest is known", "\"activities\":1000", "{}", 1, 1000, 200, 1, 0},
	{"nothing at all", "\"activities\":0", "{}", 0, 0, 0, 1, 1},
	{"a hub that takes pages of a hundred all of a sudden", "\"activities\":250",
	 "{\"page_max\":100}", 0, 250, 100, 5, 0},
	{"a new one in between", "\"activities\":1000", "{\"fault\":{\"kind\":\"insert\"}}", 0,
	 1001, 200, 4, 0},
};

/* A count that is too low by so much that the last page it tells of is full. */
static void ends_that_are_none(void **state)
{
	static const char *const lies[] = {
		"{\"fault\":{\"kind\":\"count_lies\",\"add\":-260}}",
		"{\"fault\":{\"kind\":\"count_lies\",\"add\":-60}}",
		"{\"fault\":{\"kind\":\"count_lies\",\"add\":-260,\"pages\":false}}",
		"{\"fault\":{\"kind\":\"count_lies\",\"add\":-460,\"pages\":false}}",
	};
	struct net *n = start("\"activities\":460");
	struct err why;

	(void)state;
	struct listing *all = net_range(n, ALL_FIRST, ALL_LAST, &why);
	assert_non_null(all);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct err err;
		hub_process_post(hub, "set", lies[i]);
		for (int known = 0; known < 2; known++) {
			const struct listing_known k = {known ? 460 : 0,
							known ? all->oldest_day : 0, 0};
			struct listing *l = net_ends(n, &k, &err);
			if (!l)
				fail_msg("%s: %s", lies[i], err.text);
			assert_int_equal(l->oldest_day, all->oldest_day);
			listing_free(l);
		}
	}
	listing_free(all);
	net_free(n);
}

static void ends(void **state)
{
	const struct ends_case *c = *state;
	struct net *n = start(c->athlete);
	struct err err;
	int32_t oldest = 0;

	struct listing *all = net_range(n, ALL_FIRST, ALL_LAST, &err);
	assert_non_null(all);
	oldest = all->oldest_day;
	hub_process_post(hub, "set", c->knobs);
	hub_process_post(hub, "reset", "");
	const struct listing_known known = {c->knows ? all->count : 0, c->knows ? oldest : 0, 0};
	struct listing *l = net_ends(n, &known, &err);
	assert_non_null(l);
	assert_int_equal(l->count, c->count);
	assert_int_equal(l->list.n, c->rows);
	assert_sorted(&l->list);
	assert_int_equal(l->newest_day, all->newest_day);
	assert_int_equal(l->oldest_day, oldest);
	assert_int_equal(hub_process_stat(hub, "requests"), c->requests);
	if (c->is_whole) {
		assert_int_equal(l->whole_from, DAY_MIN);
	} else {
		/* What it says is whole is all that there is. */
		size_t here = 0, there = 0;
		assert_true(l->whole_from > l->list.row[l->list.n - 1].day);
		for (size_t i = 0; i < l->list.n; i++)
			here += l->list.row[i].day >= l->whole_from;
		for (size_t i = 0; i < all->list.n; i++)
			there += all->list.row[i].day >= l->whole_from;
		assert_int_equal(here, there + (size_t)(l->count - all->count));
	}
	listing_free(l);
	listing_free(all);
	net_free(n);
}

/* Pages that fail for good. */
static const struct ends_fail_case {
	const char *why, *fault;
	int is_narrow; /* asked without the newest page */
	int is_newest_known, is_oldest_known;
	long requests;
} ends_fail_cases[] = {
	{"the newest page, not its first", "\"month\":202609", 0, 1, 1, 4},
	{"the same, which is known", "\"month\":202609", 1, 1, 1, 3},
	{"the newest activities", "\"month\":202610", 0, 0, 1, 5},
	{"the last page, not its last", "\"month\":202312", 0, 1, 1, 3},
	{"the oldest activities", "\"month\":202311", 0, 1, 0, 10},
	{"all lists of that size", "\"query\":\"size=200\"", 0, 1, 1, 4},
};

static void ends_fail(void **state)
{
	const struct ends_fail_case *c = *state;
	const struct listing_known known = {.is_narrow = c->is_narrow};
	struct net *n = start("\"activities\":1000");
	char knobs[200];
	struct err err;

	struct listing *all = net_range(n, ALL_FIRST, ALL_LAST, &err);
	assert_non_null(all);
	snprintf(knobs, sizeof(knobs), "{\"fault\":{\"kind\":\"html200\",%s}}", c->fault);
	hub_process_post(hub, "set", knobs);
	hub_process_post(hub, "reset", "");
	struct listing *l = net_ends(n, &known, &err);
	if (!l)
		fail_msg("%s", err.text);
	assert_int_equal(l->count, 1000);
	assert_in_range(l->newest_day, all->newest_day, DAY_MAX);
	assert_int_equal(l->oldest_day / 10000, 2023);
	if (c->is_newest_known)
		assert_int_equal(l->newest_day, all->newest_day);
	if (c->is_oldest_known)
		assert_int_equal(l->oldest_day, all->oldest_day);
	assert_in_range(hub_process_stat(hub, "requests"), 1, c->requests);
	/* What is not known is not whole. */
	assert_int_equal(l->whole_from != 0, l->list.n > 1);
	listing_free(l);
	listing_free(all);
	net_free(n);
}

/* Items that nobody can read are counted, and decide nothing. */
static void ends_unreadable(void **state)
{
	static const char *const where[] = {"\"date\":20230101,\"startTime\":1672531200",
					    "\"date\":20261101,\"startTime\":1793500000"};
	struct net *n = start("\"activities\":200");
	struct err err;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char item[200];
		snprintf(item, sizeof(item), "{\"raw\":\"{\\\"labelId\\\":\\\"7%zu\\\"}\",%s}", i,
			 where[i]);
		hub_process_post(hub, "add", item);
		struct listing *l = net_ends(n, &(struct listing_known){0}, &err);
		if (!l)
			fail_msg("%s", err.text);
		assert_int_equal(l->count, 201 + i);
		assert_int_equal(l->newest_day / 10000, 2026);
		assert_int_equal(l->oldest_day / 10000, 2023);
		listing_free(l);
	}
	net_free(n);
}

/* Years between two activities of one page are empty. */
static void ends_far_away(void **state)
{
	struct net *n = start("\"activities\":500");
	struct err err;

	(void)state;
	hub_process_post(hub, "add", "{\"date\":19890105,\"hhmm\":\"0700\"}");
	hub_process_post(hub, "add", "{\"date\":20360105,\"hhmm\":\"0700\"}");
	struct listing *l = net_ends(n, &(struct listing_known){0}, &err);
	assert_non_null(l);
	assert_int_equal(l->newest_day, 20360105);
	assert_int_equal(l->oldest_day, 19890105);
	for (int y = 1989; y <= 2036; y++)
		assert_int_equal(l->is_empty[y - DAY_MIN / 10000],
				 y != 1989 && y != 2036 && (y < 2023 || y > 2026));
	assert_int_equal(hub_process_stat(hub, "requests"), 2);
	listing_free(l);
	net_free(n);
}

static void end_during_listing(void **state)
{
	struct net *n = start("\"activities\":5000");
	struct err err;

	(void)state;
	hub_process_post(hub, "set", "{\"delay_ms\":300}");
	net_range_begin(n, ALL_FIRST, ALL_LAST);
	net_stop(n);
	assert_null(net_range_end(n, &err));
	assert_int_equal(err.code, -ECANCELED);
	/* And after the end. */
	assert_int_equal(n->calls.range(n->calls.ctx, 1, 2, 0, NULL, NULL), -ECANCELED);
	assert_int_equal(n->calls.ends(n->calls.ctx, &(struct listing_known){0}, NULL, NULL),
			 -ECANCELED);
	assert_int_equal(n->calls.after(n->calls.ctx, 1, NULL, NULL), -ECANCELED);
	net_free(n);
}

/* ---- no memory ---- */

/* A listing during which an allocation of the transport thread fails. */
struct starved {
	struct net *net;
	unsigned long nth;
	enum failing_alloc how;
	sem_t ended;
	int was_refused;
	struct listing *listing;
	struct err err;
};

static void starved_ended(void *arg, struct listing *listing, const struct err *err)
{
	struct starved *s = arg;

	s->was_refused = failing_alloc_end();
	s->listing = listing;
	s->err = *err;
	sem_post(&s->ended);
}

static void starved_begin(void *arg)
{
	struct starved *s = arg;

	failing_alloc_begin(s->nth, s->how);
	listing_range(s->net->session, ALL_FIRST, ALL_LAST, 0, starved_ended, s);
}

static int starve(struct net *n, unsigned long nth, enum failing_alloc how)
{
	struct starved s = {.net = n, .nth = nth, .how = how};

	sem_init(&s.ended, 0, 0);
	assert_int_equal(http_run(n->http, starved_begin, &s), 0);
	exchange_wait(&s.ended);
	if (s.err.code == 0)
		assert_int_equal(s.listing->list.n, 450);
	else
		assert_int_equal(s.err.code, -ENOMEM);
	listing_free(s.listing);
	return s.was_refused;
}

static void no_memory(void **state)
{
	struct net *n = start("\"activities\":450");
	unsigned long nth;

	(void)state;
	for (enum failing_alloc how = FAIL_ONE; how <= FAIL_REST; how++)
		for (nth = 1; starve(n, nth, how); nth++)
			;
	assert_true(nth > 20);
	net_free(n);
}

static void no_memory_to_log_in(void **state)
{
	const struct net_config config = {.routes = 1};
	int was_refused = 1;

	(void)state;
	net_free(start("\"activities\":450"));
	for (unsigned long nth = 1; was_refused; nth++) {
		net_fresh_hub(hub);
		struct net *n = net_new(hub, &config);
		was_refused = starve(n, nth, FAIL_ONE);
		net_free(n);
	}
}

int main(void)
{
	static struct rows rows;

	hub = hub_process_new(NULL);
	ROWS_ADD(&rows, range_cases, range);
	ROWS_ADD(&rows, hole_cases, hole);
	rows_add(&rows, "pages without end", endless, NULL);
	rows_add(&rows, "bad items do not hide the others", bad_items, NULL);
	rows_add(&rows, "a list that never rests is an error", never_at_rest, NULL);
	rows_add(&rows, "smaller pages for the life of the session", smaller_pages_for_good, NULL);
	ROWS_ADD(&rows, ends_cases, ends);
	rows_add(&rows, "ends that are none", ends_that_are_none, NULL);
	ROWS_ADD(&rows, ends_fail_cases, ends_fail);
	rows_add(&rows, "ends that cannot be read", ends_unreadable, NULL);
	rows_add(&rows, "ends that are far away", ends_far_away, NULL);
	rows_add(&rows, "no memory, no listing, but an answer", no_memory, NULL);
	rows_add(&rows, "no memory for the login", no_memory_to_log_in, NULL);
	rows_add(&rows, "the end during a listing", end_during_listing, NULL);
	int failed = rows_run("listing", &rows);
	hub_process_free(hub);
	return failed;
}
