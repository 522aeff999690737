/* SPDX-License-Identifier: MIT */
/* JSON's strings and numbers as C has them; see json_text.h. */
#include <errno.h>
#include <string.h>

#include "api/json_chars.h"
#include "api/json_text.h"
#include "api/utf8.h"

static int add_code_point(struct buf *out, uint32_t c)
{
	char u[4];

	return buf_add(out, u, utf8_put(u, c));
}

/* \uXXXX at p, and the low half of a surrogate pair behind it. Moves p past what it took. */
static int add_unicode_escape(struct buf *out, const char **p, const char *end)
{
	int c = json_hex4(*p + 2, end);

	*p += 6;
	if (c < 0xd800 || c > 0xdfff)
		return add_code_point(out, (uint32_t)c);
	if (c <= 0xdbff && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		int low = json_hex4(*p + 2, end);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*p += 6;
			return add_code_point(out, 0x10000 + (((uint32_t)c - 0xd800) << 10) +
							   ((uint32_t)low - 0xdc00));
		}
	}
	return buf_add_str(out, UTF8_REPLACEMENT_TEXT);
}

static int add_escape(struct buf *out, const char **p, const char *end)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

	if (!json_escape_length(*p, end))
		return -EINVAL;
	if ((*p)[1] == 'u')
		return add_unicode_escape(out, p, end);
	const char *which = strchr(from, (*p)[1]);
	*p += 2;
	return buf_add(out, &to[which - from], 1);
}

int json_text_string(const char *raw, size_t len, struct buf *out)
{
	if (len < 2 || raw[0] != '"' || raw[len - 1] != '"')
		return -EINVAL;

	const char *p = raw + 1, *end = raw + len - 1;
	int r = 0;
	while (p < end && r == 0) {
		const char *stop = json_pass_plain(p, end);
		if (stop > p) {
			r = buf_add(out, p, (size_t)(stop - p));
			p = stop;
		} else if (*p == '\\') {
			r = add_escape(out, &p, end);
		} else {
			r = add_code_point(out, utf8_next(&p, end));
		}
	}
	return r;
}

int json_text_integer(const char *raw, size_t len, int64_t *value)
{
	const char *p = raw, *end = raw + len;
	int64_t sum = 0;
	int negative;

	if (len >= 2 && raw[0] == '"') {
		p++;
		end--;
	}
	negative = p < end && *p == '-';
	p += negative;
	if (p == end || *p < '0' || *p > '9')
		return -EINVAL;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_sub_overflow(sum, *p - '0', &sum))
			return -ERANGE;
	/* A fraction is cut off; an exponent would change what stands before it. */
	if (p < end && *p == '.' && raw[0] != '"')
		p = json_pass_digits(p + 1, end);
	if (p != end)
		return -EINVAL;
	/* Summed up negative, since that side of int64 is one longer. */
	if (!negative && sum == INT64_MIN)
		return -ERANGE;
	*value = negative ? sum : -sum;
	return 0;
}
