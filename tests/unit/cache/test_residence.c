/* SPDX-License-Identifier: MIT */
/* What is in memory, what comes from disk, and what the disk does to it. */
#include "tests/support/failing_disk.h"
#include "tests/unit/cache/store.h"

/* ---- text ---- */

static void text_in_memory(void **state)
{
	struct store t;
	struct got g, text;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20221230, NULL);
	fetch(&t, DECEMBER, DECEMBER, &g);
	ask_text(&t, g.span->month[0], &text);
	assert_text_of(g.span->month[0], &text);
	drop(&text);
	drop(&g);
	teardown(&t);
}

static void text_from_disk(void **state)
{
	struct store t;
	struct got g, text;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20221230, NULL);
	fetch_and_drop(&t, DECEMBER, DECEMBER);
	restart(&t);
	assert_int_equal(fetch(&t, DECEMBER, DECEMBER, &g), 0);
	ask_text(&t, g.span->month[0], &text);
	assert_text_of(g.span->month[0], &text);
	drop(&text);
	drop(&g);
	assert_int_equal(fake_hub_calls(t.hub), 0);
	teardown(&t);
}

/* A name that is an item of about `size` bytes. */
static char *long_member(size_t size)
{
	char *more = malloc(size + 16);

	assert_non_null(more);
	memcpy(more, ",\"pad\":\"", 8);
	memset(more + 8, 'x', size);
	memcpy(more + 8 + size, "\"", 2);
	return more;
}

/* Three months of more text than is kept in memory. */
static void put_long(struct store *t)
{
	char *more = long_member(60000);

	for (int i = 0; i < 60; i++)
		fake_hub_put(t->hub, &(struct item){LABEL + (uint64_t)i, 20210510 + 100 * (i % 3),
						    480 + i, NULL, more});
	free(more);
}

static void text_after_eviction(void **state)
{
	struct store t;
	struct got g, text;

	(void)state;
	setup(&t);
	start(&t);
	put_long(&t);
	fetch(&t, SETTLED, SETTLED + 2, &g);
	assert_in_range(memory_of(&t, 1), 0, 3u << 20);
	for (int i = 0; i < 3; i++) {
		ask_text(&t, g.span->month[i], &text);
		assert_text_of(g.span->month[i], &text);
		drop(&text);
	}
	assert_in_range(memory_of(&t, 1), 0, 3u << 20);
	drop(&g);
	assert_int_equal(fake_hub_calls(t.hub), 1);
	teardown(&t);
}

/* Two who read large months, item by item and in turns: the disk is asked for little more than once
 * for each byte. */
static void large_texts_come_in_pieces(void **state)
{
	char *more = long_member(50000);
	const size_t all = 2 * 80 * 50000;
	struct store t;
	struct got g, text;

	(void)state;
	setup(&t);
	start(&t);
	for (uint64_t i = 0; i < 160; i++)
		fake_hub_put(t.hub, &(struct item){LABEL + i, 20210510 + 100 * (int32_t)(i % 2),
						   480, NULL, more});
	free(more);
	fetch(&t, SETTLED, SETTLED + 1, &g);
	failing_disk_bytes();
	for (size_t i = 0; i < 160; i++) {
		struct month *m = g.span->month[i % 2];
		const struct activity *a = &m->row[i / 2];
		text = (struct got){0};
		month_store_text(t.store, m, a->json_at, a->json_at + a->json_len, WAIT_MS,
				 got_text, &text);
		settle(&t);
		assert_int_equal(text.times, 1);
		assert_true(XXH3_64bits(month_text_of(text.text, a), a->json_len) == a->hash);
		assert_in_range(memory_of(&t, 1), 0, 3u << 20);
		drop(&text);
	}
	assert_in_range(failing_disk_bytes(), all, all * 5 / 4);
	drop(&g);
	teardown(&t);
}

