/* SPDX-License-Identifier: MIT */
/* st_ino: one for each thing, the same for ever. */
#include "fs/inode.h"
#include "fs/view.h"

#include <stdlib.h>

#include "api/activity.h"
#include "api/day.h"
#include "cache/history.h"
#include "tests/support/rows.h"

#define LABEL UINT64_C(481230045566778899)

/* Written down, since they are what backups know files by. */
static const struct known_case {
	const char *why;
	struct thing thing;
	uint64_t ino;
} known_cases[] = {
	{"the root", {.kind = THING_ROOT}, 1},
	{"all", {.kind = THING_ALL}, 0x10000f},
	{"a year", {.kind = THING_YEAR, .year = 2022}, 0x17e60f},
	{"a month", {.kind = THING_MONTH, .year = 2022, .month = 12}, 0x17e6cf},
	{"a month's csv",
	 {.kind = THING_SUMMARY, .format = FORMAT_CSV, .year = 2022, .month = 12},
	 0x37e6cf},
	{"a month's json",
	 {.kind = THING_SUMMARY, .format = FORMAT_JSON, .year = 2022, .month = 12},
	 0x27e6cf},
	{"all's csv", {.kind = THING_SUMMARY, .format = FORMAT_CSV}, 0x30000f},
	{"an activity's json",
	 {.kind = THING_ACTIVITY, .year = 2022, .month = 12, .label_id = LABEL},
	 LABEL << 4},
	{"a view", {.kind = THING_VIEW, .view = FORMAT_FIT}, 0x220000f},
	{"a view's month",
	 {.kind = THING_MONTH, .view = FORMAT_FIT, .year = 2022, .month = 12},
	 0x227e6cf},
	{"the last view's year",
	 {.kind = THING_YEAR, .view = FORMAT_DETAIL, .year = 2022},
	 0x277e60f},
	{"an activity's fit",
	 {.kind = THING_ACTIVITY,
	  .view = FORMAT_FIT,
	  .format = FORMAT_FIT,
	  .year = 2022,
	  .month = 12,
	  .label_id = LABEL},
	 LABEL << 4 | 2},
	{"an activity's detail",
	 {.kind = THING_ACTIVITY,
	  .view = FORMAT_DETAIL,
	  .format = FORMAT_DETAIL,
	  .label_id = LABEL},
	 LABEL << 4 | 7},
	{"the last labelId",
	 {.kind = THING_ACTIVITY, .format = FORMAT_CSV, .label_id = LABEL_ID_MAX},
	 UINT64_C(0xfffffffffffffff1)},
};

