#!/bin/sh
# SPDX-License-Identifier: MIT
# What the hub's failures mean for login, breaker and start: one bad thing costs that one thing.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip "no jq"
hub_start --athlete synthetic --activities 60 --years 0.3 --last-day 20231231

# shim NAME: builds tests/mount/NAME.c to preload.
shim() {
    cc -std=c17 -D_GNU_SOURCE -shared -fPIC -o "$T/$1.so" "$TOP/tests/mount/$1.c" 2>"$T/said"
}
export ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0"

mount_fs -o rate=0
find "$M" -name activities.csv -exec cat {} + >"$T/all"
check "there is something to lose" test "$(wc -l <"$T/all")" -ge 60
unmount

# ---- some activities fail for ever, each in its own way

# A backup brings everything else, the login stays, the hub is not spared, and none is asked for
# again and again.
cat >"$T/kinds" <<'END_'
500 "kind": "status"
503-and-a-rest "kind": "status", "code": 503, "retry_after": 3600
403 "kind": "status", "code": 403, "body": "html"
401 "kind": "status", "code": 401, "body": "empty"
1001 "kind": "result"
1019 "kind": "result", "code": "1019"
1006 "kind": "result", "code": "1006"
1030 "kind": "result", "code": "1030"
page "kind": "html200"
stall "kind": "stall_headers"
cut "kind": "cut"
END_
mount_fs -o rate=0,timeout=2
hubctl items 202312 | jq -r '.[3:][].labelId' | head -n "$(wc -l <"$T/kinds")" | paste -d ' ' - "$T/kinds" |
    while read -r label kind options; do
        echo "{\"name\": \"$kind\", $options, \"path\": \"/activity/detail\", \"query\": \"labelId=$label\", \"times\": 1000}"
    done | jq -s '{faults: .}' >"$T/faults"
bad=$(jq '.faults | length' "$T/faults")
same "as many fail as there are ways" "$(wc -l <"$T/kinds")" "$bad"
hubctl reset
hubctl set "$(cat "$T/faults")"
expect_log 'cannot fetch a fit file'
rsync -a "$M/fit" "$T/copy" >"$T/out" 2>&1
same "some recordings fail: a backup says so" 23 $?
same "it has all others" $((60 - bad)) "$(find "$T/copy" -name '*.fit' | wc -l)"
same "nobody logged in again" 0 "$(hubctl stats logins)"
hubctl knobs | jq -r '.faults[] | "\(.name) \(1000 - .times_left)"' >"$T/asked"
while read -r kind n; do
    check "$kind: asked for, but not often (was $n)" test "$n" -ge 1 -a "$n" -le 3
done <"$T/asked"
status() { "$COROSFS" --status "$M" >"$T/status"; }
status
check "the login is good" grep -q 'login *logged in' "$T/status"
refused "the hub is not spared" grep spared "$T/status"
check "lists come" cat "$M/2023/11/activities.csv"

# ---- somebody stands between us and the hub for a while

hubctl reset
hubctl set '{"fault": {"kind": "status", "code": 403, "body": "html", "path": ""}}'
expect_log 'cannot fetch .*HTTP 403' 'can be fetched again' 'answers again'
for f in $(find "$M/tcx/2023/12" -type f | head -n 6); do
    same "a page of a firewall is an error of that call" EIO "$(errno_of read "$f")"
done
status
check "the hub is spared, in words" grep 'spared.*HTTP 403.*firewall' "$T/status"
check "the login is not to blame" grep -q 'login *logged in' "$T/status"
hubctl clear
kill -HUP "$(pid_at "$M")"
there() { cat "$f" >/dev/null 2>&1; }
check "and with the firewall it is over" within 20 there
same "nobody logged in again" 0 "$(hubctl stats logins)"
unmount

# ---- a mount starts, whatever the login's answer is

expect_log 'mounting what is in the cache'
while read -r kind knobs; do
    rm -f "$T"/cache/*/token
    hubctl set "$knobs"
    mount_fs -o timeout=2
    check "$kind: the mount is there, with what is cached" grep -q . "$M/2023/12/activities.csv"
    hubctl clear
    unmount
done <<END_
403 {"fault": {"kind": "status", "code": 403, "body": "html", "path": "/account"}}
page {"fault": {"kind": "html200", "path": "/account"}}
1019 {"fault": {"kind": "result", "code": "1019", "path": "/account"}}
stall {"fault": {"kind": "stall_headers", "path": "/account"}}
slow-down {"login_status": 429, "retry_after": 3600}
second-factor {"two_factor": true}
END_
rm -f "$T"/cache/*/token
hubctl set '{"password": "another horse"}'
refused "a refused password is another matter" mount_at "$M"
check "and says so" grep -q "refuses this e-mail and password" "$T/log"
expect_log 'refuses this e-mail and password'
hubctl clear
rm -f "$T"/cache/*/refused

# ---- nobody types a password

# On a terminal of its own, which says nothing until the patience is over: whether that echoes while
# the password is asked for, the exit status, whether it echoes then.
cat >"$T/terminal.py" <<'END_'
import os, pty, sys, termios
clock, said, *argv = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0:
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    os.execv(argv[0], argv)
echoes = lambda: "echo" if termios.tcgetattr(fd)[3] & termios.ECHO else "mute"
asked = b""
while b"password of" not in asked:
    asked += os.read(fd, 1000)
print(echoes(), flush=True)
with open(clock + ".new", "w") as f:
    f.write("0 105")
os.rename(clock + ".new", clock)
status = os.waitpid(pid, 0)[1]
print(os.waitstatus_to_exitcode(status), echoes())
END_
# unattended FOLDER
unattended() {
    rm -f "$T/clock"
    COROSFS_PASSWORD='' OTHER_CLOCK=$T/clock LD_PRELOAD=$T/other_clock.so timeout 60 \
        "$py" "$T/terminal.py" "$T/clock" "$T/said" "$COROSFS" "$ACCOUNT" "$M" \
        -o "api=$hub,cache_dir=$1,log=warn" >"$T/typed" 2>&1
}
if shim other_clock; then
    rm -f "$T"/cache/*/token
    unattended "$T/cache"
    same "nobody types: the terminal is as it was, and what is cached is mounted" \
        "mute 0 echo" "$(xargs <"$T/typed")"
    check "with a word" said "nobody typed the password; mounting what is in the cache"
    check "it is there" is_mounted "$M"
    unmount
    unattended "$T/cache.empty"
    same "without a cache the start fails" "mute 1 echo" "$(xargs <"$T/typed")"
    check "with a word" said "nobody typed the password"
else
    pass "nobody types a password # SKIP no compiler"
fi

# ---- the kernel does not answer

if shim no_hello; then
    LD_PRELOAD=$T/no_hello.so timeout 60 "$COROSFS" "$ACCOUNT" "$M" -f \
        -o "api=$hub,cache_dir=$T/cache" >"$T/said" 2>&1
    same "a kernel that does not answer: exit status 1" 1 $?
    check "with a sentence" said "the kernel does not answer"
    check "and nothing is mounted" not_mounted "$M"
else
    pass "a kernel that does not answer # SKIP no compiler"
fi
finish
