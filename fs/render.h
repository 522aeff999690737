/* SPDX-License-Identifier: MIT */
/*
 * Months -> the bytes of files. Pure and deterministic: the same data gives the same bytes.
 *
 * A summary (activities.csv, activities.json) is a head, a part for each month, newest month
 * first, and a tail; a part is a row for each activity. Where they begin is known without making
 * them, so a size is exact before the first byte is made, and a read makes only the rows that it
 * touches.
 */
#ifndef FS_RENDER_H
#define FS_RENDER_H

#include <stddef.h>
#include <stdint.h>

#include "api/buf.h"
#include "cache/month_store.h"
#include "fs/inode.h"
#include "fs/name.h"

struct render_options {
	int raw_csv; /* leave names alone that a spreadsheet would run as a formula */
	int csv_bom; /* a byte-order mark first, for Excel */
};

/* A part's size and a hash of its content. */
struct part {
	uint64_t size, hash;
};

/* The part of a month in one format, and where each of its rows begins; [n] is the part's end. */
struct layout {
	struct part part;
	uint32_t *at;
};

/* What is derived from a month once (month_derive). */
struct month_view {
	struct names names;
	struct layout csv[2]; /* [raw_csv] */
	struct layout json;   /* each row with the comma behind it */
	int64_t mtime_ns;     /* of its summaries */
};

/* The view of a month, kept with it; NULL: no memory. */
const struct month_view *month_view(struct month *m);

/* The hash of the month's file names, for the store. */
uint64_t month_names_hash(const struct month *m);

/* One row of activities.csv. 0 or -ENOMEM. */
int render_csv_row(const struct month *m, size_t row, int raw_csv, struct buf *out);
/* Whether any cell of the month needs the guard that raw_csv leaves out. */
int render_csv_guards(const struct month *m);
/* One item inside an array; `last`: no comma behind it. 0 or -ENOMEM. */
int render_json_item(const struct activity *a, const struct month_text *text, int last,
		     struct buf *out);
/* Its size with the comma. */
uint64_t render_json_size(const struct activity *a);

/* The size and content hash of a summary over a span; 0 or -ENOMEM. */
int render_summary(enum thing_format format, const struct render_options *o,
		   const struct span *span, struct part *out);

/* The months of the span (indices first..last; first > last: none) whose text is needed for
 * the bytes [off, off + len). */
int render_texts(enum thing_format format, const struct render_options *o, const struct span *span,
		 uint64_t off, uint64_t len, int *first, int *last);

/* Which bytes of the text of one of these are needed, where items begin and end. Not of an empty
 * one. */
void render_text(const struct render_options *o, const struct span *span, uint64_t off,
		 uint64_t len, int month, size_t *from, size_t *to);

/*
 * Appends the bytes [off, off + len), fewer at the end of the file. `text` is by index in the
 * span, filled where render_texts() said so, with what render_text() said. 0 or -ENOMEM.
 */
int render_range(enum thing_format format, const struct render_options *o, const struct span *span,
		 struct month_text *const *text, uint64_t off, uint64_t len, struct buf *out);

#endif