static void known(void **state)
{
	const struct known_case *c = *state;

	assert_true(inode_of(&c->thing) == c->ino);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

#define YEARS      HISTORY_YEARS
#define ACTIVITIES 200000
#define FORMS      (FORMATS - 1) /* of an activity: a csv of it alone is a track */
#define SAMPLE                                                                                     \
	(2 + FORMATS + YEARS * 13 * (1 + FORMATS) + VIEWS * (1 + YEARS * 13) + ACTIVITIES * FORMS)

/* Every directory and summary there can be, and many activities, small labelIds among them. */
static void no_two_are_equal(void **state)
{
	uint64_t *ino = calloc(SAMPLE, sizeof(*ino)), random = 1;
	struct thing t = thing_root(), dir;
	size_t n = 0;

	(void)state;
	assert_non_null(ino);
	ino[n++] = inode_of(&t);
	for (int year = HISTORY_YEAR_MIN - 1; year < HISTORY_YEAR_MIN + YEARS; year++)
		for (int month = 0; month <= 12; month++) {
			if (year < HISTORY_YEAR_MIN && month)
				continue;
			dir = year < HISTORY_YEAR_MIN ? thing_all(0, 0)
			      : month                 ? thing_month(year, month)
						      : thing_year(year);
			ino[n++] = inode_of(&dir);
			for (int f = 0; f < FORMATS; f++) {
				t = thing_summary(&dir, (enum thing_format)f);
				ino[n++] = inode_of(&t);
			}
		}
	for (int v = 0; v < VIEWS; v++) {
		dir = thing_view(views[v]);
		ino[n++] = inode_of(&dir);
		for (int i = 0; i < YEARS * 13; i++) {
			int year = HISTORY_YEAR_MIN + i / 13;
			dir = i % 13 ? thing_month(year, i % 13) : thing_year(year);
			dir = thing_in(views[v], dir);
			ino[n++] = inode_of(&dir);
			assert_int_equal(inode_dir(ino[n - 1], &t), 0);
			assert_true(inode_of(&t) == ino[n - 1]);
		}
	}
	dir = thing_month(2022, 12);
	for (uint64_t i = 1; i <= ACTIVITIES; i++) {
		random = random * 6364136223846793005U + 1442695040888963407U;
		/* From 1 on, around 32 bits, the usual ones, and any. */
		uint64_t label = i % 4 == 0   ? i
				 : i % 4 == 1 ? (UINT64_C(1) << 28) - 100000 + i
				 : i % 4 == 2 ? LABEL + i
					      : (random >> 5) | UINT64_C(1) << 58;
		for (enum thing_format f = 0; f < FORMATS; f++) {
			if (f == FORMAT_CSV)
				continue;
			struct thing there = thing_in(f, dir);
			t = thing_activity(&there, label);
			ino[n++] = inode_of(&t);
		}
	}
	assert_int_equal(n, SAMPLE);
	qsort(ino, n, sizeof(*ino), compare);
	assert_true(ino[0] == INODE_ROOT);
	for (size_t i = 1; i < n; i++) {
		assert_true(ino[i] != ino[i - 1]);
		assert_true(ino[i] != UINT32_MAX);
	}
	free(ino);
}

static void activities_stay_where_they_are(void **state)
{
	struct thing a = thing_month(2022, 12), b = thing_month(2021, 1);

	(void)state;
	a = thing_activity(&a, LABEL);
	b = thing_activity(&b, LABEL);
	assert_true(inode_of(&a) == inode_of(&b));
}

static void assert_dir(const struct thing *want)
{
	struct thing t;

	assert_int_equal(inode_dir(inode_of(want), &t), 0);
	assert_true(t.kind == want->kind && t.year == want->year && t.month == want->month &&
		    t.first == want->first && t.last == want->last && t.label_id == 0);
	assert_true(thing_is_dir(&t));
}

static void dirs_come_back(void **state)
{
	struct thing t = thing_root();

	(void)state;
	assert_dir(&t);
	t = thing_all(0, 0);
	assert_dir(&t);
	for (int year = HISTORY_YEAR_MIN; year < HISTORY_YEAR_MIN + YEARS; year++) {
		t = thing_year(year);
		assert_dir(&t);
		for (int month = 1; month <= 12; month++) {
			t = thing_month(year, month);
			assert_int_equal(t.first, month_number(year, month));
			assert_dir(&t);
		}
	}
}

/* Whatever number the kernel or a file handle brings: a directory, which has this number, or
 * none. */
static void other_numbers(void **state)
{
	struct thing t, month = thing_month(2022, 12);

	(void)state;
	for (uint64_t code = 0; code < 0x80000; code++)
		for (uint64_t low = 0; low < 16; low++) {
			uint64_t ino = code << 4 | low;
			if (inode_dir(ino, &t) == 0)
				assert_true(inode_of(&t) == ino);
		}
	for (int bit = 0; bit < 64; bit++) {
		uint64_t ino = inode_of(&month) ^ UINT64_C(1) << bit;
		if (inode_dir(ino, &t) == 0)
			assert_true(inode_of(&t) == ino);
	}
	assert_int_equal(inode_dir(0, &t), -1);
	assert_int_equal(inode_dir(UINT32_MAX, &t), -1);
	assert_int_equal(inode_dir(UINT64_MAX, &t), -1);
	t = thing_activity(&month, LABEL);
	assert_int_equal(inode_dir(inode_of(&t), &t), -1);
	t = thing_summary(&month, FORMAT_CSV);
	assert_false(thing_is_dir(&t));
	assert_int_equal(inode_dir(inode_of(&t), &t), -1);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, known_cases, known);
	rows_add(&rows, "no two things have one number", no_two_are_equal, NULL);
	rows_add(&rows, "an activity keeps its number in another month",
		 activities_stay_where_they_are, NULL);
	rows_add(&rows, "directories come back from their numbers", dirs_come_back, NULL);
	rows_add(&rows, "any other number is none", other_numbers, NULL);
	return rows_run("inode", &rows);
}
