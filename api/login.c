/* SPDX-License-Identifier: MIT */
/* Bodies and answers of a login; see login.h. */
#include "api/login.h"

#include <crypt.h>
#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	json_t *value = json_string(account);
	char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

	*r = value ? -ENOMEM : -EINVAL;
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

static int copy_token(const json_t *value, char *out, size_t size)
{
	const char *text = json_string_value(value);

	if (!text || strlen(text) != json_string_length(value) || strlen(text) >= size ||
	    !login_is_token(text))
		return -EIO;
	memcpy(out, text, strlen(text) + 1);
	return 0;
}

/* The user's id is not needed everywhere: what is none is left out. */
static void copy_user_id(const json_t *value, char *out, size_t size)
{
	const char *text = json_string_value(value);

	out[0] = '\0';
	if (json_is_integer(value) && json_integer_value(value) > 0)
		snprintf(out, size, "%lld", (long long)json_integer_value(value));
	else if (text && strlen(text) < size && login_is_user_id(text))
		memcpy(out, text, strlen(text) + 1);
}

static int region_number(const json_t *value)
{
	double n = json_is_string(value) ? strtod(json_string_value(value), NULL)
					 : json_number_value(value);

	return n >= 1 && n <= 1000 ? (int)n : 0;
}

static int decode_data(const json_t *data, struct login_answer *out, struct err *err)
{
	json_t *token = json_object_get(data, "accessToken");
	int r = copy_token(token, out->token, sizeof(out->token));

	if (r == 0) {
		copy_user_id(json_object_get(data, "userId"), out->user_id, sizeof(out->user_id));
		out->region = region_number(json_object_get(data, "regionId"));
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

static int decode_result(const json_t *root, struct login_answer *out, struct err *err)
{
	const char *result = json_string_value(json_object_get(root, "result"));

	if (!result || strlen(result) >= sizeof(out->result) ||
	    strspn(result, "0123456789") != strlen(result))
		return err_set(err, -EIO,
			       "the Training Hub's login answer is not what its API sends");
	memcpy(out->result, result, strlen(result) + 1);
	if (strcmp(result, "0000") == 0)
		return decode_data(json_object_get(root, "data"), out, err);
	if (strcmp(result, "1030") == 0 || strcmp(result, "1031") == 0)
		return LOGIN_REFUSED;
	if (strcmp(result, "1042") == 0)
		return LOGIN_CODE_WRONG;
	return err_set(err, -EIO, "the Training Hub does not log in: code %s", result);
}

int login_decode(const char *data, size_t len, struct login_answer *out, struct err *err)
{
	json_error_t where;
	json_t *root = json_loadb(data, len, 0, &where);

	*out = (struct login_answer){0};
	if (!root) {
		if (json_error_code(&where) == json_error_out_of_memory)
			return err_sys(err, -ENOMEM, "read the login answer");
		return err_set(err, -EIO,
			       "the Training Hub answers the login with something that is not "
			       "JSON (a web page?); try again later");
	}
	int r = decode_result(root, out, err);
	json_decref(root);
	return r;
}
