/* SPDX-License-Identifier: MIT */
/* From paths to things; see refresh_path.h. */
#include "fs/refresh_path.h"

#include <errno.h>
#include <string.h>

int refresh_path(const char *path, struct thing *t, char name[TREE_NAME_MAX])
{
	*t = thing_root();
	name[0] = '\0';
	for (path += strspn(path, "/"); *path; path += strspn(path, "/")) {
		const struct thing dir = *t;
		size_t len = strcspn(path, "/");
		/* Nothing is below a file. */
		if (len >= TREE_NAME_MAX || name[0])
			return -ENOENT;
		memcpy(name, path, len);
		name[len] = '\0';
		enum shape shape = tree_shape(&dir, name, t);
		if (shape == SHAPE_IMPOSSIBLE)
			return -ENOENT;
		if (shape == SHAPE_ACTIVITY)
			*t = dir;
		else
			name[0] = '\0';
		path += len;
	}
	return 0;
}
