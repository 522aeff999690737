/* SPDX-License-Identifier: MIT */
/* Words of others: whatever they are, what is shown is one line of UTF-8 without the secret. */
#include <string.h>

#include "api/buf.h"
#include "api/clean.h"
#include "api/utf8.h"
#include "tests/fuzz/fuzz.h"

#define SECRET 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char letters[] = "abcdefgh";
	char secret[SECRET + 1] = "", out[600], again[600];

	if (size < SECRET + 1)
		return 0;
	for (int i = 0; i < SECRET; i++)
		secret[i] = letters[data[i] % 8];
	clean_secret(CLEAN_TOKEN, secret);
	/* The input can send it back: a NUL stands for it. */
	struct buf text;
	buf_init(&text, 1 << 20);
	for (size_t i = SECRET + 1; i < size; i++)
		CLAIM(buf_add(&text, data[i] ? (const char *)&data[i] : secret,
			      data[i] ? 1 : SECRET) == 0);
	CLAIM(buf_cstr(&text));
	size_t room = 1 + data[SECRET] * 2;
	clean_words(text.data, out, room);
	size_t len = strnlen(out, room);
	CLAIM(len < room && !strstr(out, secret));
	for (const char *p = out; p < out + len;) {
		CLAIM(utf8_length(p, out + len));
		uint32_t c = utf8_next(&p, out + len);
		CLAIM(c >= ' ' && (c < 0x7f || c > 0x9f) && !utf8_is_invisible(c));
	}
	/* No user info: nothing but *** between :// and the last @ of a word. */
	for (const char *at = strstr(out, "://"); at; at = strstr(at, "://")) {
		at += 3;
		const char *user = memrchr(at, '@', strcspn(at, " "));
		CLAIM(!user || user == at || strncmp(at, "***@", 4) == 0);
	}
	/* A ? that stands for a control looks like a query then. */
	clean_words(out, again, sizeof(again));
	CLAIM(strstr(out, "://") || strcmp(out, again) == 0);
	buf_clear(&text);
	return 0;
}
