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
	uint64_t size;
	int want;
} fit_cases[] = {
	{"a header of 14 bytes", 14, 1000, ".FIT", 1016, 0},
	{"a header of 12 bytes", 12, 1000, ".FIT", 1014, 0},
	{"two recordings in one file", 14, 1000, ".FIT", 2032, 0},
	{"one byte is missing", 14, 1000, ".FIT", 1015, -EIO},
	{"one byte is missing behind a short header", 12, 1000, ".FIT", 1013, -EIO},
	{"half of it is missing", 14, 1000, ".FIT", 500, -EIO},
	{"a header alone", 14, 0, ".FIT", 16, 0},
	{"a header that promises more than there can be", 255, UINT32_MAX, ".FIT", 1016, -EIO},
	{"too short for a header", 14, 0, ".FIT", 13, -EIO},
	{"nothing", 0, 0, "", 0, -EIO},
	{"another magic", 14, 1000, ".TIF", 1016, -EIO},
	{"the magic in small letters", 14, 1000, ".fit", 1016, -EIO},
	{"zeros", 0, 0, "", 1016, -EIO},
};

static void fit(void **state)
{
	const struct fit_case *c = *state;
	char head[EXPORT_EDGE] = {0}, tail[EXPORT_EDGE] = {0};
	struct err err = {0};

	head[0] = (char)c->header;
	for (int i = 0; i < 4; i++)
		head[4 + i] = (char)(c->data >> 8 * i);
	memcpy(head + 8, c->magic, strlen(c->magic));
	assert_int_equal(export_check(EXPORT_FIT, c->size, head, tail, &err), c->want);
	assert_int_equal(err.code, c->want);
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
	{"a gpx that is cut off", EXPORT_GPX, "<gpx></gp", -EIO},
	{"a gpx without its last bracket", EXPORT_GPX, "<gpx></gpx", -EIO},
	{"a gpx that is cut off in the middle", EXPORT_GPX, "<?xml?><gpx><trk><trkpt>", -EIO},
	{"a kml where a gpx should be", EXPORT_GPX, "<kml></kml>", -EIO},
	{"a gpx where a tcx should be", EXPORT_TCX, "<gpx></gpx>", -EIO},
	{"a web page where a kml should be", EXPORT_KML, "<!doctype html><html></html>", -EIO},
	{"an error of the object store", EXPORT_TCX, "<Error><Code>NoSuchKey</Code></Error>", -EIO},
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
	{"nothing where a csv should be", EXPORT_TRACK, "", -EIO},
};

/* As the download gives them: the first and the last bytes. */
static int check(enum export form, const char *text, size_t len, struct err *err)
{
	size_t edge = len < EXPORT_EDGE ? len : EXPORT_EDGE;
	char head[EXPORT_EDGE] = {0}, tail[EXPORT_EDGE] = {0};

	memcpy(head, text, edge);
	memcpy(tail, text + len - edge, edge);
	*err = (struct err){0};
	return export_check(form, len, head, tail, err);
}

static void text(void **state)
{
	const struct text_case *c = *state;
	struct err err;

	assert_int_equal(check(c->form, c->text, strlen(c->text), &err), c->want);
	assert_int_equal(err.code, c->want);
	if (c->want)
		assert_non_null(strstr(err.text, export_name(c->form)));
}

/* Where a file is cut, and where its end falls, does not matter. */
static void of_any_size(void **state)
{
	static const char begin[] = "<?xml version=\"1.0\"?>\n<gpx>", end[] = "</gpx>\n";
	char file[3 * EXPORT_EDGE];
	struct err err;

	(void)state;
	for (size_t len = strlen(begin) + strlen(end); len < sizeof(file); len++) {
		memset(file, 'x', len);
		memcpy(file, begin, strlen(begin));
		memcpy(file + len - strlen(end), end, strlen(end));
		assert_int_equal(check(EXPORT_GPX, file, len, &err), 0);
		for (size_t cut = 2; cut < 9; cut++)
			assert_int_equal(check(EXPORT_GPX, file, len - cut, &err), -EIO);
	}
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
	ROWS_ADD(&rows, never_cases, never);
	rows_add(&rows, "of any size", of_any_size, NULL);
	rows_add(&rows, "names", names, NULL);
	return rows_run("export", &rows);
}
