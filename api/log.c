/* SPDX-License-Identifier: MIT */
/* Log lines; see log.h. */
#include "api/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "api/clean.h"

static atomic_int max_level = LOG_LEVEL_WARN;
static atomic_int out_fd = STDERR_FILENO;
static atomic_int echo;

/* Beside the levels: what was asked for. */
#define LEVEL_ASKED (LOG_LEVEL_DEBUG + 1)

static const struct {
	int priority; /* syslog's */
	const char *word;
} levels[] = {
	[LOG_LEVEL_ERROR] = {LOG_ERR, "error: "}, [LOG_LEVEL_WARN] = {LOG_WARNING, "warning: "},
	[LOG_LEVEL_INFO] = {LOG_INFO, ""},        [LOG_LEVEL_DEBUG] = {LOG_DEBUG, "debug: "},
	[LEVEL_ASKED] = {LOG_NOTICE, ""},
};

void log_open(enum log_level level, int fd)
{
	atomic_store(&max_level, (int)level);
	atomic_store(&out_fd, fd);
	if (fd < 0)
		openlog("corosfs", LOG_PID, LOG_DAEMON);
}

void log_echo(int on)
{
	atomic_store(&echo, on);
}

int log_debug_on(void)
{
	return atomic_load(&max_level) >= LOG_LEVEL_DEBUG;
}

__attribute__((format(printf, 2, 0))) static void line(enum log_level level, const char *fmt,
						       va_list ap)
{
	char raw[2400] = "", text[600];

	if ((int)level != LEVEL_ASKED && (int)level > atomic_load(&max_level))
		return;
	int head = snprintf(text, sizeof(text), "corosfs: %s", levels[level].word);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	clean_words(raw, text + head, sizeof(text) - (size_t)head - 1);
	size_t len = strlen(text);

	int fd = atomic_load(&out_fd);
	if (fd < 0) {
		/* The word behind the program's name stands in the priority already. */
		syslog(levels[level].priority, "%s", text + strlen("corosfs: "));
		return;
	}
	text[len++] = '\n';
	if (atomic_load(&echo) && fd != STDERR_FILENO && level <= LOG_LEVEL_WARN &&
	    write(STDERR_FILENO, text, len) < 0)
		atomic_store(&echo, 0);
	char stamp[40] = "";
	time_t now = time(NULL);
	struct tm local;

	/* Nobody else says when, as the journal does, or whoever looks at a terminal knows. */
	if (fd != STDERR_FILENO && localtime_r(&now, &local))
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S%z ", &local);
	struct iovec parts[] = {{stamp, strlen(stamp)}, {text, len}};
	/* One write a line keeps lines of several threads apart; a log that fails has no log. */
	if (writev(fd, parts, 2) < 0)
		return;
}

#define LOG_FUNCTION(name, level)                                                                  \
	void name(const char *fmt, ...)                                                            \
	{                                                                                          \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		line(level, fmt, ap);                                                              \
		va_end(ap);                                                                        \
	}

LOG_FUNCTION(log_notice, (enum log_level)LEVEL_ASKED)
LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
