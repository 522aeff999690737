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

static int add_escape(struct buf *out, const char **p, const char *end)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = *p;
	int is_character;
	size_t len = json_escape_length(at, end, &is_character);

	if (!len)
		return -EINVAL;
	*p += len;
	if (len == 2)
		return buf_add(out, &to[strchr(from, at[1]) - from], 1);
	uint32_t c = (uint32_t)json_hex4(at + 2, end);
	if (len == 12)
		c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)json_hex4(at + 8, end) - 0xdc00);
	return add_code_point(out, is_character ? c : UTF8_REPLACEMENT);
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