/* Without a disk it comes from the hub again: once for each month, not over and over. */
static void text_without_a_disk(void **state)
{
	struct store t;
	struct got g, text;

	(void)state;
	setup(&t);
	t.config.dir = NULL;
	start(&t);
	put_long(&t);
	fetch(&t, SETTLED, SETTLED + 2, &g);
	for (int i = 0; i < 3; i++) {
		ask_text(&t, g.span->month[i], &text);
		for (int n = 0; n < 5 && !text.times; n++) {
			fake_hub_answer(t.hub);
			settle(&t);
		}
		assert_text_of(g.span->month[i], &text);
		drop(&text);
	}
	assert_in_range(fake_hub_calls(t.hub), 1, 4);
	drop(&g);
	teardown(&t);
}

static void text_after_the_folder_went(void **state)
{
	struct store t;
	struct got g, text;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20221230, NULL);
	fetch_and_drop(&t, DECEMBER, DECEMBER);
	struct item item = {LABEL + 1, 20221230, 480, NULL, NULL};
	restart(&t);
	fake_hub_put(t.hub, &item);
	fetch(&t, DECEMBER, DECEMBER, &g);
	assert_int_equal(unlinkat(t.months_fd, "2022-12", 0), 0);
	ask_text(&t, g.span->month[0], &text);
	assert_int_equal(run(&t), 1);
	assert_text_of(g.span->month[0], &text);
	drop(&text);
	drop(&g);
	teardown(&t);
}

/* The same, and the hub has another version meanwhile. */
static void text_that_is_gone(void **state)
{
	struct store t;
	struct got g, text;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20221230, NULL);
	fetch_and_drop(&t, DECEMBER, DECEMBER);
	restart(&t);
	put(&t, 1, 20221230, "\"Rum\"");
	fetch(&t, DECEMBER, DECEMBER, &g);
	assert_int_equal(unlinkat(t.months_fd, "2022-12", 0), 0);
	ask_text(&t, g.span->month[0], &text);
	run(&t);
	assert_int_equal(text.times, 1);
	assert_null(text.text);
	assert_int_equal(text.err.code, -ESTALE);
	drop(&g);
	teardown(&t);
}

/* ---- the disk ---- */

static void restart_gives_the_same(void **state)
{
	struct store t;
	struct got g;
	struct history before, after;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20230110, "\"a\"");
	put(&t, 2, 20230111, "\"b\"");
	put(&t, 3, 20230112, "\"c\"");
	fetch_history(&t);
	fetch_and_drop(&t, JANUARY, JANUARY);
	pass_ms(&t, TTL_S * 1000);
	put(&t, 2, 20230111, "\"B\"");
	fake_hub_remove(t.hub, LABEL + 3);
	fetch_and_drop(&t, JANUARY, JANUARY);
	ask(&t, JANUARY, JANUARY, &g);
	size_t size = g.span->month[0]->n * sizeof(struct activity) + g.span->month[0]->strings_len;
	struct month *was = month_ref(g.span->month[0]);
	drop(&g);
	month_store_history_now(t.store, &before);
	restart(&t);
	assert_true(month_store_usable(t.store));
	month_store_history_now(t.store, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &g), 0);
	const struct month *is = g.span->month[0];
	assert_int_equal(is->n, was->n);
	assert_memory_equal(is->row, was->row, size);
	assert_true(is->names_ns == was->names_ns && is->gone_ns == was->gone_ns);
	assert_true(is->gone_ns == (NOW_S + TTL_S) * CLOCK_NS);
	drop(&g);
	month_unref(was);
	teardown(&t);
}

/* A history that cannot be read is still there for the next mount, with its times. */
static void a_bad_look_at_the_history(void **state)
{
	struct store t;
	struct history before, after;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20230110, NULL);
	fetch_history(&t);
	month_store_history_now(t.store, &before);
	stop(&t);
	cache_dir_close(&t.folder);
	open_folder(&t);
	t.hub = fake_hub_new();
	t.config.hub = fake_hub_door(t.hub);
	failing_disk_begin("openat", "history", EMFILE);
	start(&t);
	assert_int_equal(failing_disk_end(), 1);
	pass_ms(&t, HOUR_MS);
	put(&t, 1, 20230110, NULL);
	fetch_history(&t);
	restart(&t);
	month_store_history_now(t.store, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	teardown(&t);
}

