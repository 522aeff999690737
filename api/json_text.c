/* SPDX-License-Identifier: MIT */
/* A scanner over JSON text; see json_text.h. */
#include "api/json_text.h"

#include <errno.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

void json_text_init(struct json_text *in, const char *data, size_t len)
{
	*in = (struct json_text){.at = data, .end = data + len};
}

char json_text_peek(struct json_text *in)
{
	while (in->at < in->end &&
	       (*in->at == ' ' || *in->at == '\n' || *in->at == '\t' || *in->at == '\r'))
		in->at++;
	if (in->at < in->end)
		return *in->at;
	return '\0';
}

int json_text_open(struct json_text *in, char open)
{
	if (json_text_peek(in) != open || in->depth >= JSON_DEPTH_MAX)
		return -EIO;
	in->at++;
	in->depth++;
	return 0;
}

int json_text_more(struct json_text *in, char close, int *first)
{
	char c = json_text_peek(in);

	if (c == close) {
		in->at++;
		in->depth--;
		return 0;
	}
	if (*first) {
		*first = 0;
		return c ? 1 : -EIO;
	}
	if (c != ',')
		return -EIO;
	in->at++;
	c = json_text_peek(in);
	return c && c != close ? 1 : -EIO;
}

/* ---- scalars ---- */

