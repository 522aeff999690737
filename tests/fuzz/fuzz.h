/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share: a claim that must hold, and a folder for what is read from disk. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CLAIM(x)                                                                                   \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #x);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* A folder for this process, below $TMPDIR. The runner removes it. */
static inline const char *fuzz_folder(void)
{
	static char path[256];
	const char *tmp = getenv("TMPDIR");

	if (!path[0]) {
		log_open(LOG_LEVEL_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
		snprintf(path, sizeof(path), "%s/fuzz.XXXXXX", tmp ? tmp : "/tmp");
		CLAIM(mkdtemp(path));
	}
	return path;
}

static inline int fuzz_folder_fd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(fuzz_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLAIM(fd >= 0);
	return fd;
}

static inline void fuzz_write(int at, const char *name, const void *data, size_t size)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CLAIM(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

#endif
