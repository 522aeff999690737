/* SPDX-License-Identifier: MIT */
/*
 * The session's life; see mount.h. Our own loop and signal handling: libfuse's unmounts on
 * SIGHUP, and its multi-threaded loop ends by cancelling threads.
 */
#include "fs/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "api/log.h"
#include "fs/clock_watch.h"
#include "fs/mountpoint.h"
#include "fs/ops.h"
#include "fs/parallel.h"
#include "fs/request.h"
#include "fs/sleep.h"

#define THREADS_MAX 4
#define READY_MS    10000
#define END_MS      5000 /* for the threads of a mount that failed */
/* A loop thread tells the main one that it has ended. */
#define SIG_ENDED SIGUSR2

struct mount {
	struct mount_config config;
	struct fuse_session *session;
	int mounted;
	dev_t device;
	int ready_fd;
	pthread_t main_thread;
	pthread_t thread[THREADS_MAX];
	int threads;
	atomic_int running;
	struct clock_watch clock;
	struct sleep_watch *sleep; /* NULL: nobody tells us */
};

/* ---- construction ---- */

__attribute__((format(printf, 2, 0))) static void fuse_log_line(enum fuse_log_level level,
								const char *fmt, va_list ap)
{
	char text[256];

	(void)level;
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	log_warn("fuse: %s", text);
}

/* A comma in a value would end the option. */
static void add_escaped(char *out, size_t size, const char *value)
{
	size_t n = strlen(out);

	for (; *value && n + 3 < size; value++) {
		if (*value == ',' || *value == '\\')
			out[n++] = '\\';
		out[n++] = *value;
	}
	out[n] = '\0';
}

static void kernel_ready(void *arg)
{
	const struct mount *m = arg;
	uint64_t one = 1;

	if (write(m->ready_fd, &one, sizeof(one)) < 0)
		log_error("cannot say that the mount is ready");
}

/* libfuse and fusermount3 say on stderr what they met; this is what to do about it. */
static int cannot_mount(const char *path, struct err *err)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return err_set(err, -ENODEV,
			       "cannot mount on %s: /dev/fuse is not there; load the kernel's "
			       "module (modprobe fuse)",
			       path);
	if (fd < 0)
		return err_sys(err, -errno, "mount on %s: /dev/fuse cannot be opened", path);
	close(fd);
	return err_set(err, -EPERM,
		       "cannot mount on %s; run corosfs --check if that does not say why", path);
}

static int open_session(struct mount *m, struct err *err)
{
	char opts[512] = "-oro,nosuid,nodev,noexec,subtype=corosfs,fsname=";
	char *argv[] = {"corosfs", opts, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(2, argv);

	add_escaped(opts, sizeof(opts) - 40, m->config.account);
	/* Others are let in as far as the permission bits go, which the kernel then checks. */
	if (m->config.allow_other)
		snprintf(opts + strlen(opts), sizeof(opts) - strlen(opts),
			 ",allow_other,default_permissions");
	fuse_set_log_func(fuse_log_line);
	const struct fuse_lowlevel_ops ops = ops_table(m->config.xattr);
	m->session = fuse_session_new(&args, &ops, sizeof(ops), m->config.fs);
	fuse_opt_free_args(&args);
	if (!m->session)
		return err_set(err, -EIO, "cannot make a FUSE session");
	m->config.fs->session = m->session;
	if (fuse_session_mount(m->session, m->config.path) < 0)
		return cannot_mount(m->config.path, err);
	m->mounted = 1;
	return parallel_install(m->session, err);
}

struct mount *mount_new(const struct mount_config *config, struct err *err)
{
	struct mount *m = calloc(1, sizeof(*m));

	if (!m) {
		err_set(err, -ENOMEM, "no memory for the mount");
		return NULL;
	}
	m->config = *config;
	m->main_thread = pthread_self();
	m->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	config->fs->ready = kernel_ready;
	config->fs->ready_arg = m;
	if (m->ready_fd < 0) {
		err_sys(err, -errno, "make an eventfd");
		mount_free(m);
		return NULL;
	}
	if (open_session(m, err) < 0) {
		mount_free(m);
		return NULL;
	}
	return m;
}

/* ---- serving ---- */

static void *loop(void *arg)
{
	struct mount *m = arg;
	struct fuse_buf buf = {.mem = NULL};

	pthread_setname_np(pthread_self(), "fuse");
	/* The kernel's ENODEV, once nobody uses the mount any more, ends every thread's read. */
	while (!fuse_session_exited(m->session)) {
		int r = fuse_session_receive_buf(m->session, &buf);
		if (r == -EINTR || r == -EAGAIN)
			continue;
		if (r <= 0)
			break;
		fuse_session_process_buf(m->session, &buf);
	}
	free(buf.mem);
	atomic_fetch_sub(&m->running, 1);
	pthread_kill(m->main_thread, SIG_ENDED);
	return NULL;
}

static sigset_t handled(void)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIG_ENDED};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	return set;
}

void mount_block_signals(void)
{
	sigset_t set = handled();

	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int mount_start(struct mount *m, struct err *err)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int want = cores < 2 ? 2 : cores > THREADS_MAX ? THREADS_MAX : (int)cores;

	atomic_store(&m->running, want);
	for (; m->threads < want; m->threads++) {
		int r = pthread_create(&m->thread[m->threads], NULL, loop, m);
		if (r) {
			atomic_fetch_sub(&m->running, want - m->threads);
			return m->threads ? 0 : err_sys(err, -r, "start a thread");
		}
	}
	return 0;
}

