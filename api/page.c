/* SPDX-License-Identifier: MIT */
/* Pages of the activity list; see page.h. */
#include "api/page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/call.h"
#include "api/day.h"
#include "api/json_text.h"
#include "api/session_impl.h"

/* ---- decoding ---- */

static int decode_items(struct json_text *in, struct activities *list, struct page *out)
{
	int first = 1, more, r;

	if (json_text_peek(in) == 'n') {
		const char *raw;
		size_t len;
		return json_text_skip(in, &raw, &len);
	}
	if (json_text_open(in, '[') < 0)
		return -EIO;
	while ((more = json_text_more(in, ']', &first)) == 1) {
		struct err why = {0};
		if (out->items == PAGE_COUNT_MAX)
			return -EFBIG;
		r = activities_decode(list, in, &why);
		if (r < 0)
			return r;
		if (r == 0 && out->bad++ == 0)
			out->why_bad = why;
		out->items++;
	}
	return more;
}

/* `data`: 1 when it was an object. */
static int decode_data(struct json_text *in, struct activities *list, struct page *out)
{
	const char *key, *raw;
	size_t key_len, len;
	int first = 1, more, r;

	if (json_text_peek(in) != '{') {
		r = json_text_skip(in, &raw, &len);
		return r;
	}
	if (json_text_open(in, '{') < 0)
		return -EIO;
	while ((more = json_text_more(in, '}', &first)) == 1) {
		int64_t *number = NULL;
		if (json_text_key(in, &key, &key_len) < 0)
			return -EIO;
		if (json_text_key_is(key, key_len, "dataList")) {
			if ((r = decode_items(in, list, out)) < 0)
				return r;
			continue;
		}
		if (json_text_key_is(key, key_len, "count"))
			number = &out->count;
		else if (json_text_key_is(key, key_len, "totalPage"))
			number = &out->total_pages;
		if (json_text_skip(in, &raw, &len) < 0)
			return -EIO;
		if (number && json_text_integer(raw, len, number) < 0)
			*number = -1;
	}
	return more < 0 ? more : 1;
}

static int decode_answer(struct json_text *in, struct activities *list, struct page *out)
{
	const char *key, *raw;
	size_t key_len, len;
	int first = 1, more, r, has_data = 0;

	if (json_text_open(in, '{') < 0)
		return -EIO;
	while ((more = json_text_more(in, '}', &first)) == 1) {
		if (json_text_key(in, &key, &key_len) < 0)
			return -EIO;
		r = json_text_key_is(key, key_len, "data") ? decode_data(in, list, out)
							   : json_text_skip(in, &raw, &len);
		if (r < 0)
			return r;
		has_data |= r;
	}
	return more < 0 ? more : has_data;
}

/* A start that was missing or wrong is the first second of its day (activity.c). */
int page_row_is_sorted(const struct activity *a)
{
	return a->start_s != day_start_s(a->day);
}

/* Where the rows from `from` on stand in the order of starts; out of order they are anywhere
 * between their first and last. */
static void note_order(const struct activities *list, size_t from, struct page *out)
{
	int64_t low = 0, high = 0;
	int is_sorted = 1;

	for (size_t i = from; i < list->n; i++) {
		int64_t start_s = list->row[i].start_s;
		if (!page_row_is_sorted(&list->row[i]))
			continue;
		is_sorted &= !low || start_s <= low;
		low = !low || start_s < low ? start_s : low;
		high = start_s > high ? start_s : high;
	}
	out->before_s = is_sorted ? high : low;
	out->behind_s = is_sorted ? low : high;
}

int page_decode(const char *data, size_t len, struct activities *list, struct page *out,
		struct err *err)
{
	size_t from = list->n;
	struct json_text in;

	*out = (struct page){.count = -1};
	json_text_init(&in, data, len);
	int r = decode_answer(&in, list, out);
	if (r == -ENOMEM)
		return err_sys(err, r, "read the Training Hub's list");
	if (r == -EFBIG)
		return err_set(err, r,
			       "the Training Hub's lists hold more than %u MiB, or a page "
			       "more than %d activities",
			       LISTS_MAX >> 20, PAGE_COUNT_MAX);
	if (r < 0)
		return err_set(err, -EIO, "the Training Hub's list is not the JSON its API sends");
	/* Emptiness is {"count": 0}; an answer without data must not look like it. */
	if (r == 0)
		return err_set(err, -EIO, "the Training Hub's list is an answer without data");
	if (out->count < 0 || out->count > PAGE_COUNT_MAX)
		return err_set(err, -EIO, "the Training Hub's list has no count between 0 and %d",
			       PAGE_COUNT_MAX);
	note_order(list, from, out);
	return 0;
}

int page_total(const struct page *first, int size)
{
	/* A hub that quietly gives shorter pages than asked for says so by the first. */
	int64_t each = first->items && first->items < (size_t)size && first->total_pages > 1
			       ? (int64_t)first->items
			       : size;
	int64_t need = first->count ? (first->count + each - 1) / each : 1;

	if (need > PAGES_MAX(first->count, size))
		return 0;
	return (int)(first->total_pages > need ? need + 1 : need);
}

/* ---- asking ---- */

struct page_call {
	struct session *session;
	int size, number;
	struct activities *list;
	page_done *done;
	void *arg;
};

/* 1031 is most likely for the size, unless the hub took that just before; smaller pages are for the
 * life of the session. Where one does not help it is the page's own trouble. */
static int refused(const struct page_call *c)
{
	struct session *s = c->session;
	int was_proven = s->is_size_proven;

	if (c->size < PAGE_SIZE_SAFE)
		return -EIO;
	s->is_size_proven = 0;
	if (was_proven)
		return -EIO;
	s->page_size = c->size > PAGE_SIZE_SAFE ? PAGE_SIZE_SAFE : PAGE_SIZE;
	return c->size > PAGE_SIZE_SAFE ? -EAGAIN : -EIO;
}

static void answered(void *arg, const char *data, size_t len, const struct err *why)
{
	struct page_call *c = arg;
	struct session *s = c->session;
	struct err err = *why;
	struct page page = {0};

	if (!err.code)
		page_decode(data, len, c->list, &page, &err);
	if (err.code == -EINVAL)
		err.code = refused(c);
	else if (err.code == -EFBIG || err.code == -EOPNOTSUPP)
		err.code = -EIO;
	if (!err.code && page.items)
		s->listed_ms = session_now_ms(s);
	s->is_size_proven |= !err.code && c->size == s->page_size;
	c->done(c->arg, c->number, err.code ? NULL : &page, &err);
	free(c);
}

void page_get(struct session *s, const struct page_want *want, struct activities *list,
	      page_done *done, void *arg)
{
	struct page_call *c = malloc(sizeof(*c));
	char path[128];
	struct err err;

	if (!c) {
		err_sys(&err, -ENOMEM, "ask for a list");
		done(arg, want->number, NULL, &err);
		return;
	}
	*c = (struct page_call){s, want->size, want->number, list, done, arg};
	int len = snprintf(path, sizeof(path), "/activity/query?size=%d&pageNumber=%d", want->size,
			   want->number);
	if (want->first || want->last)
		snprintf(path + len, sizeof(path) - (size_t)len, "&startDay=%d&endDay=%d",
			 want->first, want->last);
	call_start_within(s, "GET", path, want->is_hurried ? s->config.timeout_ms / 3 : 0, answered,
			  c);
}
