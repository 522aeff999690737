/* SPDX-License-Identifier: MIT */
/*
 * The sample hub (tests/hub/) as a child process. Run tests from the source root.
 * A test that cannot have its hub cannot go on: these functions end the program.
 */
#ifndef TESTS_SUPPORT_HUB_PROCESS_H
#define TESTS_SUPPORT_HUB_PROCESS_H

struct hub_process;

/* Starts it with these arguments (ended by NULL, or NULL for none) and waits until it listens. */
struct hub_process *hub_process_new(const char *const *args);
void hub_process_free(struct hub_process *h);

/* "http://127.0.0.1:PORT": region 1. */
const char *hub_process_url(const struct hub_process *h);

/* POST /_hub/COMMAND with a JSON body. */
void hub_process_post(struct hub_process *h, const char *command, const char *json);

/* A counter of /_hub/stats, such as "logins" or "by_path|/activity/query". */
long hub_process_stat(struct hub_process *h, const char *key);

/* The same as text (`violations`), which the caller frees. */
char *hub_process_stat_text(struct hub_process *h, const char *key);

#endif
