/* SPDX-License-Identifier: MIT */
/* Trees of downloads; see view.h. */
#include "fs/view.h"

#include <string.h>

const enum thing_format views[VIEWS] = {FORMAT_DETAIL, FORMAT_FIT, FORMAT_GPX,
					FORMAT_KML,    FORMAT_TCX, FORMAT_TRACK};

static const enum export exports[FORMATS] = {
	[FORMAT_DETAIL] = EXPORT_DETAIL, [FORMAT_FIT] = EXPORT_FIT, [FORMAT_GPX] = EXPORT_GPX,
	[FORMAT_KML] = EXPORT_KML,       [FORMAT_TCX] = EXPORT_TCX, [FORMAT_TRACK] = EXPORT_TRACK,
};

static enum thing_format find(const char *name, size_t len)
{
	for (int i = 0; i < VIEWS; i++) {
		const char *one = view_name(views[i]);
		if (strlen(one) == len && memcmp(one, name, len) == 0)
			return views[i];
	}
	return FORMAT_JSON;
}

enum thing_format view_of_name(const char *name)
{
	return find(name, strlen(name));
}

const char *view_name(enum thing_format view)
{
	return export_name(exports[view]);
}

enum export view_export(enum thing_format view)
{
	return exports[view];
}

const char *view_ending(enum thing_format view)
{
	return view == FORMAT_JSON ? ".json" : export_ending(exports[view]);
}

int view_mask(const char *list)
{
	int mask = 0;

	if (strcmp(list, "none") == 0)
		return 0;
	for (;; list++) {
		size_t len = strcspn(list, ":");
		enum thing_format view = find(list, len);
		if (view == FORMAT_JSON)
			return -1;
		mask |= 1 << view;
		list += len;
		if (!*list)
			return mask;
	}
}
