/* SPDX-License-Identifier: MIT */
/* Listings as a value, and what is said of them; for listing.c and ends.c. */
#include <errno.h>
#include <stdlib.h>

#include "api/day.h"
#include "api/listing_impl.h"
#include "api/log.h"
#include "api/session_impl.h"

static int by_label(const void *a, const void *b)
{
	const struct activity *x = a, *y = b;

	return (x->label_id > y->label_id) - (x->label_id < y->label_id);
}

void listing_unique(struct activities *list)
{
	size_t n = 0;

	if (list->n)
		qsort(list->row, list->n, sizeof(list->row[0]), by_label);
	for (size_t i = 0; i < list->n; i++)
		if (n == 0 || list->row[n - 1].label_id != list->row[i].label_id)
			list->row[n++] = list->row[i];
	list->n = n;
}

void listing_sort(struct listing *l)
{
	struct activities *list = &l->list;

	if (list->n)
		qsort(list->row, list->n, sizeof(list->row[0]), activity_compare);
	l->newest_day = l->oldest_day = list->n ? list->row[0].day : 0;
	/* By day and not by place: across time zones a later start may have an earlier date. */
	for (size_t i = 1; i < list->n; i++) {
		if (list->row[i].day > l->newest_day)
			l->newest_day = list->row[i].day;
		if (list->row[i].day < l->oldest_day)
			l->oldest_day = list->row[i].day;
	}
}

void listing_warn_bad(struct session *s, size_t bad, const struct err *why)
{
	if (bad && said_news(&s->said, why, session_now_ms(s)))
		log_warn("%zu activities of the Training Hub's list are left out; the first: %s",
			 bad, why->text);
}

void listing_warn_once(struct session *s, const struct err *odd)
{
	if (said_news(&s->said, odd, session_now_ms(s)))
		log_warn("%s", odd->text);
}

struct listing *listing_new(void)
{
	struct listing *l = calloc(1, sizeof(*l));

	if (l)
		activities_init(&l->list);
	return l;
}

void listing_free(struct listing *l)
{
	if (!l)
		return;
	activities_clear(&l->list);
	free(l);
}

void listing_add_hole(struct listing *l, struct listing_hole hole)
{
	struct listing_hole *last = &l->hole[LISTING_HOLES - 1];

	if (l->holes < LISTING_HOLES) {
		l->hole[l->holes++] = hole;
		return;
	}
	last->first = hole.first < last->first ? hole.first : last->first;
	last->last = hole.last > last->last ? hole.last : last->last;
}

int listing_misses(const struct listing *l, int32_t first, int32_t last)
{
	for (int i = 0; i < l->holes; i++)
		if (l->hole[i].first <= last && l->hole[i].last >= first)
			return 1;
	return 0;
}

size_t listing_drop_outside(struct session *s, struct listing *l, int32_t first, int32_t last)
{
	struct activities *list = &l->list;
	size_t n = 0, before = list->n;
	struct err odd;

	for (size_t i = 0; i < before; i++)
		if (list->row[i].day >= first && list->row[i].day <= last)
			list->row[n++] = list->row[i];
	list->n = n;
	if (n == before)
		return 0;
	err_set(&odd, 0,
		"the Training Hub lists %zu activities outside %d..%d when asked for these days; "
		"they are left out",
		before - n, first, last);
	listing_warn_once(s, &odd);
	return before - n;
}

void listing_find_crowded(struct listing *l)
{
	const struct activity *row = l->list.row;

	for (size_t i = 0; i + LIST_MONTH_MAX < l->list.n; i++) {
		int month = month_of_day(row[i].day);
		struct listing_hole hole = {month_first_day(month), month_last_day(month)};
		if (month != month_of_day(row[i + LIST_MONTH_MAX].day) ||
		    listing_misses(l, row[i].day, row[i].day))
			continue;
		err_set(&l->why, -EIO, "the Training Hub lists more than %d activities in a month",
			LIST_MONTH_MAX);
		listing_add_hole(l, hole);
	}
}
