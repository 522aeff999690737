/* SPDX-License-Identifier: MIT */
/* A growing byte buffer with a ceiling, so that nothing from outside can eat the memory. */
#ifndef API_BUF_H
#define API_BUF_H

#include <stddef.h>

struct buf {
	char *data; /* NULL while empty; not NUL-terminated unless buf_cstr() is asked */
	size_t len;
	size_t size; /* allocated */
	size_t max;  /* `len` never goes past this */
};

/* An empty buffer that will hold at most `max` bytes. Cannot fail. */
void buf_init(struct buf *b, size_t max);

/* Frees the bytes; the buffer is empty again and keeps its ceiling. */
void buf_clear(struct buf *b);

/* Room for `more` bytes behind the end. 0, -ENOMEM, or -EFBIG when it would pass the ceiling. */
int buf_reserve(struct buf *b, size_t more);

/* 0, -ENOMEM or -EFBIG; after a failure the buffer is as it was. */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_add_str(struct buf *b, const char *s);
int buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The content with a NUL behind it (not counted in `len`), or NULL: no memory. Still the buffer's.
 */
const char *buf_cstr(struct buf *b);

/* Hands the bytes over to the caller, who frees them; NULL when empty. The buffer is empty then. */
char *buf_take(struct buf *b, size_t *len);

#endif
