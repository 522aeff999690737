#!/bin/sh
# SPDX-License-Identifier: MIT
# Many readers at once, on a cold mount and on a hub that stalls; and signals to those who wait.
. "$(dirname "$0")/lib.sh"
hub_start --athlete synthetic --activities 1400 --years 7 --last-day 20241231
mount_fs
hubctl set '{"delay_ms": 100}'

# ---- 64 at once

pids=
ended_well() {
    failed=0
    for pid in $pids; do
        wait "$pid" || failed=$((failed + 1))
    done
    pids=
}
for i in $(seq 64); do
    cat "$M/2024/10/activities.csv" >"$T/read.$i" &
    pids="$pids $!"
done
ended_well
same "64 readers of one month on a cold mount: all of them read" 0 $failed
same "the same" 1 "$(md5sum "$T"/read.* | cut -d' ' -f1 | sort -u | wc -l)"
same "and the month was fetched once" \
    '[{"startDay":"20241001","endDay":"20241031","pageNumber":"1","size":"200"}]' \
    "$(hubctl stats queries_seen)"

unmount
forget_months
hubctl reset
mount_fs
for i in $(seq 64); do
    month=$((i % 8 + 1))
    case $((i % 3)) in
    0) cat "$M/2024/0$month/activities.csv" >"$T/read.$i" & ;;
    1) ls -l "$M/2023/0$month" >"$T/read.$i" & ;;
    2) find "$M/2024/0$month" -type f -exec cat {} + >"$T/read.$i" & ;;
    esac
    pids="$pids $!"
done
ended_well
same "64 readers of sixteen months: all of them read" 0 $failed
hubctl stats queries_seen >"$T/queries"
# A month that has landed may come again inside a query for the rest of its year, which costs no
# request; what is in the air is never asked for twice.
# A query goes from one month that is missing to another; what it covers in between may be there
# already, when that is cheaper than two queries. So no query begins or ends with a month that
# came before.
"$py" - "$T/queries" >"$T/said" <<'END'
import json, sys
asked = set()
for q in json.load(open(sys.argv[1])):
    if "startDay" in q and int(q["pageNumber"]) == 1:
        first, last = int(q["startDay"]) // 100, int(q["endDay"]) // 100
        for month in {first, last} & asked:
            print(f"{month} again, in {first}..{last}")
        asked.update(range(first, last + 1))
END
check "each month was fetched once" test ! -s "$T/said"
cat "$T/said"
check "with a handful of requests (was $(requests))" test "$(requests)" -le 25
find "$T" -name 'read.*' -size 0 >"$T/empty"
check "nobody read nothing" test ! -s "$T/empty"

# ---- a stalled hub

unmount
forget_months
mount_fs -o timeout=120
ls "$M" >/dev/null
ls -l "$M/2024/01" >/dev/null
cat "$M/2024/01/"* >"$T/cached"
hubctl clear
hubctl reset
hubctl set '{"fault": {"kind": "stall_headers"}}'
# A script's background has SIGINT and SIGQUIT ignored.
deadly() { exec env --default-signal=INT,QUIT "$@"; }
pids=
i=0
# Each in a month of its own: who asks for the same name waits inside the kernel for the first one's
# answer, and nobody but that answer can end such a wait.
for year in 2018 2019 2020 2021 2022 2023; do
    for month in 01 02 03 04 05 06 07 08 09 10 11; do
        i=$((i + 1))
        [ $i -le 64 ] || continue
        case $((i % 3)) in
        0) deadly cat "$M/$year/$month/activities.csv" >"$T/read.$i" 2>&1 & ;;
        1) deadly stat "$M/$year/$month/$year${month}01-x.json" >"$T/read.$i" 2>&1 & ;;
        2) deadly ls -l "$M/$year/$month" >"$T/read.$i" 2>&1 & ;;
        esac
        pids="$pids $!"
    done
done
started="$started $pids"
waiting() {
    for pid in $pids; do
        gone "$pid" && return 1
    done
    [ "$(requests)" -ge 1 ]
}
check "64 readers wait for a stalled hub" within 10 waiting
# The deadline is generous; what is measured is that nobody waits for the readers, who have 120 s.
check "ls of a cached month answers meanwhile" timeout 5 ls -l "$M/2024/01"
check "so does reading it" timeout 5 sh -c 'cat "$1"/* | cmp - "$2"' - "$M/2024/01" "$T/cached"
check "and df, and stat of the mount" timeout 5 sh -c 'df "$1" && stat "$1"' - "$M"
check "and names that cannot be" \
    timeout 5 sh -c '! stat "$1/.Trash-1000" && ! stat "$1/2024/01/.git"' - "$M"
