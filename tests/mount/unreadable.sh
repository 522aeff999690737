#!/bin/sh
# SPDX-License-Identifier: MIT
# Activities that the hub lists in a way that nobody can read are not deleted ones: a backup with
# --delete loses nothing.
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/lib.sh"
hub_start
hubctl add "{\"name\": \"A\", \"date\": $(date +%Y%m%d), \"hhmm\": \"0001\"}" >/dev/null
mount_fs -o ttl=1,rate=0
expect_log 'cannot be read' 'left out' 'answers again' 'cannot fetch'
rsync -a --delete "$M/" "$T/copy/"
before=$(find "$T/copy" -type f | wc -l)
check "there is something to lose" test "$before" -gt 20
for keys in '"labelId"' '"date", "startTime"'; do
    hubctl set "{\"fault\": {\"kind\": \"missing_keys\", \"keys\": [$keys]}}"
    looked() { [ "$(requests)" -gt "$asked" ]; }
    asked=$(requests)
    kill -HUP "$(pid_at "$M")"
    check "the hub is asked" within 10 looked
    for i in 1 2 3; do
        rsync -a --delete "$M/" "$T/copy/" >"$T/said" 2>&1
        ls -lR "$M" >/dev/null 2>&1
    done
    same "nothing is lost without $keys" "$before" "$(find "$T/copy" -type f | wc -l)"
    hubctl set '{"faults": []}'
done
finish
