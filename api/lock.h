/* SPDX-License-Identifier: MIT */
/* A mutex that clang's thread-safety analysis can follow: a field marked GUARDED(lock)
 * cannot be touched without it, and a lock left held on an early return is a warning. */
#ifndef API_LOCK_H
#define API_LOCK_H

#include <pthread.h>

#ifdef __clang__
#define LOCK_ATTR(x) __attribute__((x))
#else
#define LOCK_ATTR(x)
#endif
#define GUARDED     LOCK_ATTR(guarded_var)
#define REQUIRES(l) LOCK_ATTR(exclusive_locks_required(l))
#define ACQUIRES(l) LOCK_ATTR(exclusive_lock_function(l))
#define RELEASES(l) LOCK_ATTR(unlock_function(l))
#define NO_ANALYSIS LOCK_ATTR(no_thread_safety_analysis)

struct LOCK_ATTR(lockable) lock {
	pthread_mutex_t mutex;
};

/* Neither can fail with the default attributes on Linux. */
static inline void lock_init(struct lock *l)
{
	pthread_mutex_init(&l->mutex, NULL);
}

static inline void lock_clear(struct lock *l)
{
	pthread_mutex_destroy(&l->mutex);
}

static inline void lock_take(struct lock *l) ACQUIRES(*l);
static inline void lock_take(struct lock *l) NO_ANALYSIS
{
	pthread_mutex_lock(&l->mutex);
}

static inline void lock_drop(struct lock *l) RELEASES(*l);
static inline void lock_drop(struct lock *l) NO_ANALYSIS
{
	pthread_mutex_unlock(&l->mutex);
}

#endif
