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

#define START_MS   20000 /* Python under valgrind's load takes its time */
#define ANSWER_S   10
#define ANSWER_MAX (1 << 20)
#define ARGS_MAX   32
#define LINE_SIZE  256

struct hub_process {
	pid_t pid;
	int out; /* its standard output */
	char url[LINE_SIZE];
	in_port_t port;
	int control; /* a connection for control requests; -1: not yet */
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
	h->control = -1;
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
	if (h->control >= 0)
		close(h->control);
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

/* Where the body of a whole answer begins, or NULL: there is more to come. */
static char *body_of(char *answer, size_t len)
{
	static const char length[] = "\r\nContent-Length:";
	char *body = strstr(answer, "\r\n\r\n"), *at = strcasestr(answer, length);

	if (!body || !at || at > body)
		return NULL;
	body += 4;
	return len - (size_t)(body - answer) >= strtoul(at + strlen(length), NULL, 10) ? body
										       : NULL;
}

/* One request, all of them on one connection. Returns the body, which the caller frees. */
static char *ask(struct hub_process *h, const char *method, const char *command, const char *body)
{
	size_t len = 0;
	char *answer = malloc(ANSWER_MAX + 1), *text;

	if (h->control < 0)
		h->control = connect_to(h);
	if (!answer || dprintf(h->control,
			       "%s /_hub/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
			       "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			       method, command, strlen(body), body) < 0)
		give_up("%s: %s", command, strerror(errno));
	do {
		ssize_t n = read(h->control, answer + len, ANSWER_MAX - len);
		if (n <= 0)
			give_up("%s %s: no answer", method, command);
		len += (size_t)n;
		answer[len] = '\0';
		text = body_of(answer, len);
	} while (!text);
	if (strncmp(answer, "HTTP/1.1 200", 12) != 0)
		give_up("%s %s is answered \"%s\"", method, command, answer);
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
