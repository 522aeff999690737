/* SPDX-License-Identifier: MIT */
/* The search for what is counted and not listed; see lacking.h. */
#include "api/lacking.h"

#include <errno.h>
#include <stdlib.h>

#include "api/day.h"
#include "api/page.h"

struct lacking {
	struct session *session;
	const struct listing *listing;
	int32_t first, last;
	int64_t most;
	lacking_done *done;
	void *arg;
	/* -- so far: these months lack so many */
	int low, high;
	int64_t n;
	struct activities scratch; /* the pages' own activities, which nobody needs */
};

static void ask(struct lacking *k);

static void finish(struct lacking *k, int low, int high)
{
	k->done(k->arg, low, high);
	activities_clear(&k->scratch);
	free(k);
}

static int64_t listed(const struct lacking *k, int low, int high)
{
	const struct activities *list = &k->listing->list;
	int64_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		int m = month_of_day(list->row[i].day);
		n += m >= low && m <= high;
	}
	return n;
}

static void take_count(void *arg, int number, const struct page *page, const struct err *err)
{
	struct lacking *k = arg;
	int middle = (k->low + k->high) / 2;
	int64_t here = page ? page->count - listed(k, k->low, middle) : 0, there = k->n - here;

	(void)number;
	(void)err;
	if (!page || (here > k->most && there > k->most)) {
		finish(k, k->low, k->high);
	} else if (here > k->most) {
		k->high = middle;
		k->n = here;
		ask(k);
	} else if (there > k->most) {
		k->low = middle + 1;
		k->n = there;
		ask(k);
	} else {
		finish(k, 1, 0);
	}
}

static void ask(struct lacking *k)
{
	struct page_want want = {.size = 1, .number = 1, .is_hurried = 1};

	if (k->low == k->high) {
		finish(k, k->low, k->high);
		return;
	}
	want.first = month_first_day(k->low);
	want.last = month_last_day((k->low + k->high) / 2);
	if (want.first < k->first)
		want.first = k->first;
	page_get(k->session, &want, &k->scratch, take_count, k);
}

int lacking_find(struct session *s, const struct listing *l, int32_t first, int32_t last,
		 int64_t lacking, int64_t most, lacking_done *done, void *arg)
{
	struct lacking *k = calloc(1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	*k = (struct lacking){.session = s,
			      .listing = l,
			      .first = first,
			      .last = last,
			      .most = most,
			      .done = done,
			      .arg = arg,
			      .low = month_of_day(first),
			      .high = month_of_day(last),
			      .n = lacking};
	activities_init(&k->scratch);
	ask(k);
	return 0;
}
