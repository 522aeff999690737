/* SPDX-License-Identifier: MIT */
/* The sample hub as a child process; see hub_process.h. */
#include "tests/support/hub_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS  20000 /* Python under valgrind's load takes its time */
#define ANSWER_S  10
#define ARGS_MAX  32
#define LINE_SIZE 256

struct hub_process {
	pid_t pid;
	int out; /* its standard output */
	char url[LINE_SIZE];
	in_port_t port;
};

static void give_up(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
static void give_up(const char *fmt, ...)
{
	va_list ap;

	fputs("the sample hub: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

/* ---- the process ---- */

static void run(const char *const *args, int out)
{
	const char *argv[ARGS_MAX] = {"/usr/bin/python3", "tests/hub/fakehub.py"};
	int n = 2;

	for (; args && *args && n < ARGS_MAX - 1; args++)
		argv[n++] = *args;
	/* A test that crashes takes its hub along. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, STDOUT_FILENO);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

/* Its first line is "ready URL". */
static void wait_until_ready(struct hub_process *h)
{
	char line[LINE_SIZE] = "";
	size_t len = 0;

	while (!strchr(line, '\n')) {
		struct pollfd p = {.fd = h->out, .events = POLLIN};
		if (poll(&p, 1, START_MS) <= 0)
			give_up("not ready within %d ms", START_MS);
		ssize_t n = read(h->out, line + len, sizeof(line) - 1 - len);
		if (n <= 0)
			give_up("did not start (run the tests from the source root)");
		len += (size_t)n;
		line[len] = '\0';
	}
	unsigned port;
	if (sscanf(line, "ready http://127.0.0.1:%u", &port) != 1 || port > 65535)
		give_up("says \"%s\"", line);
	h->port = (in_port_t)port;
	snprintf(h->url, sizeof(h->url), "http://127.0.0.1:%u", port);
}

struct hub_process *hub_process_new(const char *const *args)
{
	struct hub_process *h = calloc(1, sizeof(*h));
	int pipe_fd[2];

	if (!h || pipe2(pipe_fd, O_CLOEXEC) < 0)
		give_up("%s", strerror(errno));
	h->pid = fork();
	if (h->pid < 0)
		give_up("%s", strerror(errno));
	if (h->pid == 0)
		run(args, pipe_fd[1]);
	close(pipe_fd[1]);
	h->out = pipe_fd[0];
	wait_until_ready(h);
	return h;
}

void hub_process_free(struct hub_process *h)
{
	if (!h)
		return;
	kill(h->pid, SIGKILL);
	while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(h->out);
	free(h);
}

const char *hub_process_url(const struct hub_process *h)
{
	return h->url;
}

/* ---- control requests ---- */

static int connect_to(const struct hub_process *h)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(h->port),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct timeval patience = {.tv_sec = ANSWER_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		give_up("connect: %s", strerror(errno));
	return fd;
}

/* One request on a connection of its own. Returns the body, which the caller frees. */
static char *ask(struct hub_process *h, const char *method, const char *command, const char *body)
{
	size_t size = 1 << 20, len = 0;
	char *answer = calloc(1, size);
	int fd = connect_to(h);

	if (!answer || dprintf(fd,
			       "%s /_hub/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
			       "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			       method, command, strlen(body), body) < 0)
		give_up("%s: %s", command, strerror(errno));
	for (ssize_t n = 1; n > 0 && len<size - 1; len += n> 0 ? (size_t)n : 0)
		n = read(fd, answer + len, size - 1 - len);
	close(fd);
	char *text = strstr(answer, "\r\n\r\n");
	if (!text || strncmp(answer, "HTTP/1.1 200", 12) != 0)
		give_up("%s %s is answered \"%s\"", method, command, answer);
	text += 4;
	memmove(answer, text, strlen(text) + 1);
	return answer;
}

void hub_process_post(struct hub_process *h, const char *command, const char *json)
{
	free(ask(h, "POST", command, json));
}

char *hub_process_stat_text(struct hub_process *h, const char *key)
{
	char command[LINE_SIZE];

	snprintf(command, sizeof(command), "stats?key=%s", key);
	return ask(h, "GET", command, "");
}

long hub_process_stat(struct hub_process *h, const char *key)
{
	char *text = hub_process_stat_text(h, key);
	long value = strtol(text, NULL, 10);

	free(text);
	return value;
}
