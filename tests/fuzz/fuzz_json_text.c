/* SPDX-License-Identifier: MIT */
/* The scanner beside Jansson: what that one takes is taken, and is the same afterwards. */
#include <errno.h>
#include <string.h>

#include "api/json_text.h"
#include "tests/fuzz/fuzz.h"

static int copy(const char *data, size_t size, struct buf *out)
{
	struct json_text in;

	json_text_init(&in, data, size);
	int r = json_text_copy(&in, 0, out);
	return r == 0 && json_text_peek(&in) ? -EIO : r;
}

/* Never less than it is: brackets in strings count, too. */
static int deepest(const char *text, size_t size)
{
	int depth = 0, most = 0;

	for (size_t i = 0; i < size; i++) {
		depth += text[i] == '[' || text[i] == '{';
		most = depth > most ? depth : most;
		depth -= text[i] == ']' || text[i] == '}';
	}
	return most;
}

static void check_string(const char *data, size_t size)
{
	struct buf text;
	int64_t n;

	buf_init(&text, 1 << 24);
	/* A stray byte becomes the three of U+FFFD. */
	if (json_text_string(data, size, &text) == 0)
		CLAIM(text.len <= 3 * size);
	(void)json_text_integer(data, size, &n);
	buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct json_text in;
	struct buf once, twice;
	const char *raw;
	size_t len;

	buf_init(&once, 1 << 24);
	buf_init(&twice, 1 << 24);
	json_text_init(&in, text, size);
	int skipped = json_text_skip(&in, &raw, &len);
	if (skipped == 0)
		CLAIM(raw >= text && raw + len <= text + size);
	if (skipped == 0 && json_text_peek(&in))
		skipped = -EIO;
	int copied = copy(text, size, &once);
	CLAIM((skipped == 0) == (copied == 0));
	if (copied == 0) {
		CLAIM(once.len <= JSON_GROWTH * size);
		CLAIM(fuzz_is_json(once.data, once.len));
		CLAIM(copy(once.data, once.len, &twice) == 0);
		CLAIM(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	}
	json_t *theirs = json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	json_t *ours = copied == 0 ? json_loadb(once.data, once.len,
						JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)
				   : NULL;
	/* Ours has a lower ceiling of nesting, below which it shows a null. */
	int flat = deepest(text, size) <= JSON_DEPTH_MAX;
	if (theirs && flat && !memchr(text, 0, size))
		CLAIM(copied == 0);
	if (theirs && ours && flat)
		CLAIM(json_equal(theirs, ours));
	json_decref(theirs);
	json_decref(ours);
	check_string(text, size);
	buf_clear(&once);
	buf_clear(&twice);
	return 0;
}
