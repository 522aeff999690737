/* SPDX-License-Identifier: MIT */
/* The kept token; see token_file.h. A small JSON object, so that a person can tell what it is. */
#include "cache/token_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/atomic_file.h"

#define FILE_NAME "token"

static int copy(char *to, size_t size, const char *from)
{
	if (!from || strlen(from) >= size)
		return -1;
	memcpy(to, from, strlen(from) + 1);
	return 0;
}

static int decode(const char *data, size_t len, struct session_token *token)
{
	const char *secret, *user, *base;
	json_t *o = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	int r = -EBADMSG;

	*token = (struct session_token){0};
	if (json_unpack(o, "{s:s, s:s, s:s, s:i, s:i}", "token", &secret, "user", &user, "base",
			&base, "region", &token->region, "scheme", &token->scheme) == 0 &&
	    copy(token->token, sizeof(token->token), secret) == 0 &&
	    copy(token->user_id, sizeof(token->user_id), user) == 0 &&
	    copy(token->base, sizeof(token->base), base) == 0)
		r = 0;
	json_decref(o);
	return r;
}

int token_file_read(int dirfd, struct session_token *token, struct err *err)
{
	char *data;
	size_t len;
	int r = atomic_file_read(dirfd, FILE_NAME, 4096, &data, &len, err);

	if (r < 0)
		return r;
	r = decode(data, len, token);
	explicit_bzero(data, len);
	free(data);
	return r < 0 ? err_set(err, r, "the kept login is damaged") : 0;
}

int token_file_write(int dirfd, const struct session_token *token, struct err *err)
{
	if (!token)
		return unlinkat(dirfd, FILE_NAME, 0) < 0 && errno != ENOENT
			       ? err_sys(err, -errno, "remove the kept login")
			       : 0;

	json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:i}", "token", token->token, "user",
			      token->user_id, "base", token->base, "region", token->region,
			      "scheme", token->scheme);
	char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
	json_decref(o);
	if (!text)
		return err_set(err, -ENOMEM, "no memory to keep the login");
	struct iovec iov[] = {{text, strlen(text)}, {"\n", 1}};
	size_t len = strlen(text);
	int r = atomic_file_write(dirfd, FILE_NAME, iov, 2, 0, err);
	explicit_bzero(text, len);
	free(text);
	return r;
}
