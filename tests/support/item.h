/* SPDX-License-Identifier: MIT */
/* Items of the hub's activity list as JSON text, and rows decoded from such. */
#ifndef TESTS_SUPPORT_ITEM_H
#define TESTS_SUPPORT_ITEM_H

#include <stdint.h>

#include "api/activity.h"

struct item {
	uint64_t label;
	int32_t day;
	int start_min;    /* after midnight, UTC */
	const char *name; /* JSON with its quotes, or null; NULL: "Run" */
	const char *more; /* members that go behind, from a comma on; NULL: none */
};

/* Replaces what `out` holds. Ends the program without memory. */
void item_json(const struct item *item, struct buf *out);

/* Decodes JSON text of an array of items into an empty list, sorted newest first. Fails the
 * test unless all are taken. */
void items_decode(const char *json, size_t len, struct activities *list);
void items_list(const struct item *items, size_t n, struct activities *list);

#endif
