#!/bin/sh
# SPDX-License-Identifier: MIT
# Whoever waits for the hub can be frozen, as a suspend and control groups do it, and lets the machine
# sleep; what merely looks like a freezer keeps nobody from the answer.
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/lib.sh"
group() { awk -v type="$1" '$3 == type && $4 ~ /'"$2"'/ { print $2; exit }' /proc/self/mounts; }
cg=$(group cgroup2 .)/corosfs-test-$$
old=$(group cgroup '(^|,)freezer(,|$)')/corosfs-test-$$
mkdir "$cg" 2>/dev/null && [ -w "$cg/cgroup.freeze" ] || skip "no control group can be made"
mkdir "$old" 2>/dev/null && [ -w "$old/freezer.state" ] || old=
at_end() {
    for group in "$cg" $old; do
        # shellcheck disable=SC2046
        kill -9 $(cat "$group/cgroup.procs") 2>/dev/null
        thaw "$group"
        within 10 rmdir "$group"
    done
}
# One that can be frozen only by the fake signal, as in a suspend, or one whose state shows.
freeze() { if [ "$1" = "$old" ]; then echo FROZEN >"$1/freezer.state"; else echo 1 >"$1/cgroup.freeze"; fi; }
thaw() { if [ "$1" = "$old" ]; then echo THAWED >"$1/freezer.state"; else echo 0 >"$1/cgroup.freeze"; fi; }
is_frozen() { grep -q -s -x -e 'frozen 1' -e FROZEN "$1/cgroup.events" "$1/freezer.state"; }

hub_start --athlete both --activities 1400 --years 7 --last-day 20241231
hubctl add "{\"name\": \"Today\", \"date\": $(date +%Y%m%d), \"hhmm\": \"0001\"}" >/dev/null
now=$M/$(date +%Y/%m)
fit=$M/fit/2022/12
mount_fs -o timeout=120,ttl=1
ls "$M" "$fit" "$now" >/dev/null
stall() { hubctl set '{"fault": {"kind": "stall_headers", "path": ""}}' && hubctl reset; }
asked() { [ "$(requests)" -ge "$1" ]; }
waits() { grep -q -E 'request_wait_answer|folio_wait' "/proc/$1/wchan"; }

# freezes "who" GROUP command...: it waits, is frozen, and thawed. Its words are in $T/said.
freezes() {
    who=$1 group=$2 before=$(requests)
    shift 2
    # shellcheck disable=SC2016
    sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$@" >"$T/said" 2>&1 &
    pid=$!
    started="$started $pid"
    within 20 asked $((before + 1)) && within 20 waits $pid || fail "$who: it waits"
    freeze "$group"
    # Long before the time is over that one call may take.
    check "$who: frozen" within 20 is_frozen "$group"
    thaw "$group"
}
thawed() {
    status=0
    wait $pid || status=$?
}
# interrupted "who" GROUP command...: there is no old copy.
interrupted() {
    freezes "$@"
    thawed
    check "$who: it is told (status $status)" test $status -ne 0
    check "$who: so" said 'Interrupted system call'
}

# ---- no old copy

stall
interrupted "cat of a list" "$cg" cat "$M/2020/03/activities.csv"
interrupted "ls" "$cg" ls "$M/2021/03"
interrupted "find" "$cg" find "$M/2023/03" -type f
interrupted "stat" "$cg" stat "$M/2019/03/activities.json"
# On a slow machine it may be asked twice: a connection that is silent for long may be dead.
months() { hubctl stats queries_seen | jq '[.[] | .startDay // empty] | unique | length'; }
same "a month each" 4 "$(months)"
hubctl clear
check "what was asked for lands all the same" test -s "$M/2020/03/activities.csv"
check "the others, too" ls "$M/2021/03" "$M/2023/03" "$M/2019/03"
same "with nothing else" 4 "$(months)"

stall
interrupted "cat of a recording" "$cg" cat "$fit/20221230-FooRun.fit"
interrupted "stat of another" "$cg" stat "$fit/20221228-BarRun.fit"
interrupted "find with sizes" "$cg" find "$fit" -name '20221227*' -size +1
hubctl clear
check "the recordings land" test -s "$fit/20221228-BarRun.fit"
check "- with their bytes" sh -c 'cat "$1" | tail -c +9 | grep -q ^.FIT' - "$fit/20221230-FooRun.fit"

