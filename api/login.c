/* SPDX-License-Identifier: MIT */
/* Bodies and answers of a login; see login.h. */
#include "api/login.h"

#include <crypt.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/clean.h"
#include "api/json_member.h"
#include "api/json_text.h"

#define BCRYPT_COST 10
#define BCRYPT_SALT 29 /* "$2b$10$" and 22 characters */
#define BCRYPT_LEN  60

static void wipe_and_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void login_wipe_json(void)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
}

void login_wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->size);
	buf_clear(b);
}

/* ---- the body ---- */

static int bcrypt_once(const char md5[PASSWORD_MD5], struct crypt_data *data,
		       char hash[BCRYPT_LEN + 1])
{
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];

	/* Without bytes of ours it takes fresh ones from the system. */
	if (!crypt_gensalt_rn("$2b$", BCRYPT_COST, NULL, 0, salt, sizeof(salt)))
		return -errno;
	const char *text = crypt_r(md5, salt, data);
	if (!text || strlen(text) != BCRYPT_LEN)
		return -EIO;
	memcpy(hash, text, BCRYPT_LEN + 1);
	clean_secret(CLEAN_BCRYPT, hash);
	return 0;
}

static int bcrypt(const char md5[PASSWORD_MD5], char hash[BCRYPT_LEN + 1], struct err *err)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	int r = data ? bcrypt_once(md5, data, hash) : -ENOMEM;

	if (data)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return r < 0 ? err_sys(err, r, "hash the password") : 0;
}

/* The account as a JSON string, quotes and all. The rest of the body needs no escapes. */
static char *quoted(const char *account, int *r)
{
	errno = 0;
	json_t *value = json_string(account);
	/* It gives NULL for both, and has no other way to tell. */
	*r = value || errno == ENOMEM ? -ENOMEM : -EINVAL;
	char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
	json_decref(value);
	return text;
}

int login_body(enum login_scheme scheme, const char *account, const char md5[PASSWORD_MD5],
	       struct buf *out, struct err *err)
{
	char hash[BCRYPT_LEN + 1];
	int r;

	char *name = quoted(account, &r);
	if (!name)
		return err_sys(err, r, "send this account name (UTF-8 text)");
	/* At once in one piece: growing would leave a copy behind, unwiped. */
	r = buf_reserve(out, strlen(name) + 512);
	if (r < 0) {
		err_sys(err, r, "write the login");
	} else if (scheme == LOGIN_BCRYPT) {
		r = bcrypt(md5, hash, err);
		if (r == 0)
			r = buf_printf(out,
				       "{\"account\":%s,\"accountType\":2,\"p1\":\"%s\","
				       "\"p2\":\"%.*s\"}",
				       name, hash, BCRYPT_SALT, hash);
		explicit_bzero(hash, sizeof(hash));
	} else {
		r = buf_printf(out, "{\"account\":%s,\"accountType\":2,\"pwd\":\"%s\"}", name, md5);
	}
	free(name);
	return r;
}

/* ---- the answer ---- */

int login_is_token(const char *text)
{
	for (const char *p = text; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("\",;\\", *p))
			return 0;
	return *text != '\0';
}

int login_is_user_id(const char *text)
{
	return strspn(text, "0123456789") == strlen(text);
}

static int copy_token(struct json_value data, char *out, size_t size)
{
	struct json_value v;

	json_member(data, "accessToken", &v);
	return json_value_text(v, out, size) == 0 && login_is_token(out) ? 0 : -EIO;
}

/* The user's id is not needed everywhere: what is none is left out. */
static void copy_user_id(struct json_value data, char *out, size_t size)
{
	struct json_value v;
	int64_t n;

	json_member(data, "userId", &v);
	if (json_value_text(v, out, size) < 0 && v.at && v.at[0] != '"' &&
	    json_text_integer(v.at, v.len, &n) == 0 && n > 0)
		snprintf(out, size, "%" PRId64, n);
	else if (!login_is_user_id(out))
		out[0] = '\0';
}

static int region_number(struct json_value data)
{
	struct json_value v;
	int64_t n;

	json_member(data, "regionId", &v);
	return v.at && json_text_integer(v.at, v.len, &n) == 0 && n >= 1 && n <= 1000 ? (int)n : 0;
}

static int decode_data(struct json_value data, struct login_answer *out, struct err *err)
{
	int r = copy_token(data, out->token, sizeof(out->token));

	if (r == 0) {
		copy_user_id(data, out->user_id, sizeof(out->user_id));
		out->region = region_number(data);
	} else if (factor_wanted(data)) {
		r = LOGIN_CODE_ASKED;
		if (factor_decode(data, &out->factor) < 0)
			r = err_set(err, -EACCES,
				    "this account asks for a two-factor code in a way that corosfs "
				    "does not know; turn it off in the COROS app");
	} else {
		err_set(err, r, "the Training Hub's login answer holds no usable token");
	}
	return r;
}

static int decode_result(struct json_value root, struct login_answer *out, struct err *err)
{
	struct json_value result, data;

	json_member(root, "result", &result);
	if (json_value_text(result, out->result, sizeof(out->result)) < 0 ||
	    !login_is_user_id(out->result)) {
		out->result[0] = '\0';
		return err_set(err, -EIO,
			       "the Training Hub's login answer is not what its API sends");
	}
	if (strcmp(out->result, "0000") == 0) {
		json_member(root, "data", &data);
		return decode_data(data, out, err);
	}
	if (strcmp(out->result, "1030") == 0 || strcmp(out->result, "1031") == 0)
		return LOGIN_REFUSED;
	if (strcmp(out->result, "1042") == 0)
		return LOGIN_CODE_WRONG;
	return err_set(err, -EIO, "the Training Hub does not log in: code %s", out->result);
}

int login_decode(const char *data, size_t len, struct login_answer *out, struct err *err)
{
	const struct json_value root = {data, len};
	struct json_value any;

	*out = (struct login_answer){0};
	if (json_member(root, "", &any) < 0)
		return err_set(err, -EIO,
			       "the Training Hub answers the login with something that is not "
			       "JSON (a web page?); try again later");
	return decode_result(root, out, err);
}
