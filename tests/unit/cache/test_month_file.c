/* SPDX-License-Identifier: MIT */
/* Months on disk: what was written comes back, and nothing else does. */
#include "cache/month_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/failing_disk.h"
#include "tests/support/make_month.h"
#include "tests/support/temp_dir.h"

#define DECEMBER  (2022 * 12 + 11)
#define FILE_NAME "2022-12"
#define LABEL     UINT64_C(481230045566778800)
#define FETCHED   INT64_C(1672531199)

/* The file's header, by offset. */
#define AT_VERSION     8
#define AT_BYTE_ORDER  12
#define AT_NUMBER      16
#define AT_N           20
#define AT_STRINGS_LEN 24
#define AT_JSON_LEN    28
#define AT_HASH        72
#define HEADER_SIZE    80

static const struct item items[] = {
	{LABEL + 1, 20221230, 450, "\"Foo Run\"", NULL},
	{LABEL + 2, 20221230, 450, "\"\\u6771\"", ",\"a\":[1,2]"},
	{LABEL + 3, 20221201, 0, "\"\"", NULL},
};
#define ITEMS (sizeof(items) / sizeof(items[0]))

static uint64_t names(const struct month *m)
{
	return m->n;
}

struct made {
	struct temp_dir dir;
	struct month *m;
	struct month_text *text;
};

static void made_new(struct made *d, size_t n)
{
	struct err err;

	temp_dir_new(&d->dir);
	d->m = make_month(DECEMBER, items, n, names, &d->text);
	d->m->names_ns = 12345;
	d->m->gone_ns = 54321;
	if (month_file_write(d->dir.fd, d->m, d->text, FETCHED, &err) < 0)
		fail_msg("%s", err.text);
}

static void made_free(struct made *d)
{
	month_unref(d->m);
	month_text_unref(d->text);
	temp_dir_free(&d->dir);
}

static void assert_same(const struct month *a, const struct month *b)
{
	assert_int_equal(a->number, b->number);
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->strings_len, b->strings_len);
	assert_true(a->names_ns == b->names_ns && a->gone_ns == b->gone_ns);
	assert_true(a->json_hash == b->json_hash && a->json_len == b->json_len);
	assert_memory_equal(a->row, b->row, a->n * sizeof(a->row[0]) + a->strings_len);
	assert_true(a->strings == (const char *)&a->row[a->n]);
}

/* ---- round trips ---- */

