/* SPDX-License-Identifier: MIT */
/* The config file, and -o: a value is taken whole or refused in words. */
#include <errno.h>
#include <string.h>

#include "fs/options.h"
#include "tests/fuzz/fuzz.h"

static void parse(char *list)
{
	char name[] = "corosfs", account[] = "you@example.org", at[] = "/mnt", o[] = "-o";
	char *argv[] = {name, account, at, list ? o : NULL, list, NULL};
	enum options_action action;
	struct options options;
	struct err err = {0};

	int r = options_parse(list ? 5 : 3, argv, &options, &action, &err);
	if (r < 0) {
		CLAIM(err.text[0] && strnlen(err.text, sizeof(err.text)) < sizeof(err.text));
	} else {
		CLAIM(options.ttl >= 1 && options.timeout >= 1 && options.rate >= 0);
		CLAIM(options.memory >= 0 && options.umask <= 0777);
		CLAIM(strcmp(options.path, at) == 0);
	}
	options_clear(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int there;
	char *text = malloc(size + 1);
	int at = fuzz_folder_fd();

	CLAIM(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (!there++) {
		CLAIM(setenv("XDG_CONFIG_HOME", fuzz_folder(), 1) == 0);
		CLAIM(mkdirat(at, "corosfs", 0700) == 0);
	}
	fuzz_write(at, "corosfs/config", data, size);
	parse(NULL);
	fuzz_write(at, "corosfs/config", "", 0);
	parse(text);
	free(text);
	return 0;
}
