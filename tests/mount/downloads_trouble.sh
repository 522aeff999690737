#!/bin/sh
# SPDX-License-Identifier: MIT
# Downloads that go wrong: cut off, interrupted, a full disk, a small cache, a file host that is down.
. "$(dirname "$0")/lib.sh"
own_clock
command -v jq >/dev/null || skip "no jq"
hub_start --athlete synthetic --activities 40 --years 0.3 --last-day 20231231
expect_log 'cannot fetch a [a-z]* file' 'files can be fetched again'
last=$(hubctl items | jq -r '.[0].date')
dir=$(echo "$last" | cut -c1-4)/$(echo "$last" | cut -c5-6)
# Another month, which nobody reads ahead into.
first=$(hubctl items | jq -r '.[-1].date')
early=$(echo "$first" | cut -c1-4)/$(echo "$first" | cut -c5-6)
blobs() { find "$T"/cache/*/files -type f ! -name '.*' -size +0 2>/dev/null | wc -l; }
leftovers() { find "$T"/cache/*/files -name '.*.tmp' 2>/dev/null | wc -l; }
files() { hubctl stats files; }
nth() { ls "$M/fit/$dir" | sed -n "$1p"; }

# ---- 32 readers of one file

mount_fs -o rate=0
ls "$M/fit/$dir" >/dev/null
hubctl set '{"delay_ms": 100}'
hubctl reset
one=$(nth 1)
pids=
for i in $(seq 32); do
    cat "$M/fit/$dir/$one" >"$T/read.$i" &
    pids="$pids $!"
done
failed=0
for pid in $pids; do
    wait "$pid" || failed=$((failed + 1))
done
same "32 readers of one file: all of them read" "0 1" \
    "$failed $(md5sum "$T"/read.* | cut -d' ' -f1 | sort -u | wc -l)"
same "one download" "1 1" "$(hubctl stats downloads) $(files)"
check "and not nothing" test -s "$T/read.1"
hubctl set '{"delay_ms": 0}'

# ---- killed in the middle

hubctl set '{"fault": {"kind": "stall_body", "path": "/fit/"}}'
two=$(nth 2)
cat "$M/fit/$dir/$two" >/dev/null 2>&1 &
reader=$!
started="$started $reader"
half() { [ "$(find "$T"/cache/*/files -name '.*.tmp' -size +0 | wc -l)" -ge 1 ]; }
check "a download stops half-way" within 20 half
ls "$M/fit/$dir" >/dev/null
check "meanwhile listings answer" timeout 5 ls -l "$M/$dir"
check "and what is there is read" timeout 5 cmp "$T/read.1" "$M/fit/$dir/$one"
pid=$(pid_at "$M")
kill -9 "$pid"
within 10 gone "$pid"
wait $reader
fusermount3 -q -u -z "$M"
check "corosfs was killed in the middle of it" test "$(leftovers)" -ge 1
hubctl clear
mount_fs -o rate=0
check "the next mount fetches it" test -s "$M/fit/$dir/$two"
same "and sweeps up" 0 "$(leftovers)"
check "what was there before is still there" cmp "$T/read.1" "$M/fit/$dir/$one"

# ---- unmounted in the middle

hubctl set '{"fault": {"kind": "stall_body", "path": "/fit/"}}'
three=$(nth 3)
cat "$M/fit/$dir/$three" >/dev/null 2>&1 &
reader=$!
started="$started $reader"
check "another one stops" within 20 half
kill "$(pid_at "$M")"
check "a mount that is told to end, ends" within 20 not_mounted "$M"
wait $reader
pid=$(pid_at "$M")
[ -z "$pid" ] || check "so does its process" within 20 gone "$pid"
same "and leaves nothing half" 0 "$(leftovers)"
hubctl clear
mount_fs -o rate=0

# ---- the hub's side

four=$(ls "$M/fit/$early" | head -n 1)
hubctl set '{"fault": {"kind": "cut", "path": "/fit/"}}'
same "a file that is cut off is an error" EIO "$(errno_of read "$M/fit/$early/$four")"
before=$(blobs)
hubctl set '{"fault": {"kind": "html200", "path": "/fit/"}}'
same "so is a web page" EIO "$(errno_of stat "$M/fit/$early/$four")"
hubctl set '{"fault": {"kind": "status", "code": 410, "path": "/fit/"}}'
same "and a file that the host has not" EIO "$(errno_of stat "$M/fit/$early/$four")"
hubctl set '{"fault": {"kind": "huge", "mb": 300, "path": "/fit/"}}'
same "and one without end" EIO "$(errno_of stat "$M/fit/$early/$four")"
same "nothing of them is kept" "$before 0" "$(blobs) $(leftovers)"
same "nobody thinks that it was deleted" "$four" "$(ls "$M/fit/$early" | head -n 1)"
hubctl set '{"faults": []}'
there() { test -s "$M/fit/$early/$four"; }
later 120
check "when that is over it comes" within 20 there

