/* SPDX-License-Identifier: MIT */
/* The store in figures; see month_store_state() in month_store.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache/month_file.h"
#include "cache/store_impl.h"

static void note_age(struct month_store_state *out, int64_t fetched_s)
{
	if (fetched_s > out->newest_s)
		out->newest_s = fetched_s;
	if (fetched_s && (!out->oldest_s || fetched_s < out->oldest_s))
		out->oldest_s = fetched_s;
}

/* A month's file has the time of its fetch as its mtime (month_file.h). */
static void note_file(const struct month_store *s, struct month_store_state *out, int number)
{
	char name[MONTH_FILE_NAME];
	struct stat st;

	month_file_name(number, name);
	/* (A second of 1970: it could not be written over; see persist.c.) */
	if (s->config.dir && fstatat(months_fd(s), name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_mtime > 1)
		note_age(out, st.st_mtime);
}

int month_store_count(struct month_store *s, int first, int last)
{
	int oldest, newest, n = 0;

	lock_take(&s->lock);
	history_months(&s->history, s->config.clock->wall_s(), &oldest, &newest);
	for (int m = first > oldest ? first : oldest; m <= newest && m <= last; m++)
		n += slot_locked(s, m)->month || slot_locked(s, m)->on_disk;
	lock_drop(&s->lock);
	return n;
}

/* Months, and the newest page, that fail by themselves. */
static void note_lost_locked(struct month_store *s, struct err *lost) REQUIRES(s->lock);
static void note_lost_locked(struct month_store *s, struct err *lost)
{
	const struct failed *first = NULL;
	int n = 0, number = 0;

	for (int i = STORE_MONTHS - 1; i >= 0; i--) {
		const struct failed *f = &s->slot[i].failed;
		if (!f->times)
			continue;
		n++;
		first = f;
		number = STORE_FIRST + i;
	}
	if (n)
		err_set(lost, -EIO, "%d month%s cannot be fetched, %04d-%02d: %s", n,
			n == 1 ? "" : "s", month_year(number), month_month(number),
			first->why ? first->why->text : "?");
	else if (s->newest_failed.times && s->newest_failed.why)
		*lost = *s->newest_failed.why;
}

void month_store_state(struct month_store *s, struct month_store_state *out)
{
	unsigned char on_disk[STORE_MONTHS] = {0};

	*out = (struct month_store_state){0};
	lock_take(&s->lock);
	out->history = s->history;
	out->memory = s->memory;
	out->is_failing = s->is_failing;
	out->disk_failing = s->disk_down;
	out->failure = s->failure;
	out->failure_s = s->failure_s;
	note_lost_locked(s, &out->lost);
	for (int i = 0; i < STORE_MONTHS; i++) {
		const struct slot *slot = &s->slot[i];
		out->in_memory += slot->month != NULL;
		out->fetching += slot->in_flight;
		out->unsaved += slot->dirty;
		if (slot->month)
			note_age(out, slot->fetched_s);
		on_disk[i] = !slot->month && slot->on_disk;
	}
	for (const struct waiter *w = s->waiters; w; w = w->next)
		out->waiting++;
	lock_drop(&s->lock);
	out->months = month_store_count(s, STORE_FIRST, STORE_FIRST + STORE_MONTHS - 1);
	for (int i = 0; i < STORE_MONTHS; i++)
		if (on_disk[i])
			note_file(s, out, STORE_FIRST + i);
}
