#!/bin/sh
# SPDX-License-Identifier: MIT
# What a look costs in requests to the hub.
. "$(dirname "$0")/lib.sh"
hub_start --athlete both --activities 300 --years 3
mount_fs -o views=none
check "an empty cache, no token: cat logs in and asks once" \
    test "$(requests) $(wc -l <"$M/2022/12/activities.csv") $(requests)" = "1 11 2"

# The token stays, the months go.
unmount
forget_months
hubctl reset
mount_fs -o views=none
same "a kept token: mounting asks nothing" 0 "$(requests)"
cat "$M/2022/12/activities.csv" >/dev/null
same "an empty cache, a kept token: cat sends one request" 1 "$(requests)"
same "for one month" '[{"startDay":"20221201","endDay":"20221231","pageNumber":"1","size":"200"}]' \
    "$(hubctl stats queries_seen)"
hubctl reset
for f in "$M"/2022/12/*; do
    cat "$f" >/dev/null
done
ls -lR "$M/2022/12" >/dev/null
same "the rest of the month is there then" 0 "$(requests)"

unmount
forget_months
hubctl reset
mount_fs -o views=none
ls "$M" >/dev/null
same "ls of the root asks for the newest and the last page" 2 "$(requests)"
hubctl reset
find "$M" -type f -exec cat {} + >/dev/null
cold=$(requests)
# 300 activities are two pages; the design allows P + 5.
check "reading everything costs at most 7 requests more (was $cold)" test "$cold" -le 7
hubctl reset
find "$M" -ls >/dev/null
find "$M" -type f -exec cat {} + >/dev/null
same "and nothing when it is warm" 0 "$(requests)"
unmount
hubctl reset
mount_fs -o views=none
find "$M/2022" -type f -exec cat {} + >/dev/null
same "and nothing after a remount" 0 "$(requests)"
finish
