/* SPDX-License-Identifier: MIT */
/* Steps of --check that need no network; see check.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cache/cache_dir.h"
#include "cache/token_file.h"
#include "fs/check.h"
#include "fs/mountpoint.h"
#include "fs/secret.h"

#define ROOM_MIN (UINT64_C(64) << 20) /* bytes that a cache should have */

/* ---- FUSE ---- */

/* Where a program is in $PATH; 0: nowhere. */
static int find_program(const char *name, char path[PATH_MAX])
{
	const char *dirs = getenv("PATH");
	size_t len;

	for (dirs = dirs ? dirs : "/usr/bin:/bin"; *dirs; dirs += len + (dirs[len] == ':')) {
		len = strcspn(dirs, ":");
		snprintf(path, PATH_MAX, "%.*s/%s", (int)len, dirs, name);
		if (len && access(path, X_OK) == 0)
			return 1;
	}
	return 0;
}

/* Whether root lets others use allow_other. */
static int may_allow_other(void)
{
	FILE *f = fopen("/etc/fuse.conf", "re");
	char line[256];
	int may = 0;

	while (f && fgets(line, sizeof(line), f))
		may |= strncmp(line + strspn(line, " \t"), "user_allow_other", 16) == 0;
	if (f)
		fclose(f);
	return may;
}

static void check_fusermount(struct check *c)
{
	struct statvfs fs = {0};
	char path[PATH_MAX];
	struct stat st;

	if (!find_program("fusermount3", path)) {
		check_bad(c, "install it: apt install fuse3", "fusermount3 is not in $PATH");
		return;
	}
	if (geteuid() && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		check_bad(c,
			  "start corosfs without it (systemd: without NoNewPrivileges= and what "
			  "implies it; a container: let it gain privileges)",
			  "fusermount3: no_new_privs is set here, so %s cannot become root", path);
	else if (geteuid() && stat(path, &st) == 0 && !(st.st_mode & S_ISUID))
		check_bad(c, "reinstall fuse3: only with its setuid bit may users mount",
			  "fusermount3: %s is not setuid root", path);
	else if (geteuid() && statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOSUID))
		check_bad(c, "mount that filesystem without nosuid",
			  "fusermount3: %s is on a filesystem that is mounted nosuid", path);
	else if (geteuid() && access("/etc/mtab", F_OK) < 0)
		check_bad(c, "as root: ln -s ../proc/self/mounts /etc/mtab",
			  "fusermount3: /etc/mtab is not there, so it cannot unmount");
	else
		check_good(c, "fusermount3: %s", path);
}

void check_fuse(struct check *c)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		check_good(c, "/dev/fuse can be opened");
	} else if (errno == ENOENT || errno == ENODEV || errno == ENXIO) {
		check_bad(c,
			  "load the kernel's module: modprobe fuse (in a container: --device "
			  "/dev/fuse --cap-add SYS_ADMIN)",
			  "/dev/fuse is not there");
	} else {
		check_bad(c, "as root: chmod 666 /dev/fuse (in a container: --device /dev/fuse)",
			  "/dev/fuse cannot be opened: %s", strerror(errno));
	}
	check_fusermount(c);
	if ((c->options->allow_other || c->options->allow_root) && geteuid() && !may_allow_other())
		check_bad(c, "as root: add the line user_allow_other to /etc/fuse.conf",
			  "allow_other is not allowed to users");
}

static void check_mount(void *arg, const char *path)
{
	char remedy[PATH_MAX + 80];

	if (mountpoint_probe(path) != -ENOTCONN)
		return;
	snprintf(remedy, sizeof(remedy), "fusermount3 -u %s, or mount there again, which clears it",
		 path);
	check_bad(arg, remedy, "mount: %s is dead: its process was killed", path);
}

void check_mounts(struct check *c)
{
	mountpoint_each(check_mount, c);
}

/* ---- files ---- */

void check_config(struct check *c)
{
	const struct options *o = c->options;

	if (o->config_err.code)
		check_bad(c,
			  o->config_err.code == -EINVAL
				  ? "correct the line; corosfs --help lists the options"
				  : "let it be yours, and let only you change it (chmod go-w)",
			  "config: %s", o->config_err.text);
	else if (!o->config_path[0])
		check_good(c, "config: none, without a home");
	else if (access(o->config_path, F_OK) < 0)
		check_good(c, "config: none at %s, which is fine", o->config_path);
	else
		check_good(c, "config: %s", o->config_path);
	if (o->ca_file && access(o->ca_file, R_OK) < 0) {
		check_bad(c, "correct ca_file=", "certificates: cannot read %s: %s", o->ca_file,
			  strerror(errno));
		c->no_login = "certificates";
	}
	if (o->log_file)
		check_good(c, "log: %s", o->log_file);
}

static void check_room(struct check *c, const char *cache)
{
	struct statvfs st;

	if (statvfs(cache, &st) < 0) {
		check_bad(c, "look at that disk", "disk: %s", strerror(errno));
		return;
	}
	uint64_t room = (uint64_t)st.f_bavail * st.f_frsize;
	if (room < ROOM_MIN)
		check_bad(c, "make room, or use -o cache_dir=FOLDER on another disk",
			  "disk: %" PRIu64 " MiB are free for the cache", room >> 20);
	else
		check_good(c, "disk: %" PRIu64 " MiB are free for the cache", room >> 20);
}

void check_cache(struct check *c, const char *cache)
{
	struct cache_dir dir;
	struct err err;
	long owner = cache_dir_owner(cache);

	if (owner > 0) {
		check_good(c, "cache: %s, in use by process %ld", cache, owner);
	} else if (cache_dir_open(&dir, cache, CACHE_DIR_WAIT_MS, &err) < 0) {
		check_bad(c, "make the folder yours, or use -o cache_dir=FOLDER", "cache: %s",
			  err.text);
		c->no_login = "a cache folder";
		return;
	} else {
		check_good(c, "cache: %s", cache);
		cache_dir_close(&dir);
	}
	check_room(c, cache);
}

/* ---- the password ---- */

/* By asking it. */
static void check_source(struct check *c, const char *from, const char *remedy)
{
	char md5[PASSWORD_MD5];
	struct secret s;
	struct err err;
	int r = secret_init(&s, c->options, &err);

	if (r == 0)
		r = secret_md5(&s, md5, &err);
	explicit_bzero(md5, sizeof(md5));
	secret_clear(&s);
	c->no_password = r < 0;
	if (r < 0)
		check_bad(c, remedy, "password: %s", err.text);
	else
		check_good(c, "password: from %s", from);
}

void check_password(struct check *c)
{
	switch (secret_source(c->options)) {
	case SECRET_ENVIRONMENT:
		check_good(c, "password: from $COROSFS_PASSWORD");
		break;
	case SECRET_COMMAND:
		check_source(c, "password_command", "try that command in a shell");
		break;
	case SECRET_FILE:
		check_source(c, c->options->password_file,
			     "write the password into it, and chmod 600 it");
		break;
	case SECRET_SYSTEMD:
		check_source(c, "systemd's credentials", "look at LoadCredential= in the unit");
		break;
	default:
		if (isatty(STDIN_FILENO))
			check_good(c, "password: asked for on the terminal when it is needed");
		else
			check_skipped(c, "password: no source, and no terminal to ask on; a kept "
					 "login does without");
	}
}
