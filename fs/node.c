/* SPDX-License-Identifier: MIT */
/* Node ids; see node.h. A chained hash table under one short lock. */
#include "fs/node.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

#include "api/lock.h"

struct node {
	struct node *next; /* in its bucket */
	uint64_t id;
	uint64_t version;
	uint64_t lookups;
	struct thing thing;
	struct span *pinned;
	struct hold *hold; /* downloads: beside `pinned` */
};

struct node_table {
	struct lock lock;
	/* -- guarded by lock */
	struct node **bucket GUARDED; /* [mask + 1] */
	size_t mask GUARDED, count GUARDED;
	int wide GUARDED; /* nodes that are made of more than one month */
};

/* ---- holds ---- */

struct hold *hold_new(int fd, const struct blob_info *info)
{
	struct hold *h = malloc(sizeof(*h));

	if (!h) {
		close(fd);
		return NULL;
	}
	atomic_init(&h->refs, 1);
	h->fd = fd;
	h->info = *info;
	return h;
}

static struct hold *hold_ref(struct hold *h)
{
	atomic_fetch_add_explicit(&h->refs, 1, memory_order_relaxed);
	return h;
}

void hold_unref(struct hold *h)
{
	if (!h || atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) != 1)
		return;
	close(h->fd);
	free(h);
}

/* ---- the table ---- */

static int is_wide(const struct thing *t)
{
	return t->first != t->last;
}

struct node_table *node_table_new(void)
{
	struct node_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	lock_init(&t->lock);
	lock_take(&t->lock);
	t->mask = 255;
	t->bucket = calloc(t->mask + 1, sizeof(struct node *));
	int ok = t->bucket != NULL;
	lock_drop(&t->lock);
	if (ok)
		return t;
	lock_clear(&t->lock);
	free(t);
	return NULL;
}

void node_table_free(struct node_table *t)
{
	if (!t)
		return;
	lock_take(&t->lock);
	for (size_t i = 0; i <= t->mask; i++)
		for (struct node *n = t->bucket[i], *next; n; n = next) {
			next = n->next;
			span_unref(n->pinned);
			hold_unref(n->hold);
			free(n);
		}
	free(t->bucket);
	lock_drop(&t->lock);
	lock_clear(&t->lock);
	free(t);
}

/* Directories end in 15 and the root is 1 (inode.h), so a file's id ends in 0 and is over 15. */
static uint64_t first_id(const struct thing *thing, uint64_t version)
{
	uint64_t ino = inode_of(thing);
	uint64_t id = XXH3_64bits_withSeed(&ino, sizeof(ino), version) & ~UINT64_C(15);

	return id ? id : 16;
}

static struct node **place_locked(struct node_table *t, uint64_t id) REQUIRES(t->lock);
static struct node **place_locked(struct node_table *t, uint64_t id)
{
	struct node **p = &t->bucket[id >> 4 & t->mask];

	while (*p && (*p)->id != id)
		p = &(*p)->next;
	return p;
}

static int same(const struct node *n, const struct thing *thing, uint64_t version)
{
	return n->version == version && inode_of(&n->thing) == inode_of(thing) &&
	       n->thing.first == thing->first && n->thing.last == thing->last;
}

/* The node of this version, or where it belongs: should two hash to one id (2^-60), the second
 * takes the next. */
static struct node **find_version_locked(struct node_table *t, const struct thing *thing,
					 uint64_t version, uint64_t *id) REQUIRES(t->lock);
static struct node **find_version_locked(struct node_table *t, const struct thing *thing,
					 uint64_t version, uint64_t *id)
{
	for (*id = first_id(thing, version);; *id = *id + 16 ? *id + 16 : 16) {
		struct node **p = place_locked(t, *id);
		if (!*p || same(*p, thing, version))
			return p;
	}
}

