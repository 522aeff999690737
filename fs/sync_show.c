/* SPDX-License-Identifier: MIT */
/* Showing a sync; see sync_show.h. */
#include "fs/sync_show.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_MAX   40
#define WORDS_MAX 68
#define LINES_MS  10000 /* between plain lines */
#define JSON_MS   1000

void sync_show_init(struct sync_show *s, FILE *out, int json)
{
	struct winsize size = {.ws_col = 80};
	int fd = fileno(out);

	*s = (struct sync_show){.out = out, .style = SYNC_LINES, .said_ms = -1};
	if (json)
		s->style = SYNC_JSON;
	else if (isatty(fd))
		s->style = SYNC_BAR;
	if (s->style == SYNC_BAR && ioctl(fd, TIOCGWINSZ, &size) < 0)
		size.ws_col = 80;
	s->columns = size.ws_col ? size.ws_col : 80;
}

/* Months first; then, if downloads were asked for, these, which take nearly all of the time. */
static int64_t steps(const struct sync_progress *p)
{
	return p->all_files ? p->files : p->months;
}

static int64_t all_steps(const struct sync_progress *p)
{
	return p->all_files ? p->all_files : p->all_months;
}

/* "1:05 left", from what the steps so far took. */
static void left_words(const struct sync_progress *p, char out[32])
{
	int64_t done = steps(p), all = all_steps(p);

	out[0] = '\0';
	if (done <= 0 || all <= done)
		return;
	int64_t s = p->ms * (all - done) / done / 1000;
	snprintf(out, 32, ", %lld:%02lld left", (long long)(s / 60), (long long)(s % 60));
}

static double rate(const struct sync_progress *p)
{
	int64_t n = p->all_files ? p->files : p->activities;

	return p->ms > 0 ? (double)n * 1e3 / (double)p->ms : 0;
}

static void words(const struct sync_progress *p, char *out, size_t size)
{
	char left[32];

	left_words(p, left);
	if (!p->all_months)
		snprintf(out, size, "asking from when to when there are activities");
	else if (p->all_files)
		snprintf(out, size, "%lld of %lld files, %.0f/s%s", (long long)p->files,
			 (long long)p->all_files, rate(p), left);
	else
		snprintf(out, size, "%d of %d months, %lld activities, %.0f/s%s", p->months,
			 p->all_months, (long long)p->activities, rate(p), left);
}

static void bar(struct sync_show *s, const struct sync_progress *p)
{
	char text[160], line[BAR_MAX + 1];
	int width, full;

	words(p, text, sizeof(text));
	/* The same all the time, whatever the words are. */
	width = s->columns - WORDS_MAX;
	width = width > BAR_MAX ? BAR_MAX : width;
	if (width < 5) {
		fprintf(s->out, "\r%.*s\033[K", s->columns - 1, text);
	} else {
		full = all_steps(p) ? (int)(width * steps(p) / all_steps(p)) : 0;
		memset(line, '#', (size_t)full);
		memset(line + full, '.', (size_t)(width - full));
		line[width] = '\0';
		fprintf(s->out, "\r[%s] %s\033[K", line, text);
	}
	fflush(s->out);
}

static void json_line(const struct sync_show *s, json_t *o)
{
	json_dumpf(o, s->out, JSON_COMPACT | JSON_REAL_PRECISION(6));
	fputc('\n', s->out);
	fflush(s->out);
	json_decref(o);
}

void sync_show_progress(struct sync_show *s, const struct sync_progress *p)
{
	int64_t gap_ms = s->style == SYNC_BAR ? 0 : s->style == SYNC_JSON ? JSON_MS : LINES_MS;
	char text[160];

	if (s->said_ms >= 0 &&
	    (p->ms - s->said_ms < gap_ms || (s->style != SYNC_BAR && steps(p) == s->said_steps)))
		return;
	/* What takes no time needs no line of its own. */
	if (s->style == SYNC_LINES && s->said_ms < 0 && p->ms < LINES_MS)
		return;
	s->said_ms = p->ms;
	s->said_steps = steps(p);
	if (s->style == SYNC_BAR) {
		bar(s, p);
	} else if (s->style == SYNC_JSON) {
		json_line(s, sync_json("progress", p));
	} else {
		words(p, text, sizeof(text));
		fprintf(s->out, "%s\n", text);
		fflush(s->out);
	}
}

void sync_show_end(struct sync_show *s, const struct sync_progress *p, const struct err *err)
{
	if (s->style == SYNC_JSON) {
		json_t *o = sync_json("summary", p);
		json_object_set_new(o, "ok", json_boolean(!err->code));
		if (err->code)
			json_object_set_new(o, "error", json_string(err->text));
		json_line(s, o);
		return;
	}
	if (s->style == SYNC_BAR)
		fputs("\r\033[K", s->out);
	fprintf(s->out, "%s: %d of %d months, %lld activities",
		err->code ? "not all is there" : "all is there", p->months, p->all_months,
		(long long)p->activities);
	if (p->all_files)
		fprintf(s->out, ", %lld of %lld files", (long long)p->files,
			(long long)p->all_files);
	if (p->failed)
		fprintf(s->out, ", %lld failed", (long long)p->failed);
	fprintf(s->out, "; %lld requests, %.1f KiB, %.1f s\n", (long long)p->requests,
		(double)p->bytes / 1024, (double)p->ms / 1e3);
	fflush(s->out);
}
