/* SPDX-License-Identifier: MIT */
/* Rows of activities.csv: RFC 4180, LF, a cell quoted only where it needs it. */
#include <string.h>

#include "fs/render.h"

/*
 * Whether a spreadsheet may take what is at p for a formula and run it (CWE-1236): at the beginning
 * of the cell, and where the cell ends for one that is told of another separator, for which quotes
 * inside a row protect nothing. `before` is the character in front of it, 0: none.
 */
static int is_formula(char before, const char *p, const char *end)
{
	static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
					   "\xef\xbc\xa0"}; /* =+-@ of full width */

	if (before && !strchr(";\t|\n\r\"", before))
		return 0;
	if (*p && strchr(before ? "=+-@" : "=+-@\t\r", *p))
		return 1;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (end - p >= 3 && memcmp(p, wide[i], 3) == 0)
			return 1;
	return 0;
}

/* What a text needs as a cell. A NUL would end the line for many readers, so it goes. */
struct look {
	int has_nul, has_formula, is_quoted;
};

static struct look look_at(const char *s, size_t len)
{
	struct look l = {0};
	char before = '\0';

	for (const char *p = s; p < s + len; p++) {
		l.has_nul |= !*p;
		l.has_formula |= is_formula(before, p, s + len);
		l.is_quoted |= *p == '"' || *p == ',' || *p == '\n' || *p == '\r';
		if (*p)
			before = *p;
	}
	return l;
}

static int add_text(struct buf *out, const char *s, size_t len, int guard)
{
	struct look l = look_at(s, len);
	char before = '\0';

	guard &= l.has_formula;
	if (!l.has_nul && !l.is_quoted && !guard)
		return buf_add(out, s, len);
	int r = l.is_quoted ? buf_add(out, "\"", 1) : 0;
	for (const char *p = s; p < s + len && r == 0; p++) {
		if (!*p)
			continue;
		if (guard && is_formula(before, p, s + len))
			r = buf_add(out, "'", 1);
		if (r == 0)
			r = buf_add(out, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
		before = *p;
	}
	return r == 0 && l.is_quoted ? buf_add(out, "\"", 1) : r;
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

int render_csv_row(const struct month *m, size_t row, int raw_csv, struct buf *out)
{
	const struct activity *a = &m->row[row];
	size_t len;
	const char *title = activity_title(a, m->strings, &len);
	int r = buf_printf(out, "%08d,", a->day);

	if (r == 0)
		r = add_text(out, title, len, !raw_csv);
	for (enum activity_cell c = 0; c < CELLS && r == 0; c++) {
		const char *cell = activity_cell(a, m->strings, c, &len);
		r = buf_add(out, ",", 1);
		/* The hub has been seen to send numbers as strings; what is no number is text. */
		if (r == 0 && is_number(cell, len))
			r = buf_add(out, cell, len);
		else if (r == 0)
			r = add_text(out, cell, len, !raw_csv);
	}
	return r == 0 ? buf_add(out, "\n", 1) : r;
}

int render_csv_guards(const struct month *m)
{
	size_t len;

	for (size_t i = 0; i < m->n; i++) {
		const char *title = activity_title(&m->row[i], m->strings, &len);
		if (look_at(title, len).has_formula)
			return 1;
		for (enum activity_cell c = 0; c < CELLS; c++) {
			const char *cell = activity_cell(&m->row[i], m->strings, c, &len);
			if (look_at(cell, len).has_formula && !is_number(cell, len))
				return 1;
		}
	}
	return 0;
}
