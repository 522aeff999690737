/* SPDX-License-Identifier: MIT */
/* The commands, a file each. They say what is wrong on stderr and return the exit status. */
#ifndef FS_COMMAND_H
#define FS_COMMAND_H

#include "fs/options.h"

int command_mount(struct options *o);
int command_login(struct options *o);
int command_sync(struct options *o);
int command_status(struct options *o);
int command_refresh(struct options *o);
int command_check(struct options *o);

#endif
