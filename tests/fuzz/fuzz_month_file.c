/* SPDX-License-Identifier: MIT */
/*
 * A month's file, changed at will: refused, or what comes of it can be read through. The input is
 * a list of changes to a good file, 4 bytes each: where (2), how (1: set, add, cut), what (1). An
 * odd first byte seals the index afterwards, as somebody would who can write checksums.
 */
#include <errno.h>
#include <string.h>
#include <xxhash.h>

#include "api/day.h"
#include "cache/month_file.h"
#include "fs/render.h"
#include "tests/fuzz/fuzz.h"

#define NUMBER  (2022 * 12 + 11)
#define AT_HASH 72
#define HEADER  80
#define ITEM                                                                                       \
	"{\"labelId\":\"48123004556677880%d\",\"name\":\"Foo Run %d\",\"date\":2022123%d,"         \
	"\"startTime\":%d,\"endTime\":%d,\"startTimezone\":36,\"sportType\":100,"                  \
	"\"totalTime\":9538,\"distance\":14651.11,\"calorie\":1266085,\"trainingLoad\":117}"

static char good[8192];
static size_t good_len;

static void make_good(void)
{
	const struct month_past past = {0};
	const uint32_t rows[] = {0, 1};
	struct activities list;
	struct month_text *text;
	struct json_text in;
	struct month *m;
	struct err err;
	char item[512];

	activities_init(&list);
	for (int i = 1; i >= 0; i--) {
		snprintf(item, sizeof(item), ITEM, i, i, i, 1672356000 + i * 86400,
			 1672357000 + i * 86400);
		json_text_init(&in, item, strlen(item));
		CLAIM(activities_decode(&list, &in, &err) == 1);
	}
	CLAIM(month_build(NUMBER, &list, rows, 2, &past, 0, month_names_hash, &m, &text) == 0);
	CLAIM(month_file_write(fuzz_folder_fd(), m, text, 1, &err) == 0);
	activities_clear(&list);
	month_unref(m);
	month_text_unref(text);
	int fd = openat(fuzz_folder_fd(), "2022-12", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, good, sizeof(good));
	close(fd);
	CLAIM(n > HEADER && (size_t)n < sizeof(good));
	good_len = (size_t)n;
}

static void seal(char *file, size_t len)
{
	uint32_t n, strings_len;

	if (len < HEADER)
		return;
	memcpy(&n, file + 20, 4);
	memcpy(&strings_len, file + 24, 4);
	uint64_t index = (uint64_t)n * sizeof(struct activity) + strings_len;
	if (index > len - HEADER)
		return;
	uint64_t hash = XXH3_64bits_withSeed(file + HEADER, index, XXH3_64bits(file, AT_HASH));
	memcpy(file + AT_HASH, &hash, sizeof(hash));
}

static void use(struct month *m)
{
	struct month_text *text;
	struct buf out;
	struct err err;
	struct part part;

	/* Through all that a mount would make of it. */
	CLAIM(month_view(m));
	struct span *span = calloc(1, sizeof(*span) + sizeof(span->month[0]));
	CLAIM(span);
	atomic_init(&span->refs, 1);
	span->first = m->number;
	span->n = 1;
	span->month[0] = month_ref(m);
	if (month_file_read_text(fuzz_folder_fd(), m, 0, m->json_len, &text, &err) == 0) {
		for (int i = 0; i < FORMATS; i++) {
			enum thing_format f = (enum thing_format)i;
			struct render_options o = {0};
			buf_init(&out, 1 << 26);
			CLAIM(render_summary(f, &o, span, &part) == 0);
			CLAIM(render_range(f, &o, span, &text, 0, 1 << 20, &out) == 0);
			buf_clear(&out);
		}
		month_text_unref(text);
	}
	span_unref(span);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char file[sizeof(good)];
	struct month *m;
	int64_t fetched_s;
	struct err err = {0};

	if (!good_len)
		make_good();
	size_t len = good_len;
	memcpy(file, good, good_len);
	for (size_t i = 1; i + 4 <= size; i += 4) {
		size_t at = (data[i] | (size_t)data[i + 1] << 8) % good_len;
		if (data[i + 2] % 8 == 0)
			len = at;
		else if (data[i + 2] % 2)
			file[at] = (char)data[i + 3];
		else
			file[at] = (char)(file[at] + data[i + 3]);
	}
	if (size && data[0] % 2)
		seal(file, len);
	fuzz_write(fuzz_folder_fd(), "2022-12", file, len);
	int r = month_file_read(fuzz_folder_fd(), NUMBER, &m, &fetched_s, &err);
	if (r < 0) {
		CLAIM(r == -EBADMSG && err.text[0]);
		return 0;
	}
	use(m);
	month_unref(m);
	return 0;
}
