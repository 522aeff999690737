/* SPDX-License-Identifier: MIT */
/* Downloads kept: each fetched once, checked against the disk, and given up in the right order. */
#include "cache/blob_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>
#include <xxhash.h>

#include "cache/blob_impl.h"
#include "tests/support/failing_disk.h"
#include "tests/unit/cache/store.h"

#define FOLDER "account/files"
#define DAY    INT64_C(86400)
#define BYTES  "the bytes of a recording"
#define SIZE   (sizeof(BYTES) - 1)

/* ---- a store on a folder and a fake hub ---- */

struct blobs {
	struct store base; /* its folder and its hub; the month store is not made */
	struct blob_store *store;
	struct blob_store_config config;
	int changed; /* how often it was told */
	struct blob_key changed_key;
};

struct answer {
	int times, has_info;
	struct blob_info info;
	struct err err;
};

static void on_changed(void *ctx, const struct blob_key *key)
{
	struct blobs *b = ctx;

	b->changed++;
	b->changed_key = *key;
}

static void begin(struct blobs *b)
{
	b->config.hub = fake_hub_door(b->base.hub);
	b->store = blob_store_new(&b->config);
	assert_non_null(b->store);
}

static void blobs_setup(struct blobs *b)
{
	memset(b, 0, sizeof(*b));
	setup(&b->base);
	b->config = (struct blob_store_config){.clock = &fake_clock,
					       .dir = &b->base.folder,
					       .size_max = 1 << 30,
					       .changed = on_changed,
					       .ctx = b};
	begin(b);
}

/* As at the end of a mount. */
static void end(struct blobs *b)
{
	blob_store_quiet(b->store);
	fake_hub_free(b->base.hub);
	blob_store_stop(b->store);
	blob_store_free(b->store);
}

static void blobs_teardown(struct blobs *b)
{
	end(b);
	lock_clear(&b->base.news.lock);
	cache_dir_close(&b->base.folder);
	temp_dir_free(&b->base.dir);
}

/* The next mount. */
static void again(struct blobs *b)
{
	end(b);
	b->base.hub = fake_hub_new();
	begin(b);
}

/* Until the disk's thread has nothing to do. */
static void blobs_settle(struct blobs *b)
{
	lock_take(&b->store->lock);
	struct worker *w = b->store->worker;
	lock_drop(&b->store->lock);
	for (int i = 0; w && i < 3; i++)
		wait_for(w);
}

static struct blob_key key(uint64_t n, enum export form)
{
	return (struct blob_key){
		.label_id = LABEL + n, .edition = 7, .sport = 100, .day = 20221230, .form = form};
}

static struct blob_key fit(uint64_t n)
{
	return key(n, EXPORT_FIT);
}

static void got(void *ctx, const struct blob_info *info, const struct err *err)
{
	struct answer *a = ctx;

	a->times++;
	a->has_info = info != NULL;
	if (info)
		a->info = *info;
	a->err = *err;
}

static void get(struct blobs *b, struct blob_key k, struct answer *a)
{
	*a = (struct answer){0};
	blob_store_get(b->store, &k, BLOB_BYTES, WAIT_MS, got, a);
	blobs_settle(b);
}

static void expect(const struct answer *a, int code)
{
	assert_int_equal(a->times, 1);
	assert_int_equal(a->err.code, code);
	assert_int_equal(a->has_info, code == 0);
	if (code)
		assert_true(a->err.text[0] != '\0');
}

static void expect_bytes(struct blobs *b, struct blob_key k, const char *bytes, size_t len)
{
	char text[256];
	int fd = blob_store_open(b->store, &k);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, text, sizeof(text), 0), len);
	assert_memory_equal(text, bytes, len);
	close(fd);
}

/* Asks, and the hub sends. Returns how many downloads that took. */
static int bring_bytes(struct blobs *b, struct blob_key k, const char *bytes, size_t len)
{
	int before = fake_hub_downloads(b->base.hub);
	struct answer a;

	get(b, k, &a);
	while (fake_hub_send(b->base.hub, bytes, len, 0))
		;
	blobs_settle(b);
	expect(&a, 0);
	assert_true(a.info.size == len && a.info.hash == XXH3_64bits(bytes, len));
	expect_bytes(b, k, bytes, len);
	return fake_hub_downloads(b->base.hub) - before;
}

static int bring(struct blobs *b, struct blob_key k)
{
	return bring_bytes(b, k, BYTES, SIZE);
}

/* The same, as if the disk's dates went by the fake clock. */
static void bring_dated(struct blobs *b, struct blob_key k)
{
	bring(b, k);
	lock_take(&b->store->lock);
	struct blob_entry e = *blob_index_find(&b->store->index, &k);
	lock_drop(&b->store->lock);
	blob_disk_date(b->store, &e);
}

/* Asks, and the hub fails. */
static void bring_failure(struct blobs *b, struct blob_key k, int code, int want)
{
	struct answer a;

	get(b, k, &a);
	assert_int_equal(fake_hub_send(b->base.hub, NULL, 0, code), 1);
	blobs_settle(b);
	expect(&a, want);
}