static void round_trip(size_t n)
{
	struct made d;
	struct month *m;
	struct month_text *text;
	int64_t fetched_s;
	struct stat st;
	struct err err;

	made_new(&d, n);
	assert_int_equal(temp_dir_count(&d.dir), 1);
	assert_int_equal(fstatat(d.dir.fd, FILE_NAME, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(month_file_read(d.dir.fd, DECEMBER, &m, &fetched_s, &err), 0);
	assert_true(fetched_s == FETCHED);
	assert_same(d.m, m);
	assert_int_equal(month_file_read_text(d.dir.fd, m, 0, m->json_len, &text, &err), 0);
	assert_int_equal(text->len, d.text->len);
	assert_memory_equal(text->data, d.text->data, text->len);
	month_unref(m);
	month_text_unref(text);
	made_free(&d);
}

static void three_come_back(void **state)
{
	(void)state;
	round_trip(ITEMS);
}

static void none_come_back(void **state)
{
	(void)state;
	round_trip(0);
}

/* Any rows of it, each by the hash of its own. */
static void pieces(void **state)
{
	struct month_text *t;
	struct made d;
	struct err err;
	size_t len;

	(void)state;
	made_new(&d, ITEMS);
	for (size_t first = 0; first < ITEMS; first++)
		for (size_t last = first; last < ITEMS; last++) {
			const struct activity *a = &d.m->row[first], *b = &d.m->row[last];
			assert_int_equal(month_file_read_text(d.dir.fd, d.m, a->json_at,
							      b->json_at + b->json_len, &t, &err),
					 0);
			assert_int_equal(t->len, b->json_at + b->json_len - a->json_at);
			assert_memory_equal(month_text_of(t, b), month_text_of(d.text, b),
					    b->json_len);
			month_text_unref(t);
			assert_int_equal(month_row_at(d.m, a->json_at), first);
			assert_int_equal(month_row_at(d.m, a->json_at + a->json_len - 1), first);
		}
	/* Damage of one costs that one. */
	char *data = temp_dir_read(&d.dir, FILE_NAME, &len);
	const struct activity *a = &d.m->row[1], *b = &d.m->row[2];
	data[len - d.m->json_len + a->json_at + 5] ^= 1;
	temp_dir_write(&d.dir, FILE_NAME, data, len, 0600);
	assert_int_equal(month_file_read_text(d.dir.fd, d.m, a->json_at, b->json_at, &t, &err),
			 -EBADMSG);
	assert_int_equal(
		month_file_read_text(d.dir.fd, d.m, b->json_at, b->json_at + b->json_len, &t, &err),
		0);
	month_text_unref(t);
	free(data);
	made_free(&d);
}

static void touched(void **state)
{
	struct made d;
	struct month *m;
	int64_t fetched_s;
	struct err err;

	(void)state;
	made_new(&d, ITEMS);
	assert_int_equal(month_file_touch(d.dir.fd, DECEMBER, FETCHED + 7, &err), 0);
	assert_int_equal(month_file_read(d.dir.fd, DECEMBER, &m, &fetched_s, &err), 0);
	assert_true(fetched_s == FETCHED + 7);
	assert_int_equal(month_file_touch(d.dir.fd, DECEMBER + 1, 1, &err), -ENOENT);
	month_unref(m);
	made_free(&d);
}

static void not_there(void **state)
{
	struct made d;
	struct month *m;
	struct month_text *text;
	int64_t fetched_s;
	struct err err;

	(void)state;
	made_new(&d, ITEMS);
	assert_int_equal(month_file_read(d.dir.fd, DECEMBER + 1, &m, &fetched_s, &err), -ENOENT);
	unlinkat(d.dir.fd, FILE_NAME, 0);
	assert_int_equal(month_file_read_text(d.dir.fd, d.m, 0, d.m->json_len, &text, &err),
			 -ENOENT);
	made_free(&d);
}

static const struct name_case {
	const char *why;
	int number;
	const char *want;
} name_cases[] = {
	{"the first month there is", 1970 * 12, "1970-01"},
	{"a December", DECEMBER, "2022-12"},
	{"the last month there is", 2099 * 12 + 11, "2099-12"},
};

static void name(void **state)
{
	const struct name_case *c = *state;
	char have[MONTH_FILE_NAME];

	month_file_name(c->number, have);
	assert_string_equal(have, c->want);
}

/* What could not be read back is not written in the first place. */
static void ceiling(void **state)
{
	struct month *m, *again;
	int64_t fetched_s;
	struct made d;
	struct err err;

	(void)state;
	made_new(&d, 0);
	for (int over = 0; over < 2; over++) {
		size_t strings =
			MONTH_FILE_MAX - HEADER_SIZE - sizeof(struct activity) + (size_t)over;
		struct month_text *none = month_text_alloc(0, 0);
		m = month_alloc(1, strings);
		assert_true(m && none);
		m->number = DECEMBER;
		m->row[0] = (struct activity){
			.label_id = LABEL, .day = 20221230, .title_len = (uint32_t)strings};
		month_sort(m);
		int r = month_file_write(d.dir.fd, m, none, FETCHED, &err);
		assert_int_equal(r, over ? -EFBIG : 0);
		if (over) {
			assert_non_null(strstr(err.text, FILE_NAME));
		} else {
			assert_int_equal(
				month_file_read(d.dir.fd, DECEMBER, &again, &fetched_s, &err), 0);
			month_unref(again);
		}
		month_text_unref(none);
		month_unref(m);
	}
	made_free(&d);
}

/* ---- damage ---- */

/* The file with these bytes: refused as damaged, or the same as before. */
static void expect_refused_or_same(struct made *d, const char *data, size_t len)
{
	struct month_text *text;
	struct month *m;
	int64_t fetched_s;
	struct err err = {0};

	temp_dir_write(&d->dir, FILE_NAME, data, len, 0600);
	int r = month_file_read(d->dir.fd, DECEMBER, &m, &fetched_s, &err);
	if (r < 0) {
		assert_int_equal(r, -EBADMSG);
		assert_int_not_equal(err.text[0], 0);
	} else {
		assert_same(d->m, m);
		month_unref(m);
	}
	r = month_file_read_text(d->dir.fd, d->m, 0, d->m->json_len, &text, &err);
	if (r < 0) {
		assert_int_equal(r, -EBADMSG);
		return;
	}
	assert_int_equal(text->len, d->text->len);
	assert_memory_equal(text->data, d->text->data, text->len);
	month_text_unref(text);
}

static void every_length(void **state)
{
	struct month *m;
	int64_t fetched_s;
	struct made d;
	struct err err;
	size_t len;

	(void)state;
	made_new(&d, ITEMS);
	char *data = temp_dir_read(&d.dir, FILE_NAME, &len);
	for (size_t cut = 0; cut < len; cut++) {
		expect_refused_or_same(&d, data, cut);
		assert_int_equal(month_file_read(d.dir.fd, DECEMBER, &m, &fetched_s, &err),
				 -EBADMSG);
	}
	/* The NUL behind what was read makes it a byte longer. */
	expect_refused_or_same(&d, data, len + 1);
	assert_int_equal(month_file_read(d.dir.fd, DECEMBER, &m, &fetched_s, &err), -EBADMSG);
	free(data);
	made_free(&d);
}

static void every_bit(void **state)
{
	struct made d;
	size_t len;

	(void)state;
	made_new(&d, ITEMS);
	char *data = temp_dir_read(&d.dir, FILE_NAME, &len);
	for (size_t i = 0; i < len * 8; i++) {
		data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
		expect_refused_or_same(&d, data, len);
		data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
	}
	free(data);
	made_free(&d);
}

/* ---- somebody who can write checksums ---- */

static void seal(char *data, size_t len)
{
	uint32_t n, strings_len;
	size_t index_len;

	memcpy(&n, data + AT_N, 4);
	memcpy(&strings_len, data + AT_STRINGS_LEN, 4);
	index_len = (size_t)n * sizeof(struct activity) + strings_len;
	if (index_len > len - HEADER_SIZE)
		index_len = len - HEADER_SIZE;
	uint64_t hash =
		XXH3_64bits_withSeed(data + HEADER_SIZE, index_len, XXH3_64bits(data, AT_HASH));
	memcpy(data + AT_HASH, &hash, sizeof(hash));
}

#define ROW(field)  (HEADER_SIZE + offsetof(struct activity, field))
#define NEXT(field) (ROW(field) + sizeof(struct activity))

static const struct forged_case {
	const char *why;
	size_t at, size;
	uint64_t value;
} forged_cases[] = {
	{"another version", AT_VERSION, 4, MONTH_FILE_VERSION + 1},
	{"another byte order", AT_BYTE_ORDER, 4, 0x04030201},
	{"another month", AT_NUMBER, 4, DECEMBER - 1},
	{"a negative month", AT_NUMBER, 4, UINT32_MAX},
	{"more rows than there are", AT_N, 4, 4},
	{"very many rows", AT_N, 4, UINT32_MAX},
	{"so many rows that the size wraps", AT_N, 4, 1000001},
	{"very many strings", AT_STRINGS_LEN, 4, UINT32_MAX},
	{"a text past its ceiling", AT_JSON_LEN, 4, UINT32_MAX},
	{"a text that is longer", AT_JSON_LEN, 4, 100000},
	{"no labelId", ROW(label_id), 8, 0},
	{"a labelId past its range", ROW(label_id), 8, LABEL_ID_MAX + 1},
	{"the next one's labelId", ROW(label_id), 8, LABEL + 1},
	{"a start before 1970", ROW(start_s), 8, (uint64_t)-1},
	{"a start that breaks the order", ROW(start_s), 8, 5},
	{"an end before the start", ROW(end_s), 8, 1},
	{"an end that is no time in nanoseconds", ROW(end_s), 8, INT64_C(1) << 60},
	{"a negative change", ROW(changed_ns), 8, (uint64_t)-5},
	{"text past the end", ROW(json_at), 4, UINT32_MAX},
	{"a text that is another's", NEXT(json_at), 4, 0},
	{"a text of which a part is nobody's", NEXT(json_len) + sizeof(struct activity), 4, 10},
	{"text that ends past the end", ROW(json_len), 4, 1 << 20},
	{"more lines than bytes", ROW(json_lines), 4, UINT32_MAX},
	{"strings past the end", ROW(strings_at), 4, UINT32_MAX},
	{"a title past the end", ROW(title_len), 4, UINT32_MAX},
	{"a title to the end and its cells behind", ROW(title_len), 4, 66},
	{"a day of another month", ROW(day), 4, 20221130},
	{"a day that is none", ROW(day), 4, 20221232},
	{"a negative day", ROW(day), 4, (uint64_t)-20221230},
	{"a cell longer than any", ROW(cell_len), 1, CELL_MAX + 1},
	{"cells past the end", NEXT(cell_len) + sizeof(struct activity), 1, CELL_MAX},
	{"a last row with text past the end", NEXT(json_len) + sizeof(struct activity), 4, 4096},
};

static void forged(void **state)
{
	const struct forged_case *c = *state;
	struct month *m = NULL;
	int64_t fetched_s;
	struct made d;
	struct err err;
	size_t len;

	made_new(&d, ITEMS);
	char *data = temp_dir_read(&d.dir, FILE_NAME, &len);
	memcpy(data + c->at, &c->value, c->size);
	seal(data, len);
	temp_dir_write(&d.dir, FILE_NAME, data, len, 0600);
	assert_int_equal(month_file_read(d.dir.fd, DECEMBER, &m, &fetched_s, &err), -EBADMSG);
	free(data);
	made_free(&d);
}

/* Whatever value stands in a row under a right checksum, what is taken can be read through. */
static void every_row_byte_forged(void **state)
{
	static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
	struct month *m;
	int64_t fetched_s;
	struct made d;
	struct err err;
	size_t len, taken = 0;

	(void)state;
	made_new(&d, ITEMS);
	char *data = temp_dir_read(&d.dir, FILE_NAME, &len);
	for (size_t at = HEADER_SIZE; at < HEADER_SIZE + ITEMS * sizeof(struct activity); at++) {
		for (size_t v = 0; v < sizeof(values); v++) {
			char was = data[at];
			data[at] = (char)values[v];
			seal(data, len);
			temp_dir_write(&d.dir, FILE_NAME, data, len, 0600);
			int r = month_file_read(d.dir.fd, DECEMBER, &m, &fetched_s, &err);
			data[at] = was;
			if (r < 0) {
				assert_int_equal(r, -EBADMSG);
				continue;
			}
			taken++;
			for (size_t i = 0; i < m->n; i++) {
				const struct activity *a = &m->row[i];
				size_t n, sum = 0;
				const char *s = activity_title(a, m->strings, &n);
				for (size_t k = 0; k < n; k++)
					sum += (unsigned char)s[k];
				for (int cell = 0; cell < CELLS; cell++) {
					s = activity_cell(a, m->strings, (enum activity_cell)cell,
							  &n);
					for (size_t k = 0; k < n; k++)
						sum += (unsigned char)s[k];
				}
				assert_true(sum < 1000000);
				assert_in_range(activity_local_minute(a), 0, 1439);
				assert_true((uint64_t)a->json_at + a->json_len <= m->json_len);
			}
			month_unref(m);
		}
	}
	assert_true(taken > 0);
	free(data);
	made_free(&d);
}

/* The text of another version is not this one's, whoever is right. */
static void text_of_another_version(void **state)
{
	struct item other[ITEMS];
	struct month_text *text, *text2;
	struct made d;
	struct err err;

	(void)state;
	made_new(&d, ITEMS);
	memcpy(other, items, sizeof(items));
	other[0].name = "\"Foo Rum\"";
	struct month *m = make_month(DECEMBER, other, ITEMS, names, &text);
	assert_int_equal(month_file_write(d.dir.fd, m, text, FETCHED, &err), 0);
	assert_int_equal(month_file_read_text(d.dir.fd, d.m, 0, d.m->json_len, &text2, &err),
			 -EBADMSG);
	assert_int_equal(month_file_read_text(d.dir.fd, m, 0, m->json_len, &text2, &err), 0);
	month_text_unref(text2);
	month_text_unref(text);
	month_unref(m);
	made_free(&d);
}

/* ---- what is not a file ---- */

enum other { OTHER_FOLDER, OTHER_LINK, OTHER_FIFO, OTHER_EMPTY };

static const struct other_case {
	const char *why;
	enum other what;
} other_cases[] = {
	{"a folder", OTHER_FOLDER},
	{"a link, wherever it leads", OTHER_LINK},
	{"a fifo does not hold us up", OTHER_FIFO},
	{"an empty file", OTHER_EMPTY},
};

static void other(void **state)
{
	const struct other_case *c = *state;
	struct month *m;
	int64_t fetched_s;
	struct made d;
	struct err err;

	made_new(&d, ITEMS);
	if (c->what == OTHER_LINK)
		assert_int_equal(renameat(d.dir.fd, FILE_NAME, d.dir.fd, "there"), 0);
	else
		assert_int_equal(unlinkat(d.dir.fd, FILE_NAME, 0), 0);
	if (c->what == OTHER_FOLDER)
		assert_int_equal(mkdirat(d.dir.fd, FILE_NAME, 0700), 0);
	if (c->what == OTHER_LINK)
		assert_int_equal(symlinkat("there", d.dir.fd, FILE_NAME), 0);
	if (c->what == OTHER_FIFO)
		assert_int_equal(mkfifoat(d.dir.fd, FILE_NAME, 0600), 0);
	if (c->what == OTHER_EMPTY)
		temp_dir_write(&d.dir, FILE_NAME, "", 0, 0600);
	assert_int_equal(month_file_read(d.dir.fd, DECEMBER, &m, &fetched_s, &err), -EBADMSG);
	made_free(&d);
}

/* ---- a disk that fails: it says nothing of the file ---- */

static const struct look_case {
	const char *why, *call;
	int code;
} look_cases[] = {
	{"too many open files", "openat", EMFILE},
	{"a file that may not be opened", "openat", EACCES},
	{"a disk that does not read", "read", EIO},
	{"a network's file that is gone stale", "read", ESTALE},
};

static void bad_look(void **state)
{
	const struct look_case *c = *state;
	struct month *m;
	struct month_text *text;
	int64_t fetched_s;
	struct made d;
	struct err err;

	made_new(&d, ITEMS);
	failing_disk_begin(c->call, FILE_NAME, c->code);
	assert_int_equal(month_file_read(d.dir.fd, DECEMBER, &m, &fetched_s, &err), -c->code);
	assert_non_null(strstr(err.text, FILE_NAME));
	assert_int_equal(month_file_read_text(d.dir.fd, d.m, 0, d.m->json_len, &text, &err),
			 -c->code);
	assert_non_null(strstr(err.text, FILE_NAME));
	assert_int_equal(failing_disk_end(), 2);
	made_free(&d);
}

/* ---- no memory ---- */

static int try_write(void *arg)
{
	struct made *d = arg;
	struct err err;

	return month_file_write(d->dir.fd, d->m, d->text, FETCHED, &err);
}

static int try_read(void *arg)
{
	struct made *d = arg;
	struct month_text *text;
	struct month *m;
	int64_t fetched_s;
	struct err err;
	int r = month_file_read(d->dir.fd, DECEMBER, &m, &fetched_s, &err);

	if (r < 0)
		return r;
	r = month_file_read_text(d->dir.fd, m, 0, m->json_len, &text, &err);
	if (r == 0)
		month_text_unref(text);
	month_unref(m);
	return r;
}

static void out_of_memory(void **state)
{
	struct made d;

	(void)state;
	made_new(&d, ITEMS);
	failing_alloc_try(try_write, &d, 0);
	failing_alloc_try(try_read, &d, 0);
	made_free(&d);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "a month comes back, rows, texts and times", three_come_back, NULL);
	rows_add(&rows, "an empty month comes back", none_come_back, NULL);
	rows_add(&rows, "any rows of its text", pieces, NULL);
	rows_add(&rows, "a look that found no change is kept", touched, NULL);
	rows_add(&rows, "a month that is not there", not_there, NULL);
	ROWS_ADD(&rows, name_cases, name);
	rows_add(&rows, "a month of the largest size", ceiling, NULL);
	rows_add(&rows, "cut or grown, it is refused at each length", every_length, NULL);
	rows_add(&rows, "with any bit flipped it is refused or the same", every_bit, NULL);
	ROWS_ADD(&rows, forged_cases, forged);
	rows_add(&rows, "with any byte of a row forged it can be read through",
		 every_row_byte_forged, NULL);
	rows_add(&rows, "a text goes with its own month", text_of_another_version, NULL);
	ROWS_ADD(&rows, look_cases, bad_look);
	ROWS_ADD(&rows, other_cases, other);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	return rows_run("month_file", &rows);
}
