/* SPDX-License-Identifier: MIT */
/* Why a call failed: a negative errno, and one sentence for people that says what to do. */
#ifndef API_ERR_H
#define API_ERR_H

#define ERR_TEXT 256

/* Lives on the caller's stack; copying it is a plain assignment. Nothing is allocated. */
struct err {
	int code; /* 0 or a negative errno */
	char text[ERR_TEXT];
};

/* Keeps the words, made fit to be shown (clean.h) and cut at ERR_TEXT, and returns `code`. `err`
 * may be NULL. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* For what the system refuses: `fmt` is what was tried, as in "open %s"; the words are "cannot open
 * FILE: " and the system's own for `code`. */
int err_sys(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
