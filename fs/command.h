/* SPDX-License-Identifier: MIT */
/* The commands, a file each. They say what is wrong on stderr and return the exit status. */
#ifndef FS_COMMAND_H
#define FS_COMMAND_H

#include "fs/options.h"

int command_mount(struct options *o);

#endif
