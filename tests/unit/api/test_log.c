/* SPDX-License-Identifier: MIT */
/* Log lines: levels, one line an event, nothing that steers a terminal. */
#include "api/log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/rows.h"

static int pipe_fd[2];

static const char *written(void)
{
	static char text[4096];
	ssize_t n = read(pipe_fd[0], text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static const struct log_case {
	const char *why;
	enum log_level level;
	void (*log)(const char *fmt, ...);
	const char *text, *want;
} log_cases[] = {
	{"an error is always written", LOG_LEVEL_ERROR, log_error, "x", "corosfs: error: x\n"},
	{"a warning by default", LOG_LEVEL_WARN, log_warn, "x", "corosfs: warning: x\n"},
	{"no warning when only errors are wanted", LOG_LEVEL_ERROR, log_warn, "x", ""},
	{"news when wanted", LOG_LEVEL_INFO, log_info, "x", "corosfs: x\n"},
	{"no news by default", LOG_LEVEL_WARN, log_info, "x", ""},
	{"details when wanted", LOG_LEVEL_DEBUG, log_debug, "x", "corosfs: debug: x\n"},
	{"no details with news", LOG_LEVEL_INFO, log_debug, "x", ""},
	{"a name cannot forge a line", LOG_LEVEL_WARN, log_error, "a\nb\rc",
	 "corosfs: error: a?b?c\n"},
	{"nor steer a terminal", LOG_LEVEL_WARN, log_error, "\033[2J\a\177",
	 "corosfs: error: ?[2J??\n"},
	{"in either set of controls", LOG_LEVEL_WARN, log_error, "\xc2\x9b", "corosfs: error: ?\n"},
	{"nor tell a password", LOG_LEVEL_WARN, log_error, "http://me:p@h",
	 "corosfs: error: http://***@h\n"},
	{"names keep their letters", LOG_LEVEL_WARN, log_error, "東京", "corosfs: error: 東京\n"},
};

static void log_line(void **state)
{
	const struct log_case *c = *state;

	log_open(c->level, pipe_fd[1]);
	c->log("%s", c->text);
	/* So that there is something to read, and the end of it is known. */
	assert_int_equal(write(pipe_fd[1], ".", 1), 1);
	const char *text = written();
	if (c->want[0]) {
		struct tm when = {0};
		const char *behind = strptime(text, "%Y-%m-%dT%H:%M:%S%z ", &when);
		assert_non_null(behind);
		assert_true(llabs((long long)(mktime(&when) - time(NULL))) < 3600);
		text = behind;
	}
	assert_int_equal(strlen(text), strlen(c->want) + 1);
	assert_memory_equal(text, c->want, strlen(c->want));
}

static void long_line(void **state)
{
	char text[3000];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_open(LOG_LEVEL_WARN, pipe_fd[1]);
	log_error("%s", text);
	const char *line = written();
	assert_true(strlen(line) < 700);
	assert_int_equal(line[strlen(line) - 1], '\n');
}

static void debug_is_asked(void **state)
{
	(void)state;
	log_open(LOG_LEVEL_INFO, pipe_fd[1]);
	assert_false(log_debug_on());
	log_open(LOG_LEVEL_DEBUG, pipe_fd[1]);
	assert_true(log_debug_on());
}

int main(void)
{
	static struct rows rows;

	if (pipe(pipe_fd) < 0)
		return 1;
	ROWS_ADD(&rows, log_cases, log_line);
	rows_add(&rows, "a long line is cut and ended", long_line, NULL);
	rows_add(&rows, "callers can ask whether details are wanted", debug_is_asked, NULL);
	return rows_run("log", &rows);
}
