/* SPDX-License-Identifier: MIT */
/*
 * The program: order of start and stop. The work is done in a child, so that the parent can
 * wait until the mount answers and give its caller the true exit status; messages until then
 * go to the terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/http.h"
#include "api/hub.h"
#include "api/log.h"
#include "api/session.h"
#include "cache/cache_dir.h"
#include "cache/token_file.h"
#include "cache/worker.h"
#include "fs/fs.h"
#include "fs/mount.h"
#include "fs/mountpoint.h"
#include "fs/node.h"
#include "fs/notify.h"
#include "fs/options.h"
#include "fs/request.h"
#include "fs/secret.h"

#define USER_AGENT      "corosfs/" COROSFS_VERSION " (+https://github.com/corosfs/corosfs)"
#define KEEP_AT_STOP_MS 1000

/* Everything that lives as long as the mount, in the order of its start. */
struct program {
	struct options options;
	char path[PATH_MAX]; /* the mountpoint */
	int parent_fd;       /* the parent waits for a byte here; -1 with -f */
	struct cache_dir dir;
	struct secret secret;
	struct worker *keeper; /* writes the token */
	struct http *http;
	struct session *session;
	struct hub_net net;
	struct hub hub;
	struct month_store *store;
	struct fs fs;
	struct mount *mount;
};

/* ---- the token on its way to disk ---- */

struct keep_job {
	int dirfd;
	int forget;
	struct session_token token;
};

static void keep_token(void *arg)
{
	struct keep_job *j = arg;
	struct err err;

	if (token_file_write(j->dirfd, j->forget ? NULL : &j->token, &err) < 0)
		log_warn("%s; the next mount has to log in again", err.text);
	explicit_bzero(j, sizeof(*j));
	free(j);
}

static void on_token(void *arg, const struct session_token *token)
{
	const struct program *p = arg;
	struct keep_job *j = calloc(1, sizeof(*j));

	if (!j)
		return;
	j->dirfd = p->dir.fd;
	j->forget = !token;
	if (token)
		j->token = *token;
	if (worker_post(p->keeper, keep_token, j) < 0) {
		explicit_bzero(j, sizeof(*j));
		free(j);
	}
}

static int on_password(void *arg, char md5[PASSWORD_MD5], struct err *err)
{
	struct program *p = arg;

	return secret_md5(&p->secret, md5, err);
}

/* ---- start ---- */

static int start_session(struct program *p, struct err *err)
{
	struct http_config http = {.user_agent = USER_AGENT, .ca_file = p->options.ca_file};
	struct session_config config = {
		.account = p->options.account,
		.api = p->options.api,
		.rate = (int)p->options.rate,
		.timeout_ms = (int)p->options.timeout * 1000,
		.clock = &clock_system,
		.password = on_password,
		.keep = on_token,
		.arg = p,
	};
	struct session_token kept;
	struct err why;

	int have = token_file_read(p->dir.fd, &kept, &why);
	if (have < 0 && have != -ENOENT)
		log_warn("%s; logging in again", why.text);
	p->keeper = worker_new("token", err);
	p->http = p->keeper ? http_new(&http, err) : NULL;
	p->session = p->http ? session_new(p->http, &config, have == 0 ? &kept : NULL, err) : NULL;
	explicit_bzero(&kept, sizeof(kept));
	return p->session ? http_start(p->http, err) : err->code;
}

static int start_cache(struct program *p, struct err *err)
{
	p->net = (struct hub_net){p->http, p->session};
	p->hub = hub_net(&p->net);
	struct month_store_config config = {
		.hub = &p->hub,
		.clock = &clock_system,
		.dirfd = p->dir.fd,
		.months_fd = p->dir.months_fd,
		.memory = (size_t)p->options.memory,
		.ttl_s = (int)p->options.ttl,
		.offline = p->options.offline,
		.names = month_names_hash,
		.before = notify_before,
		.after = notify_after,
		.history = notify_history,
		.ctx = &p->fs,
	};
	p->store = month_store_new(&config, err);
	return p->store ? 0 : err->code;
}