/* Names that begin so, but for those that only say what size a file had. */
static int on_disk(struct blobs *b, const char *beginning)
{
	int n = 0, fd = openat(b->base.dir.fd, FOLDER, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct stat st;

	for (struct dirent *d; dir && (d = readdir(dir));)
		n += d->d_name[strspn(d->d_name, ".")] &&
		     strncmp(d->d_name, beginning, strlen(beginning)) == 0 &&
		     fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		     (st.st_size || strstr(d->d_name, "-none") || strstr(d->d_name, "-gone"));
	if (dir)
		closedir(dir);
	return n;
}

/* The path of the only file, in the temporary folder. */
static void only_file(struct blobs *b, char path[300])
{
	int fd = openat(b->base.dir.fd, FOLDER, O_RDONLY | O_DIRECTORY);
	DIR *dir = fdopendir(fd);

	path[0] = '\0';
	for (struct dirent *d; (d = readdir(dir));)
		if (d->d_name[0] != '.') {
			assert_true(!path[0]);
			snprintf(path, 300, FOLDER "/%s", d->d_name);
		}
	closedir(dir);
	assert_true(path[0]);
}

/* ---- one download for all ---- */

static void once_for_all(void **state)
{
	struct answer a[32] = {0};
	struct blob_key k = fit(1);
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	for (int i = 0; i < 32; i++)
		blob_store_get(b.store, &k, BLOB_BYTES, WAIT_MS, got, &a[i]);
	blobs_settle(&b);
	assert_int_equal(fake_hub_downloads(b.base.hub), 1);
	struct download_want want = fake_hub_wanted(b.base.hub, 0);
	assert_true(want.label_id == k.label_id && want.sport == 100 && want.form == EXPORT_FIT);
	fake_hub_send(b.base.hub, BYTES, SIZE, 0);
	for (int i = 0; i < 32; i++)
		expect(&a[i], 0);
	/* From then on it is there. */
	assert_int_equal(bring(&b, k), 0);
	/* Another form of it, and the same of another, are files of their own. */
	assert_int_equal(bring(&b, key(1, EXPORT_GPX)), 1);
	assert_int_equal(bring(&b, fit(2)), 1);
	assert_int_equal(on_disk(&b, "fit-"), 2);
	assert_int_equal(on_disk(&b, ""), 3);
	again(&b);
	assert_int_equal(bring(&b, k), 0);
	assert_int_equal(bring(&b, key(1, EXPORT_GPX)), 0);
	blobs_teardown(&b);
}

static void an_attempt_that_broke_off_leaves_nothing(void **state)
{
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	fake_hub_break(b.base.hub, 1);
	assert_int_equal(bring(&b, fit(1)), 1);
	blobs_teardown(&b);
}

static void a_failure_is_tried_again(void **state)
{
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	/* That of the hub at once, */
	bring_failure(&b, fit(1), FAKE_HUB_DOWN, -EIO);
	bring_failure(&b, fit(1), FAKE_HUB_DOWN, -EIO);
	assert_int_equal(on_disk(&b, ""), 0);
	assert_int_equal(bring(&b, fit(1)), 1);
	/* its own in a while. One that failed after half of the bytes left nothing behind either.
	 */
	struct answer a;
	get(&b, fit(2), &a);
	fake_hub_send(b.base.hub, BYTES, SIZE, -ECONNABORTED);
	blobs_settle(&b);
	expect(&a, -ECONNABORTED);
	assert_int_equal(on_disk(&b, ""), 1);
	fake_clock_add(10000);
	assert_int_equal(bring(&b, fit(2)), 1);
	blobs_teardown(&b);
}

/* ---- what fails by itself ---- */

/* Asks; whether that was a question to the hub. */
static int is_asked(struct blobs *b, struct blob_key k)
{
	int before = fake_hub_downloads(b->base.hub);
	struct answer a;

	get(b, k, &a);
	int asked = fake_hub_downloads(b->base.hub) - before;
	while (fake_hub_send(b->base.hub, NULL, 0, -EIO))
		;
	blobs_settle(b);
	expect(&a, -EIO);
	return asked;
}

static void one_that_fails_is_left_alone(void **state)
{
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	bring(&b, fit(9));
	assert_int_equal(is_asked(&b, fit(1)), 1);
	assert_int_equal(is_asked(&b, fit(1)), 0);
	struct blob_key k = fit(1), other = fit(2);
	assert_int_equal(blob_store_fails(b.store, &k), 1);
	assert_int_equal(blob_store_fails(b.store, &other), 0);
	/* Nor ahead, */
	int before = fake_hub_downloads(b.base.hub);
	blob_store_ahead(b.store, &k, 1, BLOB_BYTES);
	assert_int_equal(fake_hub_downloads(b.base.hub), before);
	/* and nobody else suffers. */
	assert_int_equal(bring(&b, other), 1);
	/* The waits get longer while others come, */
	for (int wait_s = 10; wait_s <= 40; wait_s *= 2) {
		assert_int_equal(bring(&b, fit((uint64_t)wait_s)), 1);
		fake_clock_add(1000 * wait_s - 1000);
		assert_int_equal(is_asked(&b, k), 0);
		fake_clock_add(1000);
		assert_int_equal(is_asked(&b, k), 1);
	}
	/* and not while none do: then it may be the hub. */
	fake_clock_add(80000);
	assert_int_equal(is_asked(&b, k), 1);
	fake_clock_add(80000);
	assert_int_equal(is_asked(&b, k), 1);
	/* When it comes, that is over. */
	fake_clock_add(80000);
	assert_int_equal(bring(&b, k), 1);
	assert_int_equal(bring(&b, k), 0);
	assert_int_equal(blob_store_fails(b.store, &k), 0);
	blobs_teardown(&b);
}

static void asked_again_on_purpose(void **state)
{
	struct blob_key k = fit(1), other = fit(2), absent = key(3, EXPORT_GPX);
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	assert_int_equal(is_asked(&b, k), 1);
	assert_int_equal(is_asked(&b, other), 1);
	blob_store_again(b.store, &k);
	assert_int_equal(is_asked(&b, other), 0);
	assert_int_equal(is_asked(&b, k), 1);
	blob_store_again(b.store, NULL);
	assert_int_equal(bring(&b, k), 1);
	assert_int_equal(bring(&b, other), 1);
	/* What does not exist only by name. */
	bring_failure(&b, absent, FAKE_ABSENT, -ENOENT);
	assert_int_equal(b.changed, 1);
	blob_store_again(b.store, NULL);
	assert_true(blob_store_absent(b.store, &absent) == NOW_S);
	blob_store_again(b.store, &absent);
	assert_true(blob_store_absent(b.store, &absent) == 0);
	assert_int_equal(b.changed, 2);
	assert_int_equal(bring(&b, absent), 1);
	blobs_teardown(&b);
}

/* What was seen once is what it was, though it cannot be fetched any more. */
static void a_size_outlives_failures(void **state)
{
	struct blob_key k = fit(1);
	struct answer a = {0};
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	b.config.size_max = 0;
	again(&b);
	for (uint64_t i = 1; i <= 6; i++)
		bring(&b, fit(i));
	assert_int_equal(is_asked(&b, k), 1);
	blob_store_get(b.store, &k, BLOB_SIZE, WAIT_MS, got, &a);
	expect(&a, 0);
	fake_clock_add(10000);
	bring_failure(&b, k, FAKE_GONE, -EIO);
	memset(&a, 0, sizeof(a));
	blob_store_get(b.store, &k, BLOB_SIZE, WAIT_MS, got, &a);
	expect(&a, 0);
	blobs_teardown(&b);
}

static void gone_is_remembered(void **state)
{
	struct blob_key k = key(1, EXPORT_GPX);
	struct answer a;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	int64_t now_s = clock_system.wall_s();
	fake_clock_set(now_s);
	bring_failure(&b, k, FAKE_GONE, -EIO);
	assert_int_equal(fake_hub_wanted(b.base.hub, 0).was_gone, 0);
	assert_true(blob_store_absent(b.store, &k) == 0);
	again(&b);
	get(&b, k, &a);
	expect(&a, -EIO);
	assert_int_equal(fake_hub_downloads(b.base.hub), 0);
	/* Hours later it is asked for again, and not waited for. */
	fake_clock_set(now_s + 7 * 3600);
	bring_failure(&b, k, FAKE_GONE, -EIO);
	assert_int_equal(fake_hub_wanted(b.base.hub, 0).was_gone, 1);
	again(&b);
	get(&b, k, &a);
	expect(&a, -EIO);
	assert_int_equal(fake_hub_downloads(b.base.hub), 0);
	fake_clock_set(now_s + 3 * DAY);
	assert_int_equal(bring(&b, k), 1);
	assert_int_equal(on_disk(&b, ""), 1);
	again(&b);
	assert_int_equal(bring(&b, k), 0);
	blobs_teardown(&b);
}

/* ---- what a refused one is compared with ---- */

static void the_last_one_that_came_is_the_control(void **state)
{
	struct answer a;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	bring(&b, fit(1));
	bring(&b, key(7, EXPORT_TCX));
	/* In this mount and in the next. */
	for (int i = 0; i < 2; i++) {
		get(&b, fit(2), &a);
		struct download_want want =
			fake_hub_wanted(b.base.hub, fake_hub_downloads(b.base.hub) - 1);
		assert_true(want.control_id == LABEL + 1 && want.control_sport == 100);
		get(&b, key(2, EXPORT_TCX), &a);
		want = fake_hub_wanted(b.base.hub, fake_hub_downloads(b.base.hub) - 1);
		assert_true(want.control_id == LABEL + 7);
		get(&b, key(2, EXPORT_GPX), &a);
		want = fake_hub_wanted(b.base.hub, fake_hub_downloads(b.base.hub) - 1);
		assert_true(want.control_id == 0);
		again(&b);
	}
	/* One that was deleted is none. */
	blob_store_drop(b.store, LABEL + 1);
	blobs_settle(&b);
	get(&b, fit(2), &a);
	assert_true(fake_hub_wanted(b.base.hub, 0).control_id == 0);
	blobs_teardown(&b);
}

static void one_without_a_control_is_asked_for_when_there_is_one(void **state)
{
	struct blob_key k = fit(1);
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	bring_failure(&b, k, FAKE_UNPROVEN, -EIO);
	bring(&b, key(2, EXPORT_GPX));
	struct answer a;
	get(&b, fit(2), &a);
	fake_hub_send(b.base.hub, BYTES, SIZE, 0);
	blobs_settle(&b);
	expect(&a, 0);
	assert_int_equal(fake_hub_downloads_waiting(b.base.hub), 1);
	assert_int_equal(fake_hub_send(b.base.hub, NULL, 0, FAKE_ABSENT), 1);
	blobs_settle(&b);
	assert_true(blob_store_absent(b.store, &k) == NOW_S);
	blobs_teardown(&b);
}

/* ---- order ---- */

static void those_that_are_waited_for_go_first(void **state)
{
	struct blob_key ahead[12];
	struct answer a, other;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	bring(&b, fit(99));
	for (uint64_t i = 0; i < 12; i++)
		ahead[i] = fit(i);
	blob_store_ahead(b.store, ahead, 12, BLOB_SIZE);
	blob_store_ahead(b.store, ahead, 12, BLOB_SIZE);
	/* So many go out at once. */
	assert_int_equal(fake_hub_downloads_waiting(b.base.hub), 8);
	get(&b, fit(50), &a);
	get(&b, fit(11), &other);
	assert_int_equal(fake_hub_downloads_waiting(b.base.hub), 8);
	for (int i = 0; i < 2; i++)
		fake_hub_send(b.base.hub, BYTES, SIZE, 0);
	/* 99, then 0 .. 7, then those who are waited for in their order, then the rest. */
	assert_int_equal(fake_hub_downloads(b.base.hub), 11);
	assert_true(fake_hub_wanted(b.base.hub, 9).label_id == LABEL + 11 ||
		    fake_hub_wanted(b.base.hub, 9).label_id == LABEL + 50);
	assert_true(fake_hub_wanted(b.base.hub, 10).label_id == LABEL + 11 ||
		    fake_hub_wanted(b.base.hub, 10).label_id == LABEL + 50);
	while (fake_hub_send(b.base.hub, BYTES, SIZE, 0))
		assert_true(fake_hub_downloads_waiting(b.base.hub) <= 8);
	blobs_settle(&b);
	assert_int_equal(fake_hub_downloads(b.base.hub), 1 + 12 + 1);
	expect(&a, 0);
	expect(&other, 0);
	/* What is there is not fetched ahead. */
	blob_store_ahead(b.store, ahead, 12, BLOB_SIZE);
	assert_int_equal(fake_hub_downloads(b.base.hub), 14);
	blobs_teardown(&b);
}

static void not_too_many_ahead(void **state)
{
	struct blob_key ahead[200];
	struct blobs b;
	int sent = 0;

	(void)state;
	blobs_setup(&b);
	for (uint64_t i = 0; i < 200; i++)
		ahead[i] = fit(i);
	/* Before anybody looked, nothing is known to be missing. */
	blob_store_ahead(b.store, ahead, 200, BLOB_SIZE);
	blobs_settle(&b);
	assert_int_equal(fake_hub_downloads(b.base.hub), 0);
	bring(&b, fit(999));
	blob_store_ahead(b.store, ahead, 200, BLOB_SIZE);
	while (fake_hub_send(b.base.hub, BYTES, SIZE, 0))
		sent++;
	assert_in_range(sent, 8, 32);
	blobs_teardown(&b);
}

/* ---- deadlines ---- */

static void a_deadline(void **state)
{
	struct answer a, patient = {0};
	struct blob_key k = fit(1);
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	get(&b, k, &a);
	fake_clock_add(10000);
	blob_store_get(b.store, &k, BLOB_BYTES, WAIT_MS, got, &patient);
	fake_clock_add(WAIT_MS - 10000);
	fake_hub_tick(b.base.hub);
	assert_int_equal(a.times, 0);
	fake_clock_add(1);
	fake_hub_tick(b.base.hub);
	expect(&a, -ETIMEDOUT);
	assert_int_equal(patient.times, 0);
	/* The fetch goes on, and is the next one's. */
	get(&b, k, &a);
	assert_int_equal(fake_hub_downloads(b.base.hub), 1);
	fake_hub_send(b.base.hub, BYTES, SIZE, 0);
	expect(&a, 0);
	expect(&patient, 0);
	blobs_teardown(&b);
}

static void a_hurry(void **state)
{
	struct answer a, other;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	get(&b, fit(1), &a);
	get(&b, fit(2), &other);
	blob_store_hurry(b.store, &a, 100);
	assert_int_equal(a.times, 0);
	fake_clock_add(101);
	fake_hub_tick(b.base.hub);
	expect(&a, -ETIMEDOUT);
	assert_int_equal(other.times, 0);
	blob_store_hurry(b.store, NULL, 100);
	fake_clock_add(101);
	fake_hub_tick(b.base.hub);
	expect(&other, -ETIMEDOUT);
	/* The fetch goes on, and is the next one's. */
	get(&b, fit(1), &a);
	assert_int_equal(fake_hub_downloads(b.base.hub), 2);
	fake_hub_send(b.base.hub, BYTES, SIZE, 0);
	expect(&a, 0);
	blobs_teardown(&b);
}

static void no_deadline_no_wait(void **state)
{
	struct answer a;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	fake_hub_refuse_after(b.base.hub, -ENOMEM);
	get(&b, fit(1), &a);
	expect(&a, -ENOMEM);
	fake_hub_refuse_after(b.base.hub, 0);
	/* What was put under way serves the next one. */
	get(&b, fit(1), &a);
	assert_int_equal(fake_hub_downloads(b.base.hub), 1);
	fake_hub_send(b.base.hub, BYTES, SIZE, 0);
	expect(&a, 0);
	blobs_teardown(&b);
}

static void the_hub_takes_none(void **state)
{
	struct answer a;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	fake_hub_refuse(b.base.hub, -ENOMEM);
	get(&b, fit(1), &a);
	expect(&a, -ENOMEM);
	fake_hub_refuse(b.base.hub, 0);
	assert_int_equal(bring(&b, fit(1)), 1);
	blobs_teardown(&b);
}

/* ---- offline and the end ---- */

static void offline(void **state)
{
	struct answer a;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	bring(&b, fit(1));
	bring_failure(&b, key(1, EXPORT_GPX), FAKE_ABSENT, -ENOENT);
	b.config.offline = 1;
	again(&b);
	assert_int_equal(bring(&b, fit(1)), 0);
	get(&b, fit(2), &a);
	expect(&a, -EHOSTUNREACH);
	get(&b, key(1, EXPORT_GPX), &a);
	expect(&a, -ENOENT);
	blob_store_ahead(b.store, (struct blob_key[]){fit(3)}, 1, BLOB_SIZE);
	assert_int_equal(fake_hub_downloads(b.base.hub), 0);
	blobs_teardown(&b);
}

static void quiet(void **state)
{
	struct answer waits, a;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	bring(&b, fit(1));
	get(&b, fit(2), &waits);
	blob_store_quiet(b.store);
	expect(&waits, -ECANCELED);
	/* What is there is still served, nothing else is begun. */
	get(&b, fit(1), &a);
	expect(&a, 0);
	get(&b, fit(3), &a);
	expect(&a, -ECANCELED);
	get(&b, fit(2), &a);
	expect(&a, -ECANCELED);
	assert_int_equal(fake_hub_downloads(b.base.hub), 2);
	blobs_teardown(&b);
}

static void ended_in_every_state(void **state)
{
	struct blob_key ahead[20];
	struct answer a[20];
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	/* Before it has looked, */
	struct blob_key k = fit(1);
	blob_store_get(b.store, &k, BLOB_BYTES, WAIT_MS, got, memset(&a[0], 0, sizeof(a[0])));
	again(&b);
	assert_int_equal(a[0].times, 1);
	/* with some under way and some not yet, wanted and ahead. */
	bring(&b, fit(0));
	for (uint64_t i = 0; i < 20; i++)
		ahead[i] = fit(100 + i);
	blob_store_ahead(b.store, ahead, 20, BLOB_SIZE);
	for (uint64_t i = 0; i < 20; i++)
		get(&b, fit(200 + i), &a[i]);
	again(&b);
	for (int i = 0; i < 20; i++)
		expect(&a[i], -ECANCELED);
	assert_int_equal(on_disk(&b, ""), 1);
	blobs_teardown(&b);
}

/* ---- what does not exist ---- */

static void absent(void **state)
{
	struct blob_key k = key(1, EXPORT_GPX), edited = k;
	struct answer a;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	assert_true(blob_store_absent(b.store, &k) == 0);
	bring_failure(&b, k, FAKE_ABSENT, -ENOENT);
	assert_int_equal(b.changed, 1);
	assert_true(b.changed_key.label_id == k.label_id && b.changed_key.day == k.day);
	assert_true(blob_store_absent(b.store, &k) == NOW_S);
	get(&b, k, &a);
	expect(&a, -ENOENT);
	assert_int_equal(fake_hub_downloads(b.base.hub), 1);
	assert_int_equal(b.changed, 1);
	struct blob_info info;
	assert_int_equal(blob_store_peek(b.store, &k, &info), 0);
	assert_int_equal(blob_store_open(b.store, &k), -ENOENT);
	/* After an edit it may. */
	edited.edition++;
	assert_true(blob_store_absent(b.store, &edited) == 0);
	assert_int_equal(bring(&b, edited), 1);
	assert_true(blob_store_absent(b.store, &edited) == 0);
	assert_int_equal(on_disk(&b, ""), 1);
	blobs_teardown(&b);
}

/* Our own disk may say ENOENT, too. */
static void a_folder_that_is_not_there(void **state)
{
	struct blob_key k = fit(1);
	struct answer a;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	assert_int_equal(symlinkat("nowhere/at/all", b.base.dir.fd, FOLDER), 0);
	get(&b, k, &a);
	while (fake_hub_send(b.base.hub, BYTES, SIZE, 0))
		;
	blobs_settle(&b);
	expect(&a, -EIO);
	assert_true(blob_store_absent(b.store, &k) == 0);
	assert_int_equal(unlinkat(b.base.dir.fd, FOLDER, 0), 0);
	assert_int_equal(bring(&b, k), 1);
	bring_failure(&b, fit(2), -ENOENT, -EIO);
	k = fit(2);
	assert_true(blob_store_absent(b.store, &k) == 0);
	assert_int_equal(b.changed, 0);
	blobs_teardown(&b);
}

static void what_is_not_proven_stays_as_it_was(void **state)
{
	struct blob_key k = key(1, EXPORT_GPX), edited = k;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	int64_t now_s = clock_system.wall_s();
	fake_clock_set(now_s);
	bring_failure(&b, k, FAKE_UNPROVEN, -EIO);
	assert_int_equal(b.changed, 0);
	assert_true(blob_store_absent(b.store, &k) == 0);
	fake_clock_set(now_s + 10);
	bring_failure(&b, k, FAKE_ABSENT, -ENOENT);
	assert_int_equal(b.changed, 1);
	/* A month later, also after a restart, it is asked for again, and nobody can tell. */
	fake_clock_set(now_s + 31 * DAY);
	again(&b);
	bring_failure(&b, k, FAKE_UNPROVEN, -ENOENT);
	assert_true(blob_store_absent(b.store, &k) == now_s + 31 * DAY);
	edited.edition++;
	bring_failure(&b, edited, FAKE_UNPROVEN, -EIO);
	assert_true(blob_store_absent(b.store, &edited) == 0);
	blobs_teardown(&b);
}

static void absent_is_remembered(void **state)
{
	struct blob_key k = key(1, EXPORT_GPX);
	struct answer a;
	struct blobs b;

	(void)state;
	/* Dates on disk are real ones. */
	blobs_setup(&b);
	int64_t now_s = clock_system.wall_s();
	fake_clock_set(now_s);
	bring_failure(&b, k, FAKE_ABSENT, -ENOENT);
	again(&b);
	get(&b, k, &a);
	expect(&a, -ENOENT);
	assert_int_equal(fake_hub_downloads(b.base.hub), 0);
	/* The hub may have learnt to make it. */
	fake_clock_set(now_s + 31 * DAY);
	assert_true(blob_store_absent(b.store, &k) == 0);
	bring_failure(&b, k, FAKE_ABSENT, -ENOENT);
	assert_int_equal(b.changed, 2);
	/* And that it has not is remembered from then on. */
	again(&b);
	get(&b, k, &a);
	expect(&a, -ENOENT);
	assert_int_equal(fake_hub_downloads(b.base.hub), 0);
	fake_clock_set(now_s + 62 * DAY);
	assert_int_equal(bring(&b, k), 1);
	assert_int_equal(on_disk(&b, ""), 1);
	blobs_teardown(&b);
}

/* ---- editions ---- */

static void a_new_edition_replaces_the_old(void **state)
{
	struct blob_key k = fit(1), edited = k;
	struct blob_info info;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	bring(&b, k);
	edited.edition++;
	assert_int_equal(blob_store_peek(b.store, &edited, &info), 0);
	assert_int_equal(bring_bytes(&b, edited, "other bytes", 11), 1);
	assert_int_equal(blob_store_peek(b.store, &k, &info), 0);
	assert_int_equal(blob_store_peek(b.store, &edited, &info), 1);
	assert_int_equal(on_disk(&b, ""), 1);
	again(&b);
	assert_int_equal(bring_bytes(&b, edited, "other bytes", 11), 0);
	blobs_teardown(&b);
}

/* A crash between the new one's name and the old one's end leaves both. */
static void of_two_editions_the_later_one_stays(void **state)
{
	struct blobs b;

	(void)state;
	for (uint64_t turn = 0; turn < 8; turn++) {
		struct blob_key old = fit(1), edited = old;
		char path[300], keep[] = FOLDER "/../keep";
		blobs_setup(&b);
		old.edition = turn * 1000;
		edited.edition = 12345678 * (turn + 1);
		bring(&b, old);
		only_file(&b, path);
		assert_int_equal(linkat(b.base.dir.fd, path, b.base.dir.fd, keep, 0), 0);
		fake_clock_add(10 * HOUR_MS);
		bring_bytes(&b, edited, "other bytes", 11);
		blob_store_quiet(b.store);
		assert_int_equal(renameat(b.base.dir.fd, keep, b.base.dir.fd, path), 0);
		const struct timespec past[2] = {{.tv_sec = NOW_S}, {.tv_sec = NOW_S}};
		assert_int_equal(utimensat(b.base.dir.fd, path, past, 0), 0);
		again(&b);
		assert_int_equal(bring_bytes(&b, edited, "other bytes", 11), 0);
		assert_int_equal(on_disk(&b, ""), 1);
		blobs_teardown(&b);
	}
}

static void dropped_with_its_activity(void **state)
{
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	for (enum export form = 0; form < EXPORTS; form++)
		bring(&b, key(1, form));
	bring(&b, fit(2));
	blob_store_drop(b.store, LABEL + 1);
	blobs_settle(&b);
	assert_int_equal(on_disk(&b, ""), 1);
	uint64_t files, bytes;
	blob_store_count(b.store, &files, &bytes);
	assert_true(files == 1 && bytes == SIZE);
	assert_int_equal(bring(&b, fit(1)), 1);
	/* Also when nobody has asked for a file in this mount. */
	again(&b);
	blob_store_drop(b.store, LABEL + 1);
	blobs_settle(&b);
	assert_int_equal(on_disk(&b, ""), 1);
	blobs_teardown(&b);
}

/* One that is on its way then is nobody's any more. */
static void dropped_on_its_way(void **state)
{
	struct answer a;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	get(&b, fit(1), &a);
	blob_store_drop(b.store, LABEL + 1);
	blobs_settle(&b);
	fake_hub_send(b.base.hub, BYTES, SIZE, 0);
	blobs_settle(&b);
	assert_int_equal(a.times, 1);
	assert_int_equal(on_disk(&b, ""), 0);
	blobs_teardown(&b);
}

/* ---- eviction ---- */

static void the_least_recently_used_goes(void **state)
{
	struct answer a;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	b.config.size_max = 10 * SIZE;
	again(&b);
	/* All within a second: the order tells. */
	for (uint64_t i = 0; i < 10; i++)
		bring(&b, fit(i));
	assert_int_equal(on_disk(&b, ""), 10);
	/* The first one is used again: it is not the first to go. */
	assert_int_equal(bring(&b, fit(0)), 0);
	bring(&b, fit(10));
	assert_int_equal(on_disk(&b, ""), 9);
	get(&b, fit(0), &a);
	expect(&a, 0);
	for (uint64_t i = 3; i <= 10; i++) {
		get(&b, fit(i), &a);
		expect(&a, 0);
	}
	uint64_t files, bytes;
	blob_store_count(b.store, &files, &bytes);
	assert_true(files == 9 && bytes == 9 * SIZE);
	assert_int_equal(bring(&b, fit(1)), 1);
	blobs_teardown(&b);
}

static void the_last_few_stay_in_any_cache(void **state)
{
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	b.config.size_max = 0;
	again(&b);
	for (uint64_t i = 0; i < 10; i++)
		bring(&b, fit(i));
	assert_int_equal(on_disk(&b, ""), 4);
	for (uint64_t i = 6; i < 10; i++)
		assert_int_equal(bring(&b, fit(i)), 0);
	blobs_teardown(&b);
}

/* What comes ahead would be gone before it is wanted. */
static void a_small_cache_has_no_room_for_what_nobody_wants(void **state)
{
	struct blob_key ahead[8];
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	b.config.size_max = 8 * (SIZE + 1);
	again(&b);
	bring(&b, fit(0));
	for (uint64_t i = 0; i < 8; i++)
		ahead[i] = fit(10 + i);
	blob_store_ahead(b.store, ahead, 8, BLOB_SIZE);
	assert_int_equal(fake_hub_downloads_waiting(b.base.hub), 2);
	b.config.size_max = 3 * SIZE;
	again(&b);
	bring(&b, fit(1));
	blob_store_ahead(b.store, ahead, 8, BLOB_SIZE);
	assert_int_equal(fake_hub_downloads_waiting(b.base.hub), 0);
	blobs_teardown(&b);
}

/* ---- sizes of files that have left ---- */

static int known_size(struct blobs *b, struct blob_key k, uint64_t *size)
{
	int before = fake_hub_downloads(b->base.hub);
	struct answer a = {0};

	blob_store_get(b->store, &k, BLOB_SIZE, WAIT_MS, got, &a);
	blobs_settle(b);
	if (fake_hub_downloads(b->base.hub) > before)
		return 0;
	expect(&a, 0);
	*size = a.info.size;
	return 1;
}

static void a_size_is_known_for_good(void **state)
{
	struct blob_key ahead = fit(0);
	uint64_t size;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	b.config.size_max = 0;
	again(&b);
	for (uint64_t i = 0; i < 10; i++)
		bring(&b, fit(i));
	for (int mounts = 0; mounts < 2; mounts++) {
		for (uint64_t i = 0; i < 10; i++) {
			assert_int_equal(known_size(&b, fit(i), &size), 1);
			assert_int_equal(size, SIZE);
		}
		uint64_t files, bytes;
		blob_store_count(b.store, &files, &bytes);
		assert_true(files == 4 && bytes == 4 * SIZE);
		/* Nor is it fetched ahead of those who look at sizes. */
		blob_store_ahead(b.store, &ahead, 1, BLOB_SIZE);
		assert_int_equal(fake_hub_downloads_waiting(b.base.hub), 0);
		again(&b);
	}
	/* Whoever reads it has it fetched, and if it is the same nobody hears of it. */
	assert_int_equal(bring(&b, fit(0)), 1);
	assert_int_equal(b.changed, 0);
	blobs_teardown(&b);
}

static void other_bytes_than_before(void **state)
{
	uint64_t size;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	b.config.size_max = 0;
	again(&b);
	for (uint64_t i = 0; i < 10; i++)
		bring(&b, fit(i));
	assert_int_equal(bring_bytes(&b, fit(0), "other bytes", 11), 1);
	assert_int_equal(b.changed, 1);
	assert_true(b.changed_key.label_id == LABEL);
	again(&b);
	assert_int_equal(known_size(&b, fit(0), &size), 1);
	assert_int_equal(size, 11);
	blobs_teardown(&b);
}

static void a_smaller_cache_at_the_next_mount(void **state)
{
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	for (uint64_t i = 0; i < 20; i++) {
		bring_dated(&b, fit(i));
		fake_clock_add(7200000);
	}
	b.config.size_max = 10 * SIZE;
	again(&b);
	/* Its first use is enough, and it is not what goes. */
	assert_int_equal(bring(&b, fit(19)), 0);
	assert_int_equal(on_disk(&b, ""), 9);
	for (uint64_t i = 11; i < 20; i++)
		assert_int_equal(bring(&b, fit(i)), 0);
	blobs_teardown(&b);
}

/* When it was used last is known after a remount, to the hour. */
static void the_order_survives_a_remount(void **state)
{
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	for (uint64_t i = 0; i < 10; i++)
		bring_dated(&b, fit(i));
	fake_clock_add(2 * HOUR_MS);
	assert_int_equal(bring(&b, fit(3)), 0);
	fake_clock_add(HOUR_MS);
	b.config.size_max = SIZE * 2;
	again(&b);
	bring_dated(&b, fit(11));
	assert_int_equal(bring(&b, fit(3)), 0);
	blobs_teardown(&b);
}

/* ---- a disk with a life of its own ---- */

static void deleted_or_cut_on_disk(void **state)
{
	char path[300];
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	struct blob_key k = fit(1);
	bring(&b, k);
	only_file(&b, path);
	assert_int_equal(unlinkat(b.base.dir.fd, path, 0), 0);
	assert_int_equal(blob_store_open(b.store, &k), -ENOENT);
	assert_int_equal(bring(&b, k), 1);

	int fd = openat(b.base.dir.fd, path, O_RDWR);
	assert_int_equal(ftruncate(fd, 3), 0);
	close(fd);
	assert_int_equal(blob_store_open(b.store, &k), -ENOENT);
	assert_int_equal(bring(&b, k), 1);
	assert_int_equal(on_disk(&b, ""), 1);

	/* Cut while nobody was mounted. */
	fd = openat(b.base.dir.fd, path, O_RDWR);
	assert_int_equal(ftruncate(fd, 3), 0);
	close(fd);
	again(&b);
	assert_int_equal(bring(&b, k), 1);
	assert_int_equal(on_disk(&b, ""), 1);

	/* A directory or a link in its place. */
	assert_int_equal(unlinkat(b.base.dir.fd, path, 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", b.base.dir.fd, path), 0);
	assert_true(blob_store_open(b.store, &k) < 0);
	again(&b);
	assert_int_equal(bring(&b, k), 1);
	blobs_teardown(&b);
}

/* While nobody was mounted: any bit of it. */
static void flipped_on_disk(void **state)
{
	struct blob_key k = fit(1);
	struct answer a;
	struct blobs b;
	char path[300];

	(void)state;
	blobs_setup(&b);
	bring(&b, k);
	only_file(&b, path);
	for (off_t bit = 0; bit < (off_t)SIZE * 8; bit++) {
		char c;
		int fd = openat(b.base.dir.fd, path, O_RDWR);
		assert_int_equal(pread(fd, &c, 1, bit / 8), 1);
		c = (char)(c ^ 1 << bit % 8);
		assert_int_equal(pwrite(fd, &c, 1, bit / 8), 1);
		close(fd);
		again(&b);
		get(&b, k, &a);
		expect(&a, 0);
		assert_int_equal(blob_store_open(b.store, &k), -ENOENT);
		assert_int_equal(bring(&b, k), 1);
	}
	/* One that is as it should be is read once, and then believed. */
	again(&b);
	assert_int_equal(bring(&b, k), 0);
	lock_take(&b.store->lock);
	assert_int_equal(blob_index_find(&b.store->index, &k)->is_whole, 1);
	lock_drop(&b.store->lock);
	blobs_teardown(&b);
}

/* What cannot be looked at may be well: it stays, and nothing is served in its place. */
static void a_bad_look(void **state)
{
	static const struct {
		const char *call;
		int code, at_start;
	} looks[] = {
		{"fstatat", EIO, 1},
		{"openat", EMFILE, 1},
		{"readdir", EIO, 1},
		{"pread", EIO, 0},
	};
	struct answer a;
	struct blobs b;

	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		struct blob_key k = fit(1);
		blobs_setup(&b);
		bring(&b, fit(1));
		again(&b);
		if (!looks[i].at_start)
			get(&b, fit(1), &a);
		failing_disk_begin(looks[i].call, NULL, looks[i].code);
		if (looks[i].at_start)
			get(&b, fit(1), &a);
		else
			assert_int_equal(blob_store_open(b.store, &k), -ENOENT);
		assert_true(failing_disk_end() > 0);
		assert_int_equal(on_disk(&b, "fit-"), 1);
		again(&b);
		assert_int_equal(bring(&b, fit(1)), 0);
		blobs_teardown(&b);
	}
}

static void leftovers(void **state)
{
	static const char *const foreign[] = {"README", "fit-1.bak", ".hidden", "x.tmp"};
	char path[300];
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	bring(&b, fit(1));
	temp_dir_write(&b.base.dir, FOLDER "/.fit-481230045566778899-0000000000000007.tmp", "half",
		       4, 0600);
	temp_dir_write(&b.base.dir, FOLDER "/.gpx-1-0000000000000007.tmp", "", 0, 0600);
	/* A name that promises more than there is: a crash cut it. */
	temp_dir_write(&b.base.dir, FOLDER "/fit-5-0000000000000007-0000000000000007-64", "half", 4,
		       0600);
	/* One that does not exist, with bytes. */
	temp_dir_write(&b.base.dir, FOLDER "/gpx-5-0000000000000007-none", "half", 4, 0600);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		snprintf(path, sizeof(path), FOLDER "/%s", foreign[i]);
		temp_dir_write(&b.base.dir, path, "mine", 4, 0600);
	}
	again(&b);
	assert_int_equal(bring(&b, fit(1)), 0);
	assert_int_equal(on_disk(&b, "fit-481"), 1);
	assert_int_equal(on_disk(&b, "fit-5"), 0); /* of which the size is known */
	assert_int_equal(on_disk(&b, "gpx-5"), 0);
	assert_int_equal(on_disk(&b, ".fit"), 0);
	assert_int_equal(on_disk(&b, ".gpx"), 0);
	/* What is not ours stays. */
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		assert_int_equal(on_disk(&b, foreign[i]), 1);
	blobs_teardown(&b);
}

static void delete_folder(struct blobs *b)
{
	int fd = openat(b->base.dir.fd, FOLDER, O_RDONLY | O_DIRECTORY);
	DIR *dir = fdopendir(fd);

	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir));)
		unlinkat(dirfd(dir), d->d_name, 0);
	closedir(dir);
	assert_int_equal(unlinkat(b->base.dir.fd, FOLDER, AT_REMOVEDIR), 0);
}

