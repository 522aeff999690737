/* SPDX-License-Identifier: MIT */
/* Downloads of a month, for a sync; see sync_files.h. */
#include "fs/sync_files.h"

#include <errno.h>
#include <stdio.h>

#include "api/day.h"
#include "fs/name.h"
#include "fs/view.h"

static void go_on(struct sync_files *f);

static const struct err none;

static void end(struct sync_files *f)
{
	span_unref(f->span);
	f->span = NULL;
	f->done(f->ctx, &none);
}

/* "fit/2022/12/20221230-FooRun.fit" */
static void name_file(const struct sync_files *f, char *out, size_t size)
{
	const struct month *m = f->span->month[0];
	enum thing_format view = views[f->view - 1];
	struct names names;

	int r = names_of_month(m, &names);
	snprintf(out, size, "%s/%04d/%02d/%s%s", view_name(view), month_year(m->number),
		 month_month(m->number), r < 0 ? "*" : names.text + names.at[f->row],
		 view_ending(view));
	if (r == 0)
		names_clear(&names);
}

static void got_file(void *ctx, const struct blob_info *info, const struct err *err)
{
	struct sync_files *f = ctx;
	char name[NAME_STEM_MAX + 32] = "";

	/* What the hub does not make is no failure. */
	int failed = !info && err->code != -ENOENT;
	if (failed)
		name_file(f, name, sizeof(name));
	f->is_over |= f->step(f->ctx, name, failed && blob_store_fails(f->blobs, &f->key),
			      failed ? err : &none);
	/* Whichever comes second goes on, the answer or the return of the call: a month of files
	 * that are there already would be as many calls deep. */
	if (atomic_exchange(&f->passed, 1))
		go_on(f);
}

/* The next file that there may be: 1, or 0 at the end. */
static int next_key(struct sync_files *f)
{
	const struct month *m = f->span->month[0];

	for (; f->row < m->n; f->row++, f->view = 0)
		while (f->view < VIEWS) {
			enum thing_format view = views[f->view++];
			const struct activity *a = &m->row[f->row];
			if (!(f->views & 1u << view))
				continue;
			if (!export_never(view_export(view), a->sport)) {
				f->key = blob_key(view_export(view), a, m->strings);
				return 1;
			}
			f->is_over |= f->step(f->ctx, "", 0, &none);
		}
	return 0;
}

static void go_on(struct sync_files *f)
{
	do {
		if (f->is_over || atomic_load(f->stop) || !next_key(f)) {
			end(f);
			return;
		}
		atomic_store(&f->passed, 0);
		blob_store_get(f->blobs, &f->key, BLOB_BYTES, f->wait_ms, got_file, f);
	} while (atomic_exchange(&f->passed, 1));
}

static void got_month(void *ctx, struct span *span, const struct err *err)
{
	struct sync_files *f = ctx;

	if (!span) {
		f->done(f->ctx, err);
		return;
	}
	f->span = span;
	go_on(f);
}

void sync_files_start(struct sync_files *f)
{
	month_store_get(f->store, f->month, f->month, f->wait_ms, got_month, f);
}
