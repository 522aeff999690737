/* SPDX-License-Identifier: MIT */
/* Pages of a list that came; see sheets.h. */
#include "api/sheets.h"

#include <errno.h>
#include <stdlib.h>

#include "api/day.h"

#define ZONE_EAST (14 * 60)  /* minutes; no clock is further ahead of UTC ... */
#define ZONE_WEST (-12 * 60) /* ... or behind it */

void sheets_clear(struct sheets *s)
{
	free(s->sheet);
	*s = (struct sheets){0};
}

int sheets_add(struct sheets *s, int number, const struct page *page)
{
	if (number > s->n) {
		struct sheet *more = reallocarray(s->sheet, (size_t)number, sizeof(*more));
		if (!more)
			return -ENOMEM;
		for (s->sheet = more; s->n < number; s->n++)
			more[s->n] = (struct sheet){0};
	}
	s->sheet[number - 1] = (struct sheet){1, page->before_s, page->behind_s};
	return 0;
}

int sheets_have(const struct sheets *s, int number)
{
	return number <= s->n && s->sheet[number - 1].is_here;
}

int64_t sheets_missing(const struct sheets *s, int64_t count, int each)
{
	int64_t n = 0;

	for (int i = 1; count > 0; i++, count -= each)
		if (!sheets_have(s, i))
			n += count < each ? count : each;
	return n;
}

/* The pages a..b did not come: what they hold began between what stands on those around them. */
static struct listing_hole hole_of(const struct sheets *s, int a, int b, int pages, int32_t first,
				   int32_t last)
{
	struct listing_hole hole = {first, last};
	int32_t day = 0;

	while (--a >= 1 && !day)
		if (sheets_have(s, a) && s->sheet[a - 1].behind_s)
			day = day_of(s->sheet[a - 1].behind_s, ZONE_EAST);
	if (day && day < last)
		hole.last = day;
	for (day = 0; ++b <= pages && !day;)
		if (sheets_have(s, b) && s->sheet[b - 1].before_s)
			day = day_of(s->sheet[b - 1].before_s, ZONE_WEST);
	if (day > first)
		hole.first = day;
	/* A list out of order: it may be anywhere. */
	return hole.first <= hole.last ? hole : (struct listing_hole){first, last};
}

void sheets_holes(const struct sheets *s, int pages, int32_t first, int32_t last, struct listing *l)
{
	for (int a = 1; a <= pages; a++) {
		int b = a;
		if (sheets_have(s, a))
			continue;
		while (b < pages && !sheets_have(s, b + 1))
			b++;
		listing_add_hole(l, hole_of(s, a, b, pages, first, last));
		a = b;
	}
}
