/* SPDX-License-Identifier: MIT */
/*
 * corosfs --login: by itself, or by the mount of the account if one is running, which would
 * otherwise be logged out by it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "api/clean.h"
#include "api/log.h"
#include "api/region.h"
#include "api/session_state.h"
#include "cache/token_file.h"
#include "fs/backend.h"
#include "fs/command.h"
#include "fs/control_client.h"
#include "fs/json_line.h"

#define MOUNT_MS 300000 /* for the hub to answer the mount that logs in */
#define STATE_MS 5000

/* Whoever logs in by hand is asked, though the config may have a password, unless one was given for
 * this run. */
static int ask_password(struct backend *b, char md5[PASSWORD_MD5], struct err *err)
{
	b->secret.ask_first = !b->options->password_given;
	return secret_md5(&b->secret, md5, err);
}

/* ---- by the mount ---- */

/* The mount asks for the code, or says which region it is. */
static int heard(void *arg, int fd, const json_t *line)
{
	const json_t *region = json_object_get(line, "region");
	char code[FACTOR_CODE];
	struct err err;

	(void)arg;
	if (region)
		*(int *)arg = (int)json_integer_value(region);
	if (!json_object_get(line, "event"))
		return 0;
	if (secret_code(json_is_true(json_object_get(line, "wrong")), code, &err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	int r = json_line_send(fd, STATE_MS, json_pack("{s:s}", "code", code));
	explicit_bzero(code, sizeof(code));
	return r;
}

static int by_mount(struct backend *b, int fd, int *region, struct err *err)
{
	char md5[PASSWORD_MD5];
	int r = ask_password(b, md5, err);

	if (r == 0)
		r = control_ask(fd, json_pack("{s:s, s:s}", "do", "login", "md5", md5), MOUNT_MS,
				heard, region, err);
	explicit_bzero(md5, sizeof(md5));
	return r;
}

/* ---- by itself ---- */

static int ask_code(void *arg, int wrong, char code[FACTOR_CODE], struct err *err)
{
	(void)arg;
	return secret_code(wrong, code, err);
}

static int log_in(struct backend *b, int *region, struct err *err)
{
	struct session_person person = {.code = ask_code};
	struct session_state state;
	int r = ask_password(b, person.md5, err);

	if (r == 0 && (r = backend_start_session(b, err)) == 0)
		r = session_login_person(b->session, &person, err);
	explicit_bzero(&person, sizeof(person));
	if (r == 0 && session_state(b->session, STATE_MS, &state) == 0)
		*region = state.region;
	return r;
}

/* A login that nobody keeps would end with us. */
static int check_kept(const struct backend *b, struct err *err)
{
	struct session_token token;
	int r = token_file_read(b->dir.fd, &token, err);

	explicit_bzero(&token, sizeof(token));
	return r;
}

static int by_itself(struct backend *b, int *region, struct err *err)
{
	int r = backend_open(b, 1, err);

	if (r == 0)
		r = log_in(b, region, err);
	backend_stop(b);
	if (r == 0)
		r = check_kept(b, err);
	return r;
}

int command_login(struct options *o)
{
	struct backend b;
	char cache[PATH_MAX];
	int region = 0, fd = -ENOENT, r;
	struct err err;

	prctl(PR_SET_DUMPABLE, 0);
	backend_init(&b, o);
	r = cache_dir_path(o->cache_dir, o->account, o->api, cache, &err);
	long owner = r == 0 ? cache_dir_owner(cache) : 0;
	if (owner > 0)
		fd = control_connect(o, owner);
	if (r == 0 && fd >= 0) {
		r = secret_init(&b.secret, o, &err);
		if (r == 0)
			r = by_mount(&b, fd, &region, &err);
		close(fd);
	} else if (r == 0) {
		r = by_itself(&b, &region, &err);
	}
	backend_free(&b);
	if (r < 0) {
		/* -ECANCELED: it was said already. */
		if (r != -ECANCELED)
			log_error("%s", err.text);
		return 1;
	}
	const char *name = region_name(region);
	clean_print(stdout, "logged in as %s", o->account);
	if (name)
		printf(", region %d (%s)", region, name);
	puts(fd >= 0 ? "; the mount goes on with it" : "; the login is kept for the next mount");
	/* Then the systemd unit and a plain `corosfs MOUNTPOINT` know the account, too. */
	r = o->config_path[0] ? options_write_config(o, &err) : 0;
	if (r)
		printf("%s%s\n", r < 0 ? err.text : "the account is kept in ",
		       r < 0 ? "" : o->config_path);
	return 0;
}