static void a_bad_look_at_the_months(void **state)
{
	static const struct {
		const char *call;
		int code;
	} looks[] = {{"openat", EMFILE}, {"readdir", EIO}};
	struct store t;
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		setup(&t);
		start(&t);
		put(&t, 1, 20210510, NULL);
		fetch_and_drop(&t, SETTLED, SETTLED);
		stop(&t);
		t.hub = fake_hub_new();
		t.config.hub = fake_hub_door(t.hub);
		failing_disk_begin(looks[i].call, NULL, looks[i].code);
		start(&t);
		assert_true(failing_disk_end() > 0);
		/* Served all the same, and not written over. */
		put(&t, 2, 20210511, NULL);
		assert_int_equal(fetch_and_drop(&t, SETTLED, SETTLED), 1);
		stop(&t);
		t.config.dir = &t.folder;
		t.hub = fake_hub_new();
		t.config.hub = fake_hub_door(t.hub);
		start(&t);
		assert_int_equal(fetch(&t, SETTLED, SETTLED, &g), 0);
		assert_int_equal(g.span->month[0]->row[0].label_id, LABEL + 1);
		drop(&g);
		teardown(&t);
	}
}

/* A file that the disk does not give now is not gone. The hub is asked, and then the disk once
 * more, so that what the month was, and its times, stay; without the hub the disk's error is told.
 */
static void a_bad_look_at_a_month(void **state)
{
	static const struct {
		const char *call;
		int code;
	} looks[] = {{"openat", EMFILE}, {"read", EIO}};
	struct store t;
	struct got g, text;

	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		setup(&t);
		start(&t);
		put(&t, 1, 20210510, NULL);
		put(&t, 2, 20210610, NULL);
		fetch_and_drop(&t, SETTLED, SETTLED + 1);
		restart(&t);
		failing_disk_begin(looks[i].call, "2021-05", looks[i].code);
		month_store_quiet(t.store);
		ask(&t, SETTLED, SETTLED, &g);
		assert_int_equal(g.times, 1);
		assert_int_equal(g.err.code, -looks[i].code);
		failing_disk_end();
		restart(&t);
		put(&t, 1, 20210510, NULL);
		failing_disk_begin(looks[i].call, "2021-05", looks[i].code);
		ask(&t, SETTLED, SETTLED, &g);
		assert_int_equal(g.times, 0);
		assert_true(failing_disk_end() > 0);
		assert_int_equal(run(&t), 1);
		assert_int_equal(g.times, 1);
		assert_true(g.span->month[0]->row[0].changed_ns == 0);
		drop(&g);
		/* And when the disk has lost it, the hub still has it. */
		restart(&t);
		put(&t, 1, 20210510, "\"Rum\"");
		failing_disk_begin(looks[i].call, "2021-05", looks[i].code);
		assert_int_equal(fetch(&t, SETTLED, SETTLED, &g), 1);
		assert_true(failing_disk_end() > 0);
		ask_text(&t, g.span->month[0], &text);
		assert_text_of(g.span->month[0], &text);
		drop(&text);
		drop(&g);
		put(&t, 1, 20210510, "\"Run\"");
		pass_ms(&t, 8 * DAY_MS);
		fetch_and_drop(&t, SETTLED, SETTLED);
		fetch(&t, SETTLED, SETTLED, &g);
		assert_true(g.span->month[0]->row[0].changed_ns == (NOW_S + 8 * 86400) * CLOCK_NS);
		drop(&g);
		teardown(&t);
	}
}

/* The same for a text: its month is at hand, and comes from the hub as it was. */
static void a_bad_look_at_a_text(void **state)
{
	struct store t;
	struct got g, text;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20210510, NULL);
	fetch_and_drop(&t, SETTLED, SETTLED);
	restart(&t);
	put(&t, 1, 20210510, NULL);
	fetch(&t, SETTLED, SETTLED, &g);
	failing_disk_begin("read", NULL, EIO);
	ask_text(&t, g.span->month[0], &text);
	assert_int_equal(text.times, 0);
	assert_int_equal(run(&t), 1);
	assert_true(failing_disk_end() > 0);
	assert_text_of(g.span->month[0], &text);
	drop(&text);
	drop(&g);
	fetch(&t, SETTLED, SETTLED, &g);
	assert_true(g.span->month[0]->row[0].changed_ns == 0);
	drop(&g);
	teardown(&t);
}

