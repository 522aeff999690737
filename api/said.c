/* SPDX-License-Identifier: MIT */
/* Each cause once; see said.h. */
#include "api/said.h"

#include <stddef.h>
#include <xxhash.h>

static uint64_t cause_of(const struct err *err)
{
	char words[ERR_TEXT];
	size_t n = 0;

	for (const char *p = err->text; *p; p++)
		if (*p < '0' || *p > '9')
			words[n++] = *p;
	return XXH3_64bits_withSeed(words, n, (uint64_t)err->code);
}

/* The entry of this cause; else a free one, or one that may be used again; else SAID_MAX. */
static size_t find(const struct said *s, uint64_t cause, int64_t now_ms)
{
	size_t spare = SAID_MAX;

	for (size_t i = 0; i < (size_t)s->n; i++) {
		if (s->entry[i].cause == cause)
			return i;
		if (s->entry[i].is_over && now_ms - s->entry[i].at_ms >= SAID_AGAIN_MS)
			spare = i;
	}
	return s->n < SAID_MAX ? (size_t)s->n : spare;
}

int said_news(struct said *s, const struct err *err, int64_t now_ms)
{
	uint64_t cause = cause_of(err);
	size_t i = find(s, cause, now_ms);

	if (i == SAID_MAX)
		return 0;
	if (i < (size_t)s->n && s->entry[i].cause == cause &&
	    (!s->entry[i].is_over || now_ms - s->entry[i].at_ms < SAID_AGAIN_MS))
		return 0;
	s->n += i == (size_t)s->n;
	s->entry[i].cause = cause;
	s->entry[i].at_ms = now_ms;
	s->entry[i].is_over = 0;
	return 1;
}

int said_over(struct said *s)
{
	int any = 0;

	for (int i = 0; i < s->n; i++) {
		any |= !s->entry[i].is_over;
		s->entry[i].is_over = 1;
	}
	return any;
}