# ---- a small disk, and a full one

cat "$M/fit/$dir"/* >"$T/all"
unmount
if [ "$(id -u)" -eq 0 ] && mkdir "$T/small" && mount -t tmpfs -o size=400k,mode=700 none "$T/small" \
    2>/dev/null; then
    at_end() { umount -l "$T/small"; }
    expect_log 'cannot be written' 'No space left' 'cannot (write|keep|save)' 'can be written again'
    mkdir "$T/small/cache"
    mount_fs -o "cache_dir=$T/small/cache,rate=0"
    check "on a small disk each has its turn" sh -c 'cat "$1"/* | cmp - "$2"' - "$M/fit/$dir" "$T/all"
    hubctl reset
    drop_caches
    check "their sizes stay known" test "$(du -bc "$M/fit/$dir"/*.fit | sed -n '$s/\t.*//p')" -gt 400000
    same "without a download" "0 0" "$(hubctl stats downloads) $(files)"
    unmount
    rm "$T"/small/cache/*/files/*
    head -c 500k /dev/zero >"$T/small/full" 2>/dev/null
    mount_fs -o "cache_dir=$T/small/cache,rate=0"
    last_one=$(ls "$M/fit/$early" | tail -n 1)
    same "a full one is an error, not a deletion" ENOSPC "$(errno_of read "$M/fit/$early/$last_one")"
    check "and still listed" sh -c 'ls "$1" | grep -q -x -e "$2"' - "$M/fit/$early" "$last_one"
    check "months are served" cat "$M/$dir/activities.csv"
    same "that is said once" 1 "$(grep -c 'warning: cannot fetch .*No space left' "$T/log")"
    same "nothing half stays" 0 "$(find "$T/small" -name '.fit*.tmp' | wc -l)"
    rm "$T/small/full"
    check "with room again it comes" cat "$M/fit/$early/$last_one"
    unmount
    umount "$T/small"
    at_end() { :; }
else
    pass "a full disk # SKIP no tmpfs for us"
fi

# ---- a small cache

mount_fs -o rate=0
cat "$M/fit/$dir"/* >/dev/null
n=$(blobs)
remount -o rate=0,cache_size=300k
check "a file is served from a cache that is too large now" cmp "$T/read.1" "$M/fit/$dir/$one"
fewer() { [ "$(blobs)" -lt "$n" ]; }
check "which gives files up" within 10 fewer
check "not the one just used" cmp "$T/read.1" "$M/fit/$dir/$one"
check "all the others come back when they are wanted" sh -c 'cat "$1"/* | cmp - "$2"' - \
    "$M/fit/$dir" "$T/all"

# ---- somebody clears the cache

remount -o rate=0
rm -rf "$T"/cache/*/files
drop_caches
check "files that somebody deleted are fetched again" sh -c 'cat "$1"/* | cmp - "$2"' - \
    "$M/fit/$dir" "$T/all"
drop_caches
: >"$(find "$T"/cache/*/files -name 'fit-*' | head -n 1)"
expect_log 'in the cache is damaged'
check "and those that somebody cut" sh -c 'cat "$1"/* | cmp - "$2"' - "$M/fit/$dir" "$T/all"

unmount
flipped=$(find "$T"/cache/*/files -name 'fit-*' -size +8k | head -n 1)
printf '\377' | dd of="$flipped" bs=1 seek=5000 conv=notrunc 2>/dev/null
mount_fs -o rate=0
hubctl reset
check "and one of which the disk has lost a byte" sh -c 'cat "$1"/* | cmp - "$2"' - \
    "$M/fit/$dir" "$T/all"
same "that one alone" 1 "$(hubctl stats files)"

# ---- nobody there

unmount
hub_stop
expect_log 'cannot be reached' 'cannot (connect|reach)'
mount_fs -o rate=0
check "without a hub what is kept is served" cmp "$T/read.1" "$M/fit/$dir/$one"
refused "another form is not there" cat "$M/tcx/$dir/${one%.fit}.tcx"
check "because there is no way" said 'No route to host'
check "and is still listed" sh -c 'ls "$1" | grep -q -x -e "$2"' - "$M/tcx/$dir" "${one%.fit}.tcx"
unmount
mount_fs -o offline
check "offline the same" cmp "$T/read.1" "$M/fit/$dir/$one"
refused "and the other form" cat "$M/tcx/$dir/${one%.fit}.tcx"
finish
