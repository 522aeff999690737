/* SPDX-License-Identifier: MIT */
/* Texts of /proc/TID/status: who wants to die, and who was interrupted by nothing. */
#include "fs/interrupt.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/rows.h"

#define HEAD                                                                                       \
	"Name:\tcat\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t7\nPid:\t7\nTracerPid:\t0\n"       \
	"Threads:\t1\nSigQ:\t0/63459\n"
#define NONE "0000000000000000"

static const struct pending_case {
	const char *why, *thread, *process, *blocked;
	enum interrupt want;
} pending_cases[] = {
	{"nothing", NONE, NONE, NONE, INTERRUPT_SILENT},
	{"SIGHUP", "0000000000000001", NONE, NONE, INTERRUPT_DEADLY},
	{"SIGINT", "0000000000000002", NONE, NONE, INTERRUPT_DEADLY},
	{"SIGQUIT", "0000000000000004", NONE, NONE, INTERRUPT_DEADLY},
	{"SIGKILL", "0000000000000100", NONE, NONE, INTERRUPT_DEADLY},
	{"SIGTERM", "0000000000004000", NONE, NONE, INTERRUPT_DEADLY},
	{"SIGINT to the process", NONE, "0000000000000002", NONE, INTERRUPT_DEADLY},
	{"SIGKILL to the process", NONE, "0000000000000100", NONE, INTERRUPT_DEADLY},
	{"SIGTERM to the process", NONE, "0000000000004000", NONE, INTERRUPT_DEADLY},
	{"Go's SIGURG", "0000000000400000", NONE, NONE, INTERRUPT_OTHER},
	{"SIGURG to the process", NONE, "0000000000400000", NONE, INTERRUPT_OTHER},
	{"SIGALRM, a timer of its own", "0000000000002000", NONE, NONE, INTERRUPT_OTHER},
	{"SIGCHLD", NONE, "0000000000010000", NONE, INTERRUPT_OTHER},
	{"SIGUSR1 and SIGUSR2", NONE, "0000000000000a00", NONE, INTERRUPT_OTHER},
	{"SIGWINCH", NONE, "0000000008000000", NONE, INTERRUPT_OTHER},
	{"SIGTSTP", NONE, "0000000000080000", NONE, INTERRUPT_OTHER},
	{"realtime signals", "ffffffff80000000", "ffffffff80000000", NONE, INTERRUPT_OTHER},
	{"SIGURG and SIGTERM", "0000000000404000", NONE, NONE, INTERRUPT_DEADLY},
	{"SIGURG, and SIGTERM to the process", "0000000000400000", "0000000000004000", NONE,
	 INTERRUPT_DEADLY},
	{"SIGINT, blocked", "0000000000000002", NONE, "0000000000000002", INTERRUPT_SILENT},
	{"SIGTERM to the process, blocked here", NONE, "0000000000004000", "0000000000004000",
	 INTERRUPT_SILENT},
	{"SIGINT, another blocked", "0000000000000002", NONE, "0000000000004000", INTERRUPT_DEADLY},
	{"SIGKILL cannot be blocked", "0000000000000100", NONE, "ffffffffffffffff",
	 INTERRUPT_DEADLY},
	{"all is pending", "ffffffffffffffff", "ffffffffffffffff", NONE, INTERRUPT_DEADLY},
	{"all but SIGKILL is blocked and pending", "fffffffffffffeff", "fffffffffffffeff",
	 "ffffffffffffffff", INTERRUPT_SILENT},
};

static void pending(void **state)
{
	const struct pending_case *c = *state;
	char status[600];

	snprintf(status, sizeof(status),
		 HEAD "SigPnd:\t%s\nShdPnd:\t%s\nSigBlk:\t%s\nSigIgn:\tffffffffffffffff\n"
		      "SigCgt:\tffffffffffffffff\nCapInh:\t" NONE "\n",
		 c->thread, c->process, c->blocked);
	assert_int_equal(interrupt_read(status), c->want);
}

#define QUIET "SigPnd:\t" NONE "\nShdPnd:\t" NONE "\nSigBlk:\t" NONE "\n"

static const struct text_case {
	const char *why, *text;
	enum interrupt want;
} text_cases[] = {
	{"an empty text", "", INTERRUPT_OTHER},
	{"a text without signals", HEAD, INTERRUPT_OTHER},
	{"a text that was cut", HEAD "SigPnd:", INTERRUPT_OTHER},
	{"a name that looks like a line",
	 "Name:\tSigPnd:\\nSigPnd:2\nTracerPid:\t0\nSigPnd:\t" NONE "\nSigBlk:\t" NONE "\n",
	 INTERRUPT_SILENT},
	{"pending, and no line of what is blocked", HEAD "SigPnd:\t0000000000000002\n",
	 INTERRUPT_DEADLY},
	{"nothing, and nobody traces it", HEAD QUIET, INTERRUPT_SILENT},
	{"nothing, but somebody traces it", "Name:\tcat\nTracerPid:\t4711\n" QUIET,
	 INTERRUPT_OTHER},
	{"nothing, and no word of a tracer", "Name:\tcat\n" QUIET, INTERRUPT_OTHER},
};

static void text(void **state)
{
	const struct text_case *c = *state;

	assert_int_equal(interrupt_read(c->text), c->want);
}

static void this_thread(void **state)
{
	(void)state;
	assert_int_equal(interrupt_look(0), INTERRUPT_OTHER);
	assert_int_equal(interrupt_look(-1), INTERRUPT_OTHER);
	assert_int_not_equal(interrupt_look(getpid()), INTERRUPT_DEADLY);
	assert_int_equal(interrupt_is_doubtful(getpid()), 0);
	assert_int_equal(interrupt_is_doubtful(-1), 1);
	assert_int_equal(interrupt_is_freezing(getpid()), 0);
	assert_int_equal(interrupt_is_freezing(-1), 0);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, pending_cases, pending);
	ROWS_ADD(&rows, text_cases, text);
	rows_add(&rows, "a thread that lives, and none", this_thread, NULL);
	return rows_run("interrupt", &rows);
}
