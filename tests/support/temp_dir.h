/* SPDX-License-Identifier: MIT */
/* A folder that goes with the test. What cannot be done here ends the program. */
#ifndef TESTS_SUPPORT_TEMP_DIR_H
#define TESTS_SUPPORT_TEMP_DIR_H

#include <stddef.h>
#include <sys/types.h>

struct temp_dir {
	int fd;
	char path[256];
};

void temp_dir_new(struct temp_dir *d);
/* Removes all that is in it, too. */
void temp_dir_free(struct temp_dir *d);

/* A file in it, whatever was there before. */
void temp_dir_write(const struct temp_dir *d, const char *name, const void *data, size_t len,
		    mode_t mode);
/* Its content with a NUL behind it, which the caller frees; NULL: there is none. */
char *temp_dir_read(const struct temp_dir *d, const char *name, size_t *len);

/* How many names there are in it, but for . and .. */
int temp_dir_count(const struct temp_dir *d);

#endif
