/* SPDX-License-Identifier: MIT */
/* What a file is of, and the name that says so. */
#include "cache/blob.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/item.h"
#include "tests/support/rows.h"

#define LABEL UINT64_C(481230045566778899)

/* ---- what changes a file ---- */

#define BIT(form) (1u << (form))
#define ALL       ((1u << EXPORTS) - 1)
#define TITLED    (BIT(EXPORT_GPX) | BIT(EXPORT_TCX) | BIT(EXPORT_KML) | BIT(EXPORT_DETAIL))

static const char before[] =
	",\"sportType\":100,\"totalTime\":3541,\"distance\":10214.37,\"avgHr\":147";

static const struct edition_case {
	const char *why;
	int start_min;
	const char *name, *more;
	unsigned changed; /* forms whose edition is another */
} edition_cases[] = {
	{"nothing changed", 480, NULL, before, 0},
	{"another title", 480, "\"Evening Run\"", before, TITLED},
	{"another start", 481, NULL, before, ALL},
	{"another distance", 480, NULL,
	 ",\"sportType\":100,\"totalTime\":3541,\"distance\":10214.38,\"avgHr\":147", ALL},
	{"the same distance, written otherwise", 480, NULL,
	 ",\"sportType\":100,\"totalTime\":3541,\"distance\":10214.370,\"avgHr\":147",
	 BIT(EXPORT_DETAIL)},
	{"a duration that became a fraction", 480, NULL,
	 ",\"sportType\":100,\"totalTime\":3541.0,\"distance\":10214.37,\"avgHr\":147",
	 BIT(EXPORT_DETAIL)},
	{"no distance any more", 480, NULL, ",\"sportType\":100,\"totalTime\":3541,\"avgHr\":147",
	 ALL},
	{"a distance of 0 is not none", 480, NULL,
	 ",\"sportType\":100,\"totalTime\":3541,\"distance\":0,\"avgHr\":147", ALL},
	{"another duration", 480, NULL,
	 ",\"sportType\":100,\"totalTime\":3542,\"distance\":10214.37,\"avgHr\":147", ALL},
	{"another sport", 480, NULL,
	 ",\"sportType\":102,\"totalTime\":3541,\"distance\":10214.37,\"avgHr\":147", ALL},
	{"another heart rate is in the detail alone", 480, NULL,
	 ",\"sportType\":100,\"totalTime\":3541,\"distance\":10214.37,\"avgHr\":148",
	 BIT(EXPORT_DETAIL)},
};

static struct blob_key key_of(enum export form, int start_min, const char *name, const char *more)
{
	const struct item item = {LABEL, 20260315, start_min, name, more};
	struct activities list;

	items_list(&item, 1, &list);
	struct blob_key key = blob_key(form, &list.row[0], list.strings.data);
	activities_clear(&list);
	return key;
}

static void edition(void **state)
{
	const struct edition_case *c = *state;

	for (enum export form = 0; form < EXPORTS; form++) {
		struct blob_key old = key_of(form, 480, NULL, before);
		struct blob_key now = key_of(form, c->start_min, c->name, c->more);
		assert_true(now.label_id == LABEL && now.form == form && now.day == 20260315);
		assert_int_equal(now.edition != old.edition, !!(c->changed & BIT(form)));
	}
}

/* ---- names ---- */

