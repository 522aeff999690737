/* SPDX-License-Identifier: MIT */
/* Words that can be shown; see clean.h. */
#include "api/clean.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <xxhash.h>

#include "api/utf8.h"

#define STAND_IN   "***"
#define SECRET_MIN 8
#define SECRET_MAX 255
#define PRINT_MAX  2048

/* A hash, and in the last byte the length; 0: none. */
static _Atomic uint64_t secrets[CLEAN_SECRETS];

static uint64_t fingerprint(const char *text, size_t len)
{
	return XXH3_64bits(text, len) << 8 | len;
}

void clean_secret(enum clean_secret kind, const char *text)
{
	size_t len = strlen(text);

	if (len >= SECRET_MIN && len <= SECRET_MAX)
		atomic_store(&secrets[kind], fingerprint(text, len));
}

/* The length of the secret that begins at p, or 0. */
static size_t secret_at(const char *p, const char *end)
{
	for (int i = 0; i < CLEAN_SECRETS; i++) {
		uint64_t secret = atomic_load(&secrets[i]);
		size_t len = secret & 0xff;
		if (len && (size_t)(end - p) >= len && fingerprint(p, len) == secret)
			return len;
	}
	return 0;
}

static size_t word_length(const char *p, const char *end)
{
	size_t len = 0;

	while (p + len < end && p[len] != ' ')
		len++;
	return len;
}

/* How many bytes from p on are not to be shown. `is_url`: "://" stands before it in its word. */
static size_t hidden_at(const char *p, const char *end, int is_url)
{
	if (is_url && p[-1] == '?')
		return word_length(p, end);
	if (is_url && memcmp(p - 3, "://", 3) == 0) {
		/* A password may hold whatever else ends a host. */
		const char *at = memrchr(p, '@', word_length(p, end));
		if (at && at > p)
			return (size_t)(at - p);
	}
	return secret_at(p, end);
}

static int is_shown(uint32_t c)
{
	return c >= ' ' && (c < 0x7f || c > 0x9f) && c != 0x2028 && c != 0x2029 &&
	       !utf8_is_invisible(c);
}

void clean_words(const char *text, char *out, size_t size)
{
	const char *p = text, *end = text + strlen(text);
	size_t n = 0;
	int is_url = 0;

	while (p < end) {
		char u[4];
		const char *put = STAND_IN;
		size_t len = strlen(STAND_IN), hidden = hidden_at(p, end, is_url);

		if (hidden) {
			p += hidden;
		} else {
			uint32_t c = utf8_next(&p, end);
			put = u;
			len = utf8_put(u, is_shown(c) ? c : '?');
			is_url = c != ' ' &&
				 (is_url || (p - text >= 3 && memcmp(p - 3, "://", 3) == 0));
		}
		if (n + len >= size)
			break;
		memcpy(out + n, put, len);
		n += len;
	}
	out[n] = '\0';
}

void clean_vprint(FILE *to, const char *fmt, va_list ap)
{
	char raw[PRINT_MAX], words[PRINT_MAX];

	if (vsnprintf(raw, sizeof(raw), fmt, ap) < 0)
		return;
	clean_words(raw, words, sizeof(words));
	fputs(words, to);
}

void clean_print(FILE *to, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	clean_vprint(to, fmt, ap);
	va_end(ap);
}