static void the_folder_is_deleted(void **state)
{
	struct blob_key k = fit(1);
	struct answer a;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	bring(&b, k);
	delete_folder(&b);
	assert_int_equal(blob_store_open(b.store, &k), -ENOENT);
	assert_int_equal(bring(&b, k), 1);
	assert_int_equal(bring(&b, fit(2)), 1);
	/* While one is on its way, too. */
	get(&b, fit(3), &a);
	delete_folder(&b);
	fake_hub_send(b.base.hub, BYTES, SIZE, 0);
	expect(&a, 0);
	/* The account's whole folder: others in the cache make it again, or we do. */
	delete_folder(&b);
	assert_int_equal(bring(&b, fit(4)), 1);
	blobs_teardown(&b);
}

static void marks_survive_a_deleted_folder(void **state)
{
	struct blob_key k = key(1, EXPORT_GPX);
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	/* The first thing that is kept at all. */
	bring_failure(&b, k, FAKE_ABSENT, -ENOENT);
	assert_int_equal(on_disk(&b, "gpx-"), 1);
	blobs_teardown(&b);
}

static void a_file_in_place_of_the_folder(void **state)
{
	struct answer a;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	temp_dir_write(&b.base.dir, FOLDER, "", 0, 0600);
	get(&b, fit(1), &a);
	fake_hub_send(b.base.hub, BYTES, SIZE, 0);
	blobs_settle(&b);
	assert_int_equal(a.times, 1);
	assert_true(a.err.code < 0 && a.err.code != -ENOENT);
	blobs_teardown(&b);
}

