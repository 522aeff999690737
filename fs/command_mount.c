/* SPDX-License-Identifier: MIT */
/*
 * The mount: order of start and stop. The work is done in a child, so that the parent can
 * wait until the mount answers and give its caller the true exit status; messages until then
 * go to the terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/log.h"
#include "cache/worker.h"
#include "fs/backend.h"
#include "fs/command.h"
#include "fs/control_commands.h"
#include "fs/fs.h"
#include "fs/log_file.h"
#include "fs/mount.h"
#include "fs/mountpoint.h"
#include "fs/node.h"
#include "fs/notify.h"
#include "fs/status.h"
#include "fs/supervisor.h"
#include "fs/watch.h"

/* Everything that lives as long as the mount, in the order of its start. */
struct program {
	const struct options *options;
	char path[PATH_MAX]; /* the mountpoint */
	int parent_fd;       /* the parent waits for a byte here; -1 with -f */
	struct backend backend;
	struct fs fs;
	struct mount *mount;
	struct control *control; /* NULL: there is no place for its socket */
	struct control_context context;
};

/* ---- start ---- */

/* The login is tried while somebody can still see why it fails. */
static int log_in(struct program *p, struct err *err)
{
	if (p->options->offline)
		return 0;
	int r = session_login(p->backend.session, err);
	if (r < 0 && r != -EKEYREJECTED && month_store_usable(p->backend.store)) {
		log_warn("%s; mounting what is in the cache", err->text);
		return 0;
	}
	return r;
}

static void refresh(void *arg)
{
	const struct program *p = arg;

	log_file_again();
	month_store_refresh(p->backend.store);
	blob_store_again(p->backend.blobs, NULL);
}

static void again(void *arg)
{
	const struct program *p = arg;

	month_store_again(p->backend.store);
	blob_store_again(p->backend.blobs, NULL);
}

static void quiet(void *arg)
{
	struct program *p = arg;

	supervisor_notify("STOPPING=1");
	backend_quiet(&p->backend);
}

/* SIGUSR1: what --status says, a line each. */
static void log_status(void *arg)
{
	const struct program *p = arg;
	json_t *status = status_collect(&p->backend, p->path, p->context.start_s);
	char *text = NULL, *rest, *line;
	size_t len;
	FILE *out = status ? open_memstream(&text, &len) : NULL;

	if (out) {
		status_words(status, clock_system.wall_s(), out);
		fclose(out);
	}
	for (rest = text; rest && (line = strsep(&rest, "\n"));)
		if (*line)
			log_notice("%s", line);
	free(text);
	json_decref(status);
}

static int start_mount(struct program *p, struct err *err)
{
	const struct options *o = p->options;
	mode_t mask = o->umask < 0 || (o->allow_root && !o->allow_other) ? 077 : (mode_t)o->umask;

	p->fs.store = p->backend.store;
	p->fs.render = (struct render_options){.raw_csv = o->raw_csv, .csv_bom = o->csv_bom};
	p->fs.views = (struct tree_views){(unsigned)o->views, p->backend.blobs};
	lock_init(&p->fs.ahead.lock);
	p->fs.uid = o->uid < 0 ? getuid() : (uid_t)o->uid;
	p->fs.gid = o->gid < 0 ? getgid() : (gid_t)o->gid;
	p->fs.file_mode = S_IFREG | (0666 & ~mask);
	p->fs.dir_mode = S_IFDIR | (0777 & ~mask);
	p->fs.wait_ms = (int)o->timeout * 1000;
	p->fs.cache_size = (uint64_t)o->cache_size;
	struct mount_config config = {
		.fs = &p->fs,
		.account = o->account,
		.path = p->path,
		/* Root passes over the permissions, which then keep the others out. */
		.allow_other = o->allow_other || o->allow_root,
		.xattr = o->xattr,
		.refresh = refresh,
		.again = again,
		.status = log_status,
		.quiet = quiet,
		.arg = p,
	};
	/* Until here Ctrl-C ends the program at once; from here on there is something to unmount.
	 */
	mount_block_signals();
	p->mount = mount_new(&config, err);
	if (!p->mount || mount_start(p->mount, err) < 0)
		return err->code;
	return mount_wait_ready(p->mount, err);
}

