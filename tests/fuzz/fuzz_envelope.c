/* SPDX-License-Identifier: MIT */
/* What an answer means: always something, with words for whatever is not good. */
#include <errno.h>
#include <string.h>

#include "api/clean.h"
#include "api/envelope.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long statuses[] = {200, 201, 204, 301, 302, 400, 401, 403,
					404, 405, 429, 500, 502, 503, 504, 0};
	static const int reasons[] = {0, -EHOSTUNREACH, -ECONNRESET, -ETIMEDOUT, -EIO, -ENOMEM};
	char result[ENVELOPE_RESULT];
	struct err err;

	if (size < 1)
		return 0;
	/* As http.h has it: a NUL behind the body. */
	char *body = malloc(size);
	CLAIM(body);
	memcpy(body, data + 1, size - 1);
	body[size - 1] = '\0';
	struct http_answer a = {.status = statuses[data[0] % 16],
				.data = body,
				.len = size - 1,
				.retry_after_s = data[0] % 3 - 1};
	struct err why = {.code = reasons[data[0] / 16 % 6], .text = "it is so"};
	enum verdict v = envelope_judge(why.code ? NULL : &a, &why, result, &err);
	CLAIM(v <= VERDICT_NONE && strnlen(result, sizeof(result)) < sizeof(result));
	CLAIM(v == VERDICT_GOOD ? err.code == 0 : err.code < 0 && err.text[0]);
	CLAIM(strnlen(err.text, sizeof(err.text)) < sizeof(err.text));
	/* Nothing that had to be cleaned is left. */
	char words[ERR_TEXT];
	clean_words(err.text, words, sizeof(words));
	CLAIM(strcmp(words, err.text) == 0);
	free(body);
	return 0;
}
