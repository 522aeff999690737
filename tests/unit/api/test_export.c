/* SPDX-License-Identifier: MIT */
/* Whole files and those that are not, told from their ends. */
#include "api/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/rows.h"

/* ---- FIT ---- */

static const struct fit_case {
	const char *why;
	unsigned char header;
	uint32_t data;
	const char *magic;
	size_t size;
	int want; /* 1: odd */
} fit_cases[] = {
	{"a header of 14 bytes", 14, 1000, ".FIT", 1016, 0},
	{"a header of 12 bytes", 12, 1000, ".FIT", 1014, 0},
	{"two recordings in one file", 14, 1000, ".FIT", 2032, 0},
	{"one byte is missing", 14, 1000, ".FIT", 1015, 1},
	{"one byte is missing behind a short header", 12, 1000, ".FIT", 1013, 1},
	{"half of it is missing", 14, 1000, ".FIT", 500, 1},
	{"a header alone", 14, 0, ".FIT", 16, 0},
	{"a header that promises more than there can be", 255, UINT32_MAX, ".FIT", 1016, 1},
	{"a header that says it has no length", 0, 1000, ".FIT", 1016, 0},
	{"too short for a header", 14, 0, ".FIT", 13, -EIO},
	{"nothing", 0, 0, "", 0, -EIO},
	{"another magic", 14, 1000, ".TIF", 1016, -EIO},
	{"the magic in small letters", 14, 1000, ".fit", 1016, -EIO},
	{"zeros", 0, 0, "", 1016, -EIO},
};

static void fit(void **state)
{
	const struct fit_case *c = *state;
	struct export_edges x = {.form = EXPORT_FIT};
	char file[2048] = {0};
	struct err err = {0};

	file[0] = (char)c->header;
	for (int i = 0; i < 4; i++)
		file[4 + i] = (char)(c->data >> 8 * i);
	memcpy(file + 8, c->magic, strlen(c->magic));
	export_edges_add(&x, file, c->size);
	assert_int_equal(export_check(&x, &err), c->want);
	assert_int_equal(err.code, c->want < 0 ? c->want : 0);
	assert_int_equal(err.text[0] != '\0', c->want != 0);
}

/* ---- text ---- */

