/* SPDX-License-Identifier: MIT */
/* JSON's strings and numbers as C has them; see json_text.h. */
#include <errno.h>
#include <string.h>

#include "api/json_chars.h"
#include "api/json_text.h"

static int add_code_point(struct buf *out, unsigned long c)
{
	char u[4];
	size_t len;

	if (c < 0x80) {
		u[0] = (char)c;
		len = 1;
	} else if (c < 0x800) {
		u[0] = (char)(0xc0 | (c >> 6));
		u[1] = (char)(0x80 | (c & 0x3f));
		len = 2;
	} else if (c < 0x10000) {
		u[0] = (char)(0xe0 | (c >> 12));
		u[1] = (char)(0x80 | ((c >> 6) & 0x3f));
		u[2] = (char)(0x80 | (c & 0x3f));
		len = 3;
	} else {
		u[0] = (char)(0xf0 | (c >> 18));
		u[1] = (char)(0x80 | ((c >> 12) & 0x3f));
		u[2] = (char)(0x80 | ((c >> 6) & 0x3f));
		u[3] = (char)(0x80 | (c & 0x3f));
		len = 4;
	}
	return buf_add(out, u, len);
}

/* \uXXXX at p, and the low half of a surrogate pair behind it. Moves p past what it took. */
static int add_unicode_escape(struct buf *out, const char **p, const char *end)
{
	int c = json_hex4(*p + 2, end);

	*p += 6;
	if (c < 0xd800 || c > 0xdfff)
		return add_code_point(out, (unsigned long)c);
	if (c <= 0xdbff && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		int low = json_hex4(*p + 2, end);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*p += 6;
			return add_code_point(out, 0x10000 + (((unsigned long)c - 0xd800) << 10) +
							   ((unsigned long)low - 0xdc00));
		}
	}
	return buf_add_str(out, JSON_REPLACEMENT);
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
			size_t u = json_utf8_length(p, end);
			r = u ? buf_add(out, p, u) : buf_add_str(out, JSON_REPLACEMENT);
			p += u ? u : 1;
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
