/* SPDX-License-Identifier: MIT */
/* Titles as parts of file names, and the names of a month. */
#include "fs/name.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/day.h"
#include "fs/render.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/make_month.h"

#define NO_SPORT (-1)
#define FFFD     "\xef\xbf\xbd"

/* ---- one title ---- */

static const struct title_case {
	const char *why, *title, *want;
	size_t len; /* 0: strlen(title) */
	int sport;
} title_cases[] = {
	{"plain titles pass", "Morning", "Morning", 0, 100},
	{"a space goes and the next letter grows", "Foo Run", "FooRun", 0, 100},
	{"only the letter behind the space grows", "Long run, hilly", "LongRun,Hilly", 0, 100},
	{"a first space counts as one", " foo", "Foo", 0, 100},
	{"last spaces go", "foo  ", "foo", 0, 100},
	{"many spaces are like one", "a \t \r\n b", "aB", 0, 100},
	{"a tab is white space", "a\tb", "aB", 0, 100},
	{"a newline is white space", "a\nb", "aB", 0, 100},
	{"vertical tab and form feed too", "a\vb\fc", "aBC", 0, 100},
	{"the no-break space is white space",
	 "a\xc2\xa0"
	 "b",
	 "aB", 0, 100},
	{"the ideographic space is white space",
	 "a\xe3\x80\x80"
	 "b",
	 "aB", 0, 100},
	{"the narrow no-break space is white space",
	 "8\xe2\x80\xaf"
	 "km",
	 "8Km", 0, 100},
	{"the line separator is white space",
	 "a\xe2\x80\xa8"
	 "b",
	 "aB", 0, 100},
	{"next line (U+0085) is white space",
	 "a\xc2\x85"
	 "b",
	 "aB", 0, 100},
	{"a letter outside ASCII stays as it is",
	 "a \xc3\xbc"
	 "b",
	 "a\xc3\xbc"
	 "b",
	 0, 100},
	{"capital letters stay", "a B", "aB", 0, 100},
	{"digits stay", "10 20", "1020", 0, 100},
	{"a letter behind a digit behind a space stays", "a 1b", "a1b", 0, 100},
	{"a slash would end the name", "5k/10k", "5k-10k", 0, 100},
	{"a backslash is one on Windows", "a\\b", "a-b", 0, 100},
	{"what Windows refuses", ":*?\"<>|", "-------", 0, 100},
	{"a sign between spaces", "Foo / bar", "Foo-Bar", 0, 100},
	{"dot-dot is no name on its own, but a part of one", "..", "..", 0, 100},
	{"a path upwards is flattened", "../../etc/passwd", "..-..-etc-passwd", 0, 100},
	{"control characters", "a\001b\033[31mc\177", "a-b-[31mc-", 0, 100},
	{"a NUL in the middle", "a\0b", "a-b", 3, 100},
	{"C1 control characters",
	 "a\xc2\x80\xc2\x9b"
	 "b",
	 "a--b", 0, 100},
	{"Japanese stays", "\xe6\x9d\xb1\xe4\xba\xac\xe3\x83\xa9\xe3\x83\xb3",
	 "\xe6\x9d\xb1\xe4\xba\xac\xe3\x83\xa9\xe3\x83\xb3", 0, 100},
	{"emoji stay", "\xf0\x9f\x8f\x83", "\xf0\x9f\x8f\x83", 0, 100},
	{"other punctuation stays", "'a' (b) #1 & 50%;=+@!~$", "'a'(b)#1&50%;=+@!~$", 0, 100},
	{"right-to-left override goes",
	 "abc\xe2\x80\xae"
	 "fdp.exe",
	 "abcfdp.exe", 0, 100},
	{"embeddings and pop go",
	 "\xe2\x80\xaa"
	 "a\xe2\x80\xab"
	 "b\xe2\x80\xac",
	 "ab", 0, 100},
	{"isolates go",
	 "\xe2\x81\xa6"
	 "a\xe2\x81\xa9",
	 "a", 0, 100},
	{"marks of direction go",
	 "\xe2\x80\x8e"
	 "a\xe2\x80\x8f\xd8\x9c",
	 "a", 0, 100},
	{"the zero-width space goes",
	 "a\xe2\x80\x8b"
	 "b",
	 "ab", 0, 100},
	{"the soft hyphen goes",
	 "a\xc2\xad"
	 "b",
	 "ab", 0, 100},
	{"a byte-order mark goes",
	 "\xef\xbb\xbf"
	 "a",
	 "a", 0, 100},
	{"language tags go", "a\xf3\xa0\x81\xa2\xf3\xa0\x81\xbf", "a", 0, 100},
	{"an invisible character does not hide a space",
	 "a \xe2\x80\x8b"
	 "b",
	 "aB", 0, 100},
	{"a stray byte is U+FFFD",
	 "a\xff"
	 "b",
	 "a" FFFD "b", 0, 100},
	{"so is each byte of a cut sequence", "a\xe6\x9d", "a" FFFD FFFD, 0, 100},
	{"an overlong slash is no slash",
	 "a\xc0\xaf"
	 "b",
	 "a" FFFD FFFD "b", 0, 100},
	{"a surrogate in UTF-8 is none", "\xed\xa0\x80", FFFD FFFD FFFD, 0, 100},
	{"past the last code point", "\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD, 0, 100},
	{"an empty title is the sport", "", "IndoorRun", 0, 101},
	{"a title of spaces is the sport", " \t\xe3\x80\x80", "Run", 0, 100},
	{"a title that cannot be seen is the sport", "\xe2\x80\xae\xe2\x80\x8b", "Run", 0, 100},
	{"a sport without a name", "", "Sport9800", 0, 9800},
	{"the largest sport", "", "Sport2147483647", 0, INT32_MAX},
	{"no title and no sport", "", "Activity", 0, NO_SPORT},
};

static void title(void **state)
{
	const struct title_case *c = *state;
	char out[NAME_TITLE_MAX + 1];

	size_t len = name_title(c->title, c->len ? c->len : strlen(c->title), c->sport, out);
	assert_string_equal(out, c->want);
	assert_int_equal(len, strlen(c->want));
}

/* `head` plain letters and then many of `tail`; at most 180 bytes stay. */
static const struct cut_case {
	const char *why;
	size_t head;
	const char *tail;
	size_t want;
} cut_cases[] = {
	{"180 bytes fit", 179, "x", 180},
	{"emoji that end at the limit", 0, "\xf0\x9f\x8f\x83", 180},
	{"an emoji a byte too long goes whole", 177, "\xf0\x9f\x8f\x83", 177},
	{"two bytes too long", 178, "\xf0\x9f\x8f\x83", 178},
	{"three bytes too long", 179, "\xf0\x9f\x8f\x83", 179},
	{"three-byte characters", 1, "\xe6\x9d\xb1", 178},
	{"two-byte characters", 1, "\xc3\xbc", 179},
	{"stray bytes grow to three", 0, "\xff", 180},
};

static void cut(void **state)
{
	const struct cut_case *c = *state;
	char in[1000], out[NAME_TITLE_MAX + 1];
	size_t n = c->head, tail = strlen(c->tail);

	memset(in, 'a', n);
	for (; n + tail <= 600; n += tail)
		memcpy(in + n, c->tail, tail);
	assert_int_equal(name_title(in, n, 100, out), c->want);
	assert_int_equal(strlen(out), c->want);
	if (c->tail[0] != '\xff')
		assert_memory_equal(out, in, c->want);
}

/* Nothing that comes in, of any bytes, makes a name that no file can have. */
static void any_bytes(void **state)
{
	unsigned long random = 1;
	char in[24], out[NAME_TITLE_MAX + 1];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		size_t len = (size_t)i % sizeof(in);
		for (size_t k = 0; k < len; k++) {
			random = random * 6364136223846793005UL + 1442695040888963407UL;
			in[k] = (char)(random >> 56);
		}
		size_t n = name_title(in, len, 100, out);
		assert_true(n > 0 && n <= NAME_TITLE_MAX && n == strlen(out));
		assert_null(strpbrk(out, "/\\:*?\"<>|"));
		for (size_t k = 0; k < n; k++)
			assert_true((unsigned char)out[k] > 0x20 && out[k] != 0x7f);
		/* Valid UTF-8: Jansson takes nothing else. */
		json_t *text = json_stringn(out, n);
		assert_non_null(text);
		json_decref(text);
	}
}

