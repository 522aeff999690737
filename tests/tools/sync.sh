#!/bin/sh
# SPDX-License-Identifier: MIT
# corosfs --sync: fills the cache, by itself and in a mount; on a terminal, in a pipe, as JSON.
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/../mount/lib.sh"
hub_start --athlete both --activities 2000 --years 6
opts="api=$hub,cache_dir=$T/cache,rate=0"

# sync_ok "what" [argument...]; sync_bad "what" SENTENCE [argument...]
run_sync() { timeout 100 "$COROSFS" --sync "$ACCOUNT" -o "$opts" "$@" >"$T/said" 2>"$T/err"; }
sync_ok() {
    what=$1
    shift
    run_sync "$@"
    same "$what: exit status 0" 0 $?
    check "- without a complaint" test ! -s "$T/err"
}
sync_bad() {
    what=$1 sentence=$2
    shift 2
    run_sync "$@"
    same "$what: exit status ${wanted:-1}" "${wanted:-1}" $?
    check "- with a sentence" grep -q "^corosfs: error: $sentence" "$T/err"
    same "- a single one" 1 "$(wc -l <"$T/err")"
}
of() { "$py" -c 'import json, sys
last = json.loads(sys.stdin.read().splitlines()[-1])
print(*[last.get(k) for k in sys.argv[1:]])' "$@" <"$T/said"; }

# ---- by itself

sync_ok "a first sync, in a pipe"
# From the first activity, in November 2020, to today.
months=$(($(date -u +%Y) * 12 + $(date -u +%-m) - (2020 * 12 + 11) + 1))
same "says so in one line" 1 "$(wc -l <"$T/said")"
check "how much it was" said "^all is there: $months of $months months, 19[0-9][0-9] activities; [0-9]* requests"
first=$(requests)
# 1981 activities are 11 pages; a year in progress each may cost one more.
check "costs about a page each 200 activities (was $first)" test "$first" -le 25
hub_stop
mount_at "$M" -o offline || fail "mounted"
check "then everything is there without a network" sh -c \
    'test "$(cat "$1"/20*/activities.csv | grep -c ^20)" -ge 1900' - "$M"
unmount
hub_again --athlete both --activities 2000 --years 6
sync_ok "a second one"
check "asks next to nothing (was $(requests))" test "$(requests)" -le 2
rm "$T"/cache/*/months/2024-0*
hubctl reset
sync_ok "with some months gone"
# The hub is another one, which does not know the login.
check "fetches these (was $(requests))" test "$(requests)" -le 5
same "- back on disk" 9 "$(find "$T"/cache/*/months -name '2024-0*' | wc -l)"

rm -rf "$T/cache"
sync_ok "--from" --from 2025-07
check "fetches what is younger" test -e "$(echo "$T"/cache/*/months/2025-07)"
check "nothing else" test ! -e "$(echo "$T"/cache/*/months/2024-06)"

# ---- as JSON

rm -rf "$T/cache"
hubctl set '{"delay_ms": 50}'
sync_ok "--json" --json
check "every line is an object with an event" "$py" -c 'import json, sys
events = [json.loads(l)["event"] for l in open(sys.argv[1])]
assert events[-1] == "summary" and set(events[:-1]) <= {"progress"}, events' "$T/said"
same "the summary says that all is well" "True" "$(of ok)"
same "and all months are done" "$(of all_months)" "$(of months)"

# ---- interrupted

