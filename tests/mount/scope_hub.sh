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

mount_fs
find "$M" -name activities.csv -exec cat {} + >"$T/all"
check "there is something to lose" test "$(wc -l <"$T/all")" -ge 60
unmount

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
    rm "$T"/cache/*/token
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
