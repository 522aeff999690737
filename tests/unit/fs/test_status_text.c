/* SPDX-License-Identifier: MIT */
/* The state of login and hub in words. */
#include "fs/status.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/rows.h"

static const struct words_case {
	const char *why, *json, *words;
} words_cases[] = {
	{"a login", "{'login':{'state':'logged in'}}", "  login     logged in\n"},
	{"a login that waits", "{'login':{'state':'waiting','again_s':540,'why':'x'}}",
	 "  login     waiting for 9 min: x\n"},
	{"a hub that is spared", "{'breaker':{'open':true,'again_s':9,'why':'x'}}",
	 "  spared    tried again in 9 s: x\n"},
	{"one that rests", "{'breaker':{'open':true,'again_s':3599,'why':'x'}}",
	 "  spared    tried again in 59 min: x\n"},
	{"one whose time is over", "{'breaker':{'open':true,'again_s':0,'why':'x'}}",
	 "  spared    tried again as soon as somebody asks: x\n"},
};

static void words(void **state)
{
	const struct words_case *c = *state;
	json_error_t error;
	char *text = NULL, json[200];
	size_t len;

	snprintf(json, sizeof(json), "%s", c->json);
	for (char *p = json; *p; p++)
		if (*p == '\'')
			*p = '"';
	json_t *status = json_loads(json, 0, &error);
	FILE *out = open_memstream(&text, &len);
	assert_non_null(status);
	assert_non_null(out);
	status_words(status, 1000, out);
	fclose(out);
	assert_non_null(strstr(text, c->words));
	free(text);
	json_decref(status);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, words_cases, words);
	return rows_run("status_text", &rows);
}