static const struct text_case {
	const char *why;
	enum export form;
	const char *text;
	int want;
} text_cases[] = {
	{"a gpx", EXPORT_GPX, "<?xml version=\"1.0\"?>\n<gpx>\n</gpx>\n", 0},
	{"a gpx without a line break at its end", EXPORT_GPX, "<gpx></gpx>", 0},
	{"a gpx with blank lines at its end", EXPORT_GPX, "<gpx></gpx>\r\n\r\n\t ", 0},
	{"a gpx with a byte-order mark", EXPORT_GPX, "\xef\xbb\xbf<gpx></gpx>", 0},
	{"blanks before a gpx", EXPORT_GPX, "\r\n  <gpx></gpx>", 0},
	{"a mark and blanks before a gpx", EXPORT_GPX, "\xef\xbb\xbf \n<gpx></gpx>", 0},
	{"a kml", EXPORT_KML, "<?xml version=\"1.0\"?><kml></kml>", 0},
	{"a tcx", EXPORT_TCX, "<TrainingCenterDatabase></TrainingCenterDatabase>\n", 0},
	{"a gpx that is cut off", EXPORT_GPX, "<gpx></gp", 1},
	{"a gpx without its last bracket", EXPORT_GPX, "<gpx></gpx", 1},
	{"a gpx that is cut off in the middle", EXPORT_GPX, "<?xml?><gpx><trk><trkpt>", 1},
	{"a comment behind the root", EXPORT_GPX, "<gpx></gpx><!-- made by the hub -->\n", 0},
	{"a blank in the end tag", EXPORT_TCX, "<TrainingCenterDatabase></TrainingCenterDatabase >",
	 0},
	{"a prefix", EXPORT_KML, "<?xml?><k:kml xmlns:k=\"x\"></k:kml>", 0},
	{"a prefix at the beginning alone", EXPORT_KML, "<k:kml></kml>", 0},
	{"comments and a DOCTYPE before the root", EXPORT_GPX,
	 "<?xml?><!-- <html> --><!DOCTYPE gpx>\n<gpx></gpx>", 0},
	{"attributes, and nothing inside", EXPORT_GPX, "<gpx version=\"1.1\"/>", 1},
	{"one whose name begins alike", EXPORT_GPX, "<gpxx></gpxx>", -EIO},
	{"a comment that does not end", EXPORT_GPX, "<!-- <gpx></gp", -EIO},
	{"a kml where a gpx should be", EXPORT_GPX, "<kml></kml>", -EIO},
	{"a gpx where a tcx should be", EXPORT_TCX, "<gpx></gpx>", -EIO},
	{"a web page where a kml should be", EXPORT_KML, "<!doctype html><html></html>", -EIO},
	{"an error of the object store", EXPORT_TCX, "<Error><Code>NoSuchKey</Code></Error>", -EIO},
	{"a web page in XML where a gpx should be", EXPORT_GPX,
	 "<?xml version=\"1.0\"?><!DOCTYPE html><html></html>", -EIO},
	{"text where a gpx should be", EXPORT_GPX, "Access denied</gpx>", -EIO},
	{"nothing where a gpx should be", EXPORT_GPX, "", -EIO},
	{"blanks where a gpx should be", EXPORT_GPX, " \n\n ", -EIO},
	{"a byte-order mark where a gpx should be", EXPORT_GPX, "\xef\xbb\xbf", -EIO},
	{"a csv", EXPORT_TRACK, "time,latitude\n1,2\n", 0},
	{"a csv with a byte-order mark", EXPORT_TRACK, "\xef\xbb\xbftime\n", 0},
	{"a csv of one byte", EXPORT_TRACK, "t", 0},
	{"a web page where a csv should be", EXPORT_TRACK, "<!doctype html><html></html>", -EIO},
	{"a web page behind blanks where a csv should be", EXPORT_TRACK, "\r\n\t <html>", -EIO},
	{"a web page behind a mark where a csv should be", EXPORT_TRACK, "\xef\xbb\xbf<html>",
	 -EIO},
	{"an answer where a csv should be", EXPORT_TRACK, "{\"result\":\"1001\"}", -EIO},
	{"nothing where a csv should be", EXPORT_TRACK, "", -EIO},
};

/* In pieces, as the download gives them. */
static int check(enum export form, const char *text, size_t len, size_t piece, struct err *err)
{
	struct export_edges x = {.form = form};

	for (size_t at = 0; at < len; at += piece)
		export_edges_add(&x, text + at, len - at < piece ? len - at : piece);
	assert_true(x.size == len);
	*err = (struct err){0};
	return export_check(&x, err);
}

static void text(void **state)
{
	const struct text_case *c = *state;
	static const size_t pieces[] = {SIZE_MAX, 7, 1};
	struct err err;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		assert_int_equal(check(c->form, c->text, strlen(c->text), pieces[i], &err),
				 c->want);
		assert_int_equal(err.code, c->want < 0 ? c->want : 0);
		if (c->want)
			assert_non_null(strstr(err.text, export_name(c->form)));
	}
}

/* The same in UTF-16, of either kind. */
static void wide_text(void **state)
{
	const struct text_case *c = *state;
	size_t len = strlen(c->text), i, from = (unsigned char)c->text[0] == 0xef ? 3 : 0;
	char wide[2 * 256];
	struct err err;

	for (int little = 0; little < 2; little++) {
		memset(wide, 0, sizeof(wide));
		memcpy(wide, little ? "\xff\xfe" : "\xfe\xff", 2);
		for (i = from; i < len; i++)
			wide[2 + 2 * (i - from) + !little] = c->text[i];
		assert_int_equal(check(c->form, wide, 2 + 2 * (len - from), 9, &err), c->want);
	}
}

