/* SPDX-License-Identifier: MIT */
/* Characters in UTF-8; see utf8.h. */
#include "api/utf8.h"

size_t utf8_length(const char *p, const char *end)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t left = (size_t)(end - p), len;
	unsigned char low = 0x80, high = 0xbf;

	if (u[0] < 0x80)
		return 1;
	if (u[0] >= 0xc2 && u[0] <= 0xdf) {
		len = 2;
	} else if (u[0] >= 0xe0 && u[0] <= 0xef) {
		len = 3;
		low = u[0] == 0xe0 ? 0xa0 : 0x80;
		high = u[0] == 0xed ? 0x9f : 0xbf;
	} else if (u[0] >= 0xf0 && u[0] <= 0xf4) {
		len = 4;
		low = u[0] == 0xf0 ? 0x90 : 0x80;
		high = u[0] == 0xf4 ? 0x8f : 0xbf;
	} else {
		return 0;
	}
	if (left < len || u[1] < low || u[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

uint32_t utf8_next(const char **p, const char *end)
{
	const unsigned char *u = (const unsigned char *)*p;
	size_t len = utf8_length(*p, end);
	uint32_t c = len > 1 ? u[0] & (0x7fu >> len) : u[0];

	*p += len ? len : 1;
	for (size_t i = 1; i < len; i++)
		c = c << 6 | (u[i] & 0x3fu);
	return len ? c : UTF8_REPLACEMENT;
}

size_t utf8_put(char out[4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(0xf00u >> len | c);
	return len;
}

int utf8_is_invisible(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0xad, 0xad},       {0x61c, 0x61c},     {0x180e, 0x180e},   {0x200b, 0x200f},
		{0x202a, 0x202e},   {0x2060, 0x206f},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},
		{0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0001, 0xe0001}, {0xe0020, 0xe007f},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return 1;
	return 0;
}
