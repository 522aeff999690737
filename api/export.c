/* SPDX-License-Identifier: MIT */
/* Forms of an activity; see export.h. */
#include "api/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *ending;
	const char *first; /* what the text may begin with */
	const char *last;  /* and ends with, white space aside; NULL: anything */
} exports[EXPORTS] = {
	[EXPORT_TRACK] = {"track", ".csv", NULL, NULL},
	[EXPORT_GPX] = {"gpx", ".gpx", "<", "</gpx>"},
	[EXPORT_KML] = {"kml", ".kml", "<", "</kml>"},
	[EXPORT_TCX] = {"tcx", ".tcx", "<", "</TrainingCenterDatabase>"},
	[EXPORT_FIT] = {"fit", ".fit", NULL, NULL},
	[EXPORT_DETAIL] = {"detail", ".json", "{", "}"},
};

/* Sports without a track, by code, for bsearch. Others without one are found out by asking. */
static const int indoor[] = {101, 201, 300, 400, 402, 701, 800, 801, 901, 903, 904, 905, 906};

const char *export_name(enum export e)
{
	return exports[e].name;
}

const char *export_ending(enum export e)
{
	return exports[e].ending;
}

static int by_code(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int export_never(enum export e, int sport)
{
	return e == EXPORT_GPX && bsearch(&sport, indoor, sizeof(indoor) / sizeof(indoor[0]),
					  sizeof(indoor[0]), by_code) != NULL;
}

static uint32_t little_endian(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

/* The header says how long it is and how much follows, without the checksum of two bytes. Several
 * recordings may stand one behind the other, so the file may be longer. */
static int check_fit(uint64_t size, const char *head, struct err *err)
{
	if (size < 14 || memcmp(head + 8, ".FIT", 4) != 0)
		return err_set(err, -EIO, "what the Training Hub sends is no FIT file");
	if (size < (unsigned char)head[0] + (uint64_t)little_endian(head + 4) + 2)
		return err_set(err, -EIO, "the Training Hub's FIT file is cut off");
	return 0;
}

static int is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int check_text(enum export e, const char *head, const char *tail, size_t len,
		      struct err *err)
{
	const char *first = exports[e].first, *last = exports[e].last;
	size_t from = len >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (from < len && is_space(head[from]))
		from++;
	/* A csv is anything but a web page. */
	int good = from < len && (first ? head[from] == *first : head[from] != '<');
	if (!good)
		return err_set(err, -EIO, "what the Training Hub sends is no %s file",
			       exports[e].name);
	while (len && (is_space(tail[len - 1]) || !tail[len - 1]))
		len--;
	if (last &&
	    (len < strlen(last) || memcmp(tail + len - strlen(last), last, strlen(last)) != 0))
		return err_set(err, -EIO, "the Training Hub's %s file is cut off", exports[e].name);
	return 0;
}

int export_check(enum export e, uint64_t size, const char *head, const char *tail, struct err *err)
{
	if (e == EXPORT_FIT)
		return check_fit(size, head, err);
	return check_text(e, head, tail, size < EXPORT_EDGE ? (size_t)size : EXPORT_EDGE, err);
}
