/* SPDX-License-Identifier: MIT */
/* The second factor of a login; see factor.h. */
#include "api/factor.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/login.h"

int factor_wanted(const json_t *data)
{
	return json_is_true(json_object_get(data, "twoFactorRequired")) ||
	       json_object_get(data, "loginTicket") != NULL;
}

/* Printable and without quotes, as a token; or a whole number. */
static int copy(const json_t *value, char *out, size_t size)
{
	const char *text = json_string_value(value);

	if (json_is_integer(value)) {
		snprintf(out, size, "%lld", (long long)json_integer_value(value));
		return 0;
	}
	if (!text || strlen(text) != json_string_length(value) || strlen(text) >= size ||
	    !login_is_token(text))
		return -EIO;
	memcpy(out, text, strlen(text) + 1);
	return 0;
}

int factor_decode(const json_t *data, struct factor *f)
{
	const json_t *region = json_object_get(data, "regionId");
	const char *user = json_string_value(json_object_get(data, "userId"));

	*f = (struct factor){0};
	if (copy(json_object_get(data, "loginTicket"), f->ticket, sizeof(f->ticket)) < 0 ||
	    copy(json_object_get(data, "appKey"), f->app_key, sizeof(f->app_key)) < 0 ||
	    copy(json_object_get(data, "account"), f->account, sizeof(f->account)) < 0)
		return -EIO;
	if (json_is_integer(region) && json_integer_value(region) > 0 &&
	    json_integer_value(region) <= 1000)
		f->region = (int)json_integer_value(region);
	if (user && strlen(user) < sizeof(f->user_id) && login_is_user_id(user))
		memcpy(f->user_id, user, strlen(user) + 1);
	return 0;
}

int factor_code(const char *text, char code[FACTOR_CODE])
{
	size_t n = 0;

	for (; *text; text++) {
		if (isspace((unsigned char)*text))
			continue;
		if (*text < '0' || *text > '9' || n == 6)
			return -EINVAL;
		code[n++] = *text;
	}
	code[n] = '\0';
	return n == 6 ? 0 : -EINVAL;
}

int factor_captcha_body(const struct factor *f, struct buf *out)
{
	return buf_printf(out,
			  "{\"account\":\"%s\",\"codeType\":20,\"lengthType\":2,"
			  "\"accountType\":\"2\"}",
			  f->account);
}

int factor_verify_body(const struct factor *f, const char code[FACTOR_CODE], struct buf *out)
{
	return buf_printf(out, "{\"loginTicket\":\"%s\",\"appKey\":\"%s\",\"code\":\"%s\"}",
			  f->ticket, f->app_key, code);
}
