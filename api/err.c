/* SPDX-License-Identifier: MIT */
/* Errors in words; see err.h. */
#include "api/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/clean.h"

/* Long enough that no secret is cut in two by it, and so passes. */
#define RAW_TEXT (4 * ERR_TEXT)

int err_set(struct err *err, int code, const char *fmt, ...)
{
	char raw[RAW_TEXT] = "";
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		vsnprintf(raw, sizeof(raw), fmt, ap);
		va_end(ap);
		err->code = code;
		clean_words(raw, err->text, sizeof(err->text));
	}
	return code;
}

int err_sys(struct err *err, int code, const char *fmt, ...)
{
	char what[RAW_TEXT] = "", why[64];
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		vsnprintf(what, sizeof(what), fmt, ap);
		va_end(ap);
		/* The GNU strerror_r: it may return a constant and leave `why` alone. */
		err_set(err, code, "cannot %s: %s", what, strerror_r(-code, why, sizeof(why)));
	}
	return code;
}