static int hex4(const char *p, const char *end)
{
	int value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)p[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* The length of the valid UTF-8 sequence at p (RFC 3629: no overlong forms, no surrogates), or 0.
 */
static size_t utf8_length(const char *p, const char *end)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t left = (size_t)(end - p), len;
	unsigned char low = 0x80, high = 0xbf;

	if (u[0] < 0x80)
		return 1;
	if (u[0] >= 0xc2 && u[0] <= 0xdf) {
		len = 2;
	} else if (u[0] >= 0xe0 && u[0] <= 0xef) {
		len = 3;
		low = u[0] == 0xe0 ? 0xa0 : 0x80;
		high = u[0] == 0xed ? 0x9f : 0xbf;
	} else if (u[0] >= 0xf0 && u[0] <= 0xf4) {
		len = 4;
		low = u[0] == 0xf0 ? 0x90 : 0x80;
		high = u[0] == 0xf4 ? 0x8f : 0xbf;
	} else {
		return 0;
	}
	if (left < len || u[1] < low || u[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* Bytes of a string that can be copied as they stand: printable ASCII without " and \. */
static int plain(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 0x20 && u < 0x80 && u != '"' && u != '\\';
}

/* Where the plain bytes from p on end, eight looked at in one step. A byte
 * below 0x20, equal to " or \, or over 0x7f leaves a high bit in one of the terms. */
static const char *pass_plain(const char *p, const char *end)
{
	static const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t x;

	for (; end - p >= (ptrdiff_t)sizeof(x); p += sizeof(x)) {
		memcpy(&x, p, sizeof(x));
		uint64_t quote = x ^ each * '"', backslash = x ^ each * '\\';
		if ((x | (x - each * 0x20) | (quote - each) | (backslash - each)) & each << 7)
			break;
	}
	while (p < end && plain(*p))
		p++;
	return p;
}

/* One escape at p (a backslash): its length, or 0 when it is none of JSON's. */
static size_t escape_length(const char *p, const char *end)
{
	if (end - p < 2)
		return 0;
	if (p[1] == 'u')
		return hex4(p + 2, end) < 0 ? 0 : 6;
	return strchr("\"\\/bfnrt", p[1]) && p[1] ? 2 : 0;
}

/* Passes a string; with `out` copies it as valid JSON. */
static int scan_string(struct json_text *in, struct buf *out)
{
	const char *p = in->at + 1, *from = in->at;
	int r = 0;

	while ((p = pass_plain(p, in->end)) < in->end && r == 0) {
		if (*p == '"') {
			p++;
			in->at = p;
			return out ? buf_add(out, from, (size_t)(p - from)) : 0;
		}
		if (*p == '\\') {
			size_t len = escape_length(p, in->end);
			if (!len)
				return -EIO;
			p += len;
			continue;
		}
		size_t len = (unsigned char)*p < 0x20 ? 0 : utf8_length(p, in->end);
		if (len) {
			p += len;
			continue;
		}
		/* A byte that cannot stay: end the run, put its stand-in, go on behind it. */
		if (out) {
			r = buf_add(out, from, (size_t)(p - from));
			if (r == 0 && (unsigned char)*p < 0x20)
				r = buf_printf(out, "\\u%04x", (unsigned char)*p);
			else if (r == 0)
				r = buf_add_str(out, replacement);
		}
		from = ++p;
	}
	return r < 0 ? r : -EIO;
}

static const char *digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* Passes a number by RFC 8259's grammar. */
static int scan_number(struct json_text *in)
{
	const char *p = in->at, *start;

	if (p < in->end && *p == '-')
		p++;
	start = p;
	p = digits(p, in->end);
	if (p == start || (*start == '0' && p > start + 1))
		return -EIO;
	if (p < in->end && *p == '.') {
		start = ++p;
		p = digits(p, in->end);
		if (p == start)
			return -EIO;
	}
	if (p < in->end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < in->end && (*p == '+' || *p == '-'))
			p++;
		start = p;
		p = digits(p, in->end);
		if (p == start)
			return -EIO;
	}
	in->at = p;
	return 0;
}

static int scan_word(struct json_text *in, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0)
		return -EIO;
	in->at += len;
	return 0;
}

static int scan_scalar(struct json_text *in, struct buf *out)
{
	const char *from;
	int r;
	char c = json_text_peek(in);

	if (c == '"')
		return scan_string(in, out);
	from = in->at;
	if (c == 't')
		r = scan_word(in, "true");
	else if (c == 'f')
		r = scan_word(in, "false");
	else if (c == 'n')
		r = scan_word(in, "null");
	else
		r = scan_number(in);
	return r == 0 && out ? buf_add(out, from, (size_t)(in->at - from)) : r;
}

/* ---- values ---- */

static int new_line(struct buf *out, int indent)
{
	static const char spaces[2 * JSON_DEPTH_MAX + 3] =
		"\n"
		"                                                                "
		"                                                                ";

	return buf_add(out, spaces, 1 + 2 * (size_t)indent);
}

static int copy_key(struct json_text *in, struct buf *out)
{
	int r = json_text_peek(in) == '"' ? scan_string(in, out) : -EIO;

	if (r == 0 && json_text_peek(in) != ':')
		return -EIO;
	in->at++;
	return r == 0 && out ? buf_add(out, ": ", 2) : r;
}

/* Brackets and what is in them, too deep to be looked into: passed without recursion. They are
 * counted, not paired, since nobody will see them. */
static int pass_over(struct json_text *in)
{
	size_t open = 0;

	do {
		char c = json_text_peek(in);
		if (c == '[' || c == '{')
			open++;
		else if (c == ']' || c == '}')
			open--;
		else if (c != ',' && c != ':') {
			if (scan_scalar(in, NULL) < 0)
				return -EIO;
			continue;
		}
		in->at++;
	} while (open);
	return 0;
}

/* Any value. Recursion is bounded by JSON_DEPTH_MAX. */
static int scan_value(struct json_text *in, int indent,
		      struct buf *out) /* NOLINT(misc-no-recursion) */
{
	char open = json_text_peek(in), close = open == '{' ? '}' : ']';
	int first = 1, more, r;

	if (open != '{' && open != '[')
		return scan_scalar(in, out);
	if (in->depth >= JSON_DEPTH_MAX || (out && indent >= JSON_DEPTH_MAX)) {
		r = pass_over(in);
		return r == 0 && out ? buf_add_str(out, "null") : r;
	}
	if ((r = json_text_open(in, open)) < 0 || (out && (r = buf_add(out, &open, 1)) < 0))
		return r;
	for (int n = 0; (more = json_text_more(in, close, &first)) == 1; n++) {
		if (out && n && (r = buf_add(out, ",", 1)) < 0)
			return r;
		if (out && (r = new_line(out, indent + 1)) < 0)
			return r;
		if (open == '{' && (r = copy_key(in, out)) < 0)
			return r;
		if ((r = scan_value(in, indent + 1, out)) < 0)
			return r;
	}
	if (more == 0 && out && !first)
		more = new_line(out, indent);
	return more == 0 && out ? buf_add(out, &close, 1) : more;
}

int json_text_key(struct json_text *in, const char **raw, size_t *len)
{
	if (json_text_peek(in) != '"')
		return -EIO;
	*raw = in->at;
	if (scan_string(in, NULL) < 0)
		return -EIO;
	*len = (size_t)(in->at - *raw);
	if (json_text_peek(in) != ':')
		return -EIO;
	in->at++;
	return 0;
}

int json_text_key_is(const char *raw, size_t len, const char *name)
{
	return len == strlen(name) + 2 && memcmp(raw + 1, name, len - 2) == 0;
}

int json_text_skip(struct json_text *in, const char **raw, size_t *len)
{
	json_text_peek(in);
	*raw = in->at;
	int r = scan_value(in, 0, NULL);
	*len = (size_t)(in->at - *raw);
	return r;
}

int json_text_copy(struct json_text *in, int indent, struct buf *out)
{
	return scan_value(in, indent, out);
}

/* ---- decoding ---- */

static int add_code_point(struct buf *out, unsigned long c)
{
	char u[4];
	size_t len;

	if (c < 0x80) {
		u[0] = (char)c;
		len = 1;
	} else if (c < 0x800) {
		u[0] = (char)(0xc0 | (c >> 6));
		u[1] = (char)(0x80 | (c & 0x3f));
		len = 2;
	} else if (c < 0x10000) {
		u[0] = (char)(0xe0 | (c >> 12));
		u[1] = (char)(0x80 | ((c >> 6) & 0x3f));
		u[2] = (char)(0x80 | (c & 0x3f));
		len = 3;
	} else {
		u[0] = (char)(0xf0 | (c >> 18));
		u[1] = (char)(0x80 | ((c >> 12) & 0x3f));
		u[2] = (char)(0x80 | ((c >> 6) & 0x3f));
		u[3] = (char)(0x80 | (c & 0x3f));
		len = 4;
	}
	return buf_add(out, u, len);
}

/* \uXXXX at p, and the low half of a surrogate pair behind it. Moves p past what it took. */
static int add_unicode_escape(struct buf *out, const char **p, const char *end)
{
	int c = hex4(*p + 2, end);

	*p += 6;
	if (c < 0xd800 || c > 0xdfff)
		return add_code_point(out, (unsigned long)c);
	if (c <= 0xdbff && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		int low = hex4(*p + 2, end);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*p += 6;
			return add_code_point(out, 0x10000 + (((unsigned long)c - 0xd800) << 10) +
							   ((unsigned long)low - 0xdc00));
		}
	}
	return buf_add_str(out, replacement);
}

