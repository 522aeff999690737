/* SPDX-License-Identifier: MIT */
/* A scanner over JSON text; see json_text.h. */
#include "api/json_text.h"

#include <errno.h>
#include <string.h>

#include "api/json_chars.h"
#include "api/utf8.h"

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

/* Passes a string; with `out` copies it as valid JSON. */
static int scan_string(struct json_text *in, struct buf *out)
{
	const char *p = in->at + 1, *from = in->at;
	int r = 0;

	while ((p = json_pass_plain(p, in->end)) < in->end && r == 0) {
		if (*p == '"') {
			p++;
			in->at = p;
			return out ? buf_add(out, from, (size_t)(p - from)) : 0;
		}
		int is_escape = *p == '\\', is_kept = 1;
		size_t len = is_escape                  ? json_escape_length(p, in->end, &is_kept)
			     : (unsigned char)*p < 0x20 ? 0
							: utf8_length(p, in->end);
		if (!len && is_escape)
			return -EIO;
		if (len && is_kept) {
			p += len;
			continue;
		}
		/* What cannot stay: end the run, put its stand-in, go on behind it. */
		if (out) {
			r = buf_add(out, from, (size_t)(p - from));
			if (r == 0 && is_escape)
				r = buf_add_str(out, "\\ufffd");
			else if (r == 0 && (unsigned char)*p < 0x20)
				r = buf_printf(out, "\\u%04x", (unsigned char)*p);
			else if (r == 0)
				r = buf_add_str(out, UTF8_REPLACEMENT_TEXT);
		}
		from = p += len ? len : 1;
	}
	return r < 0 ? r : -EIO;
}

/* Passes a number by RFC 8259's grammar. */
static int scan_number(struct json_text *in)
{
	const char *p = in->at, *start;

	if (p < in->end && *p == '-')
		p++;
	start = p;
	p = json_pass_digits(p, in->end);
	if (p == start || (*start == '0' && p > start + 1))
		return -EIO;
	if (p < in->end && *p == '.') {
		start = ++p;
		p = json_pass_digits(p, in->end);
		if (p == start)
			return -EIO;
	}
	if (p < in->end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < in->end && (*p == '+' || *p == '-'))
			p++;
		start = p;
		p = json_pass_digits(p, in->end);
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
	static const char spaces[] = "\n          ";
	_Static_assert(sizeof(spaces) == 2 * JSON_INDENT_MAX + 2, "as many as the deepest line");

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
	int first = 1, is_lined = out && indent < JSON_INDENT_MAX, more, r;

	if (open != '{' && open != '[')
		return scan_scalar(in, out);
	if (in->depth >= JSON_DEPTH_MAX || (out && indent >= JSON_DEPTH_MAX)) {
		r = pass_over(in);
		return r == 0 && out ? buf_add_str(out, "null") : r;
	}
	if ((r = json_text_open(in, open)) < 0 || (out && (r = buf_add(out, &open, 1)) < 0))
		return r;
	for (int n = 0; (more = json_text_more(in, close, &first)) == 1; n++) {
		if (out && n && (r = buf_add(out, ", ", is_lined ? 1 : 2)) < 0)
			return r;
		if (is_lined && (r = new_line(out, indent + 1)) < 0)
			return r;
		if (open == '{' && (r = copy_key(in, out)) < 0)
			return r;
		if ((r = scan_value(in, indent + 1, out)) < 0)
			return r;
	}
	if (more == 0 && is_lined && !first)
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