/* The login is tried while somebody can still see why it fails. */
static int log_in(struct program *p, struct err *err)
{
	if (p->options.offline)
		return 0;
	int r = session_login(p->session, err);
	if (r < 0 && r != -EACCES && month_store_usable(p->store)) {
		log_warn("%s; mounting what is in the cache", err->text);
		return 0;
	}
	return r;
}

static void refresh(void *arg)
{
	month_store_refresh(arg);
}

static void quiet(void *arg)
{
	month_store_quiet(arg);
}

static int start_mount(struct program *p, struct err *err)
{
	const struct options *o = &p->options;
	mode_t mask = o->umask < 0 ? 077 : (mode_t)o->umask;

	p->fs.store = p->store;
	p->fs.render = (struct render_options){.raw_csv = o->raw_csv, .csv_bom = o->csv_bom};
	p->fs.uid = o->uid < 0 ? getuid() : (uid_t)o->uid;
	p->fs.gid = o->gid < 0 ? getgid() : (gid_t)o->gid;
	p->fs.file_mode = S_IFREG | (0666 & ~mask);
	p->fs.dir_mode = S_IFDIR | (0777 & ~mask);
	p->fs.wait_ms = (int)o->timeout * 1000;
	struct mount_config config = {
		.fs = &p->fs,
		.account = o->account,
		.path = p->path,
		.allow_other = o->allow_other,
		.refresh = refresh,
		.quiet = quiet,
		.arg = p->store,
	};
	/* Until here Ctrl-C ends the program at once; from here on there is something to unmount.
	 */
	mount_block_signals();
	p->mount = mount_new(&config, err);
	if (!p->mount || mount_start(p->mount, err) < 0)
		return err->code;
	return mount_wait_ready(p->mount, err);
}

