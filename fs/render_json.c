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

int render_json_part(const struct month *m, const struct month_text *text, int last,
		     struct buf *out)
{
	int r = 0;

	for (size_t i = 0; i < m->n && r == 0; i++)
		r = add_item(text->data + m->row[i].json_at, m->row[i].json_len,
			     !last || i + 1 < m->n, out);
	return r;
}
