/* SPDX-License-Identifier: MIT */
/* Where the password comes from, and that nothing of it stays behind. */
#include "fs/secret.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/clock.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"

/* printf 'correct horse' | md5sum, and of "a". */
#define MD5_HORSE "3cb4e732631f47e6eb961f34554b7cde"
#define MD5_A     "0cc175b9c0f1b6a831c399e269772661"
#define MD5_B     "92eb5ffee6ae2fec3ad71c777531578f"

static struct temp_dir dir;
static char file[300];
static struct options options;

static int new_dir(void **state)
{
	(void)state;
	temp_dir_new(&dir);
	snprintf(file, sizeof(file), "%s/password", dir.path);
	unsetenv("COROSFS_PASSWORD");
	unsetenv("CREDENTIALS_DIRECTORY");
	options = (struct options){0};
	return 0;
}

static int no_dir(void **state)
{
	(void)state;
	temp_dir_free(&dir);
	return 0;
}

/* From nobody at a terminal, unless told otherwise. */
static int init(struct secret *s, const char *command, const char *from, struct err *err)
{
	options.account = "you@example.org";
	options.password_command = (char *)command;
	options.password_file = (char *)from;
	return secret_init(s, &options, err);
}

static int get(const char *command, const char *from, char md5[PASSWORD_MD5], struct err *err)
{
	struct secret s;

	*err = (struct err){0};
	int r = init(&s, command, from, err);
	if (r == 0) {
		secret_no_prompt(&s);
		r = secret_md5(&s, md5, err);
	}
	secret_clear(&s);
	return r;
}

/* ---- a file ---- */

static const struct file_case {
	const char *why, *text;
	size_t len; /* 0: strlen */
	mode_t mode;
	const char *want; /* NULL: -EACCES */
} file_cases[] = {
	{"a line", "a\n", 0, 0600, MD5_A},
	{"without its end", "a", 0, 0600, MD5_A},
	{"as Windows ends it", "a\r\n", 0, 0600, MD5_A},
	{"the first line counts", "a\nb\n", 0, 0600, MD5_A},
	{"spaces are a part of it", "correct horse\n", 0, 0600, MD5_HORSE},
	{"behind the mark of Windows' editors",
	 "\xef\xbb\xbf"
	 "a\r\n",
	 0, 0600, MD5_A},
	{"that mark alone is empty", "\xef\xbb\xbf\n", 0, 0600, NULL},
	{"it ends at a NUL", "a\0b", 3, 0600, MD5_A},
	{"read-only", "a\n", 0, 0400, MD5_A},
	{"empty", "", 0, 0600, NULL},
	{"an empty line", "\na\n", 0, 0600, NULL},
	{"others may read it", "a\n", 0, 0644, NULL},
	{"the group may read it", "a\n", 0, 0640, NULL},
};

static void from_file(void **state)
{
	const struct file_case *c = *state;
	char md5[PASSWORD_MD5] = "";
	struct err err;

	temp_dir_write(&dir, "password", c->text, c->len ? c->len : strlen(c->text), c->mode);
	assert_int_equal(get(NULL, file, md5, &err), c->want ? 0 : -EACCES);
	if (c->want)
		assert_string_equal(md5, c->want);
	else
		assert_int_not_equal(err.text[0], 0);
}

static void no_file(void **state)
{
	char md5[PASSWORD_MD5];
	struct err err;

	(void)state;
	assert_int_equal(get(NULL, file, md5, &err), -EACCES);
	assert_non_null(strstr(err.text, file));
	assert_int_equal(mkdirat(dir.fd, "password", 0700), 0);
	assert_int_equal(get(NULL, file, md5, &err), -EACCES);
}

/* ---- a command ---- */

static const struct command_case {
	const char *why, *command;
	const char *want; /* NULL: -EACCES */
	const char *says;
} command_cases[] = {
	{"a line", "echo a", MD5_A, NULL},
	{"without its end", "printf a", MD5_A, NULL},
	{"the first line counts", "printf 'a\\nb\\n'", MD5_A, NULL},
	{"in pieces", "printf 'correct '; printf 'horse\\n'", MD5_HORSE, NULL},
	{"it is the shell's", "x=a; echo $x | cat", MD5_A, NULL},
	{"much behind the first line",
	 "echo a; i=0; while [ $i -lt 3000 ]; do echo 'a line of notes, which may be long' || "
	 "exit 1; i=$((i + 1)); done",
	 MD5_A, NULL},
	{"nothing", "true", NULL, "empty"},
	{"an empty line", "echo", NULL, "empty"},
	{"it fails", "echo a; exit 3", NULL, "status 3"},
	{"it is not there", "exec /no/such/command 2>/dev/null", NULL, "status 127"},
	{"it is killed", "echo a; kill -9 $$", NULL, "status 137"},
};

