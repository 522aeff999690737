/* SPDX-License-Identifier: MIT */
/* An answer taken apart; see json_split.h. A token at a time, with a bit for each open bracket. */
#include "api/json_split.h"

#include <errno.h>
#include <string.h>

#include "api/json_text.h"

#define TOKEN_MAX  65536 /* bytes of a string or number */
#define BESIDE_MAX 65536
#define PIECE      65536 /* is passed on when there is so much of it */

enum want { VALUE, FIRST_VALUE, KEY, FIRST_KEY, COLON, MORE, END };

void json_split_init(struct json_split *s, json_split_out *out, void *arg)
{
	*s = (struct json_split){.out = out, .arg = arg};
	buf_init(&s->in, TOKEN_MAX + PIECE);
	/* A token may become longer: control characters are escaped. */
	buf_init(&s->data, PIECE + JSON_GROWTH * TOKEN_MAX);
	buf_init(&s->beside, BESIDE_MAX);
}

void json_split_clear(struct json_split *s)
{
	buf_clear(&s->in);
	buf_clear(&s->data);
	buf_clear(&s->beside);
	json_split_init(s, s->out, s->arg);
}

/* ---- what is written ---- */

static struct buf *target(struct json_split *s)
{
	return s->is_data ? &s->data : &s->beside;
}

static int in_array(const struct json_split *s)
{
	return s->depth && s->arrays >> (s->depth - 1) & 1;
}

/* Of data alone, since nobody reads what is beside it; and not below some levels. */
static int is_lined(const struct json_split *s, int bracket)
{
	return s->is_data && bracket < JSON_INDENT_MAX;
}

static int new_line(struct json_split *s, int bracket, int level)
{
	static const char spaces[2 * JSON_INDENT_MAX + 2] = "\n          ";

	return is_lined(s, bracket) ? buf_add(&s->data, spaces, 1 + 2 * (size_t)level) : 0;
}

/* Before a member. The brackets of data are a level below the answer. */
static int separate(struct json_split *s, int is_first)
{
	int bracket = s->depth - 2;
	int r = is_first ? 0
			 : buf_add(target(s), ", ", s->is_data && !is_lined(s, bracket) ? 2 : 1);

	return r == 0 ? new_line(s, bracket, bracket + 1) : r;
}

static int copy(struct json_split *s, const char *token, size_t len)
{
	struct json_text in;

	json_text_init(&in, token, len);
	int r = json_text_copy(&in, 0, target(s));
	return r == 0 && in.at != in.end ? -EIO : r;
}

/* ---- what comes ---- */

/* A value has ended. */
static void ended(struct json_split *s)
{
	s->is_link = 0;
	s->want = s->depth ? MORE : END;
}

/* Whether a value may come; what stands before it in an array is written. */
static int begin_value(struct json_split *s)
{
	if (s->want != VALUE && s->want != FIRST_VALUE)
		return -EIO;
	return in_array(s) ? separate(s, s->want == FIRST_VALUE) : 0;
}

static int open_bracket(struct json_split *s, char c)
{
	int is_data_now = s->is_data < 0 && c == '{';
	int r = begin_value(s);

	if (r < 0)
		return r;
	if (s->is_data < 0 && c == '[')
		s->has_data = -1;
	if (s->is_link || s->depth == JSON_DEPTH_MAX) {
		s->over = 1;
		return buf_add_str(target(s), s->is_link ? "\"\"" : "null");
	}
	if (!s->depth && c != '{')
		return -EIO;
	if (is_data_now && (r = buf_add_str(&s->beside, "null")) < 0)
		return r;
	s->is_data = is_data_now || s->is_data > 0;
	s->arrays &= ~(UINT64_C(1) << s->depth);
	s->arrays |= (uint64_t)(c == '[') << s->depth++;
	s->want = c == '[' ? FIRST_VALUE : FIRST_KEY;
	return buf_add(target(s), &c, 1);
}

static int close_bracket(struct json_split *s, char c)
{
	int is_empty = s->want == FIRST_VALUE || s->want == FIRST_KEY;

	if (!s->depth || (!is_empty && s->want != MORE) || (c == ']') != in_array(s))
		return -EIO;
	s->depth--;
	int r = is_empty ? 0 : new_line(s, s->depth - 1, s->depth - 1);
	if (r == 0)
		r = buf_add(target(s), &c, 1);
	if (r == 0 && s->is_data && s->depth == 1) {
		s->has_data = !is_empty;
		r = buf_add(&s->data, "\n", 1);
		s->is_data = 0;
	}
	ended(s);
	return r;
}

/* Also one that is spelled with escapes. */
static int is_link(const char *name, size_t len)
{
	return (len == strlen("imageUrl") && memcmp(name, "imageUrl", len) == 0) ||
	       (len > strlen("voiceNoteUrl") &&
		memcmp(name, "voiceNote", strlen("voiceNote")) == 0 &&
		memcmp(name + len - 3, "Url", 3) == 0);
}

