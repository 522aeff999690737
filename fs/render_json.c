/* SPDX-License-Identifier: MIT */
/* Items of activities.json: the text of each, a level deeper, with commas between. */
#include <string.h>

#include "fs/render.h"

static int add_item(const char *text, size_t len, int comma, struct buf *out)
{
	const char *end = text + len;
	int r = 0;

	while (text < end && r == 0) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *next = newline ? newline + 1 : end;
		r = buf_add(out, "  ", 2);
		if (r == 0 && next == end && comma) {
			r = buf_add(out, text, (size_t)(next - text - 1));
			if (r == 0)
				r = buf_add(out, ",\n", 2);
		} else if (r == 0) {
			r = buf_add(out, text, (size_t)(next - text));
		}
		text = next;
	}
	return r;
}

uint64_t render_json_size(const struct activity *a)
{
	return a->json_len + 2 * (uint64_t)a->json_lines + 1;
}

int render_json_item(const struct activity *a, const struct month_text *text, int last,
		     struct buf *out)
{
	return add_item(month_text_of(text, a), a->json_len, !last, out);
}
