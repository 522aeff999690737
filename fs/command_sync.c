/* SPDX-License-Identifier: MIT */
/* corosfs --sync: fills the cache, by itself or by the mount that has it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "api/log.h"
#include "fs/backend.h"
#include "fs/command.h"
#include "fs/control_client.h"
#include "fs/render.h"
#include "fs/sync_show.h"

/* The mount says something several times a second. */
#define MOUNT_MS 30000

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	interrupted = signal;
}

/* Without SA_RESTART, so that a wait for the mount ends; the second signal ends the program. */
static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

struct progress {
	struct sync_show show;
	struct sync_progress last;
};

/* ---- by the mount ---- */

static int heard(void *arg, int fd, const json_t *line)
{
	struct progress *p = arg;

	(void)fd;
	sync_from_json(line, &p->last);
	sync_show_progress(&p->show, &p->last);
	return interrupted;
}

static int by_mount(const struct options *o, int fd, struct progress *p, struct err *err)
{
	int r = control_ask(fd,
			    json_pack("{s:s, s:i, s:i}", "do", "sync", "from", o->from_month,
				      "views", (int)o->sync_views),
			    MOUNT_MS, heard, p, err);

	return r == -ECANCELED ? err_set(err, r, "interrupted; the next run goes on from here") : r;
}

/* ---- by itself ---- */

static int report(void *arg, const struct sync_progress *p)
{
	struct progress *progress = arg;

	sync_show_progress(&progress->show, p);
	return interrupted;
}

static int run(struct backend *b, const struct options *o, struct progress *p, struct err *err)
{
	const struct sync_plan plan = {.from_month = o->from_month,
				       .views = (unsigned)o->sync_views,
				       .wait_ms = SYNC_WAIT_MS};
	const struct month_store_config news = {.names = month_names_hash};
	int r;

	if (o->offline)
		return err_set(err, -EHOSTUNREACH, "offline is set: there is nobody to ask");
	if ((r = backend_open(b, 1, err)) < 0 || (r = backend_start_session(b, err)) < 0 ||
	    (r = backend_start_store(b, &news, err)) < 0 ||
	    (r = backend_start_blobs(b, NULL, NULL, err)) < 0 ||
	    (r = session_login(b->session, err)) < 0)
		return r;
	/* Not before: a password may have to be typed. */
	catch_signals();
	return sync_run(b->store, b->blobs, &plan, report, p, &p->last, err);
}

int command_sync(struct options *o)
{
	struct progress p = {0};
	struct backend b;
	char cache[PATH_MAX];
	struct err err = {0};

	prctl(PR_SET_DUMPABLE, 0);
	backend_init(&b, o);
	sync_show_init(&p.show, stdout, o->json);
	int r = cache_dir_path(o->cache_dir, o->account, o->api, cache, &err);
	long owner = r == 0 ? cache_dir_owner(cache) : 0;
	int fd = owner > 0 ? control_connect(o, owner) : -ENOENT;
	if (r == 0 && fd >= 0) {
		catch_signals();
		r = by_mount(o, fd, &p, &err);
		close(fd);
	} else if (r == 0) {
		r = run(&b, o, &p, &err);
	}
	backend_stop(&b);
	backend_free(&b);
	if (p.last.all_months || !r || o->json)
		sync_show_end(&p.show, &p.last, &err);
	if (r < 0 && !o->json)
		log_error("%s", err.text);
	return r == 0 ? 0 : interrupted ? 128 + interrupted : 1;
}