static int add_escape(struct buf *out, const char **p, const char *end)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

	if (!escape_length(*p, end))
		return -EINVAL;
	if ((*p)[1] == 'u')
		return add_unicode_escape(out, p, end);
	const char *which = strchr(from, (*p)[1]);
	*p += 2;
	return buf_add(out, &to[which - from], 1);
}

int json_text_string(const char *raw, size_t len, struct buf *out)
{
	if (len < 2 || raw[0] != '"' || raw[len - 1] != '"')
		return -EINVAL;

	const char *p = raw + 1, *end = raw + len - 1;
	int r = 0;
	while (p < end && r == 0) {
		const char *stop = pass_plain(p, end);
		if (stop > p) {
			r = buf_add(out, p, (size_t)(stop - p));
			p = stop;
		} else if (*p == '\\') {
			r = add_escape(out, &p, end);
		} else {
			size_t u = utf8_length(p, end);
			r = u ? buf_add(out, p, u) : buf_add_str(out, replacement);
			p += u ? u : 1;
		}
	}
	return r;
}

int json_text_integer(const char *raw, size_t len, int64_t *value)
{
	const char *p = raw, *end = raw + len;
	int64_t sum = 0;
	int negative;

	if (len >= 2 && raw[0] == '"') {
		p++;
		end--;
	}
	negative = p < end && *p == '-';
	p += negative;
	if (p == end || *p < '0' || *p > '9')
		return -EINVAL;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_sub_overflow(sum, *p - '0', &sum))
			return -ERANGE;
	/* A fraction is cut off; an exponent would change what stands before it. */
	if (p < end && *p == '.' && raw[0] != '"')
		p = digits(p + 1, end);
	if (p != end)
		return -EINVAL;
	/* Summed up negative, since that side of int64 is one longer. */
	if (!negative && sum == INT64_MIN)
		return -ERANGE;
	*value = negative ? sum : -sum;
	return 0;
}