/* Without a folder, or with one that is not to be written, files are nowhere, and come. */
static void not_ours_to_write(void **state)
{
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	bring(&b, fit(1));
	cache_dir_release(&b.base.folder);
	assert_int_equal(bring(&b, fit(2)), 1);
	assert_int_equal(bring(&b, fit(2)), 0);
	assert_int_equal(bring(&b, fit(1)), 0);
	blob_store_drop(b.store, LABEL + 1);
	blobs_settle(&b);
	assert_int_equal(on_disk(&b, ""), 1);
	/* Not all that there are: each holds a descriptor. */
	for (uint64_t i = 10; i < 310; i++)
		bring(&b, fit(i));
	uint64_t files, bytes;
	blob_store_count(b.store, &files, &bytes);
	assert_in_range(files, 100, 130);
	assert_int_equal(bring(&b, fit(309)), 0);
	assert_int_equal(bring(&b, fit(2)), 1);
	blobs_teardown(&b);
}

static void nowhere_to_write(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *before = tmp ? strdup(tmp) : NULL;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	b.config.dir = NULL;
	again(&b);
	setenv("TMPDIR", b.base.dir.path, 1);
	assert_int_equal(bring(&b, fit(2)), 1);
	assert_int_equal(bring(&b, fit(2)), 0);
	if (before)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
	free(before);
	blobs_teardown(&b);
}

