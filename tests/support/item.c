/* SPDX-License-Identifier: MIT */
/* Items of the hub's list; see item.h. */
#include "tests/support/item.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/day.h"
#include "tests/support/rows.h"

#define LASTS_S 3600

void item_json(const struct item *item, struct buf *out)
{
	int64_t start_s = day_start_s(item->day) + (int64_t)item->start_min * 60;

	out->len = 0;
	if (buf_printf(out,
		       "{\"labelId\":\"%" PRIu64 "\",\"name\":%s,\"date\":%d,\"startTime\":%" PRId64
		       ",\"endTime\":%" PRId64 ",\"startTimezone\":0,\"sportType\":100,"
		       "\"totalTime\":%d,\"distance\":1000.50,\"calorie\":1,\"trainingLoad\":2%s}",
		       item->label, item->name ? item->name : "\"Run\"", item->day, start_s,
		       start_s + LASTS_S, LASTS_S, item->more ? item->more : "") < 0)
		abort();
}

void items_decode(const char *json, size_t len, struct activities *list)
{
	struct json_text in;
	struct err why = {0};
	int more, first = 1;

	activities_init(list);
	json_text_init(&in, json, len);
	assert_int_equal(json_text_open(&in, '['), 0);
	while ((more = json_text_more(&in, ']', &first)) == 1)
		if (activities_decode(list, &in, &why) != 1)
			fail_msg("an item is refused: %s", why.text);
	assert_int_equal(more, 0);
	if (list->n)
		qsort(list->row, list->n, sizeof(list->row[0]), activity_compare);
}

void items_list(const struct item *items, size_t n, struct activities *list)
{
	struct buf one, all;

	buf_init(&one, 1 << 30);
	buf_init(&all, 1 << 30);
	assert_int_equal(buf_add_str(&all, "["), 0);
	for (size_t i = 0; i < n; i++) {
		item_json(&items[i], &one);
		assert_int_equal(buf_add_str(&all, i ? "," : ""), 0);
		assert_int_equal(buf_add(&all, one.data, one.len), 0);
	}
	assert_int_equal(buf_add_str(&all, "]"), 0);
	items_decode(all.data, all.len, list);
	buf_clear(&one);
	buf_clear(&all);
}
