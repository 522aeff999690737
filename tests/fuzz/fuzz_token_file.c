/* SPDX-License-Identifier: MIT */
/* The kept login: what is taken fits, and comes back as it was. */
#include <errno.h>
#include <string.h>

#include "cache/token_file.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session_token token, again;
	struct err err;
	int at = fuzz_folder_fd();

	fuzz_write(at, "token", data, size);
	int r = token_file_read(at, &token, &err);
	if (r < 0) {
		CLAIM(r == -EBADMSG || r == -EFBIG);
		return 0;
	}
	CLAIM(strnlen(token.token, sizeof(token.token)) < sizeof(token.token));
	CLAIM(strnlen(token.base, sizeof(token.base)) < sizeof(token.base));
	CLAIM(token_file_write(at, &token, &err) == 0);
	CLAIM(token_file_read(at, &again, &err) == 0);
	CLAIM(memcmp(&token, &again, sizeof(token)) == 0);
	return 0;
}