/* A mount that cannot be asked how it is is still a mount. */
static void start_control(struct program *p)
{
	struct err err;

	p->context = (struct control_context){
		.backend = &p->backend,
		.mountpoint = p->path,
		.start_s = clock_system.wall_s(),
	};
	p->control = control_new(p->options, control_commands, &p->context, &err);
	if (!p->control)
		log_warn("%s; --status and --refresh will not find this mount", err.text);
}

static int start(struct program *p, struct err *err)
{
	const struct month_store_config news = {
		.names = month_names_hash,
		.before = notify_before,
		.after = notify_after,
		.history = notify_history,
		.ctx = &p->fs,
	};
	int r;

	/* No other process of the user may read the token out of our memory, nor a core dump. */
	prctl(PR_SET_DUMPABLE, 0);
	if ((r = backend_open(&p->backend, 0, err)) < 0)
		return r;
	p->fs.nodes = node_table_new();
	if (!p->fs.nodes)
		return err_set(err, -ENOMEM, "no memory for the mount");
	p->fs.notifier = worker_new("notify", err);
	if (!p->fs.notifier)
		return err->code;
	if ((r = backend_start_session(&p->backend, err)) < 0 ||
	    (r = backend_start_store(&p->backend, &news, err)) < 0 ||
	    (r = backend_start_blobs(&p->backend, notify_download, &p->fs, err)) < 0 ||
	    (r = log_in(p, err)) < 0)
		return r;
	secret_no_prompt(&p->backend.secret);
	if ((r = start_mount(p, err)) < 0)
		return r;
	start_control(p);
	return 0;
}

/* ---- stop: the mirror image ---- */

static void stop(struct program *p)
{
	backend_quiet(&p->backend);
	control_hang_up(p->control);
	if (p->fs.notifier)
		worker_stop(p->fs.notifier, 0, free);
	backend_stop(&p->backend);
	control_free(p->control);
	watch_stop();
	if (p->mount)
		mount_free(p->mount);
	backend_free(&p->backend);
	if (p->fs.notifier)
		worker_free(p->fs.notifier);
	node_table_free(p->fs.nodes);
}

/* ---- the background ---- */

/* Tells the parent, and lets go of its terminal. */
static void detach(struct program *p)
{
	prctl(PR_SET_PDEATHSIG, 0);
	log_file_leave_stderr();
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	if (chdir("/") < 0)
		log_warn("cannot leave the current folder: %s", strerror(errno));
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
		log_info("mounted %s at %s", p->options->account, p->path);
		supervisor_notify("READY=1");
		if (p->parent_fd >= 0)
			detach(p);
		mount_wait_end(p->mount);
		log_info("unmounted %s from %s", p->options->account, p->path);
	} else {
		log_error("%s", err.text);
	}
	stop(p);
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
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(struct program *p)
{
	int fd[2];

	if (p->options->foreground)
		return serve(p);
	if (pipe2(fd, O_CLOEXEC) < 0) {
		log_error("cannot make a pipe: %s", strerror(errno));
		return 1;
	}
	pid_t parent = getpid(), child = fork();
	if (child < 0) {
		log_error("cannot start a process: %s", strerror(errno));
		return 1;
	}
	if (child == 0) {
		close(fd[0]);
		p->parent_fd = fd[1];
		/* Who ends the command before it is done does not want the mount any more. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			return 1;
		return serve(p);
	}
	close(fd[1]);
	return wait_for_child(p, child, fd[0]);
}

int command_mount(struct options *o)
{
	static struct program p = {.parent_fd = -1};
	char cache[PATH_MAX];
	struct err err;

	p.options = o;
	backend_init(&p.backend, o);
	if (cache_dir_path(o->cache_dir, o->account, o->api, cache, &err) < 0)
		goto fail;
	const char *keep[] = {cache, o->config_path[0] ? o->config_path : NULL, NULL};
	if (mountpoint_check(o->path, o->nonempty, keep, p.path, &err) < 0)
		goto fail;
	return run(&p);
fail:
	log_error("%s", err.text);
	return 1;
}
