/* SPDX-License-Identifier: MIT */
/* A thread that no signal disturbs: signals are the main thread's business. */
#ifndef API_THREAD_H
#define API_THREAD_H

#include <pthread.h>

/* pthread_create(3); 0 or a negative errno. The threads that this one makes inherit its mask. */
int thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif
