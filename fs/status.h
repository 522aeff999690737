/* SPDX-License-Identifier: MIT */
/*
 * How a mount is doing: gathered as JSON where it runs, and told in words or for Prometheus by
 * whoever asked (status_text.c). Nothing secret is in it.
 */
#ifndef FS_STATUS_H
#define FS_STATUS_H

#include <jansson.h>
#include <stdio.h>

#include "fs/backend.h"

/* The object, the caller's; NULL without memory. Waits for a second at most, never for hub or disk.
 * `start_s` is the wall clock's second when the mount began. */
json_t *status_collect(const struct backend *b, const char *mountpoint, int64_t start_s);

/* For people; `now_s` is the wall clock's. */
void status_words(const json_t *status, int64_t now_s, FILE *out);

/* Prometheus' text format, of several mounts at once. */
void status_metrics(json_t *const *status, int n, FILE *out);

#endif
