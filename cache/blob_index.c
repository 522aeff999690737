/* SPDX-License-Identifier: MIT */
/* What is in files/; see blob_index.h. */
#include "cache/blob_index.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <unistd.h>

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

static void let_go(void *entry)
{
	const struct blob_entry *e = entry;

	if (e->spool_fd)
		close(e->spool_fd);
	free(entry);
}

void blob_index_clear(struct blob_index *x)
{
	tdestroy(x->root, let_go);
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
	if (e->state != BLOB_FILE)
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

void blob_index_leave(struct blob_index *x, struct blob_entry *e)
{
	count(x, e, -1);
	e->state = BLOB_LEFT;
	e->is_whole = e->spool_fd = 0;
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

	if ((visit == postorder || visit == leaf) && e->state == BLOB_FILE)
		c->entry[c->n++] = e;
}

static int by_use(const void *a, const void *b)
{
	const struct blob_entry *x = *(struct blob_entry *const *)a,
				*y = *(struct blob_entry *const *)b;

	if (x->used_s != y->used_s)
		return (x->used_s > y->used_s) - (x->used_s < y->used_s);
	return (x->turn > y->turn) - (x->turn < y->turn);
}

long blob_index_evict(struct blob_index *x, uint64_t max, size_t keep, struct blob_entry **out)
{
	struct collection c = {.entry = calloc(x->files + 1, sizeof(struct blob_entry *))};
	size_t n = 0;

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
	for (; n + keep < c.n && x->bytes > max; n++) {
		(*out)[n] = *c.entry[n];
		blob_index_leave(x, c.entry[n]);
	}
	free(c.entry);
	return (long)n;
}

static void count_failing(const void *node, VISIT visit, void *n)
{
	if (visit == postorder || visit == leaf)
		*(size_t *)n += (*(struct blob_entry *const *)node)->failures != 0;
}

size_t blob_index_failing(const struct blob_index *x)
{
	size_t n = 0;

	twalk_r(x->root, count_failing, &n);
	return n;
}

static void forgive(const void *node, VISIT visit, void *arg)
{
	(void)arg;
	if (visit == postorder || visit == leaf)
		(*(struct blob_entry *const *)node)->failures = 0;
}

void blob_index_forgive(struct blob_index *x)
{
	twalk_r(x->root, forgive, NULL);
}
