/* SPDX-License-Identifier: MIT */
/* A page of the hub's list: whatever it is, the rows that come of it can be read through. */
#include <string.h>

#include "api/day.h"
#include "api/page.h"
#include "tests/fuzz/fuzz.h"

static void check_row(const struct activities *list, const struct activity *a)
{
	const char *json = list->json.data + a->json_at;
	size_t lines = 0, strings = a->strings_at + (size_t)a->title_len;

	CLAIM(a->label_id >= 1 && a->label_id <= LABEL_ID_MAX);
	CLAIM(day_valid(a->day) && a->start_s >= 0 && a->end_s >= a->start_s);
	CLAIM((uint64_t)a->json_at + a->json_len <= list->json.len && a->json_len);
	CLAIM(json[a->json_len - 1] == '\n');
	for (size_t i = 0; i < a->json_len; i++)
		lines += json[i] == '\n';
	CLAIM(lines == a->json_lines);
	for (int c = 0; c < CELLS; c++)
		strings += a->cell_len[c];
	CLAIM(strings <= list->strings.len);
	int minute = activity_local_minute(a);
	CLAIM(minute >= 0 && minute < 1440);

	/* What is shown is JSON again, and none of it is large. */
	CLAIM(fuzz_is_json(json, a->json_len));
	CLAIM(a->json_len <= ITEM_MAX && a->title_len <= TITLE_MAX + CELLS * CELL_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct activities list;
	struct err err = {0};
	struct page page;

	activities_init(&list);
	int r = page_decode((const char *)data, size, &list, &page, &err);
	if (r == 0) {
		CLAIM(page.count >= 0 && page.count <= PAGE_COUNT_MAX);
		CLAIM(list.n + page.bad == page.items);
	} else {
		CLAIM(err.code == r && err.text[0]);
	}
	CLAIM(list.json.len <= JSON_GROWTH * size && list.strings.len <= 3 * size);
	CLAIM(activities_held() == list.held);
	for (size_t i = 0; i < list.n; i++)
		check_row(&list, &list.row[i]);
	activities_clear(&list);
	return 0;
}
