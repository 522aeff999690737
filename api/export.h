/* SPDX-License-Identifier: MIT */
/* The forms in which the hub gives an activity away (coros-api.md 5 and 6). Pure. */
#ifndef API_EXPORT_H
#define API_EXPORT_H

#include <stddef.h>
#include <stdint.h>

#include "api/err.h"

/* The first five are the hub's fileType. Numbers are kept on disk: never renumber. */
enum export {
	EXPORT_TRACK, /* the hub's csv of one activity */
	EXPORT_GPX,
	EXPORT_KML,
	EXPORT_TCX,
	EXPORT_FIT,
	EXPORT_DETAIL, /* the detail answer, as JSON; another call */
	EXPORTS,
};

#define EXPORT_SIZE_MAX (256u << 20) /* bytes; design section 8 */
#define EXPORT_EDGE     128          /* bytes at each end that export_check() looks at */

/* "fit", "track" ...; the ending of its files, ".fit", ".csv" ... */
const char *export_name(enum export e);
const char *export_ending(enum export e);

/* Whether the hub never makes it for a sport: what has no track has no gpx. */
int export_never(enum export e, int sport);

/*
 * Whether a file of `size` bytes is whole, as far as its first and last bytes tell: `head` and
 * `tail` are the first and last EXPORT_EDGE of them, or all. 0, or -EIO with words.
 */
int export_check(enum export e, uint64_t size, const char *head, const char *tail, struct err *err);

#endif