static int take_key(struct json_split *s, const char *token, size_t len)
{
	char text[64] = "";
	struct buf name = {.data = text, .size = sizeof(text), .max = sizeof(text) - 1};
	int is_short = json_text_string(token, len, &name) == 0;
	int r = separate(s, s->want == FIRST_KEY);

	if (r == 0)
		r = copy(s, token, len);
	if (r == 0)
		r = buf_add(target(s), ": ", s->is_data ? 2 : 1);
	s->is_link = is_short && is_link(text, name.len);
	/* The first of that name. */
	if (s->depth == 1)
		s->is_data = -(is_short && !s->has_data && name.len == 4 &&
			       memcmp(text, "data", 4) == 0);
	s->want = COLON;
	return r;
}

static int take_scalar(struct json_split *s, const char *token, size_t len)
{
	int r = begin_value(s);

	if (s->is_data < 0) {
		s->has_data = len == 4 && memcmp(token, "null", 4) == 0 ? 0 : -1;
		s->is_data = 0;
	}
	if (r == 0)
		r = s->is_link && *token == '"' ? buf_add_str(target(s), "\"\"")
						: copy(s, token, len);
	ended(s);
	return s->depth ? r : -EIO;
}

/* ---- tokens ---- */

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int is_mark(char c)
{
	return c == ',' || c == ':' || c == '{' || c == '}' || c == '[' || c == ']';
}

/* The length of the token that begins here; 0: it has not come whole, of which so much was `seen`.
 */
static size_t token_length(const char *p, const char *end, int is_last, size_t *seen)
{
	const char *at = p + (*seen ? *seen : 1);
	int is_whole;

	if (is_mark(*p))
		return 1;
	if (*p == '"') {
		while (at < end && *at != '"')
			at += *at == '\\' ? 2 : 1;
		is_whole = at++ < end;
	} else {
		while (at < end && !is_mark(*at) && !is_blank(*at) && *at != '"')
			at++;
		is_whole = at < end || is_last;
	}
	*seen = is_whole ? 0 : (size_t)(at - p) - (*p == '"');
	return is_whole ? (size_t)(at - p) : 0;
}

/* Too deep to be looked into, or a link: brackets are counted, not paired. */
static void pass_over(struct json_split *s, char c)
{
	s->over += (c == '{' || c == '[') - (c == '}' || c == ']');
	if (!s->over)
		ended(s);
}

static int take_token(struct json_split *s, const char *token, size_t len)
{
	char c = *token;

	if (s->over) {
		pass_over(s, c);
		return 0;
	}
	if (c == '{' || c == '[')
		return open_bracket(s, c);
	if (c == '}' || c == ']')
		return close_bracket(s, c);
	if (c == ',' && s->want == MORE) {
		s->want = in_array(s) ? VALUE : KEY;
		return 0;
	}
	if (c == ':' && s->want == COLON) {
		s->want = VALUE;
		return 0;
	}
	if (c == '"' && (s->want == KEY || s->want == FIRST_KEY))
		return take_key(s, token, len);
	return take_scalar(s, token, len);
}

static int flush(struct json_split *s)
{
	int r = s->data.len ? s->out(s->arg, s->data.data, s->data.len) : 0;

	s->data.len = 0;
	return r;
}

/* What has come whole. 0, -EIO: it is no JSON; or another errno. */
static int take_all(struct json_split *s, int is_last)
{
	const char *p = s->in.data, *end = p + s->in.len;
	int r = 0;

	while (r == 0) {
		while (p < end && is_blank(*p))
			p++;
		size_t len = p < end ? token_length(p, end, is_last, &s->seen) : 0;
		if (!len)
			break;
		r = take_token(s, p, len);
		p += len;
		if (r == 0 && s->data.len >= PIECE)
			r = flush(s);
	}
	s->in.len = (size_t)(end - p);
	if (p != s->in.data)
		memmove(s->in.data, p, s->in.len);
	return r;
}

static int take(struct json_split *s, int is_last)
{
	int r = s->in.len ? take_all(s, is_last) : 0;

	s->is_bad = r == -EIO || r == -EFBIG;
	return s->is_bad ? 0 : r;
}

int json_split_add(struct json_split *s, const char *text, size_t len)
{
	for (size_t n; len && !s->is_bad; text += n, len -= n) {
		n = len < PIECE ? len : PIECE;
		int r = buf_add(&s->in, text, n);
		if (r == 0)
			r = take(s, 0);
		s->is_bad |= r == -EFBIG;
		if (r < 0 && r != -EFBIG)
			return r;
	}
	return 0;
}

int json_split_end(struct json_split *s)
{
	int r = s->is_bad ? 0 : take(s, 1);

	s->is_bad |= s->want != END || s->in.len;
	return r == 0 ? flush(s) : r;
}
