/* SPDX-License-Identifier: MIT */
/* Errors in words; see err.h. */
#include "api/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 0))) static void set_text(struct err *err, int code,
							   const char *fmt, va_list ap)
{
	err->code = code;
	if (vsnprintf(err->text, sizeof(err->text), fmt, ap) < 0)
		err->text[0] = '\0';
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		set_text(err, code, fmt, ap);
		va_end(ap);
	}
	return code;
}

int err_sys(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		char what[ERR_TEXT], why[64];

		va_start(ap, fmt);
		if (vsnprintf(what, sizeof(what), fmt, ap) < 0)
			what[0] = '\0';
		va_end(ap);
		/* The GNU strerror_r: it may return a constant and leave `why` alone. */
		err_set(err, code, "cannot %s: %s", what, strerror_r(-code, why, sizeof(why)));
	}
	return code;
}
