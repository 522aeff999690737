/* SPDX-License-Identifier: MIT */
/* The password; see secret.h. */
#include "fs/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "api/clock.h"
#include "cache/atomic_file.h"

#define PASSWORD_MAX 1024
#define ANSWER_MS    100000 /* of a command or a person; less than api/ waits for a password */
#define CTRL_C       3
#define LOOK_MS      200
#define KEPT_SIZE    4096 /* a page of its own */

/* ---- hashing ---- */

static int md5_hex(const char *password, size_t len, char md5[PASSWORD_MD5], struct err *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	errno = 0;
	if (!EVP_Digest(password, len, digest, &n, EVP_md5(), NULL) || n != 16)
		return errno == ENOMEM ? err_sys(err, -ENOMEM, "hash the password")
				       : err_set(err, -EIO,
						 "this machine's OpenSSL has no MD5, which the "
						 "login needs");
	for (unsigned i = 0; i < n; i++)
		snprintf(md5 + (size_t)2 * i, 3, "%02x", digest[i]);
	explicit_bzero(digest, sizeof(digest));
	return 0;
}

/* Of the first line. */
static int md5_line(char *text, size_t len, const char *where, char md5[PASSWORD_MD5],
		    struct err *err)
{
	/* The mark that Windows' editors begin a file with is not a part of it. */
	size_t begin = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0, end = begin;

	while (end < len && text[end] != '\n' && text[end] != '\r' && text[end])
		end++;
	int r = end > begin ? md5_hex(text + begin, end - begin, md5, err)
			    : err_set(err, -EACCES, "%s gave an empty password", where);
	explicit_bzero(text, len);
	return r;
}

/* ---- sources ---- */

static int from_file(const char *path, char md5[PASSWORD_MD5], struct err *err)
{
	char *text;
	size_t len;
	struct err why;

	int r = atomic_file_read(AT_FDCWD, path, PASSWORD_MAX, &text, &len, &why);
	if (r < 0)
		return err_set(err, r == -ENOMEM ? r : -EACCES, "no password: %s", why.text);
	r = md5_line(text, len, "the password file", md5, err);
	free(text);
	return r;
}

/* The child has default signals and no open files of ours (they are all close-on-exec). */
static pid_t start_command(const char *command, int *out)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		sigset_t none;
		/* A pinentry may need the terminal, so it stays in our group; but it does not
		 * outlive us. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		if (dup2(fd[1], STDOUT_FILENO) >= 0)
			execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	if (pid < 0)
		close(fd[0]);
	*out = fd[0];
	return pid;
}

static int is_too_late(const struct secret *s, int64_t end_ms)
{
	return atomic_load(&s->cancelled) || clock_system.mono_ms() > end_ms;
}

/* The first bytes that the command prints, which is read to its end lest it fails for want of a
 * reader; but not for too long, nor when the mount ends meanwhile. */
static void read_command(const struct secret *s, int fd, int64_t end_ms, char *text, size_t *len)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char more[1024];
	ssize_t n = 1;

	while (n && !is_too_late(s, end_ms)) {
		if (poll(&p, 1, LOOK_MS) <= 0)
			continue;
		if (*len < PASSWORD_MAX)
			n = read(fd, text + *len, PASSWORD_MAX - *len);
		else
			n = read(fd, more, sizeof(more));
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0 && *len < PASSWORD_MAX)
			*len += (size_t)n;
	}
	explicit_bzero(more, sizeof(more));
}

/* Its end, which is not that of its output: it is ended when that takes too long. Whether it was
 * in time. */
static int wait_command(const struct secret *s, pid_t pid, int64_t end_ms, int *status)
{
	int in_time = 1;
	pid_t r;

	for (int ms = 1;; ms = ms < LOOK_MS ? 2 * ms : LOOK_MS) {
		r = waitpid(pid, status, in_time ? WNOHANG : 0);
		if (r == pid || (r < 0 && errno != EINTR))
			return r == pid && in_time;
		if (in_time && is_too_late(s, end_ms)) {
			kill(pid, SIGKILL);
			in_time = 0;
		} else if (in_time) {
			poll(NULL, 0, ms);
		}
	}
}