/* ---- the names of a month ---- */

#define MONTH_2022_12 (2022 * 12 + 11)
#define LABEL         UINT64_C(481230045566778800)

/* Names by the order of the items, whatever their order in the month. */
static const struct month_case {
	const char *why;
	struct item item[6];
	const char *want[6];
} month_cases[] = {
	{"a lone activity", {{LABEL, 20221230, 450, "\"Foo Run\"", NULL}}, {"20221230-FooRun"}},
	{"a missing title is the sport",
	 {{LABEL, 20221230, 450, "null", NULL}, {LABEL + 1, 20221229, 450, "\"\"", NULL}},
	 {"20221230-Run", "20221229-Run"}},
	{"twins: the first keeps the name",
	 {{LABEL, 20221230, 450, NULL, NULL}, {LABEL + 1, 20221230, 1085, NULL, NULL}},
	 {"20221230-Run", "20221230-Run-1805"}},
	{"the same title on another day is no twin",
	 {{LABEL, 20221230, 450, NULL, NULL}, {LABEL + 1, 20221231, 450, NULL, NULL}},
	 {"20221230-Run", "20221231-Run"}},
	{"three twins, two in one minute",
	 {{LABEL, 20221230, 450, NULL, NULL},
	  {LABEL + 1, 20221230, 451, NULL, NULL},
	  {LABEL + 2, 20221230, 451, NULL, NULL}},
	 {"20221230-Run", "20221230-Run-0731", "20221230-Run-0731-481230045566778802"}},
	{"twins that started in one second: by labelId",
	 {{LABEL + 1, 20221230, 450, NULL, NULL}, {LABEL, 20221230, 450, NULL, NULL}},
	 {"20221230-Run-0730", "20221230-Run"}},
	{"case does not make a difference",
	 {{LABEL, 20221230, 450, "\"RUN\"", NULL}, {LABEL + 1, 20221230, 500, "\"run\"", NULL}},
	 {"20221230-RUN", "20221230-run-0820"}},
	{"nor does the case of letters outside ASCII",
	 {{LABEL, 20221230, 450, "\"\xc3\x9c\"", NULL},
	  {LABEL + 1, 20221230, 500, "\"\xc3\xbc\"", NULL}},
	 {"20221230-\xc3\x9c", "20221230-\xc3\xbc-0820"}},
	{"titles that become equal are twins",
	 {{LABEL, 20221230, 450, "\"a/b\"", NULL}, {LABEL + 1, 20221230, 500, "\"a:b\"", NULL}},
	 {"20221230-a-b", "20221230-a-b-0820"}},
	{"a title that looks like a twin's suffix gets one",
	 {{LABEL, 20221230, 450, NULL, NULL},
	  {LABEL + 1, 20221230, 500, NULL, NULL},
	  {LABEL + 2, 20221230, 600, "\"Run-0820\"", NULL}},
	 {"20221230-Run", "20221230-Run-0820", "20221230-Run-0820-1000"}},
	{"a twin whose suffix is a title already",
	 {{LABEL, 20221230, 450, "\"Run-0820\"", NULL},
	  {LABEL + 1, 20221230, 460, NULL, NULL},
	  {LABEL + 2, 20221230, 500, NULL, NULL}},
	 {"20221230-Run-0820", "20221230-Run", "20221230-Run-0820-481230045566778802"}},
	{"a later title that spells a twin's whole name",
	 {{LABEL, 20221230, 450, NULL, NULL},
	  {LABEL + 1, 20221230, 450, NULL, NULL},
	  {LABEL + 2, 20221230, 450, NULL, NULL},
	  {LABEL + 3, 20221230, 451, "\"Run-0730-481230045566778802\"", NULL}},
	 {"20221230-Run", "20221230-Run-0730", "20221230-Run-0730-481230045566778802",
	  "20221230-Run-0730-481230045566778802-0731"}},
	{"an earlier title that spells a twin's whole name",
	 {{LABEL, 20221230, 440, "\"Run-0730-481230045566778803\"", NULL},
	  {LABEL + 1, 20221230, 450, NULL, NULL},
	  {LABEL + 2, 20221230, 450, NULL, NULL},
	  {LABEL + 3, 20221230, 450, NULL, NULL}},
	 {"20221230-Run-0730-481230045566778803", "20221230-Run", "20221230-Run-0730",
	  "20221230-Run-0730-481230045566778803-2"}},
	{"two titles that spell a twin's name and the way out",
	 {{LABEL, 20221230, 430, "\"Run-0730-481230045566778804\"", NULL},
	  {LABEL + 1, 20221230, 440, "\"run-0730-481230045566778804-2\"", NULL},
	  {LABEL + 2, 20221230, 450, NULL, NULL},
	  {LABEL + 3, 20221230, 450, NULL, NULL},
	  {LABEL + 4, 20221230, 450, NULL, NULL}},
	 {"20221230-Run-0730-481230045566778804", "20221230-run-0730-481230045566778804-2",
	  "20221230-Run", "20221230-Run-0730", "20221230-Run-0730-481230045566778804-3"}},
};

