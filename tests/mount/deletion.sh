#!/bin/sh
# SPDX-License-Identifier: MIT
# No trouble looks like a deletion: a copy that rsync --delete keeps of the mount loses no file, on
# whatever day the cache is new and the hub, or our own disk, is out of order.
. "$(dirname "$0")/lib.sh"
own_clock
command -v rsync >/dev/null || skip "no rsync"
hub_start --athlete both --activities 450 --years 3
expect_log 'cannot fetch' 'answers again' 'can be fetched again' 'counts [0-9]* activities' \
    'cannot keep months' 'kept on disk again' 'is kept on disk'
copied() { find "$T/copy" -type f | wc -l; }
# backup "what" FOLDER: nothing is deleted, and rsync says that it was not all well.
backup() {
    # At once, since each that is refused waits before it is asked for again.
    find "$M/$2" -name '*.fit' -print0 2>/dev/null | xargs -0 -r -n 1 -P 10 stat >/dev/null 2>&1
    rsync -a --delete "$M/$2" "$T/copy/" >"$T/said" 2>&1
    status=$?
    same "$1: no file is lost" "$files" "$(copied)"
}
# A mount that has never seen anything.
new_cache() {
    unmount || fail "unmounted"
    rm -rf "$T/cache"
}
then_mount() { mount_fs -o "rate=0,ttl=1,timeout=10,views=${views-none}"; }
when_well() {
    hubctl clear
    # A breaker may be open, and a recording that failed is left alone for a while.
    later 60
    all_there() { rsync -a --delete "$M/$1" "$T/copy/" >"$T/said" 2>&1 && [ "$(copied)" = "$files" ]; }
    check "$1: when it is over the copy is as before" within 30 all_there "$2"
}

# ---- counts that lie by whole pages

mkdir "$T/copy"
then_mount
rsync -a "$M/" "$T/copy/"
files=$(copied)
check "there is something to lose (was $files)" test "$files" -gt 500
for lie in '"add": -260' '"add": -60' '"add": -260, "pages": false' '"add": -460, "pages": false' \
    '"add": -61' '"add": 141'; do
    hubctl set "{\"fault\": {\"kind\": \"count_lies\", $lie}}"
    sleep 1.2
    backup "a count with $lie, and old data" ""
    new_cache
    then_mount
    backup "and no data" ""
    hubctl clear
done
when_well "a count that lies" ""

# ---- a hub that has lost everything, for a while

expect_log 'has none of [0-9]* activities any more'
hubctl set '{"answers": {"/activity/query": {"count": 0, "totalPage": 0, "pageNumber": 1,
    "dataList": []}}}'
sleep 1.2
backup "an empty list" ""
sleep 1.2
backup "the same again" ""
kill -HUP "$(pid_at "$M")"
empty() { [ -z "$(ls "$M" | grep 20)" ]; }
check "who asks for a look is told what the hub says" within 20 empty
hubctl clear
kill -HUP "$(pid_at "$M")"
when_well "an empty list" ""

# ---- a hub that gives no recordings

views=fit
new_cache
hubctl athlete '{"athlete": "article"}' >"$T/said"
then_mount
rm -rf "$T/copy" && mkdir "$T/copy"
rsync -a "$M/fit/" "$T/copy/"
files=$(copied)
check "there are recordings to lose (was $files)" test "$files" -ge 10
for shape in 0 1 2 3; do
    new_cache
    hubctl set "{\"refusal\": {\"*\": $shape}}"
    then_mount
    backup "downloads refused, shape $shape" fit/
    same "rsync says so" 23 $status
done
hubctl set '{"refusal": {"*/fit": 2}}'
check "another form comes" test -s "$M/gpx/2022/12/20221230-FooRun.gpx"
backup "which proves nothing for this one" fit/
hubctl set '{"refusal": {}}'
when_well "downloads refused" fit/

# ---- our own disk

new_cache
then_mount
ls "$M/fit/2022/12" >/dev/null
hubctl set '{"fault": {"kind": "stall_body", "path": "/fit/"}}'
rsync -a --delete "$M/fit/" "$T/copy/" >"$T/said" 2>&1 &
rsync=$!
started="$started $rsync"
halves() { ls -A "$T"/cache/*/files 2>/dev/null | grep -q tmp; }
check "files are on their way" within 20 halves
rm -rf "$T"/cache/*/files
hubctl clear
wait $rsync
same "the folder of recordings deleted meanwhile: no file is lost" "$files" "$(copied)"
when_well "the folder is deleted" fit/
for what in link file; do
    new_cache
    then_mount
    ls "$M/fit/2022/12" >/dev/null
    case $what in
    link) ln -s nowhere/at/all "$(echo "$T"/cache/*)/files" ;;
    file) : >"$(echo "$T"/cache/*)/files" ;;
    esac
    backup "a $what in place of the folder" fit/
    same "rsync says so" 23 $status
    rm "$T"/cache/*/files
    when_well "a $what is gone" fit/
done
if [ "$(id -u)" -eq 0 ] && mkdir "$T/small" && mount -t tmpfs -o size=4m,mode=700 none "$T/small" \
    2>/dev/null; then
    at_end() { umount -l "$T/small"; }
    unmount
    mount_fs -o "cache_dir=$T/small/c,views=fit"
    ls "$M/fit/2022/12" >/dev/null
    unmount
    mount -o remount,ro "$T/small"
    mount_fs -o "cache_dir=$T/small/c,views=fit"
    backup "a disk that is read-only" fit/
    same "recordings come all the same" ok "$(errno_of stat "$M/fit/2022/12/20221230-FooRun.fit")"
    unmount
    umount "$T/small"
    at_end() { :; }
else
    echo "ok - a disk that is read-only # SKIP no tmpfs for us"
    unmount
fi
finish