# A page that is on its way can be waited for in no way that a signal interrupts.
cat "$fit/20221228-BarRun.fit" >"$T/bar"
rm "$T"/cache/*/files/*
"$py" - "$fit/20221228-BarRun.fit" <<'END_'
import os, sys
os.posix_fadvise(os.open(sys.argv[1], os.O_RDONLY), 0, 0, os.POSIX_FADV_DONTNEED)
END_
stall
freezes "a reader of a recording that was evicted" "$cg" cat "$fit/20221228-BarRun.fit"
# This cat tries again.
hubctl clear
thawed
same "it goes on" 0 $status
check "and has all of it" cmp "$T/said" "$T/bar"

# ---- without a word of a control group

if [ -n "$old" ]; then
    stall
    interrupted "cat, by a fake signal" "$old" cat "$M/2020/05/activities.csv"
    interrupted "ls, by a fake signal" "$old" ls "$fit/../../2021/05"
    interrupted "stat, by a fake signal" "$old" stat "$fit/20221224-FooRun.fit"
    hubctl clear
else
    echo "ok - by a fake signal # SKIP no freezer of control groups of version 1"
fi

# ---- an old copy is better than an error

next_second
next_second
stall
freezes "ls where there is an old copy" "$cg" ls "$now"
thawed
same "it has that" 0 $status
check "whole" said Today
hubctl clear

# ---- what is no freezer

cat >"$T/urgent.py" <<'END_'
import os, signal, sys
signal.signal(signal.SIGURG, lambda *_: None)
os.stat(sys.argv[1])
END_
cat >"$T/threads.py" <<'END_'
import os, sys, threading, time
def look():
    try:
        os.stat(sys.argv[1])
    except OSError as e:
        print(e, flush=True)
        os._exit(1)
t = threading.Thread(target=look)
t.start()
while t.is_alive():
    time.sleep(0.01)
END_
cc -o "$T/ring" "$TOP/tests/mount/ring.c" 2>/dev/null || echo 'exit 77' >"$T/ring"
chmod +x "$T/ring"
stall
go() {
    "$@" >"$T/said.$n" 2>&1 &
    eval "pid$n=$!"
    started="$started $!"
    n=$((n + 1))
}
n=1
go "$py" "$T/urgent.py" "$M/2020/07"
go stat "$M/2021/07"
go "$py" "$T/threads.py" "$M/2023/07"
go stat "$M/2022/07"
go "$T/ring" "$M/2018/07"
# The rest of the year that is read ahead may stand for one of them.
within 20 asked 4 || fail "they ask the hub"
# shellcheck disable=SC2154
for pid in "$pid1" "$pid2" "$pid4"; do
    within 20 waits "$pid" || fail "they wait"
done
# shellcheck disable=SC2154
kill -URG "$pid1"
# shellcheck disable=SC2154
kill -STOP "$pid2" "$pid3"
tracer=
if command -v strace >/dev/null; then
    # shellcheck disable=SC2154
    strace -qq -o "$T/trace" -p "$pid4" 2>/dev/null &
    tracer=$!
    started="$started $tracer"
    traced() { grep -q "^TracerPid:[[:space:]]*$tracer\$" "/proc/$pid4/status"; }
    within 10 traced || echo "# no tracer"
fi
sleep 0.7
kill -CONT "$pid2" "$pid3"
sleep 0.3
hubctl clear
ended() { # N WHAT
    eval "wait \$pid$1"
    status=$?
    [ $status -ne 77 ] || { echo "ok - $2 # SKIP not here" && return; }
    same "$2: it waits on and has its answer" 0 $status
    [ $status -eq 0 ] || sed 's/^/# /' "$T/said.$1"
}
ended 1 "a signal that ends nothing, as Go sends itself"
ended 2 "stopped and continued"
ended 3 "stopped and continued, with threads"
ended 4 "traced"
ended 5 "woken by io_uring"
finish