/* Where a file is cut, and where its end falls, does not matter. */
static void of_any_size(void **state)
{
	static const char begin[] = "<?xml version=\"1.0\"?>\n<gpx>", end[] = "</gpx>\n";
	char file[3000];
	struct err err;

	(void)state;
	for (size_t len = strlen(begin) + strlen(end); len < sizeof(file); len += 7) {
		memset(file, 'x', len);
		memcpy(file, begin, strlen(begin));
		memcpy(file + len - strlen(end), end, strlen(end));
		assert_int_equal(check(EXPORT_GPX, file, len, 500, &err), 0);
		for (size_t cut = 2; cut < 9; cut++)
			assert_int_equal(check(EXPORT_GPX, file, len - cut, 500, &err), 1);
	}
}

/* More than is kept of a beginning. */
static void behind_much_else(void **state)
{
	static const char text[] = "<gpx></gpx>";
	char file[6000];
	struct err err;

	(void)state;
	memset(file, ' ', sizeof(file));
	memcpy(file + sizeof(file) - strlen(text), text, strlen(text));
	assert_int_equal(check(EXPORT_GPX, file, sizeof(file), 700, &err), 0);
	memset(file, '\n', sizeof(file) - 6);
	assert_int_equal(check(EXPORT_TRACK, file, sizeof(file), 700, &err), -EIO);
	/* A root that is out of sight is told by the end. */
	memset(file, '-', sizeof(file) - strlen(text));
	memcpy(file, "<!--", 4);
	file[sizeof(file) - strlen(text) - 1] = '>';
	memcpy(file + sizeof(file) - strlen(text), text, strlen(text));
	assert_int_equal(check(EXPORT_GPX, file, sizeof(file), 700, &err), 0);
	assert_int_equal(check(EXPORT_GPX, file, sizeof(file) - 7, 700, &err), -EIO);
}

/* ---- what is never made ---- */

static const struct never_case {
	const char *why;
	enum export form;
	int sport, want;
} never_cases[] = {
	{"a run has a gpx", EXPORT_GPX, 100, 0},
	{"an indoor run has no gpx", EXPORT_GPX, 101, 1},
	{"an indoor ride has no gpx", EXPORT_GPX, 201, 1},
	{"a pool swim has no gpx", EXPORT_GPX, 300, 1},
	{"strength has no gpx", EXPORT_GPX, 402, 1},
	{"rowing indoors has no gpx", EXPORT_GPX, 701, 1},
	{"an indoor run has a fit", EXPORT_FIT, 101, 0},
	{"an indoor run may have a tcx", EXPORT_TCX, 101, 0},
	{"an indoor run may have a kml", EXPORT_KML, 101, 0},
	{"an indoor run may have a csv", EXPORT_TRACK, 101, 0},
	{"an indoor run has a detail", EXPORT_DETAIL, 101, 0},
	{"nobody knows of a sport that nobody knows", EXPORT_GPX, 9800, 0},
	{"or of none", EXPORT_GPX, 0, 0},
	{"or of less", EXPORT_GPX, -1, 0},
};

static void never(void **state)
{
	const struct never_case *c = *state;

	assert_int_equal(export_never(c->form, c->sport), c->want);
}

/* Names are on disk, endings in backups. */
static void names(void **state)
{
	static const char *const want[EXPORTS][2] = {{"track", ".csv"}, {"gpx", ".gpx"},
						     {"kml", ".kml"},   {"tcx", ".tcx"},
						     {"fit", ".fit"},   {"detail", ".json"}};

	(void)state;
	for (enum export e = 0; e < EXPORTS; e++) {
		assert_string_equal(export_name(e), want[e][0]);
		assert_string_equal(export_ending(e), want[e][1]);
	}
}

int main(void)
{
	static struct rows rows;

	ROWS_ADD(&rows, fit_cases, fit);
	ROWS_ADD(&rows, text_cases, text);
	ROWS_ADD(&rows, text_cases, wide_text);
	ROWS_ADD(&rows, never_cases, never);
	rows_add(&rows, "of any size", of_any_size, NULL);
	rows_add(&rows, "behind much else", behind_much_else, NULL);
	rows_add(&rows, "names", names, NULL);
	return rows_run("export", &rows);
}
