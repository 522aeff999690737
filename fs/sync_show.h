/* SPDX-License-Identifier: MIT */
/* How a sync is shown: a bar that is drawn again and again on a terminal, else plain lines, else
 * a line of JSON an event. */
#ifndef FS_SYNC_SHOW_H
#define FS_SYNC_SHOW_H

#include <stdio.h>

#include "fs/sync.h"

enum sync_style { SYNC_BAR, SYNC_LINES, SYNC_JSON };

struct sync_show {
	FILE *out;
	enum sync_style style;
	int columns;     /* of the terminal */
	int64_t said_ms; /* when something was last shown, in the sync's time; -1 never */
	int64_t said_steps;
};

/* JSON, or by what `out` is. */
void sync_show_init(struct sync_show *s, FILE *out, int json);
void sync_show_progress(struct sync_show *s, const struct sync_progress *p);
/* The last line. `err` has code 0 when it is done. */
void sync_show_end(struct sync_show *s, const struct sync_progress *p, const struct err *err);

#endif
