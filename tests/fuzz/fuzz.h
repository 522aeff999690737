/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share: a claim that must hold, and a folder for what is read from disk. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <fcntl.h>
#include <jansson.h>
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

/* Whether Jansson takes a text that is ours. What it does not take by its own choice is left to it:
 * a number beyond a double, a NUL in a key. */
static inline int fuzz_is_json(const char *text, size_t len)
{
	json_error_t error;
	json_t *value = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	enum json_error_code code = json_error_code(&error);

	json_decref(value);
	return value || code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
}

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
