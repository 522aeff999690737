/* SPDX-License-Identifier: MIT */
/* From the cache folder to the session, and back; see backend.h. */
#include "fs/backend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/log.h"
#include "cache/refusal_file.h"
#include "cache/token_file.h"
#include "cache/worker.h"

#define KEEP_AT_STOP_MS 1000
#define LISTS_LEAST     (UINT64_C(16) << 20)

/* ---- what the session learns, on its way to disk ---- */

/* One at a time and in their order, on the keeper's thread. */
struct keep_job {
	struct backend *backend;
	int forget; /* the token */
	struct session_token token;
	char md5[PASSWORD_MD5];
};

static void keep(struct backend *b, worker_job *job, const struct keep_job *what)
{
	struct keep_job *j = malloc(sizeof(*j));

	if (!j)
		return;
	*j = *what;
	if (worker_post(b->keeper, job, j) < 0) {
		explicit_bzero(j, sizeof(*j));
		free(j);
	}
}

static void keep_token(void *arg)
{
	struct keep_job *j = arg;
	struct cache_dir *dir = &j->backend->dir;
	const struct session_token *token = j->forget ? NULL : &j->token;
	struct err err;
	int r = 0;

	if (atomic_load(&dir->ours))
		r = token_file_write(dir->fd, token, &err);
	if (cache_dir_is_gone(r) && cache_dir_renew(dir, &err) >= 0)
		r = token_file_write(dir->fd, token, &err);
	if (token && r == 0)
		refusal_file_remove(dir->fd);
	/* That there is no folder was said at the start. */
	if (r < 0 && atomic_load(&dir->there))
		log_warn("%s; the next mount has to log in again", err.text);
	explicit_bzero(j, sizeof(*j));
	free(j);
}

static void on_token(void *arg, const struct session_token *token)
{
	struct keep_job j = {.backend = arg, .forget = !token};

	if (token)
		j.token = *token;
	keep(j.backend, keep_token, &j);
	explicit_bzero(&j, sizeof(j));
}

static void keep_refusal(void *arg)
{
	struct keep_job *j = arg;
	struct cache_dir *dir = &j->backend->dir;
	struct err err;

	if (atomic_load(&dir->ours) && refusal_file_write(dir->fd, j->md5, &err) < 0)
		log_debug("the refusal is not remembered: %s", err.text);
	explicit_bzero(j, sizeof(*j));
	free(j);
}

static void on_refusal(void *arg, const char md5[PASSWORD_MD5])
{
	struct keep_job j = {.backend = arg};

	memcpy(j.md5, md5, sizeof(j.md5));
	keep(j.backend, keep_refusal, &j);
	explicit_bzero(&j, sizeof(j));
}

static void let_go(void *arg)
{
	struct keep_job *j = arg;

	month_store_release(j->backend->store);
	free(j);
}

/* ---- passwords ---- */

/* On the login's own thread, which may wait for the disk and for the hash. */
static int on_password(void *arg, char md5[PASSWORD_MD5], struct err *err)
{
	struct backend *b = arg;

	int r = secret_md5(&b->secret, md5, err);
	int has = 0;

	if (r == 0 && atomic_load(&b->dir.there))
		has = refusal_file_has(b->dir.fd, md5, clock_system.wall_s(), err);
	if (!has)
		return r;
	explicit_bzero(md5, PASSWORD_MD5);
	if (has < 0)
		return has;
	return err_set(
		err, -EKEYREJECTED,
		"the Training Hub refuses this e-mail and password, as before; corosfs will not "
		"try the same password again for a day, unless you run corosfs --login");
}

/* ---- start ---- */

void backend_init(struct backend *b, const struct options *options)
{
	*b = (struct backend){.options = options,
			      .dir = {.fd = -1, .months_fd = -1, .lock_fd = -1}};
}

int backend_open(struct backend *b, int need_folder, struct err *err)
{
	const struct options *o = b->options;
	char path[PATH_MAX];
	int r;

	if ((r = cache_dir_path(o->cache_dir, o->account, o->api, path, err)) < 0)
		return r;
	r = cache_dir_open(&b->dir, path, CACHE_DIR_WAIT_MS, err);
	if (r < 0 && r != -EBUSY && !need_folder) {
		log_warn("%s; nothing is kept on disk", err->text);
		r = cache_dir_do_without(&b->dir, path, err);
	}
	if (r < 0)
		return r;
	return secret_init(&b->secret, o, err);
}

