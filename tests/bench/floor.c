/* SPDX-License-Identifier: MIT */
/*
 * The floor: what FUSE itself costs. A folder is read into memory and served with everything
 * that lets the kernel answer without us: endless lifetimes, no open and no opendir, listings
 * with attributes, no extended attributes (ENOSYS, which libfuse says for what is missing in the
 * table). One thread, no lock, nothing computed: what is slower than this is ours to explain.
 *
 *     floor FOLDER MOUNTPOINT        in the foreground; says "ready" when the kernel has called
 *
 * A program for the benchmark only: what goes wrong ends it.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOREVER_S 1e9

/* A file or a directory; its node id is its address, but for the root's. */
struct node {
	struct node *parent;
	char *name;
	struct stat st;
	char *data;          /* of a file: st.st_size bytes */
	struct node **child; /* of a directory: n of them, in name order */
	size_t n;
};

static struct node *root;

static struct node *node_of(fuse_ino_t ino)
{
	/* libfuse's node ids are numbers by type and addresses by custom. */
	return ino == FUSE_ROOT_ID ? root : (struct node *)(uintptr_t)ino; /* NOLINT */
}

static fuse_ino_t id_of(const struct node *n)
{
	return n == root ? FUSE_ROOT_ID : (fuse_ino_t)(uintptr_t)n;
}

/* ---- loading ---- */

static struct node *load(int at, const char *name, struct node *parent);

static int not_dots(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static void load_dir(int fd, struct node *dir) /* NOLINT(misc-no-recursion): as deep as the tree */
{
	struct dirent **entry;
	int n = scandirat(fd, ".", &entry, not_dots, alphasort);

	if (n < 0)
		err(1, "%s", dir->name);
	dir->child = calloc((size_t)n + 1, sizeof(*dir->child));
	if (!dir->child)
		err(1, "%s", dir->name);
	for (; dir->n < (size_t)n; dir->n++) {
		dir->child[dir->n] = load(fd, entry[dir->n]->d_name, dir);
		free(entry[dir->n]);
	}
	free(entry);
}

static void load_file(int fd, struct node *file)
{
	size_t size = (size_t)file->st.st_size;

	file->data = malloc(size + 1);
	if (!file->data)
		err(1, "%s", file->name);
	for (size_t got = 0; got < size;) {
		ssize_t r = read(fd, file->data + got, size - got);
		if (r <= 0)
			err(1, "%s", file->name);
		got += (size_t)r;
	}
}

static struct node *load(int at, const char *name, struct node *parent) /* NOLINT: see above */
{
	struct node *n = calloc(1, sizeof(*n));
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC);

	if (!n || fd < 0 || fstat(fd, &n->st) < 0 || !(n->name = strdup(name)))
		err(1, "%s", name);
	n->parent = parent ? parent : n;
	if (S_ISDIR(n->st.st_mode))
		load_dir(fd, n);
	else
		load_file(fd, n);
	close(fd);
	return n;
}

/* ---- serving ---- */

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	conn->want |= conn->capable & FUSE_CAP_READDIRPLUS;
	conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
	puts("ready");
	fflush(stdout);
}

static struct fuse_entry_param entry_of(const struct node *n)
{
	return (struct fuse_entry_param){
		.ino = id_of(n),
		.attr = n->st,
		.attr_timeout = FOREVER_S,
		.entry_timeout = FOREVER_S,
	};
}

static int compare_name(const void *name, const void *child)
{
	struct node *const *n = child;

	return strcmp(name, (*n)->name);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	const struct node *dir = node_of(parent);
	struct node **found = bsearch(name, dir->child, dir->n, sizeof(*dir->child), compare_name);
	struct fuse_entry_param none = {.entry_timeout = FOREVER_S}, e;

	e = found ? entry_of(*found) : none;
	fuse_reply_entry(req, &e);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)fi;
	fuse_reply_attr(req, &node_of(ino)->st, FOREVER_S);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	fuse_reply_err(req, ENOSYS);
}

/* The offset is the number of the next entry: ".", "..", the first child and so on. */
static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			   struct fuse_file_info *fi)
{
	const struct node *dir = node_of(ino);
	char *page = malloc(size);
	size_t used = 0;

	(void)fi;
	for (size_t i = (size_t)off; page && i < dir->n + 2; i++) {
		const char *name = i == 0 ? "." : i == 1 ? ".." : dir->child[i - 2]->name;
		struct fuse_entry_param e = {.attr = i == 0 ? dir->st : dir->parent->st};
		if (i >= 2)
			e = entry_of(dir->child[i - 2]);
		size_t len = fuse_add_direntry_plus(req, page + used, size - used, name, &e,
						    (off_t)i + 1);
		if (len > size - used)
			break;
		used += len;
	}
	if (page)
		fuse_reply_buf(req, page, used);
	else
		fuse_reply_err(req, ENOMEM);
	free(page);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	const struct node *file = node_of(ino);
	size_t at = off < file->st.st_size ? (size_t)off : (size_t)file->st.st_size;
	size_t left = (size_t)file->st.st_size - at;

	(void)fi;
	fuse_reply_buf(req, file->data + at, left < size ? left : size);
}

static const struct fuse_lowlevel_ops ops = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.open = op_open,
	.opendir = op_open,
	.readdirplus = op_readdirplus,
	.read = op_read,
};

int main(int argc, char **argv)
{
	char *fuse_argv[] = {"floor", "-oro,nosuid,nodev,noexec,fsname=floor", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(2, fuse_argv);

	if (argc != 3)
		errx(2, "usage: floor FOLDER MOUNTPOINT");
	root = load(AT_FDCWD, argv[1], NULL);
	struct fuse_session *session = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	if (!session || fuse_set_signal_handlers(session) < 0 ||
	    fuse_session_mount(session, argv[2]) < 0)
		errx(1, "cannot mount on %s", argv[2]);
	int r = fuse_session_loop(session);
	fuse_session_unmount(session);
	fuse_remove_signal_handlers(session);
	fuse_session_destroy(session);
	return r ? 1 : 0;
}