/* Eight that drip are given up for those who wait, but not while somebody waits for them. */
static void slow_ones_give_way(void **state)
{
	struct answer slow[8], next, after;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	for (uint64_t i = 0; i < 8; i++)
		get(&b, fit(i), &slow[i]);
	fake_clock_add(WAIT_MS - 1000);
	get(&b, fit(10), &next);
	assert_int_equal(fake_hub_downloads_waiting(b.base.hub), 8);
	/* Somebody waits: it goes on. */
	fake_hub_send(b.base.hub, BYTES, SIZE, 0);
	blobs_settle(&b);
	expect(&slow[0], 0);
	get(&b, fit(11), &after);
	fake_clock_add(1001);
	fake_hub_tick(b.base.hub);
	for (int i = 1; i < 8; i++)
		expect(&slow[i], -ETIMEDOUT);
	struct answer late;
	get(&b, fit(12), &late);
	int before = fake_hub_downloads(b.base.hub);
	fake_hub_send(b.base.hub, BYTES, SIZE, 0);
	blobs_settle(&b);
	struct blob_key k = fit(1);
	assert_int_equal(blob_store_fails(b.store, &k), 1);
	assert_int_equal(fake_hub_downloads(b.base.hub), before + 1);
	while (fake_hub_send(b.base.hub, BYTES, SIZE, 0))
		;
	blobs_settle(&b);
	expect(&next, 0);
	expect(&after, 0);
	expect(&late, 0);
	blobs_teardown(&b);
}

