/* SPDX-License-Identifier: MIT */
/*
 * Summaries of whatever the hub sends: the size that is announced is the size that is made, any
 * range is that slice of the whole, and names are unique. The first bytes choose the ranges and
 * options, the rest is a page of the hub's list.
 */
#include <errno.h>
#include <string.h>

#include "api/day.h"
#include "api/page.h"
#include "fs/render.h"
#include "tests/fuzz/fuzz.h"

#define MONTHS 4

struct made {
	struct span *span;
	struct month_text *text[MONTHS];
};

static int by_order(const void *a, const void *b)
{
	return activity_compare(a, b);
}

static void build_month(struct made *m, int i, const struct activities *list)
{
	const struct month_past past = {0};
	uint32_t *rows = calloc(list->n + 1, sizeof(*rows));
	size_t n = 0;

	CLAIM(rows);
	for (size_t k = 0; k < list->n; k++) {
		const struct activity *a = &list->row[k];
		/* A listing has no activity twice. */
		int twice = 0;
		for (size_t q = 0; q < n; q++)
			twice |= list->row[rows[q]].label_id == a->label_id;
		if (!twice && month_of_day(a->day) == m->span->first + i)
			rows[n++] = (uint32_t)k;
	}
	CLAIM(month_build(m->span->first + i, list, rows, n, &past, 0, month_names_hash,
			  &m->span->month[i], &m->text[i]) == 0);
	free(rows);
}

static void check_names(struct month *m)
{
	const struct month_view *v = month_view(m);

	CLAIM(v);
	for (size_t i = 0; i < m->n; i++) {
		const char *name = v->names.text + v->names.at[i];
		CLAIM(strlen(name) < NAME_STEM_MAX && !strchr(name, '/') && name[0] != '.');
		CLAIM(names_find(&v->names, m->n, name, strlen(name)) == (long)i);
	}
}

static void check_range(struct made *m, enum thing_format format, const struct render_options *o,
			const struct buf *whole, uint64_t off, uint64_t len)
{
	struct month_text *some[MONTHS] = {NULL};
	struct buf out;
	int first, last;

	/* Only the texts that it asks for are there. */
	CLAIM(render_texts(format, o, m->span, off, len, &first, &last) == 0);
	for (int i = first; i <= last; i++)
		some[i] = m->text[i];
	buf_init(&out, len + 1);
	CLAIM(render_range(format, o, m->span, some, off, len, &out) == 0);
	uint64_t want = off >= whole->len ? 0 : whole->len - off < len ? whole->len - off : len;
	CLAIM(out.len == want && (!want || memcmp(out.data, whole->data + off, want) == 0));
	buf_clear(&out);
}

/* Records of seven cells each, as RFC 4180 has them. */
static void check_csv(const struct buf *csv, int has_mark)
{
	int cells = 1, is_quoted = 0;

	for (size_t i = has_mark ? 3 : 0; i < csv->len; i++) {
		char c = csv->data[i];
		is_quoted ^= c == '"';
		if (is_quoted)
			continue;
		cells += c == ',';
		CLAIM(c != '\n' || cells == 7);
		cells = c == '\n' ? 1 : cells;
	}
	CLAIM(!is_quoted && cells == 1);
}

static void check_format(struct made *m, enum thing_format format, const uint8_t *dice, size_t size)
{
	struct render_options o = {.raw_csv = dice[0] & 1, .csv_bom = dice[0] >> 1 & 1};
	struct buf whole;
	struct part part;

	buf_init(&whole, 1 << 26);
	CLAIM(render_summary(format, &o, m->span, &part) == 0);
	CLAIM(render_range(format, &o, m->span, m->text, 0, part.size + 4096, &whole) == 0);
	CLAIM(whole.len == part.size);
	CLAIM(whole.len <= (JSON_GROWTH + 2) * size + 100);
	if (format == FORMAT_CSV)
		check_csv(&whole, o.csv_bom);
	else
		CLAIM(fuzz_is_json(whole.data, whole.len));
	for (int i = 1; i < 4; i++)
		check_range(m, format, &o, &whole, dice[i] * part.size / 200,
			    1 + dice[i + 1] * part.size / 200);
	buf_clear(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct activities list;
	struct err err = {0};
	struct page page;
	struct made m = {0};

	if (size < 8)
		return 0;
	activities_init(&list);
	(void)page_decode((const char *)data + 8, size - 8, &list, &page, &err);
	if (list.n && list.n <= 1000) {
		qsort(list.row, list.n, sizeof(list.row[0]), by_order);
		m.span = calloc(1, sizeof(*m.span) + MONTHS * sizeof(m.span->month[0]));
		CLAIM(m.span);
		atomic_init(&m.span->refs, 1);
		m.span->first = month_of_day(list.row[0].day) - MONTHS + 1;
		m.span->n = MONTHS;
		for (int i = 0; i < MONTHS; i++)
			build_month(&m, i, &list);
		for (int i = 0; i < MONTHS; i++)
			check_names(m.span->month[i]);
		check_format(&m, FORMAT_CSV, data, size);
		check_format(&m, FORMAT_JSON, data, size);
		for (int i = 0; i < MONTHS; i++)
			month_text_unref(m.text[i]);
		span_unref(m.span);
	}
	activities_clear(&list);
	return 0;
}
