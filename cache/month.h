/* SPDX-License-Identifier: MIT */
/*
 * One month of activities: an immutable, reference-counted snapshot.
 *
 * It has two parts, since a listing needs only one of them: the month itself
 * (rows, titles, CSV cells; about 150 bytes an activity) and its text (the
 * items' JSON; about 1.5 kB an activity), which comes back from disk when a
 * file is read. Both are read without a lock.
 */
#ifndef CACHE_MONTH_H
#define CACHE_MONTH_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "api/activity.h"

/* The JSON text that the rows' json_at points into, one item behind the other in the order of the
 * rows; or the items of some rows of it. */
struct month_text {
	atomic_int refs;
	size_t at; /* where in the whole text it begins */
	size_t len;
	char data[];
};

struct month {
	atomic_int refs;
	/* A newer snapshot took, or is about to take, this one's place. */
	atomic_int superseded;
	/* What the next layer derived from the month (see month_derive). */
	_Atomic(void *) derived;
	void (*derived_free)(void *derived);
	/* The text, kept here for those who still hold a superseded month; set once, before
	 * `superseded`. */
	struct month_text *_Atomic kept_text;

	int number; /* day.h: year * 12 + month - 1 */
	/* Moments since 1970: those of data are whole seconds, those when something was seen hardly
	 * ever are. */
	int64_t names_ns;   /* when the set of file names last changed: the directory's mtime */
	int64_t gone_ns;    /* when an activity was last seen to be gone; 0 never */
	uint64_t json_hash; /* XXH3 of the text */
	size_t json_len;
	size_t strings_len;
	size_t n;
	const char *strings;
	uint32_t *by_label;    /* the rows' indices, by labelId (see month_sort) */
	struct activity row[]; /* newest first; the strings stand behind them */
};

/*
 * The time of a change of names, when the one before was at `before`: another one, even if the
 * clock has not moved on, since the kernel keeps a listing for as long as its directory's mtime is
 * the same. A time from further in the future is a clock that was wrong. In units of 1/`second` s.
 */
static inline int64_t month_change(int64_t before, int64_t now, int64_t second)
{
	return before >= now && before - now < 60 * second ? before + 1 : now;
}

/* What a month was before, for month_build(). */
struct month_past {
	const struct month *old; /* NULL: it was never seen before, on this disk */
	int64_t seen_s;          /* until when `old` was shown as current, wall seconds */
};

/*
 * Builds a snapshot and its text from rows of a list (indices of rows, newest first).
 * What differs from the past gets `now_s` as its time of change, so that backups
 * which compare times see it. `names` is a hash of the file names that the rows
 * make. 0 or -ENOMEM. The caller owns a reference to each.
 */
typedef uint64_t month_names(const struct month *m);
int month_build(int number, const struct activities *list, const uint32_t *rows, size_t n,
		const struct month_past *past, int64_t now_ns, month_names *names,
		struct month **out, struct month_text **text);

/* Room for a month with n rows and strings_len bytes of strings; one reference. NULL: no memory.
 * Who has filled in the rows calls month_sort(). */
struct month *month_alloc(size_t n, size_t strings_len);
void month_sort(struct month *m);
struct month_text *month_text_alloc(size_t at, size_t len);

struct month *month_ref(struct month *m);
void month_unref(struct month *m); /* NULL is fine, here and below */
struct month_text *month_text_ref(struct month_text *t);
void month_text_unref(struct month_text *t);

/* Bytes of memory, what is derived from it included. */
size_t month_size(const struct month *m);

/* Whether two snapshots show the same activities with the same content. */
int month_same(const struct month *a, const struct month *b);

/* The row of an activity, or NULL; a search by halves. */
const struct activity *month_find(const struct month *m, uint64_t label_id);

/* The row whose text has this byte of the month's, below json_len. */
size_t month_row_at(const struct month *m, size_t json_at);

static inline const char *month_text_of(const struct month_text *t, const struct activity *a)
{
	return t->data + (a->json_at - t->at);
}

/* The mtime of an activity's files, and of the month's summaries. Seconds since 1970. */
int64_t activity_mtime_ns(const struct activity *a);
int64_t month_mtime_ns(const struct month *m);

/*
 * What make(m) returns, made at the first call and kept as long as the month; NULL: no
 * memory. Two threads may both make it; one result is then freed.
 */
void *month_derive(struct month *m, void *(*make)(const struct month *m),
		   void (*free_it)(void *derived));

#endif
