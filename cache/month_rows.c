/* SPDX-License-Identifier: MIT */
/* A month's rows in a listing; see month_rows.h. */
#include "cache/month_rows.h"

#include <errno.h>
#include <stdlib.h>

int month_rows_same(const struct month_rows *r, const struct month *m)
{
	if (r->n != m->n)
		return 0;
	for (size_t i = 0; i < r->n; i++) {
		const struct activity *a = &r->list->row[r->row[i]];
		if (a->label_id != m->row[i].label_id || a->hash != m->row[i].hash)
			return 0;
	}
	return 1;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The labels of the rows, ascending, or NULL. */
static uint64_t *labels_of(const struct month_rows *r)
{
	uint64_t *label = calloc(r->n + 1, sizeof(*label));

	for (size_t i = 0; label && i < r->n; i++)
		label[i] = r->list->row[r->row[i]].label_id;
	if (label)
		qsort(label, r->n, sizeof(*label), by_value);
	return label;
}

static int may_be_unread(const struct listing *l, uint64_t label_id)
{
	for (size_t i = 0; i < l->list.unread_n; i++)
		if (l->list.unread[i] == label_id)
			return 1;
	/* Others have no label that could be read, or are not listed at all. */
	return l->bad > l->list.unread_n;
}

int month_rows_lost(const struct month_rows *r, const struct listing *l, const struct month *old,
		    size_t *lost, size_t *unread)
{
	uint64_t *label = labels_of(r);

	*lost = *unread = 0;
	if (!label)
		return -ENOMEM;
	for (size_t i = 0; i < old->n; i++) {
		uint64_t id = old->row[i].label_id;
		if (bsearch(&id, label, r->n, sizeof(*label), by_value))
			continue;
		*lost += 1;
		*unread += may_be_unread(l, id) != 0;
	}
	free(label);
	return 0;
}

int month_rows_with_unread(const struct month_rows *r, const struct listing *l,
			   const struct month *old, const struct month_text *text,
			   struct activities *out)
{
	const struct activities was = {
		.row = (struct activity *)old->row,
		.n = old->n,
		.strings = {.data = (char *)old->strings, .len = old->strings_len},
		.json = {.data = (char *)text->data, .len = text->len},
	};
	uint64_t *label = labels_of(r);
	int code = label ? 0 : -ENOMEM;

	for (size_t i = 0; i < r->n && code == 0; i++)
		code = activities_copy(out, r->list, r->row[i]);
	for (size_t i = 0; i < old->n && code == 0; i++) {
		uint64_t id = old->row[i].label_id;
		if (!bsearch(&id, label, r->n, sizeof(*label), by_value) && may_be_unread(l, id))
			code = activities_copy(out, &was, i);
	}
	if (out->n)
		qsort(out->row, out->n, sizeof(out->row[0]), activity_compare);
	free(label);
	return code;
}
