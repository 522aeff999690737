/* SPDX-License-Identifier: MIT */
/* What is in files/; see blob_index.h. */
#include "cache/blob_index.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>

static int by_id(const void *a, const void *b)
{
	const struct blob_entry *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static uint64_t id_of(const struct blob_key *key)
{
	return key->label_id << 4 | (uint64_t)key->form;
}

struct blob_key blob_entry_key(const struct blob_entry *e)
{
	return (struct blob_key){
		.label_id = e->id >> 4, .edition = e->edition, .form = (enum export)(e->id & 15)};
}

void blob_index_clear(struct blob_index *x)
{
	tdestroy(x->root, free);
	*x = (struct blob_index){0};
}

struct blob_entry *blob_index_find(const struct blob_index *x, const struct blob_key *key)
{
	const struct blob_entry want = {.id = id_of(key)};
	void *const *found = tfind(&want, &x->root, by_id);

	return found ? *found : NULL;
}

static void count(struct blob_index *x, const struct blob_entry *e, int sign)
{
	if (e->is_absent)
		return;
	x->files += (size_t)sign;
	x->bytes += (uint64_t)sign * e->info.size;
}

int blob_index_put(struct blob_index *x, const struct blob_entry *e, struct blob_entry *old)
{
	struct blob_entry *copy = malloc(sizeof(*copy));
	void **place;

	*old = (struct blob_entry){0};
	if (!copy)
		return -ENOMEM;
	*copy = *e;
	place = tsearch(copy, &x->root, by_id);
	if (!place) {
		free(copy);
		return -ENOMEM;
	}
	if (*place != copy) {
		struct blob_entry *was = *place;
		*old = *was;
		count(x, was, -1);
		*was = *copy;
		free(copy);
	}
	count(x, e, 1);
	return 0;
}

void blob_index_remove(struct blob_index *x, struct blob_entry *e)
{
	count(x, e, -1);
	tdelete(e, &x->root, by_id);
}

/* ---- eviction ---- */

struct collection {
	struct blob_entry **entry;
	size_t n;
};

static void collect(const void *node, VISIT visit, void *arg)
{
	struct collection *c = arg;
	struct blob_entry *e = *(struct blob_entry *const *)node;

	if ((visit == postorder || visit == leaf) && !e->is_absent)
		c->entry[c->n++] = e;
}

static int by_use(const void *a, const void *b)
{
	const struct blob_entry *x = *(struct blob_entry *const *)a,
				*y = *(struct blob_entry *const *)b;

	return (x->used_s > y->used_s) - (x->used_s < y->used_s);
}

long blob_index_evict(struct blob_index *x, uint64_t max, int64_t since_s, int64_t now_s,
		      struct blob_entry **out)
{
	struct collection c = {.entry = calloc(x->files + 1, sizeof(struct blob_entry *))};
	long n = 0;

	*out = calloc(x->files + 1, sizeof(**out));
	if (!c.entry || !*out) {
		free(c.entry);
		free(*out);
		*out = NULL;
		return -ENOMEM;
	}
	twalk_r(x->root, collect, &c);
	if (c.n)
		qsort(c.entry, c.n, sizeof(struct blob_entry *), by_use);
	for (size_t i = 0; i < c.n && x->bytes > max; i++) {
		if (c.entry[i]->used_s > since_s && c.entry[i]->used_s <= now_s)
			continue;
		(*out)[n++] = *c.entry[i];
		blob_index_remove(x, c.entry[i]);
		free(c.entry[i]);
	}
	free(c.entry);
	return n;
}
