/* SPDX-License-Identifier: MIT */
/* The kept ends of the history: what is taken makes sense, and comes back as it was. */
#include <errno.h>
#include <string.h>

#include "api/day.h"
#include "cache/history.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct history h, again;
	struct err err;
	int at = fuzz_folder_fd();

	fuzz_write(at, "history", data, size);
	int r = history_read(at, &h, &err);
	if (r < 0) {
		CLAIM(r == -EBADMSG || r == -EFBIG);
		return 0;
	}
	CLAIM(h.known && h.count >= 0);
	CLAIM(!h.newest_day || (day_valid(h.newest_day) && day_valid(h.oldest_day)));
	CLAIM(!h.newest_day == !h.oldest_day);
	for (int year = HISTORY_YEAR_MIN; year < HISTORY_YEAR_MIN + HISTORY_YEARS; year++)
		if (history_has_year(&h, year))
			(void)history_year_mtime_s(&h, year);
	(void)history_root_mtime_s(&h);
	(void)history_all_mtime_s(&h);
	CLAIM(history_write(at, &h, &err) == 0);
	CLAIM(history_read(at, &again, &err) == 0);
	CLAIM(memcmp(&h, &again, sizeof(h)) == 0);
	return 0;
}
