#!/bin/sh
# SPDX-License-Identifier: MIT
# Whatever a hub sends, and however little that costs it: memory and cache stay small, and what is
# cached is served meanwhile.
. "$(dirname "$0")/lib.sh"
case $COROSFS in
*address* | *thread*) skip "a sanitizer needs memory of its own" ;;
esac
memory_most=131072 # kB
disk_most=65536    # kB
hub_start --athlete both --activities 1200 --years 6
expect_log 'cannot fetch' 'answers again' 'left out' 'counts' 'cannot be read' 'detail'

process() { "$COROSFS" --status --json "$M" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p'; }
peak() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status"; }
disk() { du -sk --apparent-size "$T/cache" | cut -f1; }
served() { head -n 1 "$M/2022/12/activities.csv" | grep -q ^date,name; }

# attack "how" FAULT [TIMEOUT]: the hub answers so while years are read at once.
attack() {
    forget_months
    mount_fs -o "cache_size=64M,timeout=${3-10},rate=0"
    pid=$(process)
    check "$1: a month before" within 20 served
    years=$(cd "$M" && find . -maxdepth 1 -name '20*' ! -name 2022)
    hubctl set "{\"fault\": $2}"
    readers=
    for at in $years; do
        (timeout 60 find "$M/$at" -type f -exec cat {} + >/dev/null 2>&1) &
        readers="$readers $!"
    done
    check "$1: what is cached is served" served
    # shellcheck disable=SC2086
    wait $readers
    hubctl set '{"faults": []}'
    check "$1: $(peak) kB of memory" test "$(peak)" -lt $memory_most
    check "$1: $(disk) kB on disk" test "$(disk)" -lt $disk_most
    check "$1: it is served afterwards" served
    unmount
}

attack "deep items" '{"kind": "heavy", "what": "deep", "n": 10000}'
attack "items just small enough" '{"kind": "heavy", "n": 30000}'
attack "long names" '{"kind": "heavy", "what": "name", "n": 4000}'
attack "many rows" '{"kind": "rows"}'
attack "bombs of 7 MB" '{"kind": "huge", "mb": 7, "gzip": true, "hold": true}' 2
attack "trailers without end" '{"kind": "endless"}'
attack "headers without end" '{"kind": "endless", "what": "headers"}'

# What unpacks while the disk is slower waits in libcurl.
mount_fs -o timeout=10,rate=0
pid=$(process)
check "a month before" within 20 served
hubctl set '{"fault": {"kind": "huge", "mb": 60, "unit": "[0]", "gzip": true,
    "path": "/activity/detail/query"}}'
readers=
for at in 20221201-IndoorRun 20221206-IndoorRun 20221212-FooRun 20221213-FooRun; do
    (timeout 60 cat "$M/detail/2022/12/$at.json" >/dev/null 2>&1) &
    readers="$readers $!"
done
check "details that are bombs: what is cached is served" served
# shellcheck disable=SC2086
wait $readers
check "details that are bombs: $(peak) kB of memory" test "$(peak)" -lt $memory_most
hubctl clear
finish
