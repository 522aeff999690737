/* SPDX-License-Identifier: MIT */
/* What a service manager is told: sd_notify(3)'s protocol, without its library. */
#ifndef FS_SUPERVISOR_H
#define FS_SUPERVISOR_H

/* "READY=1" and the like, to $NOTIFY_SOCKET; nothing without one. Never waits. */
void supervisor_notify(const char *state);

#endif