static int open_log(const struct options *o, struct err *err)
{
	int fd = STDERR_FILENO;

	if (o->log_file &&
	    (fd = open(o->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) < 0)
		return err_sys(err, -errno, "cannot write the log to %s", o->log_file);
	log_open((enum log_level)o->log, fd);
	/* Whoever starts the mount sees why it fails, wherever the log goes. */
	log_echo(1);
	return 0;
}

static int start(struct program *p, struct err *err)
{
	char cache[PATH_MAX];
	int r;

	/* No other process of the user may read the token out of our memory, nor a core dump. */
	prctl(PR_SET_DUMPABLE, 0);
	if ((r = cache_dir_path(p->options.cache_dir, p->options.account, p->options.api, cache,
				err)) < 0 ||
	    (r = cache_dir_open(&p->dir, cache, err)) < 0 ||
	    (r = secret_init(&p->secret, p->options.password_command, p->options.password_file,
			     p->options.account, err)) < 0)
		return r;
	p->fs.nodes = node_table_new();
	if (!p->fs.nodes)
		return err_set(err, -ENOMEM, "no memory for the mount");
	p->fs.notifier = worker_new("notify", err);
	if (!p->fs.notifier)
		return err->code;
	if ((r = start_session(p, err)) < 0 || (r = start_cache(p, err)) < 0 ||
	    (r = log_in(p, err)) < 0)
		return r;
	secret_no_prompt(&p->secret);
	return start_mount(p, err);
}

/* ---- stop: the mirror image ---- */

static void stop(struct program *p)
{
	secret_cancel(&p->secret);
	if (p->fs.notifier)
		worker_stop(p->fs.notifier, 0, free);
	if (p->store)
		month_store_quiet(p->store);
	if (p->http)
		http_stop(p->http);
	if (p->store)
		month_store_stop(p->store);
	request_watch_stop();
	if (p->keeper)
		worker_stop(p->keeper, KEEP_AT_STOP_MS, free);
	if (p->mount)
		mount_free(p->mount);
	if (p->session)
		session_free(p->session);
	if (p->http)
		http_free(p->http);
	if (p->store)
		month_store_free(p->store);
	if (p->keeper)
		worker_free(p->keeper);
	if (p->fs.notifier)
		worker_free(p->fs.notifier);
	node_table_free(p->fs.nodes);
	secret_clear(&p->secret);
	cache_dir_close(&p->dir);
}

/* ---- the background ---- */

/* Tells the parent, and lets go of its terminal. */
static void detach(struct program *p)
{
	log_echo(0);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	if (chdir("/") < 0)
		log_warn("cannot leave the current folder: %s", strerror(errno));
	if (!p->options.log_file)
		log_open((enum log_level)p->options.log, -1);
	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	if (write(p->parent_fd, "", 1) < 0)
		log_warn("the process that started the mount is gone");
	close(p->parent_fd);
}

static int serve(struct program *p)
{
	struct err err = {0};
	int r = start(p, &err);

	if (r == 0) {
		if (p->parent_fd >= 0)
			detach(p);
		mount_wait_end(p->mount);
	} else {
		log_error("%s", err.text);
	}
	stop(p);
	options_clear(&p->options);
	return r == 0 ? 0 : 1;
}

/* The parent: as soon as the child says so and the mount answers, 0; else the child's status. */
static int wait_for_child(const struct program *p, pid_t child, int fd)
{
	char byte;
	int status;
	ssize_t n;

	while ((n = read(fd, &byte, 1)) < 0 && errno == EINTR)
		;
	if (n == 1 && mountpoint_answers(p->path))
		return 0;
	if (n == 1) {
		log_error("%s was mounted, but does not answer", p->path);
		return 1;
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int run(struct program *p)
{
	int fd[2];

	if (p->options.foreground)
		return serve(p);
	if (pipe2(fd, O_CLOEXEC) < 0) {
		log_error("cannot make a pipe: %s", strerror(errno));
		return 1;
	}
	pid_t child = fork();
	if (child < 0) {
		log_error("cannot start a process: %s", strerror(errno));
		return 1;
	}
	if (child == 0) {
		close(fd[0]);
		p->parent_fd = fd[1];
		return serve(p);
	}
	close(fd[1]);
	int status = wait_for_child(p, child, fd[0]);
	options_clear(&p->options);
	return status;
}

int main(int argc, char **argv)
{
	static struct program p = {.parent_fd = -1,
				   .dir = {.fd = -1, .months_fd = -1, .lock_fd = -1}};
	enum options_action action;
	char cache[PATH_MAX];
	struct err err;

	/* What was left open by whoever starts us (a lock, a pipe) must not live as long as the
	 * mount. */
	close_range(3, ~0U, 0);
	log_open(LOG_LEVEL_WARN, STDERR_FILENO);
	/* Months' texts are large and come and go: let them not fragment the heap. */
	mallopt(M_MMAP_THRESHOLD, 32 << 10);
	mallopt(M_ARENA_MAX, 2);
	if (options_parse(argc, argv, &p.options, &action, &err) < 0)
		goto fail;
	if (action == OPTIONS_HELP) {
		options_help(stdout);
		return 0;
	}
	if (action == OPTIONS_VERSION) {
		puts("corosfs " COROSFS_VERSION);
		return 0;
	}
	if (cache_dir_path(p.options.cache_dir, p.options.account, p.options.api, cache, &err) < 0)
		goto fail;
	const char *keep[] = {cache, p.options.config_path[0] ? p.options.config_path : NULL, NULL};
	if (open_log(&p.options, &err) < 0 ||
	    mountpoint_check(p.options.mountpoint, p.options.nonempty, keep, p.path, &err) < 0)
		goto fail;
	return run(&p);
fail:
	log_error("%s", err.text);
	options_clear(&p.options);
	return 1;
}
