/* SPDX-License-Identifier: MIT */
/* Calls that are left alone; see rests.h. */
#include "api/rests.h"

#include <string.h>
#include <xxhash.h>

void rests_clear(struct rests *r)
{
	*r = (struct rests){0};
}

static uint64_t hash_of(const char *path)
{
	return XXH3_64bits(path, strlen(path));
}

/* The entry of a path, or the one that ends first. */
static size_t find(const struct rests *r, uint64_t path)
{
	size_t first = 0;

	for (size_t i = 0; i < RESTS_MAX; i++) {
		if (r->rest[i].path == path)
			return i;
		if (r->rest[i].until_ms < r->rest[first].until_ms)
			first = i;
	}
	return first;
}

void rests_add(struct rests *r, const char *path, int64_t until_ms, const struct err *why)
{
	uint64_t hash = hash_of(path);

	r->rest[find(r, hash)] = (struct rest){hash, until_ms, *why};
}

void rests_remove(struct rests *r, const char *path)
{
	uint64_t hash = hash_of(path);
	struct rest *rest = &r->rest[find(r, hash)];

	if (rest->path == hash)
		*rest = (struct rest){0};
}

int rests_has(const struct rests *r, const char *path)
{
	uint64_t hash = hash_of(path);

	return r->rest[find(r, hash)].path == hash;
}

int rests_ask(const struct rests *r, const char *path, int64_t now_ms, struct err *err)
{
	uint64_t hash = hash_of(path);
	const struct rest *rest = &r->rest[find(r, hash)];

	if (rest->path != hash || now_ms >= rest->until_ms)
		return 0;
	*err = rest->why;
	return err->code;
}
