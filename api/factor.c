/* SPDX-License-Identifier: MIT */
/* The second factor of a login; see factor.h. */
#include "api/factor.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/json_text.h"
#include "api/login.h"

int factor_wanted(struct json_value data)
{
	struct json_value wanted, ticket;

	json_member(data, "twoFactorRequired", &wanted);
	json_member(data, "loginTicket", &ticket);
	return json_value_is(wanted, "true") || ticket.at;
}

/* Printable and without quotes, as a token; or a whole number. */
static int copy(struct json_value data, const char *name, char *out, size_t size)
{
	struct json_value v;

	json_member(data, name, &v);
	if (v.at && v.len < size && strspn(v.at, "-0123456789") >= v.len) {
		memcpy(out, v.at, v.len);
		out[v.len] = '\0';
		return 0;
	}
	return json_value_text(v, out, size) == 0 && login_is_token(out) ? 0 : -EIO;
}

int factor_decode(struct json_value data, struct factor *f)
{
	struct json_value region, user;
	int64_t n;

	*f = (struct factor){0};
	if (copy(data, "loginTicket", f->ticket, sizeof(f->ticket)) < 0 ||
	    copy(data, "appKey", f->app_key, sizeof(f->app_key)) < 0 ||
	    copy(data, "account", f->account, sizeof(f->account)) < 0)
		return -EIO;
	json_member(data, "regionId", &region);
	if (region.at && json_text_integer(region.at, region.len, &n) == 0 && n > 0 && n <= 1000)
		f->region = (int)n;
	json_member(data, "userId", &user);
	if (json_value_text(user, f->user_id, sizeof(f->user_id)) == 0 &&
	    !login_is_user_id(f->user_id))
		f->user_id[0] = '\0';
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
