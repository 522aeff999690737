/* SPDX-License-Identifier: MIT */
/*
 * Whether the file host works: its breaker, and the probe that tells a host that is down from files
 * that are lost. On the thread of downloads; see download_impl.h.
 */
#include <errno.h>

#include "api/download_impl.h"
#include "api/session_impl.h"

/* 0: the file host may be asked. */
int download_turned_away(struct download *d, struct err *err)
{
	struct breaker *b = &d->all->breaker;

	if (d->is_trial)
		return 0;
	int r = breaker_ask(b, session_now_ms(d->all->session), err);
	d->is_trial = r == 0 && b->failures >= BREAKER_FAILURES;
	return r;
}

void download_host_works(struct download *d)
{
	breaker_succeeded(&d->all->breaker);
	d->all->last_failed = 0;
	d->is_trial = 0;
}

/* One that fails again and again says no more than one that fails once. */
void download_host_fails(struct download *d, const struct err *err)
{
	struct downloads *all = d->all;

	if (!d->is_trial && all->last_failed == d->want.label_id)
		return;
	breaker_failed(&all->breaker, session_now_ms(all->session), err);
	all->last_failed = d->want.label_id;
	d->is_trial = 0;
}

/* ---- the probe ---- */

/*
 * The breaker is about the host, and five recordings in a row may be lost: before it opens, and
 * before it stays open, the last file that came is fetched once more, to nowhere, and counts in the
 * place of the one that failed.
 */
static int probe_begin(void *arg)
{
	(void)arg;
	return 0;
}

/* The first bytes are enough. */
static int probe_write(void *arg, const char *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return -ECANCELED;
}

enum failure_scope download_whose(const struct downloads *all, enum failure_scope scope)
{
	return all->breaker.failures < BREAKER_FAILURES ? scope : FAILURE_HUB;
}

static void probe_done(void *arg, enum failure_scope scope, const struct err *err)
{
	struct downloads *all = arg;
	struct download *d;

	(void)scope;
	(void)err;
	all->is_probing = 0;
	for (;;) {
		for (d = all->first; d && !d->is_doubted; d = d->next)
			;
		if (!d)
			return;
		const struct err why = d->why;
		d->is_doubted = 0;
		download_end(d, download_whose(all, d->scope), &why);
	}
}

/* Whether the probe will tell. */
int download_doubt(struct download *d, enum failure_scope scope, const struct err *why)
{
	static const struct download_sink sink = {probe_begin, probe_write, probe_done};
	struct downloads *all = d->all;
	int is_near = d->is_trial || all->breaker.failures == BREAKER_FAILURES - 1;

	if (scope == FAILURE_HUB || !is_near || d->is_probe || !all->good.label_id ||
	    all->good.label_id == d->want.label_id)
		return 0;
	if (!all->is_probing)
		all->is_probing = download_begin(all, &all->good, &sink, all, 1) == 0;
	d->is_doubted = all->is_probing;
	d->is_trial &= !d->is_doubted;
	d->scope = scope;
	d->why = *why;
	if (d->is_doubted)
		download_free_place(d);
	return d->is_doubted;
}
