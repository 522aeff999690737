/* SPDX-License-Identifier: MIT */
/* The answer to a login: what is taken can go into a header and a file. */
#include <string.h>

#include "api/login.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct login_answer answer;
	struct err err = {0};
	int r = login_decode((const char *)data, size, &answer, &err);

	if (r == 0) {
		CLAIM(login_is_token(answer.token));
		CLAIM(!answer.user_id[0] || login_is_user_id(answer.user_id));
		CLAIM(!strpbrk(answer.token, "\r\n\t ,;"));
	} else if (r > 0) {
		CLAIM(r == LOGIN_REFUSED || r == LOGIN_CODE_ASKED || r == LOGIN_CODE_WRONG);
	} else {
		CLAIM(err.code == r && err.text[0]);
	}
	return 0;
}
