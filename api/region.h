/* SPDX-License-Identifier: MIT */
/*
 * Regions and their hosts (coros-api.md 1.1). A token works on its home region's
 * host alone. Pure.
 *
 * `api` is NULL for the hub, else a URL; where it holds %r that stands for the
 * region's number, and without it there is one host and no routing.
 */
#ifndef API_REGION_H
#define API_REGION_H

#include <stddef.h>

#include "api/err.h"

#define REGION_FIRST 1
#define REGION_LAST  4

/* 0 or -EINVAL with words. The other functions expect a URL that passed this. */
int region_check(const char *api, struct err *err);

/* Whether regions have hosts of their own. */
int region_routes(const char *api);

/* For people: "Europe". NULL: none that we know. */
const char *region_name(int region);

/* The URL to put paths behind, without a slash at its end. 0, -ENOENT: no such region,
 * or -ENAMETOOLONG. Without routing every region will do. */
int region_base(const char *api, int region, char *out, size_t size);

/* The region whose URL `base` is; 0: none, or there is no routing. */
int region_of_base(const char *api, const char *base);

/* The region that `api` is known to serve alone, if that is another one than `region`; else 0. */
int region_misses(const char *api, int region);

/* Whether a token of this region and URL can be used: whether we would go there. */
int region_fits(const char *api, int region, const char *base);

#endif
