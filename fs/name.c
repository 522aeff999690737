/* SPDX-License-Identifier: MIT */
/* Activity <-> file name; see name.h. */
#include "fs/name.h"

#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>
#include <xxhash.h>

#include "api/sport.h"
#include "api/utf8.h"

/* ---- characters ---- */

/* Unicode's White_Space. */
static const struct {
	uint32_t first, last;
} spaces[] = {
	{0x9, 0xd},       {0x20, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},     {0x1680, 0x1680},
	{0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
};

static int is_space(uint32_t c)
{
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		if (c >= spaces[i].first && c <= spaces[i].last)
			return 1;
	return 0;
}

/* What a filesystem, a shell or Windows would trip over. */
static int is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c < 0x80 && strchr("/\\:*?\"<>|", (int)c));
}

/* ---- titles ---- */

static size_t clean(const char *title, size_t len, char out[NAME_TITLE_MAX + 1])
{
	const char *p = title, *end = p + len;
	size_t n = 0;
	int after_space = 0;

	while (p < end) {
		uint32_t c = utf8_next(&p, end);
		char u[4];
		if (is_space(c)) {
			after_space = 1;
			continue;
		}
		if (utf8_is_invisible(c))
			continue;
		if (is_unsafe(c))
			c = '-';
		if (after_space && c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
		after_space = 0;
		size_t bytes = utf8_put(u, c);
		if (n + bytes > NAME_TITLE_MAX)
			break;
		memcpy(out + n, u, bytes);
		n += bytes;
	}
	out[n] = '\0';
	return n;
}

size_t name_title(const char *title, size_t len, int sport, char out[NAME_TITLE_MAX + 1])
{
	size_t n = clean(title, len, out);

	if (n)
		return n;
	const char *word = sport_name(sport);
	if (word)
		return clean(word, strlen(word), out);
	if (sport < 0)
		return clean("Activity", 8, out);
	return (size_t)snprintf(out, NAME_TITLE_MAX + 1, "Sport%d", sport);
}

/* ---- the names of a month ---- */

/* Names that are taken, by hash. Two different names with one hash would cost the second a
 * suffix that it does not need, on every machine alike. */
struct taken {
	uint64_t *hash; /* 0: free */
	size_t mask;
};

/* Part of the C library since 2.35; without it only ASCII letters lose their case. Loaded once:
 * it is looked at for every month. */
static locale_t utf8_locale;

static void load_locale(void)
{
	utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* Case does not count on macOS and Windows, where copies end up. */
static uint64_t fold_hash(const char *name, size_t len)
{
	const char *p = name, *end = p + len;
	char folded[4 * NAME_STEM_MAX];
	size_t n = 0;

	while (p < end && n + 4 <= sizeof(folded)) {
		uint32_t c = utf8_next(&p, end);
		if (c < 0x80)
			c = c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
		else if (utf8_locale)
			c = (uint32_t)towlower_l((wint_t)c, utf8_locale);
		n += utf8_put(folded + n, c);
	}
	return XXH3_64bits(folded, n) | 1;
}

static int take(struct taken *t, uint64_t hash)
{
	size_t i = hash >> 1 & t->mask;

	for (; t->hash[i]; i = (i + 1) & t->mask)
		if (t->hash[i] == hash)
			return 0;
	t->hash[i] = hash;
	return 1;
}

/* The labelId behind the name, which no other has. Unless a title spells just that: then a
 * number goes behind it. */
static int take_own_name(const struct activity *a, struct taken *t, char stem[NAME_STEM_MAX], int n)
{
	n += snprintf(stem + n, NAME_STEM_MAX - (size_t)n, "-%llu",
		      (unsigned long long)a->label_id);
	int end = n;
	for (unsigned i = 2; !take(t, fold_hash(stem, (size_t)end)); i++)
		end = n + snprintf(stem + n, NAME_STEM_MAX - (size_t)n, "-%u", i);
	return end;
}

/* The first of the three forms that nobody has. */
static size_t choose(const struct activity *a, const char *strings, struct taken *t,
		     char stem[NAME_STEM_MAX])
{
	char clean_title[NAME_TITLE_MAX + 1];
	size_t len;
	const char *title = activity_title(a, strings, &len);
	int minute = activity_local_minute(a);

	name_title(title, len, a->sport, clean_title);
	int n = snprintf(stem, NAME_STEM_MAX, "%08d-%s", a->day, clean_title);
	if (!take(t, fold_hash(stem, (size_t)n))) {
		n += snprintf(stem + n, NAME_STEM_MAX - (size_t)n, "-%02d%02d", minute / 60,
			      minute % 60);
		if (!take(t, fold_hash(stem, (size_t)n)))
			n = take_own_name(a, t, stem, n);
	}
	return (size_t)n;
}

static int compare_names(const void *a, const void *b, void *arg)
{
	const struct names *names = arg;
	const uint32_t *x = a, *y = b;

	return strcmp(names->text + names->at[*x], names->text + names->at[*y]);
}

static int fill(const struct month *m, struct names *names, struct taken *taken)
{
	char stem[NAME_STEM_MAX];
	size_t used = 0, size = 0;

	/* From the one that started first: it keeps its name whatever comes later. */
	for (size_t i = m->n; i-- > 0;) {
		size_t len = choose(&m->row[i], m->strings, taken, stem) + 1;
		if (used + len > size) {
			size = (used + len) + m->n * 16;
			char *text = realloc(names->text, size);
			if (!text)
				return -ENOMEM;
			names->text = text;
		}
		memcpy(names->text + used, stem, len);
		names->at[i] = (uint32_t)used;
		names->order[i] = (uint32_t)i;
		used += len;
	}
	qsort_r(names->order, m->n, sizeof(*names->order), compare_names, names);
	for (size_t i = 0; i < m->n; i++) {
		const char *name = names->text + names->at[names->order[i]];
		names->hash = XXH3_64bits_withSeed(name, strlen(name), names->hash);
	}
	return 0;
}

int names_of_month(const struct month *m, struct names *names)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct taken taken = {.mask = 15};
	int r = -ENOMEM;

	*names = (struct names){0};
	while (taken.mask < m->n * 6)
		taken.mask = taken.mask * 2 + 1;
	taken.hash = calloc(taken.mask + 1, sizeof(*taken.hash));
	names->order = calloc(m->n + 1, sizeof(*names->order));
	names->at = calloc(m->n + 1, sizeof(*names->at));
	pthread_once(&once, load_locale);
	if (taken.hash && names->order && names->at)
		r = fill(m, names, &taken);
	free(taken.hash);
	if (r < 0)
		names_clear(names);
	return r;
}

void names_clear(struct names *names)
{
	free(names->order);
	free(names->at);
	free(names->text);
	*names = (struct names){0};
}

long names_find(const struct names *names, size_t n, const char *stem, size_t len)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const char *name = names->text + names->at[names->order[mid]];
		int c = strncmp(stem, name, len);
		if (c == 0 && name[len])
			c = -1;
		if (c == 0)
			return names->order[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return -1;
}
