/* SPDX-License-Identifier: MIT */
/* Escapes and runs; see json_chars.h. */
#include "api/json_chars.h"

#include <stdint.h>
#include <string.h>

int json_hex4(const char *p, const char *end)
{
	int value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)p[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static int plain(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 0x20 && u < 0x80 && u != '"' && u != '\\';
}

/* Eight are looked at in one step. A byte below 0x20, equal to " or \, or over 0x7f leaves a high
 * bit in one of the terms. */
const char *json_pass_plain(const char *p, const char *end)
{
	static const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t x;

	for (; end - p >= (ptrdiff_t)sizeof(x); p += sizeof(x)) {
		memcpy(&x, p, sizeof(x));
		uint64_t quote = x ^ each * '"', backslash = x ^ each * '\\';
		if ((x | (x - each * 0x20) | (quote - each) | (backslash - each)) & each << 7)
			break;
	}
	while (p < end && plain(*p))
		p++;
	return p;
}

static int is_surrogate(int c, int first)
{
	return c >= first && c < first + 0x400;
}

size_t json_escape_length(const char *p, const char *end, int *is_character)
{
	*is_character = 1;
	if (end - p < 2)
		return 0;
	if (p[1] == 'u') {
		int high = json_hex4(p + 2, end);
		int low = is_surrogate(high, 0xd800) && end - p >= 8 && p[6] == '\\' && p[7] == 'u'
				  ? json_hex4(p + 8, end)
				  : -1;
		if (is_surrogate(low, 0xdc00))
			return 12;
		*is_character = !is_surrogate(high, 0xd800) && !is_surrogate(high, 0xdc00);
		return high < 0 ? 0 : 6;
	}
	return strchr("\"\\/bfnrt", p[1]) && p[1] ? 2 : 0;
}

const char *json_pass_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}