static void from_command(void **state)
{
	const struct command_case *c = *state;
	char md5[PASSWORD_MD5] = "";
	struct err err;

	int r = get(c->command, NULL, md5, &err);
	if (c->want && r < 0)
		fail_msg("it says: %s", err.text);
	assert_int_equal(r, c->want ? 0 : -EACCES);
	if (c->want)
		assert_string_equal(md5, c->want);
	else if (!strstr(err.text, c->says))
		fail_msg("it says: %s", err.text);
}

static void cancelled(void **state)
{
	char md5[PASSWORD_MD5];
	struct secret s;
	struct err err;

	(void)state;
	assert_int_equal(init(&s, "cat /dev/zero", NULL, &err), 0);
	secret_cancel(&s);
	assert_int_equal(secret_md5(&s, md5, &err), -EACCES);
	secret_clear(&s);
}

static void *cancel_soon(void *arg)
{
	poll(NULL, 0, 300);
	secret_cancel(arg);
	return NULL;
}

/* A command whose output ends, and which does not. */
static void silent_and_slow(void **state)
{
	int64_t begin_ms = clock_system.mono_ms();
	char md5[PASSWORD_MD5];
	struct secret s;
	pthread_t thread;
	struct err err;

	(void)state;
	assert_int_equal(init(&s, "echo a; exec >&-; sleep 60", NULL, &err), 0);
	assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &s), 0);
	assert_int_equal(secret_md5(&s, md5, &err), -EACCES);
	assert_non_null(strstr(err.text, "does not end"));
	assert_true(clock_system.mono_ms() - begin_ms < 30000);
	pthread_join(thread, NULL);
	secret_clear(&s);
}

/* Each time anew: it may have changed. */
static void asked_again(void **state)
{
	char md5[PASSWORD_MD5], command[400];
	struct secret s;
	struct err err;

	(void)state;
	snprintf(command, sizeof(command), "cat '%s'", file);
	temp_dir_write(&dir, "password", "b\n", 2, 0600);
	assert_int_equal(init(&s, command, NULL, &err), 0);
	assert_int_equal(secret_md5(&s, md5, &err), 0);
	assert_string_not_equal(md5, MD5_A);
	temp_dir_write(&dir, "password", "a\n", 2, 0600);
	assert_int_equal(secret_md5(&s, md5, &err), 0);
	assert_string_equal(md5, MD5_A);
	secret_clear(&s);
}

/* ---- the environment ---- */

static void from_environment(void **state)
{
	char env[] = "COROSFS_PASSWORD=correct horse", md5[PASSWORD_MD5];
	struct secret s;
	struct err err;

	(void)state;
	assert_int_equal(putenv(env), 0);
	assert_int_equal(init(&s, NULL, NULL, &err), 0);
	/* It is wiped where it stood, and gone. */
	assert_null(getenv("COROSFS_PASSWORD"));
	assert_null(strstr(env, "horse"));
	assert_int_equal(env[sizeof("COROSFS_PASSWORD=")], 0);
	secret_no_prompt(&s);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(secret_md5(&s, md5, &err), 0);
		assert_string_equal(md5, MD5_HORSE);
	}
	secret_clear(&s);
}

/* What is given for this run wins; the environment is wiped all the same. */
static const struct order_case {
	const char *why;
	int given, env, credential;
	const char *want;
} order_cases[] = {
	{"the config's command", 0, 0, 0, MD5_A},
	{"the environment wins over the config", 0, 1, 0, MD5_HORSE},
	{"so do systemd's credentials", 0, 0, 1, MD5_B},
	{"the environment wins over these", 0, 1, 1, MD5_HORSE},
	{"an option wins over both", 1, 1, 1, MD5_A},
};

static void order(void **state)
{
	const struct order_case *c = *state;
	char env[] = "COROSFS_PASSWORD=correct horse", md5[PASSWORD_MD5];
	struct err err;

	options.password_given = c->given;
	if (c->env)
		assert_int_equal(putenv(env), 0);
	if (c->credential)
		setenv("CREDENTIALS_DIRECTORY", dir.path, 1);
	temp_dir_write(&dir, "corosfs-password", "b\n", 2, 0400);
	temp_dir_write(&dir, "password", "correct horse\n", 14, 0600);
	assert_int_equal(get("echo a", file, md5, &err), 0);
	assert_string_equal(md5, c->want);
	assert_null(getenv("COROSFS_PASSWORD"));
	if (c->env)
		assert_null(strstr(env, "horse"));
}

