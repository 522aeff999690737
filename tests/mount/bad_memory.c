/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out, as a library to preload: while the file named by $BAD_MEMORY is there and
 * holds N, every N-th allocation of the program itself fails; its libraries' do not.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t size);

static uintptr_t program_begin, program_end;
static atomic_ulong count;

/* The first object is the program. */
static int find_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		program_begin = info->dlpi_addr + p->p_vaddr;
		program_end = program_begin + p->p_memsz;
	}
	return 1;
}

__attribute__((constructor)) static void begin(void)
{
	dl_iterate_phdr(find_program, NULL);
}

/* Without allocating anything. */
static unsigned long every(void)
{
	const char *path = getenv("BAD_MEMORY");
	char text[16] = "";
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 ? strtoul(text, NULL, 10) : 0;
}

static int refused(void *caller)
{
	uintptr_t at = (uintptr_t)caller;
	int before = errno;

	if (at < program_begin || at >= program_end)
		return 0;
	unsigned long n = every();
	errno = before;
	if (!n || atomic_fetch_add(&count, 1) % n)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return refused(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return refused(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return refused(__builtin_return_address(0)) ? NULL : __libc_realloc(p, size);
}
