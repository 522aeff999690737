/* SPDX-License-Identifier: MIT */
/* What a mount does when it is asked over the control socket (control.h). */
#ifndef FS_CONTROL_COMMANDS_H
#define FS_CONTROL_COMMANDS_H

#include "fs/backend.h"
#include "fs/control.h"

/* `arg` of the commands; constant while the socket is open. */
struct control_context {
	struct backend *backend;
	const char *mountpoint;
	int64_t start_s; /* wall: when the mount began */
};

/*
 *   {"do": "status"}                    {"status": {...}}
 *   {"do": "refresh", "path": "2022"}   {"refreshed": {...}}, path from the mountpoint on
 *   {"do": "sync", "from": 24264}       {"event": "progress", ...} again and again
 *   {"do": "login", "md5": "..."}       {"event": "code", "wrong": false}, which is answered with
 *                                       {"code": "123456"}; then {"region": 3}
 */
extern const struct control_command control_commands[];

#endif
