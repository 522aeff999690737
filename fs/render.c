/* SPDX-License-Identifier: MIT */
/* Summaries in pieces; see render.h. */
#include "fs/render.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define ROW_MAX (UINT64_C(1) << 31)

/* ---- views ---- */

static void free_view(void *derived)
{
	struct month_view *v = derived;

	names_clear(&v->names);
	if (v->csv[1].at != v->csv[0].at)
		free(v->csv[1].at);
	free(v->csv[0].at);
	free(v->json.at);
	free(v);
}

/* A row is made, and forgotten but for its size and hash. */
static int measure_csv(const struct month *m, int raw_csv, struct layout *laid)
{
	struct part *p = &laid->part;
	struct buf b;
	int r = 0;

	buf_init(&b, ROW_MAX);
	laid->at = calloc(m->n + 1, sizeof(*laid->at));
	if (!laid->at)
		r = -ENOMEM;
	for (size_t i = 0; i < m->n && r == 0; i++) {
		b.len = 0;
		r = render_csv_row(m, i, raw_csv, &b);
		p->size += b.len;
		p->hash = XXH3_64bits_withSeed(b.data ? b.data : "", b.len, p->hash);
		laid->at[i + 1] = (uint32_t)p->size;
	}
	buf_clear(&b);
	return r;
}

/* From the rows alone: two spaces more a line, and a comma for each item. */
static int measure_json(const struct month *m, struct layout *laid)
{
	laid->at = calloc(m->n + 1, sizeof(*laid->at));
	if (!laid->at)
		return -ENOMEM;
	for (size_t i = 0; i < m->n; i++)
		laid->at[i + 1] = laid->at[i] + (uint32_t)render_json_size(&m->row[i]);
	laid->part = (struct part){laid->at[m->n], m->json_hash};
	return 0;
}

static void *make_view(const struct month *m)
{
	struct month_view *v = calloc(1, sizeof(*v));
	int r = v ? names_of_month(m, &v->names) : -ENOMEM;

	if (r == 0)
		r = measure_csv(m, 0, &v->csv[0]);
	/* As a rule both are the same. */
	if (r == 0 && render_csv_guards(m))
		r = measure_csv(m, 1, &v->csv[1]);
	else if (r == 0)
		v->csv[1] = v->csv[0];
	if (r == 0)
		r = measure_json(m, &v->json);
	if (r < 0 && v) {
		free_view(v);
		return NULL;
	}
	if (v)
		v->mtime_ns = month_mtime_ns(m);
	return v;
}

const struct month_view *month_view(struct month *m)
{
	return month_derive(m, make_view, free_view);
}

uint64_t month_names_hash(const struct month *m)
{
	struct names names;

	/* Out of memory: another hash than ever, so the directory's time moves; harmless. */
	if (names_of_month(m, &names) < 0)
		return 0;
	uint64_t hash = names.hash;
	names_clear(&names);
	return hash;
}

/* ---- pieces ---- */

static const char csv_head[] = "\xef\xbb\xbf"
			       "date,name,sportType,totalTime,distance,calorie,trainingLoad\n";

struct frame {
	const char *head, *tail;
};

static struct frame frame_of(enum thing_format format, const struct render_options *o, int empty)
{
	if (format == FORMAT_CSV)
		return (struct frame){o->csv_bom ? csv_head : csv_head + 3, ""};
	return empty ? (struct frame){"[]\n", ""} : (struct frame){"[\n", "]\n"};
}

/* The oldest month that has activities: its last item has no comma behind it. -1: none. */
static int oldest_month(const struct span *span)
{
	for (int i = 0; i < span->n; i++)
		if (span->month[i]->n)
			return i;
	return -1;
}

static const struct layout *layout_of(enum thing_format format, const struct render_options *o,
				      const struct month_view *v)
{
	return format == FORMAT_CSV ? &v->csv[!!o->raw_csv] : &v->json;
}

static int measure(enum thing_format format, const struct render_options *o,
		   const struct span *span, int i, int oldest, struct part *p)
{
	const struct month_view *v;

	/* A walk over all years meets many empty months, whose view says nothing. */
	*p = (struct part){0, 0};
	if (!span->month[i]->n)
		return 0;
	if (!(v = month_view(span->month[i])))
		return -ENOMEM;
	*p = layout_of(format, o, v)->part;
	if (format == FORMAT_JSON && i == oldest)
		p->size--;
	return 0;
}

