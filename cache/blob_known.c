/* SPDX-License-Identifier: MIT */
/* What is known of a file without its bytes, and how long a failure of it counts. See blob_impl.h.
 */

#include "cache/blob_impl.h"

/* Whether a wait that began then goes on. One from the future began while the clock was wrong. */
static int waits(const struct blob_store *s, enum failure_scope scope, unsigned failures,
		 int64_t since_s)
{
	int64_t wait_s = failure_wait_ms(scope, failures) / 1000;
	int64_t age_s = s->config.clock->wall_s() - since_s;

	return age_s < wait_s && age_s > -wait_s;
}

int blob_is_absent_locked(const struct blob_store *s, const struct blob_entry *e)
{
	return e->state == BLOB_ABSENT && waits(s, FAILURE_ABSENT, 1, e->used_s);
}

int blob_waits_locked(const struct blob_store *s, const struct blob_entry *e)
{
	return e->failures && waits(s, e->scope, e->failures, e->failed_s);
}

struct blob_entry *blob_find_locked(struct blob_store *s, const struct blob_key *key)
{
	struct blob_entry *e = blob_index_find(&s->index, key);

	return e && e->edition == key->edition ? e : NULL;
}

int blob_store_fails(struct blob_store *s, const struct blob_key *key)
{
	lock_take(&s->lock);
	const struct blob_entry *e = blob_find_locked(s, key);
	int fails = e && blob_waits_locked(s, e);
	lock_drop(&s->lock);
	return fails;
}

void blob_store_again(struct blob_store *s, const struct blob_key *key)
{
	int was_absent = 0;

	lock_take(&s->lock);
	struct blob_entry *e = key ? blob_find_locked(s, key) : NULL;
	if (!key)
		blob_index_forgive(&s->index);
	if (e) {
		e->failures = 0;
		was_absent = blob_is_absent_locked(s, e);
	}
	if (was_absent)
		e->used_s = 0;
	lock_drop(&s->lock);
	if (was_absent && s->config.changed)
		s->config.changed(s->config.ctx, key);
}

int64_t blob_store_absent(struct blob_store *s, const struct blob_key *key)
{
	int64_t since_s = 0;

	lock_take(&s->lock);
	const struct blob_entry *e = blob_find_locked(s, key);
	if (e && blob_is_absent_locked(s, e))
		since_s = e->used_s;
	lock_drop(&s->lock);
	return since_s;
}

int blob_store_peek(struct blob_store *s, const struct blob_key *key, struct blob_info *info)
{
	lock_take(&s->lock);
	const struct blob_entry *e = blob_find_locked(s, key);
	int found = e && (e->state == BLOB_FILE || e->state == BLOB_LEFT);
	if (found)
		*info = e->info;
	lock_drop(&s->lock);
	return found;
}

size_t blob_store_failing(struct blob_store *s)
{
	lock_take(&s->lock);
	size_t n = blob_index_failing(&s->index);
	lock_drop(&s->lock);
	return n;
}

void blob_store_count(struct blob_store *s, uint64_t *files, uint64_t *bytes)
{
	lock_take(&s->lock);
	*files = s->index.files;
	*bytes = s->index.bytes;
	lock_drop(&s->lock);
}
