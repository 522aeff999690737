/* SPDX-License-Identifier: MIT */
/* Texts of /proc/TID/status: who wants to die. */
#include "fs/interrupt.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/rows.h"

#define HEAD "Name:\tcat\nUmask:\t0022\nState:\tS (sleeping)\nThreads:\t1\nSigQ:\t0/63459\n"
#define NONE "0000000000000000"

static const struct pending_case {
	const char *why, *thread, *process, *blocked;
	int want;
} pending_cases[] = {
	{"nothing", NONE, NONE, NONE, 0},
	{"SIGHUP", "0000000000000001", NONE, NONE, 1},
	{"SIGINT", "0000000000000002", NONE, NONE, 1},
	{"SIGQUIT", "0000000000000004", NONE, NONE, 1},
	{"SIGKILL", "0000000000000100", NONE, NONE, 1},
	{"SIGTERM", "0000000000004000", NONE, NONE, 1},
	{"SIGINT to the process", NONE, "0000000000000002", NONE, 1},
	{"SIGKILL to the process", NONE, "0000000000000100", NONE, 1},
	{"SIGTERM to the process", NONE, "0000000000004000", NONE, 1},
	{"Go's SIGURG", "0000000000400000", NONE, NONE, 0},
	{"SIGURG to the process", NONE, "0000000000400000", NONE, 0},
	{"SIGALRM, a timer of its own", "0000000000002000", NONE, NONE, 0},
	{"SIGCHLD", NONE, "0000000000010000", NONE, 0},
	{"SIGUSR1 and SIGUSR2", NONE, "0000000000000a00", NONE, 0},
	{"SIGWINCH", NONE, "0000000008000000", NONE, 0},
	{"SIGTSTP", NONE, "0000000000080000", NONE, 0},
	{"realtime signals", "ffffffff80000000", "ffffffff80000000", NONE, 0},
	{"SIGURG and SIGTERM", "0000000000404000", NONE, NONE, 1},
	{"SIGURG, and SIGTERM to the process", "0000000000400000", "0000000000004000", NONE, 1},
	{"SIGINT, blocked", "0000000000000002", NONE, "0000000000000002", 0},
	{"SIGTERM to the process, blocked here", NONE, "0000000000004000", "0000000000004000", 0},
	{"SIGINT, another blocked", "0000000000000002", NONE, "0000000000004000", 1},
	{"SIGKILL cannot be blocked", "0000000000000100", NONE, "ffffffffffffffff", 1},
	{"all is pending", "ffffffffffffffff", "ffffffffffffffff", NONE, 1},
	{"all but SIGKILL is blocked and pending", "fffffffffffffeff", "fffffffffffffeff",
	 "ffffffffffffffff", 0},
};

static void pending(void **state)
{
	const struct pending_case *c = *state;
	char status[600];

	snprintf(status, sizeof(status),
		 HEAD "SigPnd:\t%s\nShdPnd:\t%s\nSigBlk:\t%s\nSigIgn:\tffffffffffffffff\n"
		      "SigCgt:\tffffffffffffffff\nCapInh:\t" NONE "\n",
		 c->thread, c->process, c->blocked);
	assert_int_equal(interrupt_wanted(status), c->want);
}

static const struct text_case {
	const char *why, *text;
	int want;
} text_cases[] = {
	{"an empty text", "", 0},
	{"a text without signals", HEAD, 0},
	{"a text that was cut", HEAD "SigPnd:", 0},
	{"a name that looks like a line", "Name:\tSigPnd:\\nSigPnd:2\nSigPnd:\t" NONE "\n", 0},
	{"pending, and no line of what is blocked", HEAD "SigPnd:\t0000000000000002\n", 1},
};

static void text(void **state)
{
	const struct text_case *c = *state;

	assert_int_equal(interrupt_wanted(c->text), c->want);
}

static void this_thread(void **state)
{
	(void)state;
	assert_int_equal(interrupt_pending(getpid()), 0);
	assert_int_equal(interrupt_pending(0), 0);
	assert_int_equal(interrupt_pending(-1), 0);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, pending_cases, pending);
	ROWS_ADD(&rows, text_cases, text);
	rows_add(&rows, "a thread that lives, and none", this_thread, NULL);
	return rows_run("interrupt", &rows);
}