int render_summary(enum thing_format format, const struct render_options *o,
		   const struct span *span, struct part *out)
{
	int oldest = oldest_month(span);
	struct frame f = frame_of(format, o, oldest < 0);
	struct part p;

	out->size = strlen(f.head) + strlen(f.tail);
	out->hash = XXH3_64bits(f.head, strlen(f.head));
	for (int i = span->n - 1; i >= 0; i--) {
		int r = measure(format, o, span, i, oldest, &p);
		if (r < 0)
			return r;
		out->size += p.size;
		if (p.size)
			out->hash = XXH3_64bits_withSeed(&p.hash, sizeof(p.hash), out->hash);
	}
	return 0;
}

/* One piece after the other: those that touch the window are cut to it. */
struct window {
	uint64_t at, from, to;
};

static int touches(const struct window *w, uint64_t size)
{
	return size && w->from < w->to && w->at < w->to && w->at + size > w->from;
}

static int add_piece(struct window *w, const char *data, uint64_t size, struct buf *out)
{
	uint64_t from = w->from > w->at ? w->from - w->at : 0;
	uint64_t to = w->to - w->at < size ? w->to - w->at : size;
	int r = touches(w, size) ? buf_add(out, data + from, (size_t)(to - from)) : 0;

	w->at += size;
	return r;
}

/* The row that the byte `off` of the part belongs to. */
static size_t row_at(const struct layout *laid, size_t n, uint64_t off)
{
	size_t low = 0, high = n;

	while (high - low > 1) {
		size_t mid = (low + high) / 2;
		if (laid->at[mid] <= off)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* The rows of a month that are in the window; `last`: its last item has no comma behind it. */
static int add_rows(struct window *w, enum thing_format format, const struct render_options *o,
		    const struct month *m, const struct layout *laid, const struct month_text *text,
		    int last, struct buf *out)
{
	const uint64_t begin = w->at;
	struct buf b;
	int r = 0;

	buf_init(&b, ROW_MAX);
	size_t i = w->from > begin ? row_at(laid, m->n, w->from - begin) : 0;
	for (w->at += laid->at[i]; i < m->n && w->at < w->to && r == 0; i++) {
		b.len = 0;
		r = format == FORMAT_CSV
			    ? render_csv_row(m, i, o->raw_csv, &b)
			    : render_json_item(&m->row[i], text, last && i + 1 == m->n, &b);
		if (r == 0)
			r = add_piece(w, b.data, b.len, out);
	}
	buf_clear(&b);
	w->at = begin + laid->part.size - (uint64_t)last;
	return r;
}

int render_texts(enum thing_format format, const struct render_options *o, const struct span *span,
		 uint64_t off, uint64_t len, int *first, int *last)
{
	int oldest = oldest_month(span);
	struct frame f = frame_of(format, o, oldest < 0);
	struct window w = {strlen(f.head), off, off + len};
	struct part p;

	*first = 0;
	*last = -1;
	if (format == FORMAT_CSV)
		return 0;
	for (int i = span->n - 1; i >= 0; i--) {
		int r = measure(format, o, span, i, oldest, &p);
		if (r < 0)
			return r;
		if (touches(&w, p.size)) {
			*first = i;
			if (*last < 0)
				*last = i;
		}
		w.at += p.size;
	}
	return 0;
}

void render_text(const struct render_options *o, const struct span *span, uint64_t off,
		 uint64_t len, int month, size_t *from, size_t *to)
{
	struct window w = {strlen(frame_of(FORMAT_JSON, o, 0).head), off, off + len};
	const struct month *m = span->month[month];
	const struct layout *laid = &month_view(span->month[month])->json;

	for (int i = span->n - 1; i > month; i--)
		w.at += span->month[i]->n ? month_view(span->month[i])->json.part.size : 0;
	const struct activity
		*first = &m->row[w.from > w.at ? row_at(laid, m->n, w.from - w.at) : 0],
		*last = &m->row[row_at(laid, m->n, w.to - 1 - w.at)];
	*from = first->json_at;
	*to = last->json_at + last->json_len;
}

int render_range(enum thing_format format, const struct render_options *o, const struct span *span,
		 struct month_text *const *text, uint64_t off, uint64_t len, struct buf *out)
{
	int oldest = oldest_month(span);
	struct frame f = frame_of(format, o, oldest < 0);
	struct window w = {0, off, off + len};
	struct part p;
	int r = add_piece(&w, f.head, strlen(f.head), out);

	for (int i = span->n - 1; i >= 0 && r == 0; i--) {
		struct month *m = span->month[i];
		r = measure(format, o, span, i, oldest, &p);
		if (r < 0 || !touches(&w, p.size))
			w.at += p.size;
		else
			r = add_rows(&w, format, o, m, layout_of(format, o, month_view(m)), text[i],
				     format == FORMAT_JSON && i == oldest, out);
	}
	return r == 0 ? add_piece(&w, f.tail, strlen(f.tail), out) : r;
}
