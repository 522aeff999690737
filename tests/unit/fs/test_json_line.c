/* SPDX-License-Identifier: MIT */
/* Lines of JSON over a socket: whole, in pieces, too long, wrong, late. */
#include "fs/json_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/rows.h"

struct wire {
	int ends[2];
	struct json_line in;
};

static void setup(struct wire *w)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, w->ends), 0);
	assert_int_equal(json_line_init(&w->in, w->ends[0]), 0);
}

static void teardown(struct wire *w)
{
	json_line_clear(&w->in);
	close(w->ends[0]);
	if (w->ends[1] >= 0)
		close(w->ends[1]);
}

static void put(struct wire *w, const char *text)
{
	assert_int_equal(write(w->ends[1], text, strlen(text)), strlen(text));
}

static const struct line_case {
	const char *why, *text;
	int want;
	const char *value; /* of "a" */
} cases[] = {
	{"an object", "{\"a\":\"b\"}\n", 0, "b"},
	{"spaces", " {\"a\": \"b\"} \r\n", 0, "b"},
	{"an array", "[1]\n", -EBADMSG, NULL},
	{"a number", "1\n", -EBADMSG, NULL},
	{"no JSON", "hello\n", -EBADMSG, NULL},
	{"an empty line", "\n", -EBADMSG, NULL},
	{"a key twice", "{\"a\":1,\"a\":2}\n", -EBADMSG, NULL},
	{"half a line", "{\"a\":\"b\"}", -ETIMEDOUT, NULL},
	{"nothing", "", -ETIMEDOUT, NULL},
};

static void line(void **state)
{
	const struct line_case *c = *state;
	struct wire w;
	json_t *o;

	setup(&w);
	put(&w, c->text);
	assert_int_equal(json_line_read(&w.in, c->want == -ETIMEDOUT ? 20 : 10000, &o), c->want);
	if (c->value)
		assert_string_equal(json_string_value(json_object_get(o, "a")), c->value);
	else
		assert_null(o);
	json_decref(o);
	teardown(&w);
}

static void one_after_the_other(void **state)
{
	struct wire w;
	json_t *o;

	(void)state;
	setup(&w);
	put(&w, "{\"a\":1}\n{\"a\":2}\n{\"a\":");
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(json_line_read(&w.in, 10000, &o), 0);
		assert_int_equal(json_integer_value(json_object_get(o, "a")), i);
		json_decref(o);
	}
	assert_int_equal(json_line_read(&w.in, 20, &o), -ETIMEDOUT);
	put(&w, "3}\n");
	assert_int_equal(json_line_read(&w.in, 10000, &o), 0);
	assert_int_equal(json_integer_value(json_object_get(o, "a")), 3);
	json_decref(o);
	teardown(&w);
}

static void the_other_side_leaves(void **state)
{
	struct wire w;
	json_t *o;

	(void)state;
	setup(&w);
	put(&w, "{\"a\"");
	close(w.ends[1]);
	w.ends[1] = -1;
	assert_int_equal(json_line_read(&w.in, 10000, &o), -EPIPE);
	assert_int_equal(json_line_send(w.ends[0], 10000, json_pack("{s:i}", "a", 1)), -EPIPE);
	teardown(&w);
}

static void too_long(void **state)
{
	char *text = malloc(JSON_LINE_MAX + 1);
	struct wire w;
	json_t *o;

	(void)state;
	setup(&w);
	assert_non_null(text);
	memset(text, ' ', JSON_LINE_MAX);
	text[JSON_LINE_MAX] = '\0';
	put(&w, text);
	assert_int_equal(json_line_read(&w.in, 10000, &o), -EBADMSG);
	memset(text, 'x', JSON_LINE_MAX);
	assert_int_equal(json_line_send(w.ends[0], 10000, json_pack("{s:s}", "a", text)), -EBADMSG);
	free(text);
	teardown(&w);
}

static void nobody_reads(void **state)
{
	struct wire w;
	char text[4000];
	int r = 0;

	(void)state;
	setup(&w);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 10000 && r == 0; i++)
		r = json_line_send(w.ends[0], 20, json_pack("{s:s}", "a", text));
	assert_int_equal(r, -ETIMEDOUT);
	assert_int_equal(json_line_send(w.ends[0], 20, NULL), -ENOMEM);
	teardown(&w);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, cases, line);
	rows_add(&rows, "one line after the other", one_after_the_other, NULL);
	rows_add(&rows, "the other side leaves", the_other_side_leaves, NULL);
	rows_add(&rows, "a line that is too long", too_long, NULL);
	rows_add(&rows, "nobody reads", nobody_reads, NULL);
	return rows_run("json_line", &rows);
}