static void empty_environment(void **state)
{
	char md5[PASSWORD_MD5];
	struct err err;

	(void)state;
	setenv("COROSFS_PASSWORD", "", 1);
	assert_int_equal(get(NULL, NULL, md5, &err), -EACCES);
	assert_null(getenv("COROSFS_PASSWORD"));
}

static void nothing_at_all(void **state)
{
	char md5[PASSWORD_MD5];
	struct err err;

	(void)state;
	assert_int_equal(get(NULL, NULL, md5, &err), -EACCES);
	assert_int_not_equal(err.text[0], 0);
}

/* ---- systemd ---- */

static void from_systemd(void **state)
{
	char md5[PASSWORD_MD5];
	struct err err;

	(void)state;
	setenv("CREDENTIALS_DIRECTORY", dir.path, 1);
	assert_int_equal(get(NULL, NULL, md5, &err), -EACCES);
	temp_dir_write(&dir, "corosfs-password", "a\n", 2, 0400);
	assert_int_equal(get(NULL, NULL, md5, &err), 0);
	assert_string_equal(md5, MD5_A);
	/* One that cannot be used is said, not passed over. */
	temp_dir_write(&dir, "corosfs-password", "", 0, 0400);
	assert_int_equal(get(NULL, NULL, md5, &err), -EACCES);
	assert_non_null(strstr(err.text, "empty"));
}

/* ---- no memory ---- */

enum source { A_FILE, A_COMMAND, THE_ENVIRONMENT, SYSTEMD };

static const struct memory_case {
	const char *why;
	enum source source;
} memory_cases[] = {
	{"no memory for a file", A_FILE},
	{"no memory for a command", A_COMMAND},
	{"no memory for the environment", THE_ENVIRONMENT},
	{"no memory for systemd's credentials", SYSTEMD},
};

static int starved(void *arg, struct err *err)
{
	const struct memory_case *c = arg;
	char md5[PASSWORD_MD5] = "";

	if (c->source == THE_ENVIRONMENT)
		setenv("COROSFS_PASSWORD", "a", 1);
	if (c->source == SYSTEMD)
		setenv("CREDENTIALS_DIRECTORY", dir.path, 1);
	int r = get(c->source == A_COMMAND ? "echo a" : NULL, c->source == A_FILE ? file : NULL,
		    md5, err);
	if (r == 0)
		assert_string_equal(md5, MD5_A);
	/* Also from a start that failed. */
	assert_null(getenv("COROSFS_PASSWORD"));
	return r;
}

/* libcrypto fails, too, but for its own start, which it makes once and not again. */
static void out_of_memory(void **state)
{
	const struct memory_case *c = *state;
	const struct failing_job job = {c->why, NULL, starved, NULL, 0, 0};
	struct err err;

	temp_dir_write(&dir, "password", "a\n", 2, 0600);
	temp_dir_write(&dir, "corosfs-password", "a\n", 2, 0600);
	assert_int_equal(starved(*state, &err), 0);
	failing_alloc_everywhere(&job, *state);
}

int main(void)
{
	static struct rows rows;

	failing_alloc_in_openssl();
	ROWS_ADD(&rows, file_cases, from_file);
	rows_add(&rows, "no file, and a folder", no_file, NULL);
	ROWS_ADD(&rows, command_cases, from_command);
	rows_add(&rows, "a command is ended with the mount", cancelled, NULL);
	rows_add(&rows, "also one that says nothing more", silent_and_slow, NULL);
	rows_add(&rows, "a command is asked again", asked_again, NULL);
	rows_add(&rows, "the environment is taken and wiped", from_environment, NULL);
	ROWS_ADD(&rows, order_cases, order);
	rows_add(&rows, "an empty environment is none", empty_environment, NULL);
	rows_add(&rows, "no source and no terminal", nothing_at_all, NULL);
	rows_add(&rows, "systemd's credentials", from_systemd, NULL);
	ROWS_ADD(&rows, memory_cases, out_of_memory);
	for (size_t i = 0; i < rows.n; i++) {
		rows.test[i].setup_func = new_dir;
		rows.test[i].teardown_func = no_dir;
	}
	return rows_run("secret", &rows);
}
