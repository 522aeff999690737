/* SPDX-License-Identifier: MIT */
/* Where the log goes: log_file=, else stderr; in the background syslog takes stderr's place. */
#ifndef FS_LOG_FILE_H
#define FS_LOG_FILE_H

#include "api/err.h"
#include "fs/options.h"

/* Before any thread starts. 0 or a negative errno with words. `o` must outlive the program. */
int log_file_open(const struct options *o, struct err *err);

/* Opens log_file= by its name again, since whoever rotates logs has renamed it; what cannot be
 * opened is said in the old one. Any thread. */
void log_file_again(void);

/* stderr is about to be nobody's. */
void log_file_leave_stderr(void);

#endif
