#!/bin/sh
# SPDX-License-Identifier: MIT
# What was seen once is served without a network, and what was not is an error, not an absence.
. "$(dirname "$0")/lib.sh"
hub_start --athlete both --activities 300 --years 3
mount_fs
cat "$M/2022/12/activities.csv" >"$T/csv"
ls "$M" >"$T/root"
unmount

hubctl reset
mount_fs -o offline
check "-o offline: the cached month is there" cmp "$T/csv" "$M/2022/12/activities.csv"
check "and the root" sh -c 'ls "$1" | diff - "$2"' - "$M" "$T/root"
refused "a month that was never seen is an error" ls "$M/2024/03"
check "which says that there is no route" said 'No route to host'
refused "so is what needs one of them" cat "$M/2024/activities.csv"
check "which says the same" said 'No route to host'
same "the hub was asked for nothing" 0 "$(requests)"
unmount

hub_stop
expect_log 'cannot fetch'
mount_fs
check "no hub, the token kept: it mounts" is_mounted "$M"
check "and serves what it has" cmp "$T/csv" "$M/2022/12/activities.csv"
refused "what it has not is an error" ls "$M/2024/03"
check "which says that there is no route" said 'No route to host'
refused "never an empty folder" find "$M/2024" -mindepth 1
unmount

rm "$T"/cache/*/token*
"$COROSFS" "$ACCOUNT" "$M" -o "api=$hub,cache_dir=$T/cache" >"$T/said" 2>&1
same "no hub and no token: it mounts all the same" 0 $?
check "and says so" said 'mounting what is in the cache'
check "it serves what it has" cmp "$T/csv" "$M/2022/12/activities.csv"
unmount

rm -rf "$T/cache"
refused "no hub and no cache: exit 1" mount_at "$M"
check "with the reason" grep -q 'error: ' "$T/log"
check "and nothing mounted" not_mounted "$M"
expect_log 'error: .*(connect|refused|reach)'

hub_again --athlete both --activities 300 --years 3
mount_fs
check "with the hub back, so is the mount" cmp "$T/csv" "$M/2022/12/activities.csv"
finish
