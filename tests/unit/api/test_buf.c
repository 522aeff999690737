/* SPDX-License-Identifier: MIT */
/* A growing buffer with a ceiling. */
#include "api/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/rows.h"

static void grows(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(buf_printf(&b, "%04d", i), 0);
	assert_int_equal(b.len, 40000);
	assert_memory_equal(b.data + 4 * 1234, "1234", 4);
	assert_int_equal(strlen(buf_cstr(&b)), 40000);
	buf_clear(&b);
	assert_null(b.data);
	assert_int_equal(b.max, 1 << 20);
}

static const struct ceiling_case {
	const char *why;
	size_t max, first, more;
	int want;
} ceiling_cases[] = {
	{"up to the ceiling", 10, 4, 6, 0},
	{"not a byte past it", 10, 4, 7, -EFBIG},
	{"nothing into an empty ceiling", 0, 0, 1, -EFBIG},
	{"nothing at all always fits", 10, 10, 0, 0},
	{"no overflow of the sum", 10, 4, SIZE_MAX, -EFBIG},
	{"no overflow at the largest ceiling", SIZE_MAX - 1, 4, SIZE_MAX - 4, -EFBIG},
};

static void ceiling(void **state)
{
	const struct ceiling_case *c = *state;
	struct buf b;

	buf_init(&b, c->max);
	assert_int_equal(buf_add(&b, "0123456789", c->first), 0);
	assert_int_equal(buf_reserve(&b, c->more), c->want);
	/* A failure leaves it as it was. */
	assert_int_equal(b.len, c->first);
	if (c->first)
		assert_memory_equal(b.data, "0123456789", c->first);
	buf_clear(&b);
}

static void printf_keeps_to_the_ceiling(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(buf_printf(&b, "%s", "123456"), -EFBIG);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_printf(&b, "%s", "12345"), 0);
	assert_string_equal(buf_cstr(&b), "12345");
	assert_int_equal(b.len, 5);
	buf_clear(&b);
}

static void take_hands_over(void **state)
{
	struct buf b;
	size_t len;

	(void)state;
	buf_init(&b, 100);
	buf_add_str(&b, "text");
	char *data = buf_take(&b, &len);
	assert_int_equal(len, 4);
	assert_memory_equal(data, "text", 4);
	assert_int_equal(b.len, 0);
	free(data);
	assert_null(buf_take(&b, &len));
	buf_clear(&b);
}

static void empty_has_text(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_string_equal(buf_cstr(&b), "");
	buf_clear(&b);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "it grows", grows, NULL);
	ROWS_ADD(&rows, ceiling_cases, ceiling);
	rows_add(&rows, "printed text keeps to the ceiling", printf_keeps_to_the_ceiling, NULL);
	rows_add(&rows, "the bytes can be handed over", take_hands_over, NULL);
	rows_add(&rows, "an empty one is an empty text", empty_has_text, NULL);
	return rows_run("buf", &rows);
}
