/* SPDX-License-Identifier: MIT */
/* A heap of tasks; see timers.h. */
#include "api/timers.h"

#include <errno.h>
#include <stdlib.h>

void timers_init(struct timers *t)
{
	*t = (struct timers){0};
}

void timers_clear(struct timers *t)
{
	free(t->heap);
	timers_init(t);
}

static int earlier(const struct timer *a, const struct timer *b)
{
	if (a->due_ms != b->due_ms)
		return a->due_ms < b->due_ms;
	return a->seq < b->seq;
}

int timers_add(struct timers *t, int64_t due_ms, void (*task)(void *arg), void *arg)
{
	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 16;
		struct timer *heap = reallocarray(t->heap, room, sizeof(*heap));
		if (!heap)
			return -ENOMEM;
		t->heap = heap;
		t->room = room;
	}

	struct timer fresh = {due_ms, t->next_seq++, task, arg};
	size_t i = t->n++;
	for (; i && earlier(&fresh, &t->heap[(i - 1) / 2]); i = (i - 1) / 2)
		t->heap[i] = t->heap[(i - 1) / 2];
	t->heap[i] = fresh;
	return 0;
}

int timers_take(struct timers *t, int64_t now_ms, struct timer *out)
{
	if (!t->n || t->heap[0].due_ms > now_ms)
		return 0;

	*out = t->heap[0];
	struct timer last = t->heap[--t->n];
	size_t i = 0, child;
	while ((child = 2 * i + 1) < t->n) {
		if (child + 1 < t->n && earlier(&t->heap[child + 1], &t->heap[child]))
			child++;
		if (!earlier(&t->heap[child], &last))
			break;
		t->heap[i] = t->heap[child];
		i = child;
	}
	if (t->n)
		t->heap[i] = last;
	return 1;
}

int timers_wait_ms(const struct timers *t, int64_t now_ms, int longest)
{
	if (!t->n || t->heap[0].due_ms - now_ms > longest)
		return longest;
	return t->heap[0].due_ms > now_ms ? (int)(t->heap[0].due_ms - now_ms) : 0;
}
