/* SPDX-License-Identifier: MIT */
/* A title as a file name: one name, in UTF-8, whatever was sent. */
#include <string.h>

#include "fs/name.h"
#include "tests/fuzz/fuzz.h"

/* The bytes of a well-formed character, or 0. */
static size_t character(const unsigned char *s, size_t len)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;

	if (n == 0 || n > len || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[NAME_TITLE_MAX + 1], again[NAME_TITLE_MAX + 1];
	size_t len = name_title((const char *)data, size, 100, name);

	CLAIM(len >= 1 && len <= NAME_TITLE_MAX && strlen(name) == len);
	CLAIM(!strpbrk(name, "/\\:*?\"<>|"));
	for (size_t at = 0, n; at < len; at += n) {
		n = character((const unsigned char *)name + at, len - at);
		CLAIM(n && (unsigned char)name[at] > 0x20 && name[at] != 0x7f);
	}
	/* The same for the same, and a name is its own name. */
	CLAIM(name_title(name, len, 100, again) == len && strcmp(name, again) == 0);
	return 0;
}
