/* SPDX-License-Identifier: MIT */
/* The hub's sportType codes (coros-api.md 4.5). */
#ifndef API_SPORT_H
#define API_SPORT_H

/* "Trail Run", or NULL: not in the table. */
const char *sport_name(int code);

#endif