static void damaged_file_is_fetched_again(void **state)
{
	struct store t;
	struct got g, text;
	size_t len;

	(void)state;
	setup(&t);
	start(&t);
	put(&t, 1, 20210510, NULL);
	fetch_and_drop(&t, SETTLED, SETTLED);
	restart(&t);
	put(&t, 1, 20210510, NULL);
	struct temp_dir months = {.fd = t.months_fd};
	char *data = temp_dir_read(&months, "2021-05", &len);
	data[100] ^= 1;
	temp_dir_write(&months, "2021-05", data, len, 0600);
	assert_int_equal(fetch(&t, SETTLED, SETTLED, &g), 1);
	assert_int_equal(g.span->month[0]->n, 1);
	/* The text alone damaged shows when it is read; the listing stays as it is. */
	drop(&g);
	restart(&t);
	put(&t, 1, 20210510, NULL);
	data[100] ^= 1;
	data[len - 2] ^= 1;
	temp_dir_write(&months, "2021-05", data, len, 0600);
	assert_int_equal(month_file_touch(t.months_fd, SETTLED, NOW_S, NULL), 0);
	assert_int_equal(fetch(&t, SETTLED, SETTLED, &g), 0);
	ask_text(&t, g.span->month[0], &text);
	assert_int_equal(run(&t), 1);
	assert_text_of(g.span->month[0], &text);
	drop(&text);
	drop(&g);
	free(data);
	teardown(&t);
}

static void leftovers_are_removed(void **state)
{
	struct temp_dir months;
	struct store t;

	(void)state;
	setup(&t);
	months.fd = t.months_fd;
	snprintf(months.path, sizeof(months.path), "%.240s/account/months", t.dir.path);
	temp_dir_write(&months, ".2021-05.tmp", "x", 1, 0600);
	temp_dir_write(&months, "2021-05x", "x", 1, 0600);
	temp_dir_write(&months, "2021-13", "x", 1, 0600);
	temp_dir_write(&months, "1969-12", "x", 1, 0600);
	temp_dir_write(&months, "2100-01", "x", 1, 0600);
	temp_dir_write(&months, "-021-01", "x", 1, 0600);
	start(&t);
	assert_int_equal(temp_dir_count(&months), 5);
	assert_false(month_store_usable(t.store));
	teardown(&t);
}

/* What the disk would not take is offered again when the hub confirms it. */
static void refused_by_the_disk(void **state)
{
	struct store t;
	struct stat st;

	(void)state;
	setup(&t);
	start(&t);
	assert_int_equal(mkdirat(t.months_fd, "2023-01", 0700), 0);
	put(&t, 1, 20230110, NULL);
	fetch_and_drop(&t, JANUARY, JANUARY);
	assert_int_equal(unlinkat(t.months_fd, "2023-01", AT_REMOVEDIR), 0);
	pass_ms(&t, TTL_S * 1000);
	assert_int_equal(fetch_and_drop(&t, JANUARY, JANUARY), 1);
	assert_int_equal(fstatat(t.months_fd, "2023-01", &st, 0), 0);
	teardown(&t);
}

/* A walk does not wait for the disk, and what it brought is written at the end all the same. */
static void written_at_the_end(void **state)
{
	struct store t;
	struct stat st;
	struct got g = {0};

	(void)state;
	setup(&t);
	t.config.calm_ms = 3600000;
	start(&t);
	put(&t, 1, 20230110, NULL);
	month_store_get(t.store, JANUARY, JANUARY, WAIT_MS, got_span, &g);
	fake_hub_answer(t.hub);
	wait_for(t.store->loader);
	assert_int_equal(g.times, 1);
	assert_int_equal(fstatat(t.months_fd, "2023-01", &st, 0), -1);
	drop(&g);
	t.config.calm_ms = 0;
	restart(&t);
	assert_int_equal(fetch_and_drop(&t, JANUARY, JANUARY), 0);
	teardown(&t);
}