static void grow_locked(struct node_table *t) REQUIRES(t->lock);
static void grow_locked(struct node_table *t)
{
	size_t mask = t->mask * 2 + 1;
	struct node **bucket = calloc(mask + 1, sizeof(struct node *));

	/* Without memory the chains get longer, that is all. */
	if (!bucket)
		return;
	for (size_t i = 0; i <= t->mask; i++)
		for (struct node *n = t->bucket[i], *next; n; n = next) {
			next = n->next;
			n->next = bucket[n->id >> 4 & mask];
			bucket[n->id >> 4 & mask] = n;
		}
	free(t->bucket);
	t->bucket = bucket;
	t->mask = mask;
}

static int superseded(const struct span *span)
{
	for (int i = 0; i < span->n; i++)
		if (atomic_load(&span->month[i]->superseded))
			return 1;
	return 0;
}

uint64_t node_enter(struct node_table *t, const struct thing *thing, uint64_t version,
		    struct span *from)
{
	uint64_t id;

	lock_take(&t->lock);
	struct node **p = find_version_locked(t, thing, version, &id), *n = *p;
	if (!n && (n = calloc(1, sizeof(*n)))) {
		n->id = id;
		n->version = version;
		n->thing = *thing;
		*p = n;
		t->wide += is_wide(thing);
		if (++t->count > t->mask)
			grow_locked(t);
	}
	if (n) {
		n->lookups++;
		/* Whoever supersedes a month marks it first and looks for nodes then, so either
		 * it finds this node, or the mark is seen here. */
		if (!n->pinned && superseded(from))
			n->pinned = span_ref(from);
	}
	lock_drop(&t->lock);
	return n ? id : 0;
}

void node_forget(struct node_table *t, uint64_t id, uint64_t lookups)
{
	struct node *gone = NULL;

	if (id & 15)
		return;
	lock_take(&t->lock);
	struct node **p = place_locked(t, id), *n = *p;
	if (n && (n->lookups -= lookups < n->lookups ? lookups : n->lookups) == 0) {
		*p = n->next;
		t->count--;
		t->wide -= is_wide(&n->thing);
		gone = n;
	}
	lock_drop(&t->lock);
	if (gone) {
		span_unref(gone->pinned);
		hold_unref(gone->hold);
	}
	free(gone);
}

int node_find(struct node_table *t, uint64_t id, struct thing *thing, uint64_t *version,
	      struct span **pinned, struct hold **hold)
{
	lock_take(&t->lock);
	const struct node *n = *place_locked(t, id);
	if (n) {
		*thing = n->thing;
		*version = n->version;
		*pinned = n->pinned ? span_ref(n->pinned) : NULL;
		*hold = n->hold ? hold_ref(n->hold) : NULL;
	}
	lock_drop(&t->lock);
	return n ? 0 : -ESTALE;
}

void node_hold(struct node_table *t, const struct thing *thing, uint64_t version, struct span *span,
	       struct hold *hold)
{
	uint64_t id;

	lock_take(&t->lock);
	struct node *n = *find_version_locked(t, thing, version, &id);
	if (n && !n->pinned)
		n->pinned = span_ref(span);
	if (n && hold && !n->hold)
		n->hold = hold_ref(hold);
	lock_drop(&t->lock);
}

void node_pin(struct node_table *t, const struct thing *thing, uint64_t version, struct span *span)
{
	node_hold(t, thing, version, span, NULL);
}

int node_known(struct node_table *t, const struct thing *thing, uint64_t version)
{
	uint64_t id;

	lock_take(&t->lock);
	const struct node *n = *find_version_locked(t, thing, version, &id);
	int known = n && !n->hold;
	lock_drop(&t->lock);
	return known;
}

int node_wide(struct node_table *t, int number, struct thing *things, int max)
{
	int found = 0;

	lock_take(&t->lock);
	for (size_t i = 0; t->wide && i <= t->mask; i++)
		for (const struct node *n = t->bucket[i]; n && found < max; n = n->next)
			if (is_wide(&n->thing) && !n->pinned && n->thing.first <= number &&
			    n->thing.last >= number)
				things[found++] = n->thing;
	lock_drop(&t->lock);
	return found;
}
