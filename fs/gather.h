/* SPDX-License-Identifier: MIT */
/*
 * What a request needs before it can be answered, one piece of data after the other: the
 * history, the months, the version that a node stands for, the texts.
 */
#ifndef FS_GATHER_H
#define FS_GATHER_H

#include "fs/request.h"

/* Goes on until the request is answered or parked; whoever completes what it waits for comes
 * here again. */
void gather(struct request *r);

#endif