static void month(void **state)
{
	const struct month_case *c = *state;
	struct month_text *text;
	struct names names;
	size_t n = 0;

	while (n < 6 && c->item[n].label)
		n++;
	struct month *m = make_month(MONTH_2022_12, c->item, n, month_names_hash, &text);
	assert_int_equal(names_of_month(m, &names), 0);
	for (size_t i = 0; i < n; i++) {
		long row = names_find(&names, m->n, c->want[i], strlen(c->want[i]));
		if (row < 0)
			for (size_t k = 0; k < n; k++)
				print_message("have %s\n", names.text + names.at[k]);
		assert_true(row >= 0);
		assert_true(m->row[row].label_id == c->item[i].label);
		assert_string_equal(names.text + names.at[row], c->want[i]);
	}
	names_clear(&names);
	month_unref(m);
	month_text_unref(text);
}

/* The suffix is local time: half an hour east of midnight, and west of it. */
static const struct zone_case {
	const char *why;
	int64_t start_s;
	int quarters;
	const char *want;
} zone_cases[] = {
	{"local minutes, UTC+5:30", INT64_C(1672358400), 22, "20221230-Run-0530"},
	{"local minutes, west of UTC", INT64_C(1672358400), -20, "20221230-Run-1900"},
	{"local midnight", INT64_C(1672358400), 0, "20221230-Run-0000"},
	{"the last minute of a day", INT64_C(1672444799), 0, "20221230-Run-2359"},
	{"before 1970, seen from the west", 0, -4, "20221230-Run-2300"},
};