rm -rf "$T/cache"
# The hub answers a few times, and then not any more.
hubctl set '{"fault": {"kind": "stall_headers", "after": 8}}'
"$COROSFS" --sync "$ACCOUNT" -o "$opts" --json >"$T/slow" 2>"$T/err" &
pid=$!
started="$started $pid"
slow_has_months() { grep -q '"months":[1-9]' "$T/slow" && ! grep -q summary "$T/slow"; }
has_months() { grep -q '"months":[1-9]' "$T/said" && ! grep -q summary "$T/said"; }
check "a slow one gets on" within 60 slow_has_months
refused "another one beside it" "$COROSFS" --sync "$ACCOUNT" -o "$opts" --json
check "- says who has the cache" grep -q "by process $pid (or that is a --sync)" "$T/said"
kill -INT $pid
wait $pid
same "SIGINT: exit status 130" 130 $?
cp "$T/slow" "$T/said"
same "- the summary says so" "False interrupted; the next run goes on from here" "$(of ok error)"
kept=$(find "$T"/cache/*/months -name '2*' | wc -l)
check "- what came is kept ($kept months)" test "$kept" -ge 1
hubctl clear
hubctl reset
sync_ok "the next one goes on"
check "- and asks for less than the first (was $(requests) after $first)" \
    test "$(requests)" -lt "$first"

# ---- wrong

rm -rf "$T/cache"
COROSFS_PASSWORD=wrong sync_bad "a wrong password" "the Training Hub refuses this"
hubctl set '{"fault": {"kind": "status", "code": 500, "after": 4}}'
sync_bad "a hub that breaks" ".*order"
check "- what is there is said" said "^not all is there: "
run_sync --json
same "- as JSON: exit status 1" 1 $?
same "- not ok" False "$(of ok)"
check "- nothing on stderr" test ! -s "$T/err"
hubctl clear
sync_bad "offline" "offline is set" -o offline
wanted=2
sync_bad "no month" "--from: unknown month \`soon\`; use one like 2024-01" --from soon
wanted=
opts="api=http://127.0.0.1:9,cache_dir=$T/c9"
sync_bad "no network" "cannot reach 127.0.0.1:9"
opts="api=$hub,cache_dir=/proc/none"
sync_bad "a cache folder that cannot be made" "cannot make the cache folder"
opts="api=$hub,cache_dir=$T/cache,rate=0"
refused "no account" "$COROSFS" --sync
check "- with a sentence" said "which account? corosfs --sync you@example.org"

# ---- in a mount

rm -rf "$T/cache"
mount_fs
ls "$M/2022/12" >/dev/null
hubctl reset
sync_ok "in a running mount"
check "it is done there" said "^all is there: $months of"
check "costs as much (was $(requests))" test "$(requests)" -le 25
hubctl reset
find "$M" -type f >"$T/out"
same "the mount then has everything" 0 "$(requests)"
unmount
rm -rf "$T"/cache/*/months "$T"/cache/*/history
mount_fs
hubctl set '{"fault": {"kind": "stall_headers", "after": 8}}'
"$COROSFS" --sync "$ACCOUNT" -o "$opts" --json >"$T/said" 2>"$T/err" &
pid=$!
started="$started $pid"
check "a slow one in the mount says how it gets on" within 60 has_months
check "- while the mount says how it is" "$COROSFS" --status "$M"
kill -INT $pid
wait $pid
same "SIGINT: exit status 130" 130 $?
hubctl clear
check "- the mount goes on" ls "$M/2022/12"
sync_ok "the next one"
"$COROSFS" --sync "$ACCOUNT" -o "$opts" --json >"$T/said" 2>"$T/err"
same "all of it is there" "True" "$(of ok)"
unmount

# ---- downloads, too

hubctl athlete '{"athlete": "both", "activities": 60, "years": 1}' >"$T/out"
rm -rf "$T"/cache/*/months "$T"/cache/*/history
hubctl reset
sync_ok "recordings in two forms" --views fit:gpx
check "are counted" said "activities, 1[34][0-9] of 1[34][0-9] files;"
files=$(hubctl stats files)
check "each is one download (were $files)" test "$files" -gt 100
sync_ok "a second time" --views fit:gpx
same "costs nothing" "$files" "$(hubctl stats files)"
# Two are broken on the file host; the others need not wait for somebody to mend them.
rm -rf "$T"/cache/*/files
hubctl set '{"fault": {"kind": "html200", "path": "/fit/", "times": 2}}'
sync_bad "files that are broken" \
    '2 files did not come, the first fit/2[0-9/]*-.*\.fit: .*the next run asks again' --views fit:gpx
check "all others came" said "1[34][0-9] of 1[34][0-9] files, 2 failed"
hubctl reset
sync_ok "the next run" --views fit:gpx
same "asks for these two" 2 "$(hubctl stats files)"
rm -rf "$T"/cache/*/files
hubctl set '{"fault": {"kind": "html200", "path": "/fit/"}}'
sync_bad "a file host that is out of order" 'gave up after 25 files in a row: .*not a FIT file' --views fit
check "is left alone (was $(hubctl stats files))" test "$(hubctl stats files)" -le 40
hubctl clear
sync_ok "when it is well" --views fit:gpx
files=$(hubctl stats files)
mount_fs
sync_ok "by a mount: the tcx" --views tcx
check "are fetched" test "$(hubctl stats files)" -ge $((files + 60))
check "the mount counts what it has" sh -c '"$1" --status "$2" | grep -q "downloads  *[0-9]* files"' \
    - "$COROSFS" "$M"
hub_stop
check "and shows it without a hub" sh -c 'cp -r "$1/fit" "$1/tcx" "$2" && find "$2/fit" -type f | grep -q .' \
    - "$M" "$T/home"
unmount
wanted=2
sync_bad "no such form" '--views: unknown `fig`; use' --views fig
wanted=
hub_start --athlete both --activities 2000 --years 6
opts="api=$hub,cache_dir=$T/cache,rate=0"

# ---- on a terminal

rm -rf "$T"/cache/*/months "$T"/cache/*/history
hubctl set '{"delay_ms": 150}'
"$py" - "$COROSFS" --sync "$ACCOUNT" -o "$opts" >"$T/said" <<'END_PY'
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
END_PY
same "on a terminal: exit status 0" 0 $?
check "a bar" said '\[#*\.*\] [0-9]* of [67][0-9] months, [0-9]* activities, [0-9]*/s, [0-9]*:[0-9][0-9] left'
check "and the summary" said "all is there"
finish
