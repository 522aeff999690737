/* SPDX-License-Identifier: MIT */
/* A page of the activity list: what is believed, what is left out, what is an error. */
#include "api/page.h"

#include <errno.h>
#include <string.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/rows.h"

#define ITEM(id) "{\"labelId\":\"" id "\",\"date\":20221230,\"startTime\":1672356000}"
#define PAGE(data)                                                                                 \
	"{\"apiCode\":\"C33BB719\",\"data\":" data ",\"message\":\"OK\",\"result\":\"0000\"}"

static const struct page_case {
	const char *why, *json;
	int want;
	int64_t count, total_pages;
	size_t rows, bad;
} page_cases[] = {
	{"two items",
	 PAGE("{\"count\":2,\"dataList\":[" ITEM("11") "," ITEM("12") "],\"pageNumber\":1,"
								      "\"totalPage\":1}"),
	 0, 2, 1, 2, 0},
	{"keys in another order",
	 PAGE("{\"totalPage\":1,\"dataList\":[" ITEM("11") "],\"count\":1}"), 0, 1, 1, 1, 0},
	{"an empty list is its count alone", PAGE("{\"count\":0}"), 0, 0, 0, 0, 0},
	{"past the end there is no list", PAGE("{\"count\":5,\"totalPage\":1}"), 0, 5, 1, 0, 0},
	{"past the end the list is empty", PAGE("{\"count\":5,\"dataList\":[]}"), 0, 5, 0, 0, 0},
	{"a list that is null", PAGE("{\"count\":5,\"dataList\":null}"), 0, 5, 0, 0, 0},
	{"a count as a float", PAGE("{\"count\":5.0,\"totalPage\":2.0}"), 0, 5, 2, 0, 0},
	{"a count as a text", PAGE("{\"count\":\"5\",\"totalPage\":\"2\"}"), 0, 5, 2, 0, 0},
	{"totalPage is not needed", PAGE("{\"count\":5,\"totalPage\":null}"), 0, 5, -1, 0, 0},
	{"keys nobody knows", PAGE("{\"new\":{\"count\":9},\"count\":1,\"x\":[1,[2]]}"), 0, 1, 0, 0,
	 0},
	{"a bad item does not hide the others",
	 PAGE("{\"count\":5,\"dataList\":[" ITEM("11") ",7,null,\"x\"," ITEM("x/y") "," ITEM(
		 "12") ",{}]}"),
	 0, 5, 0, 2, 5},
	{"no data", "{\"result\":\"0000\"}", -EIO, 0, 0, 0, 0},
	{"data null", PAGE("null"), -EIO, 0, 0, 0, 0},
	{"data as an array", PAGE("[1]"), -EIO, 0, 0, 0, 0},
	{"data as a text", PAGE("\"x\""), -EIO, 0, 0, 0, 0},
	{"no count", PAGE("{\"dataList\":[" ITEM("11") "]}"), -EIO, 0, 0, 0, 0},
	{"a count that is null", PAGE("{\"count\":null}"), -EIO, 0, 0, 0, 0},
	{"a negative count", PAGE("{\"count\":-1}"), -EIO, 0, 0, 0, 0},
	{"a count beyond belief", PAGE("{\"count\":100001}"), -EIO, 0, 0, 0, 0},
	{"a count beyond int64", PAGE("{\"count\":99999999999999999999}"), -EIO, 0, 0, 0, 0},
	{"a list of another type", PAGE("{\"count\":1,\"dataList\":{\"0\":1}}"), -EIO, 0, 0, 0, 0},
	{"a list that is cut off", "{\"data\":{\"count\":1,\"dataList\":[" ITEM("11"), -EIO, 0, 0,
	 0, 0},
	{"nothing", "", -EIO, 0, 0, 0, 0},
};

static void page(void **state)
{
	const struct page_case *c = *state;
	struct activities list;
	struct page p;
	struct err err = {0};

	activities_init(&list);
	assert_int_equal(page_decode(c->json, strlen(c->json), &list, &p, &err), c->want);
	assert_int_equal(err.code, c->want);
	if (c->want == 0) {
		assert_int_equal(p.count, c->count);
		assert_int_equal(p.total_pages, c->total_pages);
		assert_int_equal(list.n, c->rows);
		assert_int_equal(p.bad, c->bad);
		assert_int_equal(p.items, c->rows + c->bad);
		assert_int_equal(p.why_bad.text[0] != '\0', c->bad != 0);
	}
	activities_clear(&list);
}

static const struct total_case {
	const char *why;
	int64_t count, total_pages;
	size_t items;
	int want;
} total_cases[] = {
	{"nothing is one page", 0, 0, 0, 1},
	{"one page", 150, 1, 150, 1},
	{"a full page", 200, 1, 200, 1},
	{"one more than a page", 201, 2, 200, 2},
	{"the hub says nothing of pages", 401, 0, 200, 3},
	{"the hub says too few", 401, 1, 200, 3},
	{"one more than needed is asked for", 400, 3, 200, 3},
	{"far too many are not believed", 400, 9999, 200, 3},
	{"a negative number of pages", 400, -1, 200, 2},
	{"shorter pages than asked for", 1000, 10, 100, 10},
	{"a short page of a list without more", 1000, 1, 3, 5},
	{"an empty page of a list with more", 1000, 5, 0, 5},
};

static void total(void **state)
{
	const struct total_case *c = *state;
	const struct page p = {.count = c->count, .total_pages = c->total_pages, .items = c->items};

	assert_int_equal(page_total(&p, 200), c->want);
}

/* ---- no memory ---- */

static int starved(void *arg, struct err *err)
{
	static const char text[] =
		PAGE("{\"count\":5,\"dataList\":[" ITEM("11") ",7," ITEM("12") "]}");
	struct activities list;
	struct page p;

	(void)arg;
	activities_init(&list);
	int r = page_decode(text, strlen(text), &list, &p, err);
	if (r == 0 && (list.n != 2 || p.bad != 1))
		r = err_set(err, -EPROTO, "%zu rows and %zu bad ones", list.n, p.bad);
	activities_clear(&list);
	return r;
}

/* No row is passed over as a bad one because there was no memory for it. */
static void out_of_memory(void **state)
{
	static const struct failing_job job = {"a page", NULL, starved, NULL, 0, 0};

	(void)state;
	failing_alloc_everywhere(&job, NULL);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, page_cases, page);
	ROWS_ADD(&rows, total_cases, total);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	return rows_run("page", &rows);
}
