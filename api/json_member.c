/* SPDX-License-Identifier: MIT */
/* Members of small answers; see json_member.h. */
#include "api/json_member.h"

#include <errno.h>
#include <string.h>

#include "api/json_text.h"

int json_member(struct json_value object, const char *name, struct json_value *out)
{
	struct json_value v = {NULL, 0};
	const char *key, *raw;
	size_t key_len, len;
	struct json_text in;
	int first = 1, more;

	*out = v;
	if (!json_value_is_object(object))
		return -EIO;
	json_text_init(&in, object.at, object.len);
	if (json_text_open(&in, '{') < 0)
		return -EIO;
	while ((more = json_text_more(&in, '}', &first)) == 1) {
		if (json_text_key(&in, &key, &key_len) < 0 || json_text_skip(&in, &raw, &len) < 0)
			return -EIO;
		if (json_text_key_is(key, key_len, name))
			v = (struct json_value){raw, len};
	}
	if (more < 0 || json_text_peek(&in))
		return -EIO;
	*out = v;
	return 0;
}

int json_value_is(struct json_value v, const char *word)
{
	return v.at && v.len == strlen(word) && memcmp(v.at, word, v.len) == 0;
}

int json_value_is_object(struct json_value v)
{
	struct json_text in;

	if (!v.at)
		return 0;
	json_text_init(&in, v.at, v.len);
	return json_text_peek(&in) == '{';
}

int json_value_text(struct json_value v, char *out, size_t size)
{
	/* Its ceiling lies within what it has, so it never grows. */
	struct buf text = {.data = out, .size = size, .max = size - 1};

	out[0] = '\0';
	if (!v.at || json_text_string(v.at, v.len, &text) < 0 || memchr(out, '\0', text.len)) {
		explicit_bzero(out, size);
		return -EINVAL;
	}
	out[text.len] = '\0';
	return 0;
}