static void zone(void **state)
{
	const struct zone_case *c = *state;
	struct month_text *text;
	struct activities list;
	struct names names;
	char json[400];

	int len = snprintf(json, sizeof(json),
			   "[{\"labelId\":\"1\",\"date\":20221230,\"startTime\":%" PRId64
			   ",\"name\":\"Run\",\"startTimezone\":%d},"
			   "{\"labelId\":\"2\",\"date\":20221230,\"startTime\":%" PRId64
			   ",\"name\":\"Run\",\"startTimezone\":%d}]",
			   c->start_s, c->quarters, c->start_s, c->quarters);
	items_decode(json, (size_t)len, &list);
	struct month *m = make_month_of(MONTH_2022_12, &list, month_names_hash, &text);
	assert_int_equal(names_of_month(m, &names), 0);
	assert_int_equal(names_find(&names, m->n, c->want, strlen(c->want)), 0);
	names_clear(&names);
	month_unref(m);
	month_text_unref(text);
	activities_clear(&list);
}

#define MANY 300

/* Many activities with few titles: every name is there once, also without case, and found. */
static void many_are_unique(void **state)
{
	static const char *const titles[] = {"\"Run\"", "\"run\"", "\"RUN\"", "\"Run-0001\"",
					     "\"\"",    "\"R/n\"", "\"r?n\""};
	static struct item items[MANY];
	struct month_text *text;
	struct names names;

	(void)state;
	for (int i = 0; i < MANY; i++)
		items[i] = (struct item){LABEL + (uint64_t)i, 20221201 + i % 3, i % 5,
					 titles[i % 7], NULL};
	struct month *m = make_month(MONTH_2022_12, items, MANY, month_names_hash, &text);
	assert_int_equal(names_of_month(m, &names), 0);
	for (size_t i = 0; i < m->n; i++) {
		const char *name = names.text + names.at[names.order[i]];
		assert_int_equal(names_find(&names, m->n, name, strlen(name)), names.order[i]);
		assert_int_equal(names_find(&names, m->n, name, strlen(name) - 1) ==
					 (long)names.order[i],
				 0);
		if (i)
			assert_true(strcmp(names.text + names.at[names.order[i - 1]], name) < 0);
		for (size_t k = 0; k < i; k++)
			assert_true(strcasecmp(names.text + names.at[names.order[k]], name) != 0);
	}
	assert_int_equal(names_find(&names, m->n, "20221201-Nothing", 16), -1);
	assert_int_equal(names_find(&names, m->n, "", 0), -1);
	names_clear(&names);
	month_unref(m);
	month_text_unref(text);
}

