/* SPDX-License-Identifier: MIT */
/*
 * Looks at a file while a timer of io_uring runs out. The kernel wakes the waiter for that with no
 * signal at all, as a freezer does. Exit status 77: there is no io_uring.
 */
#include <linux/io_uring.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct io_uring_params p = {0};
	struct __kernel_timespec soon = {.tv_nsec = 300000000};
	int ring = argc == 2 ? (int)syscall(SYS_io_uring_setup, 1, &p) : -1;
	struct stat st;

	if (ring < 0)
		return 77;
	char *queue = mmap(NULL, p.sq_off.array + sizeof(unsigned), PROT_READ | PROT_WRITE,
			   MAP_SHARED, ring, IORING_OFF_SQ_RING);
	struct io_uring_sqe *e =
		mmap(NULL, sizeof(*e), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (queue == MAP_FAILED || e == MAP_FAILED)
		return 77;
	*e = (struct io_uring_sqe){
		.opcode = IORING_OP_TIMEOUT, .fd = -1, .addr = (unsigned long)&soon, .len = 1};
	*(unsigned *)(queue + p.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(queue + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) != 1)
		return 77;
	if (stat(argv[1], &st) == 0)
		return 0;
	perror(argv[1]);
	return 1;
}
