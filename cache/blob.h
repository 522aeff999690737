/* SPDX-License-Identifier: MIT */
/*
 * A downloaded file: what it is of, and its name on disk, which carries all that is known
 * of it, so that its bytes are the hub's and nothing else:
 *
 *     files/fit-481230045566778899-<edition>-<hash>-<size>     numbers behind the label in hex
 *     files/gpx-481230045566778899-<edition>-none              the hub does not make that
 *     files/gpx-481230045566778899-<edition>-gone              the file host has lost that
 *
 * Its mtime is when it was last used, or when that was found out. A file that is shorter than it
 * says was evicted, or a crash cut it: then its name still tells size and hash. Pure.
 */
#ifndef CACHE_BLOB_H
#define CACHE_BLOB_H

#include <stdint.h>

#include "api/activity.h"
#include "api/export.h"

#define BLOB_NAME 96

/*
 * `edition` is a hash of what the list says of the activity that may be in the file. When it
 * changes the file is fetched again: for fit and track the times, sport, and distance; for gpx,
 * tcx and kml the title as well; for detail anything.
 */
struct blob_key {
	uint64_t label_id;
	uint64_t edition;
	int32_t sport;
	int32_t day; /* YYYYMMDD, of its start */
	enum export form;
};

struct blob_info {
	uint64_t size;
	uint64_t hash; /* XXH3 of the bytes */
};

enum blob_state {
	BLOB_FILE,   /* its bytes are here */
	BLOB_LEFT,   /* they were: size and hash are known */
	BLOB_ABSENT, /* the hub does not make it */
	BLOB_GONE,   /* the file host does not have it */
	BLOB_FAILED, /* nothing is known of it but that; never on disk */
};

struct blob_key blob_key(enum export form, const struct activity *a, const char *strings);

/* `info` is that of a file, here or not. */
void blob_name(const struct blob_key *key, enum blob_state state, const struct blob_info *info,
	       char name[BLOB_NAME]);

/* The reverse, without sport and day: BLOB_FILE, BLOB_ABSENT, BLOB_GONE, or -1: no such name. */
int blob_of_name(const char *name, struct blob_key *key, struct blob_info *info);

#endif
