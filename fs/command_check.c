/* SPDX-License-Identifier: MIT */
/* corosfs --check: everything that a mount needs, step by step. */
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>

#include "api/clean.h"
#include "api/log.h"
#include "api/region.h"
#include "cache/cache_dir.h"
#include "fs/check.h"
#include "fs/command.h"

__attribute__((format(printf, 3, 0))) static void say(struct check *c, const char *sign,
						      const char *fmt, va_list ap)
{
	fprintf(c->out, "%s ", sign);
	clean_vprint(c->out, fmt, ap);
	fputc('\n', c->out);
	/* A step may take its time: the one before it should be seen. */
	fflush(c->out);
}

void check_good(struct check *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(c, c->is_utf8 ? "\xe2\x9c\x93" : "ok  ", fmt, ap);
	va_end(ap);
}

void check_bad(struct check *c, const char *remedy, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(c, c->is_utf8 ? "\xe2\x9c\x97" : "BAD ", fmt, ap);
	va_end(ap);
	fprintf(c->out, "  %s ", c->is_utf8 ? "\xe2\x86\x92" : "  ->");
	clean_print(c->out, "%s", remedy);
	fputc('\n', c->out);
	fflush(c->out);
	c->bad++;
}

void check_skipped(struct check *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(c, c->is_utf8 ? "\xe2\x80\x93" : "-   ", fmt, ap);
	va_end(ap);
}

static void check_account(struct check *c, const char *cache)
{
	check_cache(c, cache);
	check_password(c);
	check_hub(c, cache);
}

int command_check(struct options *o)
{
	struct check c = {.options = o, .out = stdout};
	char cache[PATH_MAX];
	struct err err;

	prctl(PR_SET_DUMPABLE, 0);
	setlocale(LC_CTYPE, "");
	c.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	check_fuse(&c);
	check_mounts(&c);
	check_config(&c);
	if (!o->account && o->config_err.code)
		check_skipped(&c, "account: none is given, and the config is not read");
	else if (!o->account)
		check_bad(&c, "corosfs --check you@example.org, or `account = ...` in the config",
			  "account: none is given");
	else if (cache_dir_path(o->cache_dir, o->account, o->api, cache, &err) < 0)
		check_bad(&c, "set HOME, or use -o cache_dir=FOLDER", "%s", err.text);
	else if (region_check(o->api, &err) < 0)
		check_bad(&c, "correct api=, or leave it away", "%s", err.text);
	else
		check_account(&c, cache);
	if (c.bad)
		printf("\n%d thing%s to put right\n", c.bad, c.bad == 1 ? "" : "s");
	else
		puts("\nall is well");
	return c.bad != 0;
}