check "all 64 still wait" waiting

i=0 slow=
for pid in $pids; do
    i=$((i + 1))
    case $((i % 5)) in
    0) sig=KILL ;;
    1) sig=TERM ;;
    2) sig=HUP ;;
    3) sig=QUIT ;;
    4) sig=INT ;;
    esac
    kill -$sig "$pid" 2>/dev/null
    within 2 gone "$pid" || slow="$slow $sig"
done
same "kill ends each of them at once, whatever the signal" "" "$slow"
check "the cached month is still there" timeout 5 ls "$M/2024/01"

pids=
for i in $(seq 64); do
    cat "$M/2023/05/activities.csv" >"$T/read.$i" 2>&1 &
    pids="$pids $!"
done
started="$started $pids"
check "64 wait for one file" within 10 waiting
for pid in $pids; do
    kill "$pid" 2>/dev/null
done
all_gone() {
    for pid in $pids; do
        gone "$pid" || return 1
    done
}
check "killed together, all of them end" within 5 all_gone
hubctl set '{"faults": []}'
check "what they had asked for arrives all the same" within 20 ls "$M/2023/05"

# ---- signals that are no reason to give up

cat >"$T/signals.py" <<'END'
import os, signal, sys, time
seen = {signal.SIGURG: 0, signal.SIGALRM: 0, signal.SIGUSR1: 0, signal.SIGCHLD: 0}
def on(sig, _):
    seen[sig] += 1
for sig in seen:
    signal.signal(sig, on)
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
if os.fork() == 0:              # a child that ends while its parent waits
    time.sleep(0.2)
    os._exit(0)
print("asking", flush=True)
size = os.stat(sys.argv[1]).st_size
n = len(os.listdir(os.path.dirname(sys.argv[1])))
signal.setitimer(signal.ITIMER_REAL, 0)
print("size", size > 0, "names", n > 2, "signals", all(seen.values()), flush=True)
END
unmount
forget_months
mount_fs -o timeout=120
hubctl reset
hubctl set '{"fault": {"kind": "stall_headers"}}'
"$py" "$T/signals.py" "$M/2023/11/activities.csv" >"$T/signals" 2>&1 &
pid=$!
started="$started $pid"
parked() { [ "$(requests)" -ge 1 ] && grep -q asking "$T/signals"; }
check "a lookup waits" within 10 parked
i=0
while [ $i -lt 20 ]; do
    kill -URG $pid 2>/dev/null
    kill -USR1 $pid 2>/dev/null
    kill -CHLD $pid 2>/dev/null
    i=$((i + 1))
    sleep 0.02
done
check "20 signals with handlers, and a timer that fires all the time, do not end it" \
    sh -c '! grep -q size "$1" && kill -0 "$2"' - "$T/signals" "$pid"
hubctl set '{"faults": []}'
wait $pid
same "it gets its answer" "0 size True names True signals True" \
    "$? $(grep -v asking "$T/signals")"
# One that is killed after a signal that it survived ends as well.
hubctl reset
hubctl set '{"fault": {"kind": "stall_headers"}}'
unmount
forget_months
mount_fs -o timeout=120
"$py" "$T/signals.py" "$M/2022/03/activities.csv" >"$T/signals" 2>&1 &
pid=$!
started="$started $pid"
check "another waits" within 10 parked
kill -URG $pid
kill $pid
check "SIGTERM after SIGURG ends it" within 2 gone $pid
hubctl set '{"faults": []}'

# ---- a read(2) that waits

# The month's listing is in memory; its text was neither read nor is it on disk any more.
ls "$M/2024/01" >/dev/null
unmount
mount_fs -o timeout=120
file=$M/2024/01/activities.json
check "a month that is cached" test -s "$file"
rm "$T"/cache/*/months/2024-01
hubctl reset
hubctl set '{"fault": {"kind": "stall_headers"}}'
deadly cat "$file" >"$T/cached.json" 2>"$T/said" &
pid=$!
started="$started $pid"
asked() { [ "$(requests)" -ge 1 ]; }
check "a read waits for the hub" within 10 asked
refused "and has nothing yet" gone $pid
kill -INT $pid
check "Ctrl-C ends it" within 5 gone $pid
hubctl set '{"faults": []}'
check "the next one reads it" within 20 grep -q labelId "$file"
finish
