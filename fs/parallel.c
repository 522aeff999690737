/* SPDX-License-Identifier: MIT */
/* FUSE_PARALLEL_DIROPS in the answer to INIT; see parallel.h. */
#include "fs/parallel.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <stddef.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fs/fs.h"

static ssize_t read_request(int fd, void *buf, size_t len, void *userdata)
{
	(void)userdata;
	return read(fd, buf, len);
}

static ssize_t write_answer(int fd, struct iovec *iov, int count, void *userdata)
{
	struct fs *fs = userdata;

	/* Nothing else is under way until the kernel has this answer; later threads find it done.
	 */
	if (atomic_load(&fs->parallel_wanted)) {
		atomic_store(&fs->parallel_wanted, 0);
		if (count == 2 &&
		    iov[1].iov_len >= offsetof(struct fuse_init_out, flags) + sizeof(uint32_t)) {
			struct fuse_init_out *init = iov[1].iov_base;
			init->flags |= FUSE_PARALLEL_DIROPS;
		}
	}
	return writev(fd, iov, count);
}

static ssize_t splice_answer(int from, off_t *from_off, int to, off_t *to_off, size_t len,
			     unsigned int flags, void *userdata)
{
	(void)userdata;
	return splice(from, from_off, to, to_off, len, flags);
}

int parallel_install(struct fuse_session *session, struct err *err)
{
	static const struct fuse_custom_io io = {
		.read = read_request, .writev = write_answer, .splice_send = splice_answer};

	int r = fuse_session_custom_io(session, &io, fuse_session_fd(session));
	return r < 0 ? err_set(err, -EIO, "cannot set up the FUSE session") : 0;
}

void parallel_want(struct fs *fs, struct fuse_conn_info *conn)
{
	conn->want |= conn->capable & FUSE_CAP_PARALLEL_DIROPS;
	atomic_store(&fs->parallel_wanted, (conn->capable & FUSE_CAP_PARALLEL_DIROPS) != 0);
}
