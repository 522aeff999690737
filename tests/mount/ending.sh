#!/bin/sh
# SPDX-License-Identifier: MIT
# A mount that has lost its name while a file is open: the next one starts at once, and whoever
# holds the file reads it to its end.
. "$(dirname "$0")/lib.sh"
hub_start --athlete both --activities 2000 --years 4
cat >"$T/holder.py" <<'END_'
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
data = os.read(fd, 100)
print("holding", flush=True)
sys.stdin.readline()
while piece := os.read(fd, 4096):
    data += piece
sys.exit(data != open(sys.argv[2], "rb").read())
END_
hold() {
    rm -f "$T/go" "$T/holder"
    mkfifo "$T/go"
    "$py" "$T/holder.py" "$M/all/activities.json" "$T/all.json" <"$T/go" >"$T/holder" 2>&1 &
    holder=$!
    started="$started $holder"
    exec 3>"$T/go"
    within 10 grep -q holding "$T/holder"
}
saved() { [ "$(find "$T/cache" -path '*/months/[12]*' | wc -l)" -ge 48 ]; }
mount_fs
cat "$M/all/activities.json" >"$T/all.json"
check "more than what the kernel reads ahead" test "$(stat -c %s "$T/all.json")" -gt 2000000

for way in TERM lazy bind; do
    old=$(pid_at "$M")
    check "somebody reads" hold
    case $way in
    TERM) kill "$old" ;;
    lazy) fusermount3 -u -z "$M" ;;
    bind)
        [ "$(id -u)" -eq 0 ] || continue
        mkdir "$T/second"
        expect_log 'mounted already'
        mount --bind "$M" "$T/second"
        fusermount3 -u -z "$M"
        refused "a mount with another name left is not at its end" mount_at "$M"
        umount -l "$T/second"
        ;;
    esac
    check "$way: the name goes at once" within 10 not_mounted "$M"
    mount_fs
    new=$(pid_at "$M" | grep -v -x "$old")
    check "the next mount starts while the file is open" test -n "$new"
    refused "the old process lives" gone "$old"
    same "the new one has the cache" "$new" "$(cat "$T"/cache/*/lock)"
    check "and serves" cmp "$M/all/activities.json" "$T/all.json"
    check "and keeps what it has on disk" within 20 saved
    echo >&3
    exec 3>&-
    wait $holder
    same "who holds the file reads it to its end" "0 holding" "$? $(cat "$T/holder")"
    check "then the old process ends" within 15 gone "$old"
    check "the new one goes on" cmp "$M/all/activities.json" "$T/all.json"
    check "its cache is whole" saved
done

# ---- while nobody holds a file, and while somebody waits for the hub

# As some desktops do before the machine sleeps.
way() { if [ "$(id -u)" -eq 0 ]; then umount -l "$M"; else fusermount3 -u -z "$M"; fi; }
old=$(pid_at "$M")
check "a lazy unmount of a mount that nobody uses" way
check "ends it" within 15 gone "$old"
mount_fs -o timeout=120
old=$(pid_at "$M")
hubctl set '{"fault": {"kind": "stall_headers", "path": ""}}'
hubctl reset
cat "$M/fit/2022/12/20221230-FooRun.fit" >"$T/waiter" 2>&1 &
waiter=$!
started="$started $waiter"
asked() { [ "$(requests)" -ge 1 ]; }
check "somebody waits" within 20 asked
check "a lazy unmount" way
check "answers who waits, and ends the mount" within 15 gone "$old"
wait $waiter
check "- who is told (status $?)" grep -q 'error' "$T/waiter"
hubctl clear
mount_fs
check "the next one has the cache" cmp "$M/all/activities.json" "$T/all.json"
unmount
finish