static int from_command(const struct secret *s, char md5[PASSWORD_MD5], struct err *err)
{
	char text[PASSWORD_MAX];
	size_t len = 0;
	int64_t end_ms = clock_system.mono_ms() + ANSWER_MS;
	int fd, status = 0;

	pid_t pid = start_command(s->command, &fd);
	if (pid < 0)
		return err_sys(err, -EACCES, "run password_command");
	read_command(s, fd, end_ms, text, &len);
	close(fd);
	int in_time = wait_command(s, pid, end_ms, &status);
	if (in_time && WIFEXITED(status) && !WEXITSTATUS(status))
		return md5_line(text, len, "password_command", md5, err);
	explicit_bzero(text, sizeof(text));
	if (!in_time)
		return err_set(err, -EACCES, "password_command does not end");
	return err_set(err, -EACCES, "password_command failed (status %d)",
		       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* Asks for a line; nobody is waited for for ever, or after the mount's end. Its length, -ETIMEDOUT.
 */
static ssize_t ask_line(const struct secret *s, int fd, char *text, size_t size, struct err *err)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t end_ms = clock_system.mono_ms() + ANSWER_MS;

	dprintf(fd, "Training Hub password of %s%s: ", s->account,
		s->command || s->file ? " (Enter: as the config says)" : "");
	while (poll(&p, 1, LOOK_MS) <= 0)
		if (is_too_late(s, end_ms))
			return err_set(err, -ETIMEDOUT, "nobody typed the password");
	ssize_t n = read(fd, text, size);
	return n < 0 ? 0 : n;
}

/* -ENODATA: nothing was typed, and the config has another source. */
static int from_prompt(const struct secret *s, char md5[PASSWORD_MD5], struct err *err)
{
	struct termios before, quiet;
	char text[PASSWORD_MAX] = "";

	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (fd < 0 || tcgetattr(fd, &before) < 0) {
		if (fd >= 0)
			close(fd);
		return err_set(err, -EACCES,
			       "no password: use password_file=, password_command= or "
			       "COROSFS_PASSWORD, or start corosfs from a terminal");
	}
	quiet = before;
	/* Ctrl-C ends the line rather than the program, which would leave the terminal mute. */
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	quiet.c_cc[VEOL] = CTRL_C;
	/* First, since it drops what was typed before: whoever sees the prompt may begin. */
	tcsetattr(fd, TCSAFLUSH, &quiet);
	ssize_t n = ask_line(s, fd, text, sizeof(text), err);
	tcsetattr(fd, TCSAFLUSH, &before);
	dprintf(fd, "\n");
	close(fd);
	int r = (int)n;
	if (n > 0 && text[n - 1] == CTRL_C) {
		/* Now it ends the program, unless somebody catches it. */
		kill(getpid(), SIGINT);
		r = err_set(err, -EKEYREJECTED, "no password was given");
	} else if (n == 1 && (s->command || s->file)) {
		r = -ENODATA;
	} else if (n >= 0) {
		r = md5_line(text, (size_t)n, "the prompt", md5, err);
	}
	explicit_bzero(text, sizeof(text));
	return r == -EACCES ? err->code = -EKEYREJECTED : r;
}

/* A line of at most size - 1 bytes; a byte at a time, so that the next line stays in a pipe. */
static void read_line(int fd, char *line, size_t size)
{
	size_t n = 0;
	ssize_t got;
	char c;

	while ((got = read(fd, &c, 1)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || c == '\n')
			break;
		if (n < size - 1)
			line[n++] = c;
	}
	line[n] = '\0';
}

int secret_code(int wrong, char code[FACTOR_CODE], struct err *err)
{
	int tty = isatty(STDIN_FILENO) ? open("/dev/tty", O_RDWR | O_CLOEXEC) : -1;
	char line[64];

	for (;;) {
		if (tty >= 0)
			dprintf(tty, "%sThe Training Hub has mailed a code; its six digits: ",
				wrong ? "That was not it. " : "");
		read_line(tty >= 0 ? tty : STDIN_FILENO, line, sizeof(line));
		int r = factor_code(line, code), is_empty = !line[0];
		explicit_bzero(line, sizeof(line));
		wrong = 1;
		if (r < 0 && tty >= 0 && !is_empty)
			continue;
		if (tty >= 0)
			close(tty);
		return r == 0 ? 0
			      : err_set(err, -EACCES,
					"this account asks for a two-factor code: give its six "
					"digits on stdin, or run corosfs --login in a terminal");
	}
}

/* Where systemd puts the password; 0: it did not. */
static int systemd_path(char path[PATH_MAX])
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	return dir && snprintf(path, PATH_MAX, "%s/corosfs-password", dir) < PATH_MAX &&
	       access(path, F_OK) == 0;
}