static void without_a_disk(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	t.config.dir = NULL;
	start(&t);
	put(&t, 1, 20230110, NULL);
	fetch_history(&t);
	fetch_and_drop(&t, JANUARY, JANUARY);
	pass_ms(&t, TTL_S * 1000);
	put(&t, 2, 20230111, NULL);
	assert_int_equal(fetch(&t, JANUARY, JANUARY, &g), 1);
	assert_int_equal(g.span->month[0]->n, 2);
	drop(&g);
	teardown(&t);
}

/* ---- a ceiling for what is on disk ---- */

static int is_on_disk(struct store *t, const char *name)
{
	struct stat st;

	return fstatat(t->months_fd, name, &st, 0) == 0;
}

/* Mays, of years that are far from each other, so that nothing is read ahead. */
#define MAY(i)     (SETTLED - 36 * (i))
#define MAY_DAY(i) (20210510 - 30000 * (i))

static void put_mays(struct store *t)
{
	for (int i = 0; i < 5; i++)
		put(t, (uint64_t)i, MAY_DAY(i), NULL);
}

static uint64_t disk_bytes(struct store *t)
{
	char name[MONTH_FILE_NAME];
	uint64_t bytes = 0;
	struct stat st;

	for (int i = 0; i < 5; i++) {
		month_file_name(MAY(i), name);
		if (fstatat(t->months_fd, name, &st, 0) == 0)
			bytes += (uint64_t)st.st_size;
	}
	return bytes;
}

static void least_used_leaves_the_disk(void **state)
{
	struct store t;
	struct got g;

	(void)state;
	setup(&t);
	start(&t);
	put_mays(&t);
	fetch_and_drop(&t, MAY(0), MAY(0));
	/* Room for three. */
	uint64_t one = disk_bytes(&t);
	t.config.disk_max = one * 7 / 2;
	restart(&t);
	put_mays(&t);
	for (int i = 1; i < 5; i++) {
		/* The first is used again and again. */
		assert_int_equal(fetch_and_drop(&t, MAY(0), MAY(0)), 0);
		assert_int_equal(fetch_and_drop(&t, MAY(i), MAY(i)), 1);
		assert_in_range(disk_bytes(&t), 1, t.config.disk_max);
	}
	assert_true(is_on_disk(&t, "2021-05") && is_on_disk(&t, "2012-05") &&
		    is_on_disk(&t, "2009-05"));
	/* What left is served from memory while it is there, and then comes from the hub. */
	assert_int_equal(fetch_and_drop(&t, MAY(1), MAY(1)), 0);
	t.config.disk_max = one * 3 / 2;
	restart(&t);
	assert_in_range(disk_bytes(&t), 1, t.config.disk_max);
	put_mays(&t);
	assert_int_equal(fetch(&t, MAY(1), MAY(1), &g), 1);
	assert_int_equal(g.span->month[0]->n, 1);
	drop(&g);
	assert_true(is_on_disk(&t, "2018-05"));
	assert_in_range(disk_bytes(&t), 1, t.config.disk_max);
	teardown(&t);
}

