/* SPDX-License-Identifier: MIT */
/* What a thing is -> its st_ino; see inode.h. */
#include "fs/inode.h"

#include "api/day.h"
#include "cache/history.h"

/* The code of what is no activity: what << 16 | year << 4 | month. */
#define WHAT_DIR     1
#define WHAT_SUMMARY 2  /* + format */
#define WHAT_VIEW    32 /* + view: a directory in it */
#define OTHER        15

int thing_is_dir(const struct thing *t)
{
	return t->kind < THING_SUMMARY;
}

int thing_is_download(const struct thing *t)
{
	return t->kind == THING_ACTIVITY && t->format >= FORMAT_FIT;
}

struct thing thing_root(void)
{
	return (struct thing){.kind = THING_ROOT};
}

struct thing thing_all(int first, int last)
{
	return (struct thing){.kind = THING_ALL, .first = first, .last = last};
}

struct thing thing_view(enum thing_format view)
{
	return (struct thing){.kind = THING_VIEW, .view = (uint8_t)view};
}

struct thing thing_in(enum thing_format view, struct thing t)
{
	t.view = (uint8_t)view;
	return t;
}

struct thing thing_year(int year)
{
	return (struct thing){.kind = THING_YEAR,
			      .year = (uint16_t)year,
			      .first = month_number(year, 1),
			      .last = month_number(year, 12)};
}

struct thing thing_month(int year, int month)
{
	int number = month_number(year, month);

	return (struct thing){.kind = THING_MONTH,
			      .year = (uint16_t)year,
			      .month = (uint8_t)month,
			      .first = number,
			      .last = number};
}

struct thing thing_summary(const struct thing *dir, enum thing_format format)
{
	struct thing t = *dir;

	t.kind = THING_SUMMARY;
	t.format = (uint8_t)format;
	return t;
}

struct thing thing_activity(const struct thing *month, uint64_t label_id)
{
	struct thing t = *month;

	t.kind = THING_ACTIVITY;
	t.format = month->view;
	t.label_id = label_id;
	return t;
}

uint64_t inode_of(const struct thing *t)
{
	uint64_t what = t->kind == THING_SUMMARY ? WHAT_SUMMARY + (uint64_t)t->format
			: t->view                ? WHAT_VIEW + (uint64_t)t->view
						 : WHAT_DIR;

	if (t->kind == THING_ROOT)
		return INODE_ROOT;
	if (t->kind == THING_ACTIVITY)
		return t->label_id << 4 | t->format;
	return (what << 16 | (uint64_t)t->year << 4 | t->month) << 4 | OTHER;
}

int inode_dir(uint64_t ino, struct thing *t)
{
	uint64_t code = ino >> 4, what = code >> 16;
	int year = (int)(code >> 4 & 0xfff), month = (int)(code & 0xf);

	if (ino == INODE_ROOT) {
		*t = thing_root();
		return 0;
	}
	enum thing_format view = FORMAT_JSON;
	if (what >= WHAT_VIEW + FORMAT_FIT && what < WHAT_VIEW + FORMATS)
		view = (enum thing_format)(what - WHAT_VIEW);
	if ((ino & 15) != OTHER || (what != WHAT_DIR && !view))
		return -1;
	if (!year && !month) {
		*t = view ? thing_view(view) : thing_all(0, 0);
		return 0;
	}
	if (year < HISTORY_YEAR_MIN || year >= HISTORY_YEAR_MIN + HISTORY_YEARS || month > 12)
		return -1;
	*t = thing_in(view, month ? thing_month(year, month) : thing_year(year));
	return 0;
}