static void a_full_disk(void **state)
{
	struct rlimit full, before;
	struct answer a;
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	bring(&b, fit(1));
	/* As good as full: no file may have more than 10 bytes. */
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	full = before;
	full.rlim_cur = 10;
	setrlimit(RLIMIT_FSIZE, &full);
	get(&b, fit(2), &a);
	fake_hub_send(b.base.hub, BYTES, SIZE, 0);
	blobs_settle(&b);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(a.times, 1);
	assert_true(a.err.code < 0 && a.err.code != -ENOENT);
	assert_int_equal(on_disk(&b, ""), 1);
	assert_int_equal(bring(&b, fit(1)), 0);
	assert_int_equal(bring(&b, fit(2)), 1);
	blobs_teardown(&b);
}

/* ---- without memory ---- */

/* One get in which the n-th allocation fails: an answer, once, and -ENOMEM if it is none. */
static void without_memory(void **state)
{
	struct blobs b;
	int refused = 1;

	(void)state;
	for (unsigned long n = 1; refused; n++) {
		struct answer a = {0};
		struct blob_key k = fit(1);
		blobs_setup(&b);
		failing_alloc_begin(n, FAIL_ONE);
		blob_store_get(b.store, &k, BLOB_BYTES, WAIT_MS, got, &a);
		refused = failing_alloc_end();
		blobs_settle(&b);
		failing_alloc_begin(n, FAIL_ONE);
		fake_hub_send(b.base.hub, BYTES, SIZE, 0);
		refused |= failing_alloc_end();
		blobs_settle(&b);
		fake_hub_send(b.base.hub, BYTES, SIZE, 0);
		assert_int_equal(a.times, 1);
		if (a.err.code)
			assert_int_equal(a.err.code, -ENOMEM);
		/* Nothing is spoilt by it. */
		bring(&b, k);
		blobs_teardown(&b);
		assert_true(n < 100);
	}
}