int backend_start_session(struct backend *b, struct err *err)
{
	const struct options *o = b->options;
	struct http_config http = {.user_agent = BACKEND_USER_AGENT, .ca_file = o->ca_file};
	struct session_config config = {
		.account = o->account,
		.api = o->api,
		.rate = (int)o->rate,
		.timeout_ms = (int)o->timeout * 1000,
		.clock = &clock_system,
		.password = on_password,
		.keep = on_token,
		.refused = on_refusal,
		.arg = b,
	};
	struct session_token kept;
	struct err why;

	if (o->ca_file && access(o->ca_file, R_OK) < 0)
		return err_sys(err, -errno, "read the certificates of ca_file=%s", o->ca_file);
	int have = -ENOENT;
	if (atomic_load(&b->dir.there))
		have = token_file_read(b->dir.fd, &kept, &why);
	if (have < 0 && have != -ENOENT)
		log_warn("%s; logging in again", why.text);
	b->keeper = worker_new("token", err);
	b->http = b->keeper ? http_new(&http, err) : NULL;
	b->session = b->http ? session_new(b->http, &config, have == 0 ? &kept : NULL, err) : NULL;
	explicit_bzero(&kept, sizeof(kept));
	b->downloads = b->session ? downloads_new(b->session, b->http, &http, err) : NULL;
	return b->downloads ? http_start(b->http, err) : err->code;
}

/* Of cache_size: an eighth is for lists, which are small, wanted by everything else, and quickly
 * there again; but not less than ten years of a diligent athlete. */
static uint64_t lists_max(const struct options *o)
{
	uint64_t share = (uint64_t)o->cache_size / 8;

	return share > LISTS_LEAST ? share : LISTS_LEAST;
}

int backend_start_store(struct backend *b, const struct month_store_config *news, struct err *err)
{
	struct month_store_config config = *news;

	b->net = (struct hub_net){b->http, b->session, b->downloads};
	b->hub = hub_net(&b->net);
	config.hub = &b->hub;
	config.clock = &clock_system;
	config.dir = &b->dir;
	config.memory = (size_t)b->options->memory;
	config.disk_max = lists_max(b->options);
	config.ttl_s = (int)b->options->ttl;
	config.calm_ms = MONTH_STORE_CALM_MS;
	config.offline = b->options->offline;
	b->store = month_store_new(&config, err);
	return b->store ? 0 : err->code;
}

int backend_start_blobs(struct backend *b, void (*changed)(void *ctx, const struct blob_key *key),
			void *ctx, struct err *err)
{
	const struct blob_store_config config = {
		.hub = &b->hub,
		.clock = &clock_system,
		.dir = &b->dir,
		.size_max = (uint64_t)b->options->cache_size / 8 * 7,
		.offline = b->options->offline,
		.changed = changed,
		.ctx = ctx,
	};

	b->blobs = blob_store_new(&config);
	return b->blobs ? 0 : err_set(err, -ENOMEM, "no memory for the cache");
}

/* ---- stop: the mirror image ---- */

void backend_quiet(struct backend *b)
{
	secret_cancel(&b->secret);
	if (b->store)
		month_store_quiet(b->store);
	if (b->blobs)
		blob_store_quiet(b->blobs);
	/* The next mount may have the folder, once the keeper and the store have written. */
	if (b->store)
		keep(b, let_go, &(struct keep_job){.backend = b});
}

void backend_stop(struct backend *b)
{
	backend_quiet(b);
	if (b->http)
		http_stop(b->http);
	if (b->downloads)
		downloads_stop(b->downloads);
	if (b->keeper)
		worker_stop(b->keeper, KEEP_AT_STOP_MS, free);
	if (b->blobs)
		blob_store_stop(b->blobs);
	if (b->store)
		month_store_stop(b->store);
}

void backend_free(struct backend *b)
{
	blob_store_free(b->blobs);
	downloads_free(b->downloads);
	if (b->session)
		session_free(b->session);
	if (b->http)
		http_free(b->http);
	if (b->store)
		month_store_free(b->store);
	if (b->keeper)
		worker_free(b->keeper);
	secret_clear(&b->secret);
	cache_dir_close(&b->dir);
}
