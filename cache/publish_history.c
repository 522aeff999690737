/* SPDX-License-Identifier: MIT */
/* The ends of the history as the hub tells them, and what each month that comes says of them. */
#include <string.h>

#include "cache/store_impl.h"

/* The newest start that is no clock's mistake: what begins tomorrow is not what came last. */
static int64_t newest_start_s(const struct activities *list, int64_t now_s)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->row[i].start_s <= now_s + 86400)
			return list->row[i].start_s;
	return 0;
}

/* How many activities of the newest page are newer than all that was known. */
static int64_t count_newer(const struct listing *l, int64_t than_s, int64_t now_s)
{
	int64_t n = 0;

	for (size_t i = 0; i < l->list.n; i++)
		n += l->list.row[i].start_s > than_s && l->list.row[i].start_s <= now_s + 86400;
	return n;
}

/* Years that are listed in one of them and not in the other; the next year's beginning is none. */
static int lists_other_years(const struct history *a, const struct history *b)
{
	int last = a->newest_day ? a->newest_day / 10000 : DAY_MAX / 10000, n = 0;

	for (int y = HISTORY_YEAR_MIN; y <= last; y++)
		n += history_has_year(a, y) != history_has_year(b, y);
	return n;
}

static struct history next_history(const struct history *old, const struct listing *l,
				   int64_t now_s)
{
	struct history h = *old;
	int64_t more = l->count - old->count - count_newer(l, old->newest_s, now_s);
	int is_narrow = l->count && !l->whole_from;

	h.known = 1;
	h.fetched_s = now_s;
	h.count = l->count;
	h.newest_day = l->newest_day;
	h.oldest_day = l->oldest_day;
	h.newest_s = newest_start_s(&l->list, now_s);
	memcpy(h.is_empty, l->is_empty, sizeof(h.is_empty));
	if (!old->known)
		return h;
	/* A clock that was set back is not to be followed. */
	if (now_s < old->fetched_s ||
	    (old->newest_s > h.newest_s && old->newest_s <= now_s + 86400))
		h.newest_s = old->newest_s;
	/* The ends may be among those that could not be read: no year goes because of that. */
	if ((l->bad || is_narrow) && old->newest_day) {
		h.newest_day = h.newest_day > old->newest_day ? h.newest_day : old->newest_day;
		h.oldest_day = h.oldest_day < old->oldest_day ? h.oldest_day : old->oldest_day;
	}
	/* Without the newest page nobody knows what is new; its months' own fetches count it. */
	if (is_narrow && more > 0) {
		h.count = old->count;
		h.newest_s = old->newest_s;
		more = 0;
	}
	/* More or fewer than the new ones explain: something old came or went. */
	if (more)
		h.stale_s = now_s;
	for (int i = 0; !more && i < HISTORY_YEARS; i++)
		h.is_empty[i] |= old->is_empty[i];
	for (size_t i = 0; i < l->list.n; i++)
		h.is_empty[l->list.row[i].day / 10000 - HISTORY_YEAR_MIN] = 0;
	if (lists_other_years(old, &h))
		h.root_changed_s = month_change(old->root_changed_s, now_s, 1);
	return h;
}

/* The months that the newest page shows whole, and the empty ones after them: up to the end of
 * this year, so that a walk through it asks for nothing more. */
static void whole_months(struct flight *f)
{
	const struct listing *l = f->listing;
	int32_t today = day_of(f->now_s, 14 * 60);
	int now = month_of_day(today);
	int newest = l->count ? month_of_day(l->newest_day) : now;
	int from = l->count ? month_of_day(l->whole_from) : now;

	if (l->count && month_first_day(from) < l->whole_from)
		from++;
	/* With everything on one page the months before the oldest are empty: leave them. */
	if (l->count && from < month_of_day(l->oldest_day))
		from = month_of_day(l->oldest_day);
	/* No activity, and by the clock no day that one could be on: no months at all. */
	if ((!l->count && !today) || (l->count && !l->whole_from))
		from = newest + 1;
	f->first = from;
	f->last = today && now >= newest && now - newest <= 12 ? month_number(month_year(now), 12)
							       : newest;
}

void publish_history(struct flight *f)
{
	struct month_store *s = f->store;
	struct history old, fresh;
	int is_narrow = f->listing->count && !f->listing->whole_from;

	lock_take(&s->lock);
	old = s->history;
	fresh = next_history(&old, f->listing, f->now_s);
	s->history = fresh;
	if (fresh.stale_s != old.stale_s)
		s->stale_seq = f->seq;
	for (int i = 0; fresh.stale_s != old.stale_s && i < STORE_MONTHS; i++)
		s->slot[i].suspect = 1;
	s->history_in_flight = 0;
	failed_over(&s->history_failed);
	s->history_patience_ms = 0;
	if (!is_narrow)
		failed_over(&s->newest_failed);
	else if (!f->known.is_narrow)
		failed_note_locked(s, &s->newest_failed, 0, &f->listing->why);
	lock_drop(&s->lock);
	persist_history(s);
	if (s->config.history)
		s->config.history(s->config.ctx, &old, &fresh);
	whole_months(f);
}

/* Whether all that is known of a year is that it has nothing. */
static int is_empty_year_locked(struct month_store *s, int year) REQUIRES(s->lock);
static int is_empty_year_locked(struct month_store *s, int year)
{
	for (int m = month_number(year, 1); m <= month_number(year, 12); m++) {
		const struct slot *slot = slot_locked(s, m);
		if (!slot->seen || slot->n || slot->suspect)
			return 0;
	}
	return 1;
}

void publish_note_month(const struct flight *f, const struct month *fresh, int64_t had)
{
	struct month_store *s = f->store;
	int i = month_year(fresh->number) - HISTORY_YEAR_MIN;
	struct history *h = &s->history, old, now;

	lock_take(&s->lock);
	old = *h;
	h->is_empty[i] = !fresh->n && is_empty_year_locked(s, month_year(fresh->number));
	if (h->known && lists_other_years(&old, h))
		h->root_changed_s = month_change(h->root_changed_s, f->now_s, 1);
	/* A name in the year's directory that appeared or went. */
	if (had >= 0 && !had != !fresh->n)
		h->year_changed_s[i] = month_change(h->year_changed_s[i], f->now_s, 1);
	/* What the cache holds, for the hub's next count, which is compared with that. One that
	 * comes with the ends of the history is the hub's own already. */
	if (had >= 0 && !f->ends) {
		h->count += (int64_t)fresh->n - had;
		if (fresh->n && fresh->row[0].start_s > h->newest_s &&
		    fresh->row[0].start_s <= f->now_s + 86400)
			h->newest_s = fresh->row[0].start_s;
	}
	now = *h;
	lock_drop(&s->lock);
	/* Padding that differs costs a write.
	 * NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c) */
	if (memcmp(&now, &old, sizeof(now)) == 0)
		return;
	persist_history(s);
	if (old.known && s->config.history && lists_other_years(&old, &now))
		s->config.history(s->config.ctx, &old, &now);
}
