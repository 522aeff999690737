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

/* "fit", "track" ...; the ending of its files, ".fit", ".csv" ... */
const char *export_name(enum export e);
const char *export_ending(enum export e);

/* Whether the hub never makes it for a sport: what has no track has no gpx. */
int export_never(enum export e, int sport);

/* What export_check() looks at: the beginning of a file, blanks before a text aside, and its end.
 * Zeroed memory, but for `form`, is that of an empty one. */
struct export_edges {
	enum export form;
	uint64_t size;
	size_t head_len, tail_len;
	char head[1024], tail[256];
};

/* The next piece of the file. */
void export_edges_add(struct export_edges *x, const char *data, size_t len);

/*
 * Whether a file that HTTP says is complete begins as its form does. -EIO with words: it is
 * something else, a web page for one. 1: it is odd, with words: its own length, or its end, is not
 * as it should be, though programs may well read it. 0: neither.
 */
int export_check(const struct export_edges *x, struct err *err);

#endif
