/* SPDX-License-Identifier: MIT */
/*
 * What the store remembers of months, and of the newest page of the history, that fail. A hub that
 * is down fails everybody, which says nothing of a month; a month that fails while others come has
 * a wait of its own (api/failure.h).
 */
#include <errno.h>
#include <stdlib.h>

#include "api/failure.h"
#include "cache/store_impl.h"

int failed_rests_locked(const struct month_store *s, const struct failed *f)
{
	int64_t wait_ms = f->times ? failure_wait_ms(FAILURE_MONTH, f->times)
				   : failure_wait_ms(FAILURE_HUB, 1);

	return f->at_ms != INT64_MIN && s->config.clock->mono_ms() - f->at_ms < wait_ms;
}

int failed_is_own(int code)
{
	return code != -ENOMEM && code != -ECANCELED && code != -EACCES;
}

void failed_note_locked(struct month_store *s, struct failed *f, uint64_t begun_seq,
			const struct err *err)
{
	f->at_ms = s->config.clock->mono_ms();
	f->seq = ++s->seq;
	if (failed_is_own(err->code) && (f->times || s->worked_seq > begun_seq))
		f->times++;
	if (!f->why)
		f->why = malloc(sizeof(*f->why));
	if (f->why)
		*f->why = *err;
}

void failed_others_worked_locked(struct month_store *s)
{
	s->worked_seq = ++s->seq;
	for (int i = 0; i < STORE_MONTHS; i++) {
		struct failed *f = &s->slot[i].failed;
		if (!f->times && f->why && failed_is_own(f->why->code) && failed_rests_locked(s, f))
			f->times = 1;
	}
}

int failed_over(struct failed *f)
{
	int was = f->times > 0;

	f->at_ms = INT64_MIN;
	f->times = 0;
	free(f->why);
	f->why = NULL;
	return was;
}

void failed_again(struct failed *f)
{
	f->at_ms = INT64_MIN;
}