static const struct name_case {
	const char *why, *name;
	int want;
	enum export form;
	uint64_t label, edition, hash, size;
} name_cases[] = {
	{"a file", "fit-481230045566778899-0123456789abcdef-fedcba9876543210-1a2b", BLOB_FILE,
	 EXPORT_FIT, LABEL, 0x0123456789abcdef, 0xfedcba9876543210, 0x1a2b},
	{"one that the hub does not make", "gpx-481230045566778899-0123456789abcdef-none",
	 BLOB_ABSENT, EXPORT_GPX, LABEL, 0x0123456789abcdef, 0, 0},
	{"one that the file host lost", "gpx-481230045566778899-0123456789abcdef-gone", BLOB_GONE,
	 EXPORT_GPX, LABEL, 0x0123456789abcdef, 0, 0},
	{"the longest name",
	 "detail-1152921504606846975-ffffffffffffffff-ffffffffffffffff-10000000", BLOB_FILE,
	 EXPORT_DETAIL, LABEL_ID_MAX, UINT64_MAX, UINT64_MAX, EXPORT_SIZE_MAX},
	{"the shortest", "kml-1-0000000000000000-0000000000000000-0", BLOB_FILE, EXPORT_KML, 1, 0,
	 0, 0},
	{"a file of csv", "track-7-0000000000000001-0000000000000002-3", BLOB_FILE, EXPORT_TRACK, 7,
	 1, 2, 3},
	{"nothing", "", -1, 0, 0, 0, 0, 0},
	{"the folder", ".", -1, 0, 0, 0, 0, 0},
	{"the one above", "..", -1, 0, 0, 0, 0, 0},
	{"one on its way", ".fit-481230045566778899-0123456789abcdef.tmp", -1, 0, 0, 0, 0, 0},
	{"another form", "zip-481230045566778899-0123456789abcdef-none", -1, 0, 0, 0, 0, 0},
	{"a form with more behind it", "fits-481230045566778899-0123456789abcdef-none", -1, 0, 0, 0,
	 0, 0},
	{"no label", "fit--0123456789abcdef-none", -1, 0, 0, 0, 0, 0},
	{"label 0", "fit-0-0123456789abcdef-none", -1, 0, 0, 0, 0, 0},
	{"a label that is too large", "fit-1152921504606846976-0123456789abcdef-none", -1, 0, 0, 0,
	 0, 0},
	{"a label beyond all numbers", "fit-99999999999999999999999-0123456789abcdef-none", -1, 0,
	 0, 0, 0, 0},
	{"a label with a zero before it", "fit-01-0123456789abcdef-none", -1, 0, 0, 0, 0, 0},
	{"a label with a sign", "fit-+1-0123456789abcdef-none", -1, 0, 0, 0, 0, 0},
	{"a negative label", "fit--1-0123456789abcdef-none", -1, 0, 0, 0, 0, 0},
	{"an edition that is too short", "fit-1-123456789abcdef-none", -1, 0, 0, 0, 0, 0},
	{"an edition in capitals", "fit-1-0123456789ABCDEF-none", -1, 0, 0, 0, 0, 0},
	{"an edition with 0x", "fit-1-0x23456789abcdef-none", -1, 0, 0, 0, 0, 0},
	{"no size", "fit-1-0123456789abcdef-fedcba9876543210", -1, 0, 0, 0, 0, 0},
	{"no size behind the dash", "fit-1-0123456789abcdef-fedcba9876543210-", -1, 0, 0, 0, 0, 0},
	{"more than a file may have", "fit-1-0123456789abcdef-fedcba9876543210-10000001", -1, 0, 0,
	 0, 0, 0},
	{"something behind the size", "fit-1-0123456789abcdef-fedcba9876543210-3~", -1, 0, 0, 0, 0,
	 0},
	{"something behind none", "fit-1-0123456789abcdef-none2", -1, 0, 0, 0, 0, 0},
	{"something behind gone", "fit-1-0123456789abcdef-gone-1", -1, 0, 0, 0, 0, 0},
	{"a blank", "fit- 1-0123456789abcdef-none", -1, 0, 0, 0, 0, 0},
};

static void name(void **state)
{
	const struct name_case *c = *state;
	char again[BLOB_NAME];
	struct blob_info info;
	struct blob_key key;

	assert_int_equal(blob_of_name(c->name, &key, &info), c->want);
	if (c->want < 0)
		return;
	assert_int_equal(key.form, c->form);
	assert_true(key.label_id == c->label && key.edition == c->edition);
	assert_true(info.hash == c->hash && info.size == c->size);
	blob_name(&key, (enum blob_state)c->want, &info, again);
	assert_string_equal(again, c->name);
}

/* Written down, since a cache is kept over years and versions. */
static void editions_stay(void **state)
{
	static const uint64_t want[EXPORTS] = {0xd4d5a77d08e3456a, 0x2b6e119d8547d9ed,
					       0x2b6e119d8547d9ed, 0x2b6e119d8547d9ed,
					       0xd4d5a77d08e3456a, 0xe27b8fe02f4a7191};

	(void)state;
	for (enum export form = 0; form < EXPORTS; form++) {
		struct blob_key key = key_of(form, 480, NULL, before);
		if (key.edition != want[form])
			fail_msg("the edition of %s is %#llx", export_name(form),
				 (unsigned long long)key.edition);
	}
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, edition_cases, edition);
	ROWS_ADD(&rows, name_cases, name);
	rows_add(&rows, "editions stay the same for ever", editions_stay, NULL);
	return rows_run("blob", &rows);
}
