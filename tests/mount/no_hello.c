/* SPDX-License-Identifier: MIT */
/*
 * A kernel that never says hello to a mount, as a library to preload: its first word is dropped,
 * and whoever would wait ten seconds for it waits a tenth of one. A session that is destroyed while
 * a thread still reads from it ends the process with status 99.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct fuse_session;
struct fuse_buf;
int fuse_session_receive_buf(struct fuse_session *se, struct fuse_buf *buf);
void fuse_session_destroy(struct fuse_session *se);

static atomic_int readers;

int fuse_session_receive_buf(struct fuse_session *se, struct fuse_buf *buf)
{
	int (*real)(struct fuse_session *, struct fuse_buf *) =
		(int (*)(struct fuse_session *, struct fuse_buf *))dlsym(
			RTLD_NEXT, "fuse_session_receive_buf");

	atomic_fetch_add(&readers, 1);
	int r = real(se, buf);
	if (r <= 0)
		/* So that a thread which is not waited for is still here. */
		syscall(SYS_poll, NULL, 0, 300);
	atomic_fetch_sub(&readers, 1);
	return r > 0 ? -EAGAIN : r;
}

void fuse_session_destroy(struct fuse_session *se)
{
	void (*real)(struct fuse_session *) =
		(void (*)(struct fuse_session *))dlsym(RTLD_NEXT, "fuse_session_destroy");

	if (atomic_load(&readers))
		_exit(99);
	real(se);
}

int poll(struct pollfd *fds, nfds_t n, int ms)
{
	const struct timespec t = {ms / 1000 / 100, ms % 1000 * 1000000L / 100};
	const struct timespec full = {ms / 1000, ms % 1000 * 1000000L};

	if (ms >= 10000)
		return ppoll(fds, n, &t, NULL);
	return ppoll(fds, n, ms < 0 ? NULL : &full, NULL);
}
