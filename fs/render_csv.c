/* SPDX-License-Identifier: MIT */
/* Rows of activities.csv: RFC 4180, LF, a cell quoted only where it needs it. */
#include <string.h>

#include "fs/render.h"

/* A cell that begins so is run as a formula by a spreadsheet (CWE-1236). NULs in front of it are
 * not written. */
static int is_formula(const char *s, size_t len)
{
	while (len && !s[0]) {
		s++;
		len--;
	}
	return len && strchr("=+-@\t\r", s[0]) != NULL;
}

/* Any text as a cell. A NUL would end the line for many readers, so it goes. */
static int add_text(struct buf *out, const char *s, size_t len, int guard)
{
	int quote = 0, odd = 0, r = 0;

	for (size_t i = 0; i < len; i++) {
		quote |= s[i] == '"' || s[i] == ',' || s[i] == '\n' || s[i] == '\r';
		odd |= !s[i];
	}
	if (quote)
		r = buf_add(out, "\"", 1);
	if (r == 0 && guard && is_formula(s, len))
		r = buf_add(out, "'", 1);
	if (r == 0 && !quote && !odd)
		return buf_add(out, s, len);
	for (size_t i = 0; i < len && r == 0; i++) {
		if (s[i] == '"')
			r = buf_add(out, "\"\"", 2);
		else if (s[i])
			r = buf_add(out, &s[i], 1);
	}
	return r == 0 && quote ? buf_add(out, "\"", 1) : r;
}

static int is_number(const char *s, size_t len)
{
	struct json_text in;
	const char *raw;
	size_t passed;

	json_text_init(&in, s, len);
	return len && strchr("-0123456789", s[0]) && json_text_skip(&in, &raw, &passed) == 0 &&
	       passed == len;
}

static int add_row(const struct activity *a, const char *strings, const struct render_options *o,
		   struct buf *out)
{
	size_t len;
	const char *title = activity_title(a, strings, &len);
	int r = buf_printf(out, "%08d,", a->day);

	if (r == 0)
		r = add_text(out, title, len, !o->raw_csv);
	for (enum activity_cell c = 0; c < CELLS && r == 0; c++) {
		const char *cell = activity_cell(a, strings, c, &len);
		r = buf_add(out, ",", 1);
		/* The hub has been seen to send numbers as strings; what is no number is text. */
		if (r == 0 && is_number(cell, len))
			r = buf_add(out, cell, len);
		else if (r == 0)
			r = add_text(out, cell, len, !o->raw_csv);
	}
	return r == 0 ? buf_add(out, "\n", 1) : r;
}

int render_csv_guards(const struct month *m)
{
	size_t len;

	for (size_t i = 0; i < m->n; i++) {
		const char *title = activity_title(&m->row[i], m->strings, &len);
		if (is_formula(title, len))
			return 1;
		for (enum activity_cell c = 0; c < CELLS; c++) {
			const char *cell = activity_cell(&m->row[i], m->strings, c, &len);
			if (is_formula(cell, len) && !is_number(cell, len))
				return 1;
		}
	}
	return 0;
}

int render_csv_part(const struct month *m, const struct render_options *o, struct buf *out)
{
	int r = 0;

	for (size_t i = 0; i < m->n && r == 0; i++)
		r = add_row(&m->row[i], m->strings, o, out);
	return r;
}