/* One that there is no room for costs nobody theirs, and does not stay in memory for the disk. */
static void too_large_for_the_disk(void **state)
{
	char *more = long_member(50000);
	struct store t;
	struct got g, text;

	(void)state;
	setup(&t);
	t.config.disk_max = 20000;
	t.config.memory = 1;
	start(&t);
	put(&t, 1, 20210510, NULL);
	fetch_and_drop(&t, SETTLED, SETTLED);
	fake_hub_put(t.hub, &(struct item){LABEL + 9, 20210610, 480, NULL, more});
	assert_int_equal(fetch(&t, SETTLED + 1, SETTLED + 1, &g), 1);
	assert_false(is_on_disk(&t, "2021-06"));
	/* One that grew: what the disk had of it is of no use any more. */
	drop(&g);
	fake_hub_put(t.hub, &(struct item){LABEL + 8, 20230110, 480, NULL, NULL});
	fetch_and_drop(&t, JANUARY, JANUARY);
	assert_true(is_on_disk(&t, "2023-01"));
	fake_hub_put(t.hub, &(struct item){LABEL + 8, 20230110, 480, NULL, more});
	pass_ms(&t, TTL_S * 1000);
	fetch_and_drop(&t, JANUARY, JANUARY);
	assert_false(is_on_disk(&t, "2023-01"));
	assert_int_equal(fetch(&t, SETTLED + 1, SETTLED + 1, &g), 1);
	assert_true(is_on_disk(&t, "2021-05"));
	ask_text(&t, g.span->month[0], &text);
	run(&t);
	assert_text_of(g.span->month[0], &text);
	drop(&text);
	drop(&g);
	fetch_and_drop(&t, SETTLED, SETTLED);
	assert_in_range(memory_of(&t, 0), 0, 1);
	free(more);
	teardown(&t);
}

/* ---- memory ---- */

static const struct memory_case {
	const char *why;
	int disk;
	size_t memory;
} memory_cases[] = {
	{"a listing of more than memory holds, from disk", 1, 1},
	{"the same where half fits", 1, 6000},
	{"the same without a disk", 0, 1},
};

static void little_memory(void **state)
{
	const struct memory_case *c = *state;
	const int first = JANUARY - 23;
	struct store t;
	struct got g;

	setup(&t);
	t.config.memory = c->memory;
	if (!c->disk)
		t.config.dir = NULL;
	start(&t);
	for (int i = 0; i < 24; i++)
		put(&t, (uint64_t)i, month_first_day(first + i), NULL);
	assert_int_equal(fetch(&t, first, JANUARY, &g), 1);
	assert_int_equal(g.valid_s, TTL_S);
	drop(&g);
	if (c->disk) {
		/* Again, from disk this time. */
		assert_int_equal(fetch(&t, first, JANUARY, &g), 0);
		assert_true(g.valid_s >= 1 && g.valid_s <= TTL_S);
		drop(&g);
	}
	/* Now that nobody waits the ceiling holds. */
	assert_in_range(memory_of(&t, 0), 0, c->memory);
	teardown(&t);
}

int main(void)
{
	static struct rows rows;

	rows_add(&rows, "text from memory", text_in_memory, NULL);
	rows_add(&rows, "text from disk", text_from_disk, NULL);
	rows_add(&rows, "text that had to go comes back from disk", text_after_eviction, NULL);
	rows_add(&rows, "large ones in pieces", large_texts_come_in_pieces, NULL);
	rows_add(&rows, "or from the hub without a disk", text_without_a_disk, NULL);
	rows_add(&rows, "or when the folder went", text_after_the_folder_went, NULL);
	rows_add(&rows, "text of a version that is gone", text_that_is_gone, NULL);
	rows_add(&rows, "the next mount shows the same", restart_gives_the_same, NULL);
	rows_add(&rows, "a history that cannot be read stays", a_bad_look_at_the_history, NULL);
	rows_add(&rows, "months that cannot be looked at", a_bad_look_at_the_months, NULL);
	rows_add(&rows, "a month that cannot be read now", a_bad_look_at_a_month, NULL);
	rows_add(&rows, "a text that cannot be read now", a_bad_look_at_a_text, NULL);
	rows_add(&rows, "a damaged file is fetched again", damaged_file_is_fetched_again, NULL);
	rows_add(&rows, "leftovers are removed, foreign names left", leftovers_are_removed, NULL);
	rows_add(&rows, "what the disk refused is offered again", refused_by_the_disk, NULL);
	rows_add(&rows, "what a walk brought is written at its end", written_at_the_end, NULL);
	rows_add(&rows, "it works without a disk", without_a_disk, NULL);
	rows_add(&rows, "the least used leaves the disk", least_used_leaves_the_disk, NULL);
	rows_add(&rows, "a month too large for the disk", too_large_for_the_disk, NULL);
	ROWS_ADD(&rows, memory_cases, little_memory);
	return rows_run("residence", &rows);
}
