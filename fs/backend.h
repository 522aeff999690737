/* SPDX-License-Identifier: MIT */
/*
 * What stands between a command and the hub: the account's cache folder, the password, the
 * transport, the session and the month store. Started in this order and stopped in the other,
 * by the mount and by the commands that work without one.
 */
#ifndef FS_BACKEND_H
#define FS_BACKEND_H

#include "api/http.h"
#include "api/hub.h"
#include "api/session.h"
#include "cache/blob_store.h"
#include "cache/cache_dir.h"
#include "cache/month_store.h"
#include "fs/options.h"
#include "fs/secret.h"

#define BACKEND_USER_AGENT "corosfs/" COROSFS_VERSION " (+https://github.com/corosfs/corosfs)"

struct worker;

struct backend {
	const struct options *options;
	struct cache_dir dir;
	struct secret secret;
	struct worker *keeper; /* writes the token and what was refused */
	struct http *http;
	struct session *session;
	struct downloads *downloads;
	struct hub_net net;
	struct hub hub;
	struct month_store *store;
	struct blob_store *blobs;
};

/* Nothing is open. `options` must outlive it. */
void backend_init(struct backend *b, const struct options *options);

/*
 * Takes the account's cache folder, and the password out of the environment. 0; -EBUSY: another
 * process has the folder; or another negative errno, with words. `need_folder`: 0, where it cannot
 * be made (a full disk, one that is read-only, somebody else's) that is logged and it goes without.
 */
int backend_open(struct backend *b, int need_folder, struct err *err);

/* The transport's thread and the session, with the token that was kept. Fork before. */
int backend_start_session(struct backend *b, struct err *err);

/* The month store. Of `news` the names, the callbacks and ctx are used. */
int backend_start_store(struct backend *b, const struct month_store_config *news, struct err *err);

/* The store of downloads; `changed` as in its config, with ctx, or NULL. */
int backend_start_blobs(struct backend *b, void (*changed)(void *ctx, const struct blob_key *key),
			void *ctx, struct err *err);

/* The end has begun: nobody is kept waiting for the hub or a password any more. What waits for the
 * disk is written, then the next mount may have the folder. */
void backend_quiet(struct backend *b);
/* Ends every thread; what is not on disk yet is written. */
void backend_stop(struct backend *b);
/* After backend_stop(), and after everything that uses its parts. */
void backend_free(struct backend *b);

#endif
