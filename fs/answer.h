/* SPDX-License-Identifier: MIT */
/* What a request is answered once everything that it needs is at hand. */
#ifndef FS_ANSWER_H
#define FS_ANSWER_H

#include "fs/request.h"

/* Replies and ends the request. */
void answer(struct request *r);

/* The entry that a LOOKUP, GETATTR or READ is about: 0, -ENOENT or -ENOMEM. */
int answer_entry(const struct request *r, struct tree_entry *e);

#endif
