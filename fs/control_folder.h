/* SPDX-License-Identifier: MIT */
/*
 * Where control sockets are: $XDG_RUNTIME_DIR/corosfs/, else run/ in the user's cache folder, else
 * run/ in cache_dir=. 0700, and nobody else's. A mount's socket is PID.sock.
 */
#ifndef FS_CONTROL_FOLDER_H
#define FS_CONTROL_FOLDER_H

#include <limits.h>
#include <sys/un.h>

#include "fs/options.h"

#define CONTROL_FOLDERS 3
#define CONTROL_NAME    32

/* The i-th of them, opened; with `make` it is made if it is not there. -ENOENT: there is no such
 * place; -EPERM: it is not ours alone; or another negative errno. `path` gets its name. */
int control_folder(const struct options *o, int i, int make, char path[PATH_MAX]);

/* The address of a name in an open folder: of any depth, since socket paths are short. */
void control_address(int dirfd, const char *name, struct sockaddr_un *address);

void control_name(long pid, char name[CONTROL_NAME]);
/* The pid in a socket's name, 0: it is none. */
long control_name_pid(const char *name);

#endif
