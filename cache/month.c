/* SPDX-License-Identifier: MIT */
/* Snapshots of months; see month.h. */
#include "cache/month.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "api/clock.h"

/* About what fs/ derives for a row: a name and its place in the order and in two files. */
#define DERIVED_ROW 80

struct month *month_alloc(size_t n, size_t strings_len)
{
	/* The order stands behind the strings, which are written to disk with the rows. */
	size_t strings_end = (strings_len + sizeof(uint32_t) - 1) / sizeof(uint32_t);
	size_t order =
		sizeof(struct month) + n * sizeof(struct activity) + strings_end * sizeof(uint32_t);
	struct month *m = calloc(1, order + n * sizeof(uint32_t));

	if (!m)
		return NULL;
	m->by_label = (uint32_t *)((char *)m + order);
	atomic_init(&m->refs, 1);
	m->n = n;
	m->strings_len = strings_len;
	m->strings = (const char *)&m->row[n];
	return m;
}

struct month_text *month_text_alloc(size_t at, size_t len)
{
	struct month_text *t = malloc(sizeof(*t) + len);

	if (!t)
		return NULL;
	atomic_init(&t->refs, 1);
	t->at = at;
	t->len = len;
	return t;
}

struct month *month_ref(struct month *m)
{
	if (m)
		atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}

void month_unref(struct month *m)
{
	if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1)
		return;
	void *derived = atomic_load(&m->derived);
	if (derived)
		m->derived_free(derived);
	month_text_unref(atomic_load(&m->kept_text));
	free(m);
}

struct month_text *month_text_ref(struct month_text *t)
{
	if (t)
		atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

void month_text_unref(struct month_text *t)
{
	if (t && atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1)
		free(t);
}

size_t month_size(const struct month *m)
{
	return sizeof(*m) + m->n * (sizeof(m->row[0]) + sizeof(uint32_t) + DERIVED_ROW) +
	       m->strings_len;
}

int month_same(const struct month *a, const struct month *b)
{
	if (a->n != b->n)
		return 0;
	for (size_t i = 0; i < a->n; i++)
		if (a->row[i].label_id != b->row[i].label_id || a->row[i].hash != b->row[i].hash)
			return 0;
	return 1;
}

static int compare_labels(const void *a, const void *b, void *month)
{
	const struct month *m = month;
	uint64_t x = m->row[*(const uint32_t *)a].label_id,
		 y = m->row[*(const uint32_t *)b].label_id;

	return (x > y) - (x < y);
}

void month_sort(struct month *m)
{
	for (size_t i = 0; i < m->n; i++)
		m->by_label[i] = (uint32_t)i;
	qsort_r(m->by_label, m->n, sizeof(m->by_label[0]), compare_labels, m);
}

const struct activity *month_find(const struct month *m, uint64_t label_id)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct activity *a = &m->row[m->by_label[mid]];
		if (a->label_id == label_id)
			return a;
		if (a->label_id < label_id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

size_t month_row_at(const struct month *m, size_t json_at)
{
	size_t low = 0, high = m->n;

	while (high - low > 1) {
		size_t mid = (low + high) / 2;
		if (m->row[mid].json_at <= json_at)
			low = mid;
		else
			high = mid;
	}
	return low;
}

int64_t activity_mtime_ns(const struct activity *a)
{
	return a->changed_ns ? a->changed_ns : a->end_s * CLOCK_NS;
}

int64_t month_mtime_ns(const struct month *m)
{
	int64_t newest = m->gone_ns;

	for (size_t i = 0; i < m->n; i++)
		if (activity_mtime_ns(&m->row[i]) > newest)
			newest = activity_mtime_ns(&m->row[i]);
	return newest;
}

void *month_derive(struct month *m, void *(*make)(const struct month *m),
		   void (*free_it)(void *derived))
{
	void *have = atomic_load(&m->derived);

	if (have)
		return have;
	void *made = make(m);
	if (!made)
		return NULL;
	/* Every caller gives the same function, so a plain store of it by two is one value;
	 * it is written before `derived` can be seen. */
	__atomic_store_n(&m->derived_free, free_it, __ATOMIC_RELAXED);
	if (atomic_compare_exchange_strong(&m->derived, &have, made))
		return made;
	free_it(made);
	return have;
}

/* ---- building ---- */

static size_t row_strings_len(const struct activity *a)
{
	size_t len = a->title_len;

	for (int c = 0; c < CELLS; c++)
		len += a->cell_len[c];
	return len;
}

/* Copies the rows and texts, with offsets of their own. */
static void copy_rows(struct month *m, struct month_text *text, const struct activities *list,
		      const uint32_t *rows)
{
	char *strings = (char *)&m->row[m->n];
	size_t strings_at = 0, json_at = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct activity *from = &list->row[rows[i]];
		struct activity *to = &m->row[i];
		size_t len = row_strings_len(from);

		*to = *from;
		if (len)
			memcpy(strings + strings_at, list->strings.data + from->strings_at, len);
		to->strings_at = (uint32_t)strings_at;
		strings_at += len;
		memcpy(text->data + json_at, list->json.data + from->json_at, from->json_len);
		to->json_at = (uint32_t)json_at;
		json_at += from->json_len;
	}
}

/* Gives what changed since `old` the time at which that was noticed. */
static void date_changes(struct month *m, const struct month_past *past, int64_t now_ns)
{
	const struct month *old = past->old;

	m->gone_ns = old->gone_ns;
	for (size_t i = 0; i < m->n; i++) {
		const struct activity *was = month_find(old, m->row[i].label_id);
		if (was)
			m->row[i].changed_ns =
				was->hash == m->row[i].hash ? was->changed_ns : now_ns;
		else if (m->row[i].end_s <= past->seen_s)
			/* Uploaded late: a backup that ran since it ended did not see it, and
			 * would pass over a file as old as that. */
			m->row[i].changed_ns = now_ns;
	}
	for (size_t i = 0; i < old->n; i++)
		if (!month_find(m, old->row[i].label_id))
			m->gone_ns = now_ns;
}

int month_build(int number, const struct activities *list, const uint32_t *rows, size_t n,
		const struct month_past *past, int64_t now_ns, month_names *names,
		struct month **out, struct month_text **text)
{
	size_t strings_len = 0, json_len = 0;

	for (size_t i = 0; i < n; i++) {
		strings_len += row_strings_len(&list->row[rows[i]]);
		json_len += list->row[rows[i]].json_len;
	}
	struct month *m = month_alloc(n, strings_len);
	struct month_text *t = month_text_alloc(0, json_len);
	if (!m || !t) {
		month_unref(m);
		month_text_unref(t);
		return -ENOMEM;
	}
	m->number = number;
	copy_rows(m, t, list, rows);
	m->json_len = json_len;
	m->json_hash = XXH3_64bits(t->data, t->len);
	month_sort(m);
	if (past->old)
		date_changes(m, past, now_ns);
	if (past->old && names(m) == names(past->old))
		m->names_ns = past->old->names_ns;
	else
		m->names_ns = past->old ? month_change(past->old->names_ns, now_ns, CLOCK_NS)
					: month_mtime_ns(m);
	*out = m;
	*text = t;
	return 0;
}
