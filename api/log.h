/* SPDX-License-Identifier: MIT */
/*
 * Four levels, a line per event, to stderr, a file (with the local time in front) or syslog.
 *
 * Secrets: callers log what failed and what to do, never an answer's body, a
 * header, a password, a token, a fileUrl or an imageUrl. URLs are logged as
 * method and path alone. What others say (names, libcurl, the hub) passes
 * clean.h, so that it can neither forge a second line, steer a terminal nor
 * tell a secret.
 *
 * Any thread may call; a line is written at once and whole.
 */
#ifndef API_LOG_H
#define API_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Before any thread starts: what to log, and where. `fd` < 0 means syslog (the journal). */
void log_open(enum log_level level, int fd);

/* Also writes errors and warnings to stderr, while somebody may look at it. */
void log_echo(int on);

/* Whether a debug line would be written: for callers whose words cost something. */
int log_debug_on(void);

/* What was asked for: at any level. */
void log_notice(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
