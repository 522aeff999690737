/* SPDX-License-Identifier: MIT */
/* Values of options, by kind: from text, and what is said of a text that is none. */
#ifndef FS_OPTIONS_VALUE_H
#define FS_OPTIONS_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "api/err.h"

enum option_kind {
	KIND_FLAG,
	KIND_STRING,
	KIND_PATH,   /* made absolute, since the mount leaves the folder it was started in */
	KIND_NUMBER, /* decimal, low..high */
	KIND_BYTES,  /* decimal with K, M, G */
	KIND_OCTAL,
	KIND_LEVEL,
	KIND_VIEWS,
	KIND_USER, /* by name or number */
	KIND_GROUP,
};

struct option_spec {
	const char *name;
	enum option_kind kind;
	size_t at; /* in struct options */
	int64_t low, high;
	const char *help; /* NULL: not shown */
};

struct option_value {
	int64_t number;
	char *text; /* of a KIND_STRING or KIND_PATH; the caller's */
};

/* Of any kind but KIND_VIEWS; `s` NULL where there is nothing behind the name. 0, -EINVAL, or
 * -ENOMEM and the like. */
int option_parse(const struct option_spec *spec, const char *s, struct option_value *v);

/* Words for `code`, which it returns: what is allowed. */
int option_refuse(const struct option_spec *spec, const char *value, int code, struct err *err);

#endif
