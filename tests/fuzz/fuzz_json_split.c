/* SPDX-License-Identifier: MIT */
/* An answer taken apart: in pieces of any size it is the same, and what is passed on is JSON of a
 * length in proportion. The first byte is the size of the pieces. */
#include <string.h>

#include "api/json_split.h"
#include "api/json_text.h"
#include "tests/fuzz/fuzz.h"

static int collect(void *arg, const char *data, size_t len)
{
	return buf_add(arg, data, len);
}

static void split(struct json_split *s, struct buf *data, const uint8_t *text, size_t len,
		  size_t piece)
{
	buf_init(data, 1 << 24);
	json_split_init(s, collect, data);
	for (size_t at = 0; at < len; at += piece)
		CLAIM(json_split_add(s, (const char *)text + at,
				     len - at < piece ? len - at : piece) == 0);
	CLAIM(json_split_end(s) == 0);
}

static int same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_split whole, parts;
	struct buf at_once, in_pieces;

	if (size < 2)
		return 0;
	split(&whole, &at_once, data + 1, size - 1, size);
	split(&parts, &in_pieces, data + 1, size - 1, 1 + data[0]);
	CLAIM(whole.is_bad == parts.is_bad);
	CLAIM(at_once.len <= JSON_GROWTH * size && in_pieces.len <= JSON_GROWTH * size);
	if (!whole.is_bad) {
		CLAIM(whole.has_data == parts.has_data);
		CLAIM(same(&at_once, &in_pieces) && same(&whole.beside, &parts.beside));
		CLAIM(fuzz_is_json(whole.beside.data, whole.beside.len));
		CLAIM(whole.has_data != 1 || fuzz_is_json(at_once.data, at_once.len));
	}
	json_split_clear(&whole);
	json_split_clear(&parts);
	buf_clear(&at_once);
	buf_clear(&in_pieces);
	return 0;
}
