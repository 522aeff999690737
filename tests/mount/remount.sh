#!/bin/sh
# SPDX-License-Identifier: MIT
# Unmount, stop the hub, mount again: the same tree, bytes, inode numbers and times.
. "$(dirname "$0")/lib.sh"
hub_start --athlete both --activities 300 --years 3
mount_fs
picture() {
    (cd "$M" && find . -printf '%P %y %i %s %m %n %T@ %C@\n' | sort &&
        find . -type f -exec md5sum {} + | sort -k 2)
}
picture >"$T/before"
check "there is something to compare" test "$(grep -c '\.json' "$T/before")" -gt 600
check "the root is inode 1" test "$(stat -c %i "$M")" -eq 1
unmount
hub_stop

# The list of years is a minute old at most, or looked at once more in vain.
expect_log 'cannot fetch' 'answers again'
mount_fs
picture >"$T/after"
check "without a hub: the same names, inode numbers, sizes, times and bytes" \
    diff "$T/before" "$T/after"
unmount
mount_fs
(cd "$M" && find . -type f -printf '%P\n' | sort -R | while read -r f; do stat "$f"; done) \
    >/dev/null 2>"$T/said"
picture >"$T/after"
check "in another order too" diff "$T/before" "$T/after"
check "and no stat failed" test ! -s "$T/said"

# Even the cache may go, if the hub has the data.
unmount
forget_months
hub_again --athlete both --activities 300 --years 3
mount_fs
picture >"$T/after"
check "with a new cache: the same" diff "$T/before" "$T/after"
finish