/* ---- what is kept ---- */

static int keep_locked(struct secret *s, const char md5[PASSWORD_MD5]) REQUIRES(s->lock);
static int keep_locked(struct secret *s, const char md5[PASSWORD_MD5])
{
	if (!s->kept) {
		void *page = mmap(NULL, KEPT_SIZE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED)
			return -ENOMEM;
		/* Both are a courtesy of the kernel: without them the page is like another. */
		(void)mlock(page, KEPT_SIZE);
		(void)madvise(page, KEPT_SIZE, MADV_DONTDUMP);
		s->kept = page;
	}
	memcpy(s->kept, md5, PASSWORD_MD5);
	return 0;
}

static int keep(struct secret *s, const char md5[PASSWORD_MD5])
{
	lock_take(&s->lock);
	int r = keep_locked(s, md5);
	lock_drop(&s->lock);
	return r;
}

void secret_keep(struct secret *s, const char md5[PASSWORD_MD5])
{
	/* Without memory the next login asks for it, as if it had not been said. */
	if (!s->command && !s->file)
		(void)keep(s, md5);
}

/* Whether there was one. */
static int recall(struct secret *s, char md5[PASSWORD_MD5])
{
	lock_take(&s->lock);
	int there = s->kept != NULL;
	if (there)
		memcpy(md5, s->kept, PASSWORD_MD5);
	lock_drop(&s->lock);
	return there;
}

enum secret_source secret_source(const struct options *o)
{
	const char *env = getenv("COROSFS_PASSWORD");
	char path[PATH_MAX];

	/* What is given for this run goes before what the config has for all. */
	if (!o->password_given && env && *env)
		return SECRET_ENVIRONMENT;
	if (!o->password_given && systemd_path(path))
		return SECRET_SYSTEMD;
	if (o->password_command)
		return SECRET_COMMAND;
	return o->password_file ? SECRET_FILE : SECRET_PROMPT;
}

int secret_init(struct secret *s, const struct options *o, struct err *err)
{
	char *env = getenv("COROSFS_PASSWORD"), md5[PASSWORD_MD5];
	enum secret_source source = secret_source(o);
	int r = 0;

	*s = (struct secret){.account = o->account, .may_prompt = 1};
	lock_init(&s->lock);
	s->command = source == SECRET_COMMAND ? o->password_command : NULL;
	s->file = source == SECRET_FILE ? o->password_file : NULL;
	if (env && source == SECRET_ENVIRONMENT) {
		r = md5_hex(env, strlen(env), md5, err);
		if (r == 0 && (r = keep(s, md5)) < 0)
			err_set(err, r, "no memory for the password");
		explicit_bzero(md5, sizeof(md5));
	}
	if (env) {
		/* Other processes of the user could read it in /proc/PID/environ. */
		explicit_bzero(env, strlen(env));
		unsetenv("COROSFS_PASSWORD");
	}
	return r;
}

int secret_md5(void *arg, char md5[PASSWORD_MD5], struct err *err)
{
	struct secret *s = arg;
	char path[PATH_MAX];
	int r;

	if (s->ask_first && (s->command || s->file) && isatty(STDIN_FILENO) &&
	    (r = from_prompt(s, md5, err)) != -ENODATA)
		return r;
	if (s->command)
		return from_command(s, md5, err);
	if (s->file)
		return from_file(s->file, md5, err);
	if (recall(s, md5))
		return 0;
	if (systemd_path(path))
		return from_file(path, md5, err);
	if (!atomic_load(&s->may_prompt))
		return err_set(err, -EACCES,
			       "the login is over and the password was not kept; run "
			       "corosfs --login %s",
			       s->account);
	r = from_prompt(s, md5, err);
	return r == 0 && keep(s, md5) < 0 ? err_set(err, -ENOMEM, "no memory for the password") : r;
}

void secret_cancel(struct secret *s)
{
	atomic_store(&s->cancelled, 1);
}

void secret_no_prompt(struct secret *s)
{
	atomic_store(&s->may_prompt, 0);
}

void secret_clear(struct secret *s)
{
	lock_take(&s->lock);
	if (s->kept) {
		explicit_bzero(s->kept, KEPT_SIZE);
		munmap(s->kept, KEPT_SIZE);
	}
	s->kept = NULL;
	lock_drop(&s->lock);
}