/* What comes later takes no name away from what was there. */
static void later_ones_change_nothing(void **state)
{
	static struct item items[40];
	char before[40][NAME_STEM_MAX];
	struct month_text *text;
	struct names names;

	(void)state;
	for (int i = 0; i < 40; i++)
		items[i] = (struct item){LABEL + (uint64_t)i, 20221201, 10 * i,
					 i % 3 ? "\"Run\"" : "\"run-0010\"", NULL};
	for (size_t n = 1; n <= 40; n++) {
		struct month *m = make_month(MONTH_2022_12, items, n, month_names_hash, &text);
		assert_int_equal(names_of_month(m, &names), 0);
		for (size_t i = 0; i < n; i++) {
			/* Newest first, so the oldest is the last row. */
			const char *name = names.text + names.at[n - 1 - i];
			if (i + 1 < n)
				assert_string_equal(name, before[i]);
			else
				snprintf(before[i], sizeof(before[i]), "%s", name);
		}
		names_clear(&names);
		month_unref(m);
		month_text_unref(text);
	}
}

/* The longest title with the longest suffix and ending is a name that a filesystem takes. */
static void longest_name(void **state)
{
	const char *names_want = "-2359-1152921504606846975";
	char title_json[400];
	struct item items[3];
	struct month_text *text;
	struct names names;

	(void)state;
	memset(title_json, 'x', sizeof(title_json));
	title_json[0] = title_json[301] = '"';
	title_json[302] = '\0';
	for (int i = 0; i < 3; i++)
		items[i] = (struct item){LABEL_ID_MAX - (uint64_t)(2 - i), 20221230, 1439,
					 title_json, NULL};
	struct month *m = make_month(MONTH_2022_12, items, 3, month_names_hash, &text);
	assert_int_equal(names_of_month(m, &names), 0);
	const char *name = names.text + names.at[0];
	assert_int_equal(strlen(name), 9 + NAME_TITLE_MAX + strlen(names_want));
	assert_string_equal(name + 9 + NAME_TITLE_MAX, names_want);
	assert_true(strlen(name) < NAME_STEM_MAX);
	names_clear(&names);
	month_unref(m);
	month_text_unref(text);
}

static void empty_month(void **state)
{
	struct month_text *text;
	struct names names;

	(void)state;
	struct month *m = make_month(MONTH_2022_12, NULL, 0, month_names_hash, &text);
	assert_int_equal(names_of_month(m, &names), 0);
	assert_int_equal(names_find(&names, 0, "20221230-Run", 12), -1);
	names_clear(&names);
	month_unref(m);
	month_text_unref(text);
}

/* The hash tells sets of names apart, and tells nothing else. */
static void hash_is_of_the_names(void **state)
{
	struct item a[] = {{LABEL, 20221230, 450, NULL, NULL},
			   {LABEL + 1, 20221229, 1, NULL, NULL}};
	struct month_text *text;
	uint64_t hash[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		if (i == 1)
			a[0].more = ",\"step\":1";
		if (i == 2)
			a[0].name = "\"Rum\"";
		if (i == 3)
			a[0] = (struct item){LABEL, 20221230, 450, NULL, NULL};
		struct month *m =
			make_month(MONTH_2022_12, a, i == 3 ? 1 : 2, month_names_hash, &text);
		hash[i] = month_names_hash(m);
		month_unref(m);
		month_text_unref(text);
	}
	assert_true(hash[0] == hash[1]);
	assert_true(hash[0] != hash[2]);
	assert_true(hash[0] != hash[3]);
}

static int try_names(void *arg)
{
	struct names names;
	int r = names_of_month(arg, &names);

	if (r == 0)
		names_clear(&names);
	else
		assert_null(names.text);
	return r;
}

static void out_of_memory(void **state)
{
	const struct item items[] = {{LABEL, 20221230, 450, NULL, NULL},
				     {LABEL + 1, 20221230, 1, "\"A longer title than 16\"", NULL},
				     {LABEL + 2, 20221230, 2, NULL, NULL}};
	struct month_text *text;

	(void)state;
	struct month *m = make_month(MONTH_2022_12, items, 3, month_names_hash, &text);
	failing_alloc_try(try_names, m, 0);
	month_unref(m);
	month_text_unref(text);
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, title_cases, title);
	ROWS_ADD(&rows, cut_cases, cut);
	rows_add(&rows, "any bytes make a name that a file can have", any_bytes, NULL);
	ROWS_ADD(&rows, month_cases, month);
	ROWS_ADD(&rows, zone_cases, zone);
	rows_add(&rows, "names are unique and sorted, and found", many_are_unique, NULL);
	rows_add(&rows, "later activities change no name", later_ones_change_nothing, NULL);
	rows_add(&rows, "the longest name there is", longest_name, NULL);
	rows_add(&rows, "an empty month has no names", empty_month, NULL);
	rows_add(&rows, "the hash is of the names alone", hash_is_of_the_names, NULL);
	rows_add(&rows, "each failing allocation is an error", out_of_memory, NULL);
	return rows_run("name", &rows);
}
