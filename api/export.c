/* SPDX-License-Identifier: MIT */
/* Forms of an activity; see export.h. */
#include "api/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *ending;
	const char *root; /* the element that an XML file is */
} exports[EXPORTS] = {
	[EXPORT_TRACK] = {"track", ".csv", NULL},
	[EXPORT_GPX] = {"gpx", ".gpx", "gpx"},
	[EXPORT_KML] = {"kml", ".kml", "kml"},
	[EXPORT_TCX] = {"tcx", ".tcx", "TrainingCenterDatabase"},
	[EXPORT_FIT] = {"fit", ".fit", NULL},
	[EXPORT_DETAIL] = {"detail", ".json", NULL},
};

/* Sports without a track, by code, for bsearch. Others without one are found out by asking. */
static const int indoor[] = {101, 201, 300, 400, 402, 701, 800, 801, 901, 903, 904, 905, 906};

const char *export_name(enum export e)
{
	return exports[e].name;
}

const char *export_ending(enum export e)
{
	return exports[e].ending;
}

static int by_code(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int export_never(enum export e, int sport)
{
	return e == EXPORT_GPX && bsearch(&sport, indoor, sizeof(indoor) / sizeof(indoor[0]),
					  sizeof(indoor[0]), by_code) != NULL;
}

/* ---- the edges of a file ---- */

static int is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void export_edges_add(struct export_edges *x, const char *data, size_t len)
{
	size_t keep = x->tail_len;

	x->size += len;
	for (size_t i = 0; i < len && x->head_len < sizeof(x->head); i++)
		if (x->head_len || x->form == EXPORT_FIT || !is_space(data[i]))
			x->head[x->head_len++] = data[i];
	if (len > sizeof(x->tail)) {
		data += len - sizeof(x->tail);
		len = sizeof(x->tail);
	}
	if (keep + len > sizeof(x->tail))
		keep = sizeof(x->tail) - len;
	memmove(x->tail, x->tail + x->tail_len - keep, keep);
	memcpy(x->tail + keep, data, len);
	x->tail_len = keep + len;
}

/* ---- FIT ---- */

static uint32_t little_endian(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

/* The header says how long it is and how much follows, without the checksum of two bytes. Several
 * recordings may stand one behind the other, so the file may be longer. */
static int check_fit(const struct export_edges *x, struct err *err)
{
	if (x->head_len < 14 || memcmp(x->head + 8, ".FIT", 4) != 0)
		return err_set(err, -EIO, "what the Training Hub sends is not a FIT file");
	if (x->size >= (unsigned char)x->head[0] + (uint64_t)little_endian(x->head + 4) + 2)
		return 0;
	err_set(err, 0, "a FIT file of the Training Hub is shorter than its header says");
	return 1;
}

/* ---- text ---- */

/* Without a byte-order mark, and of UTF-16 the bytes that matter here. */
static size_t narrow(const char *from, size_t len, char *to)
{
	size_t n = 0, i = len >= 3 && memcmp(from, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	if (len >= 2 && (memcmp(from, "\xff\xfe", 2) == 0 || memcmp(from, "\xfe\xff", 2) == 0))
		i = 2;
	for (; i < len; i++)
		if (from[i] && (n || !is_space(from[i])))
			to[n++] = from[i];
	return n;
}

/* Whether the name of an element that begins here is this one, whatever its prefix. */
static int is_name(const char *s, size_t len, const char *name)
{
	size_t n = 0, from = 0;

	for (; n < len && !is_space(s[n]) && s[n] != '>' && s[n] != '/'; n++)
		if (s[n] == ':')
			from = n + 1;
	return n - from == strlen(name) && memcmp(s + from, name, n - from) == 0;
}

/* Where a declaration, a comment or a DOCTYPE ends. */
static const char *end_of_prolog(const char *s, size_t len)
{
	const char *mark = s[1] == '?' ? "?>" : len >= 4 && memcmp(s, "<!--", 4) == 0 ? "-->" : ">";
	const char *end = memmem(s, len, mark, strlen(mark));

	return end ? end + strlen(mark) : NULL;
}

/* Whether the root element has this name: 1, 0, or -1: it stands further behind. */
static int has_root(const char *s, size_t len, const char *name)
{
	const char *end = s + len, *next;

	for (;; s = next) {
		while (s < end && is_space(*s))
			s++;
		if (end - s < 2)
			return s < end && *s != '<' ? 0 : -1;
		if (*s != '<')
			return 0;
		if (s[1] != '?' && s[1] != '!')
			return is_name(s + 1, (size_t)(end - s) - 1, name);
		next = end_of_prolog(s, (size_t)(end - s));
		if (!next)
			return -1;
	}
}

/* Whether the last end tag is the root's. */
static int ends_with(const char *s, size_t len, const char *name)
{
	for (size_t i = len; i-- > 1;)
		if (s[i - 1] == '<' && s[i] == '/')
			return is_name(s + i + 1, len - i - 1, name) &&
			       memchr(s + i + 1, '>', len - i - 1) != NULL;
	return 0;
}

/* A csv is anything but a web page and an answer in JSON. */
static int begins_as_csv(const char *s, size_t len)
{
	return len && *s != '<' && *s != '{';
}

static int check_text(const struct export_edges *x, struct err *err)
{
	const char *root = exports[x->form].root, *name = exports[x->form].name;
	char head[sizeof(x->head)], tail[sizeof(x->tail)];
	size_t head_len = narrow(x->head, x->head_len, head);
	size_t tail_len = narrow(x->tail, x->tail_len, tail);
	int ends = !root || ends_with(tail, tail_len, root);
	int begins = root ? has_root(head, head_len, root) : begins_as_csv(head, head_len);

	/* Behind a long comment: then the end must tell. */
	if (begins == 0 || (begins < 0 && !ends))
		return err_set(err, -EIO, "what the Training Hub sends is not a %s file", name);
	if (ends)
		return 0;
	err_set(err, 0, "a %s file of the Training Hub does not end as one should", name);
	return 1;
}

int export_check(const struct export_edges *x, struct err *err)
{
	return x->form == EXPORT_FIT ? check_fit(x, err) : check_text(x, err);
}
