/* SPDX-License-Identifier: MIT */
/* Whether a URL from the user or from the hub may be asked. Pure. */
#ifndef API_URL_H
#define API_URL_H

#include "api/err.h"

#define URL_MAX 256 /* bytes of a host and of a URL from the user */

#define URL_IS_BASE 1 /* paths are put behind it: no query, no fragment */
#define URL_IS_SAFE 2 /* https alone, also on this machine */

/* https anywhere, plain http on loopback; a host and a port that can be; nobody's password.
 * 0, or -EINVAL with words that do not show it. */
int url_check(const char *url, int flags, struct err *err);

#endif