int mount_wait_ready(struct mount *m, struct err *err)
{
	struct pollfd p = {.fd = m->ready_fd, .events = POLLIN};
	int r;

	while ((r = poll(&p, 1, READY_MS)) < 0 && errno == EINTR)
		;
	if (r != 1)
		return err_set(err, -ETIMEDOUT, "the kernel does not answer the mount");
	return 0;
}

/* SIGTERM: the name goes at once, open files are served to their end. */
static void begin_end(struct mount *m, int *ending)
{
	if ((*ending)++) {
		log_warn("ended by a second signal");
		/* The kernel ends the connection with the process. */
		_exit(1);
	}
	int r = mountpoint_detach(m->config.path);
	if (r < 0)
		log_warn("cannot unmount %s: %s", m->config.path, strerror(-r));
	m->config.quiet(m->config.arg);
}

/* The signals, time that jumped, and word of changed mounts: somebody who unmounts lazily
 * (fusermount3 -uz) while a file is open tells us nothing, and the next mount should not have to
 * wait for that file. */
enum { SIGNALS, CLOCK, MOUNTS, SLEEP, WATCHED };

static void going(void *arg, int to_sleep)
{
	struct mount *m = arg;

	request_sleep(m->config.fs, to_sleep);
	if (!to_sleep)
		m->config.again(m->config.arg);
}

static void watch(struct mount *m, struct pollfd fds[WATCHED])
{
	sigset_t set = handled();

	clock_watch_open(&m->clock);
	fds[CLOCK] = (struct pollfd){m->clock.fd, POLLIN, 0};
	fds[SIGNALS] = (struct pollfd){signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), POLLIN, 0};
	fds[MOUNTS] = (struct pollfd){-1, POLLPRI, 0};
	if (mountpoint_device(m->config.path, &m->device) == 0)
		fds[MOUNTS].fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	fds[SLEEP].fd = -1;
	m->sleep = sleep_watch_new(going, m);
}

/* Nobody tells of the end of a sleep any more. */
static void end_sleep(struct mount *m)
{
	sleep_watch_free(m->sleep);
	m->sleep = NULL;
	request_sleep(m->config.fs, 0);
}

/* The next signal, or SIGHUP for a clock that was set; 0: the mount has lost its name. */
static int next_event(struct mount *m, struct pollfd fds[WATCHED])
{
	struct signalfd_siginfo info;

	for (;;) {
		if (read(fds[SIGNALS].fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
			return (int)info.ssi_signo;
		int wait_ms = -1;
		fds[SLEEP].fd = -1;
		if (m->sleep && sleep_watch_run(m->sleep) < 0)
			end_sleep(m);
		if (m->sleep)
			wait_ms = sleep_watch_wait(m->sleep, &fds[SLEEP]);
		if (poll(fds, WATCHED, wait_ms) < 0)
			continue;
		enum clock_jump jump =
			fds[CLOCK].revents ? clock_watch_look(&m->clock) : CLOCK_STEADY;
		if (jump == CLOCK_SET)
			return SIGHUP;
		if (jump == CLOCK_JUMPED)
			m->config.again(m->config.arg);
		if (!fds[MOUNTS].revents || mountpoint_has_name(m->device))
			continue;
		close(fds[MOUNTS].fd);
		fds[MOUNTS].fd = -1;
		return 0;
	}
}

void mount_wait_end(struct mount *m)
{
	struct pollfd fds[WATCHED];
	int ending = 0;

	watch(m, fds);
	while (atomic_load(&m->running)) {
		int sig = next_event(m, fds);
		if (!sig)
			m->config.quiet(m->config.arg);
		else if (sig == SIGHUP)
			m->config.refresh(m->config.arg);
		else if (sig == SIGUSR1)
			m->config.status(m->config.arg);
		else if (sig == SIGTERM || sig == SIGINT || sig == SIGQUIT)
			begin_end(m, &ending);
	}
	end_sleep(m);
	clock_watch_close(&m->clock);
	close(fds[SIGNALS].fd);
	if (fds[MOUNTS].fd >= 0)
		close(fds[MOUNTS].fd);
	for (int i = 0; i < m->threads; i++)
		pthread_join(m->thread[i], NULL);
	m->threads = 0;
}

/* The threads of a mount that never was served: the kernel lets go of them with its name. */
static void end_threads(struct mount *m)
{
	mountpoint_detach(m->config.path);
	for (int ms = 0; atomic_load(&m->running); ms += 10) {
		/* With the process the kernel ends the connection, whoever still holds on to it. */
		if (ms >= END_MS)
			_exit(1);
		poll(NULL, 0, 10);
	}
	while (m->threads)
		pthread_join(m->thread[--m->threads], NULL);
}

void mount_free(struct mount *m)
{
	if (m->threads)
		end_threads(m);
	if (m->session) {
		/* When the kernel has let go already this sees it and only frees. */
		if (m->mounted)
			fuse_session_unmount(m->session);
		fuse_session_destroy(m->session);
	}
	if (m->ready_fd >= 0)
		close(m->ready_fd);
	free(m);
}