/* ---- many threads ---- */

struct crowd {
	struct blobs *b;
	atomic_int times, good, ends;
	atomic_int stop;
};

static void crowd_got(void *ctx, const struct blob_info *info, const struct err *err)
{
	struct crowd *c = ctx;

	(void)err;
	atomic_fetch_add(&c->times, 1);
	if (info)
		atomic_fetch_add(&c->good, 1);
}

#define CROWD  8
#define ROUNDS 200

static void *crowd_gets(void *arg)
{
	struct crowd *c = arg;
	struct blob_store *s = c->b->store;

	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct blob_key k = fit(i % 16), more[2] = {fit(i % 16 + 1), fit(i % 16 + 2)};
		struct blob_info info;
		blob_store_get(s, &k, BLOB_BYTES, WAIT_MS, crowd_got, c);
		blob_store_ahead(s, more, 2, BLOB_SIZE);
		blob_store_peek(s, &k, &info);
		int fd = blob_store_open(s, &k);
		if (fd >= 0)
			close(fd);
		blob_store_absent(s, &k);
		if (i % 50 == 49)
			blob_store_drop(s, k.label_id);
	}
	atomic_fetch_add(&c->ends, 1);
	return NULL;
}

static void a_crowd(void **state)
{
	struct crowd c = {0};
	pthread_t thread[CROWD];
	struct blobs b;

	(void)state;
	blobs_setup(&b);
	c.b = &b;
	for (int i = 0; i < CROWD; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, crowd_gets, &c), 0);
	for (int n = 0; atomic_load(&c.ends) < CROWD || fake_hub_downloads_waiting(b.base.hub); n++)
		fake_hub_send(b.base.hub, n % 7 ? BYTES : NULL, SIZE, n % 7 ? 0 : -EIO);
	for (int i = 0; i < CROWD; i++)
		pthread_join(thread[i], NULL);
	blobs_settle(&b);
	while (fake_hub_send(b.base.hub, BYTES, SIZE, 0))
		blobs_settle(&b);
	assert_int_equal(atomic_load(&c.times), CROWD * ROUNDS);
	assert_true(atomic_load(&c.good) > 0);
	blobs_teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(once_for_all),
		cmocka_unit_test(an_attempt_that_broke_off_leaves_nothing),
		cmocka_unit_test(a_failure_is_tried_again),
		cmocka_unit_test(one_that_fails_is_left_alone),
		cmocka_unit_test(asked_again_on_purpose),
		cmocka_unit_test(a_size_outlives_failures),
		cmocka_unit_test(gone_is_remembered),
		cmocka_unit_test(the_last_one_that_came_is_the_control),
		cmocka_unit_test(one_without_a_control_is_asked_for_when_there_is_one),
		cmocka_unit_test(those_that_are_waited_for_go_first),
		cmocka_unit_test(not_too_many_ahead),
		cmocka_unit_test(a_deadline),
		cmocka_unit_test(a_hurry),
		cmocka_unit_test(no_deadline_no_wait),
		cmocka_unit_test(the_hub_takes_none),
		cmocka_unit_test(offline),
		cmocka_unit_test(quiet),
		cmocka_unit_test(ended_in_every_state),
		cmocka_unit_test(absent),
		cmocka_unit_test(a_folder_that_is_not_there),
		cmocka_unit_test(what_is_not_proven_stays_as_it_was),
		cmocka_unit_test(absent_is_remembered),
		cmocka_unit_test(a_new_edition_replaces_the_old),
		cmocka_unit_test(of_two_editions_the_later_one_stays),
		cmocka_unit_test(dropped_with_its_activity),
		cmocka_unit_test(dropped_on_its_way),
		cmocka_unit_test(the_least_recently_used_goes),
		cmocka_unit_test(the_last_few_stay_in_any_cache),
		cmocka_unit_test(a_small_cache_has_no_room_for_what_nobody_wants),
		cmocka_unit_test(a_size_is_known_for_good),
		cmocka_unit_test(other_bytes_than_before),
		cmocka_unit_test(nowhere_to_write),
		cmocka_unit_test(slow_ones_give_way),
		cmocka_unit_test(a_smaller_cache_at_the_next_mount),
		cmocka_unit_test(the_order_survives_a_remount),
		cmocka_unit_test(deleted_or_cut_on_disk),
		cmocka_unit_test(flipped_on_disk),
		cmocka_unit_test(a_bad_look),
		cmocka_unit_test(leftovers),
		cmocka_unit_test(the_folder_is_deleted),
		cmocka_unit_test(marks_survive_a_deleted_folder),
		cmocka_unit_test(a_file_in_place_of_the_folder),
		cmocka_unit_test(not_ours_to_write),
		cmocka_unit_test(a_full_disk),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(a_crowd),
	};
	return cmocka_run_group_tests_name("blob_store", tests, NULL, NULL);
}
