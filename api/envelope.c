/* SPDX-License-Identifier: MIT */
/* Answers judged; see envelope.h. */
#include "api/envelope.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/clean.h"
#include "api/json_text.h"

#define MESSAGE_MAX 80 /* bytes of the hub's own words that an error shows */

/* The envelope's own two texts. */
struct envelope {
	char result[ENVELOPE_RESULT];
	char message[MESSAGE_MAX + 1];
};

static const struct {
	const char *result;
	enum verdict verdict;
	int code;
	const char *words;
} results[] = {
	{"1019", VERDICT_DEAD, -EACCES, "the Training Hub does not know our login any more"},
	{"0101", VERDICT_DEAD, -EACCES, "the Training Hub does not know our login any more"},
	{"0102", VERDICT_DEAD, -EACCES, "the Training Hub does not know our login any more"},
	{"1006", VERDICT_DEAD, -EACCES, "the Training Hub does not know our login any more"},
	{"1031", VERDICT_REFUSED, -EINVAL, "the Training Hub does not take these parameters"},
};

/* A code as it stands: a short string without escapes; "" for anything else. */
static void read_result(const char *raw, size_t len, char out[ENVELOPE_RESULT])
{
	out[0] = '\0';
	if (len < 2 || len - 2 >= ENVELOPE_RESULT || raw[0] != '"' || memchr(raw, '\\', len))
		return;
	memcpy(out, raw + 1, len - 2);
	out[len - 2] = '\0';
}

/* The hub's words, if they are no novel; without memory there are none. */
static void read_message(const char *raw, size_t len, char *out, size_t size)
{
	struct buf text;

	buf_init(&text, 4096);
	if (json_text_string(raw, len, &text) == 0 && buf_cstr(&text))
		clean_words(text.data, out, size);
	buf_clear(&text);
}

/* Passes the whole answer, so that one that is cut off or no JSON shows. 0 or -EIO. */
static int read_envelope(const struct http_answer *a, struct envelope *e)
{
	struct json_text in;
	int first = 1, more;

	*e = (struct envelope){0};
	json_text_init(&in, a->data, a->len);
	if (json_text_open(&in, '{') < 0)
		return -EIO;
	while ((more = json_text_more(&in, '}', &first)) == 1) {
		const char *key, *raw;
		size_t key_len, len;

		if (json_text_key(&in, &key, &key_len) < 0 || json_text_skip(&in, &raw, &len) < 0)
			return -EIO;
		if (json_text_key_is(key, key_len, "result"))
			read_result(raw, len, e->result);
		else if (json_text_key_is(key, key_len, "message"))
			read_message(raw, len, e->message, sizeof(e->message));
	}
	return more < 0 || json_text_peek(&in) ? -EIO : 0;
}

static enum verdict judge_transport(const struct err *why, struct err *err)
{
	*err = *why;
	if (why->code == -ENOMEM || why->code == -ECANCELED)
		return VERDICT_NONE;
	if (why->code == -ECONNRESET)
		err->code = -EHOSTUNREACH;
	else if (why->code == -ECONNABORTED)
		err->code = -EIO;
	return VERDICT_FAILED;
}

/* Anything but 200. */
static enum verdict judge_status(const struct http_answer *a, struct err *err)
{
	if (a->status == 429) {
		err_set(err, -EBUSY, "the Training Hub asks to slow down; try again later");
		return VERDICT_FAILED;
	}
	if (a->status >= 500)
		err_set(err, -EIO, "the Training Hub is out of order (HTTP %ld); try again later",
			a->status);
	else if (a->status == 401 || a->status == 403)
		err_set(err, -EIO,
			"something refuses us (HTTP %ld), but not the way the Training Hub's API "
			"does; is there a firewall or a login page of the network in between?",
			a->status);
	else if (a->status >= 300 && a->status < 400)
		err_set(err, -EIO,
			"the Training Hub wants to send us elsewhere (HTTP %ld), which its API "
			"never does; is there a login page of the network in between?",
			a->status);
	else
		err_set(err, -EIO, "the Training Hub answers HTTP %ld", a->status);
	return VERDICT_FAILED;
}

static enum verdict judge_result(const struct envelope *e, struct err *err)
{
	if (!e->result[0]) {
		err_set(err, -EIO, "the Training Hub's answer has no result code");
		return VERDICT_FAILED;
	}
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (strcmp(e->result, results[i].result) == 0) {
			err_set(err, results[i].code, "%s (code %s)", results[i].words, e->result);
			return results[i].verdict;
		}
	/* 1001 is trouble of the hub's own, and 1030 has a meaning for a login alone; what the
	 * others mean depends on the call. */
	int is_trouble = strcmp(e->result, "1001") == 0 || strcmp(e->result, "1030") == 0;
	err_set(err, is_trouble ? -EIO : -EOPNOTSUPP, "the Training Hub answers code %s: %s",
		e->result, e->message);
	return VERDICT_REFUSED;
}

enum verdict envelope_judge(const struct http_answer *a, const struct err *why,
			    char result[ENVELOPE_RESULT], struct err *err)
{
	struct envelope e = {0};

	*err = (struct err){0};
	if (result)
		snprintf(result, ENVELOPE_RESULT, "-");
	if (!a)
		return judge_transport(why, err);

	int is_json = read_envelope(a, &e) == 0;
	if (result && e.result[0])
		memcpy(result, e.result, ENVELOPE_RESULT);
	if (a->status == 200 && is_json && strcmp(e.result, "0000") == 0)
		return VERDICT_GOOD;
	/* A dead token may come with any status; what it is decides, not how it is sent. No other
	 * answer says that: whoever stands in between may refuse us, too. */
	enum verdict verdict = is_json && e.result[0] ? judge_result(&e, err) : VERDICT_FAILED;
	if (verdict == VERDICT_DEAD)
		return VERDICT_DEAD;
	if (a->status != 200)
		return judge_status(a, err);
	if (!is_json) {
		err_set(err, -EIO,
			"the Training Hub answered something that is not JSON (a web page?); it "
			"may "
			"be down, try again later");
		return VERDICT_FAILED;
	}
	return judge_result(&e, err);
}
