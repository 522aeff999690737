# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
# For tests on a real mount: source it, call hub_start and mount_fs, check things, call finish.
#
#   . "$(dirname "$0")/lib.sh"
#   hub_start
#   mount_fs
#   check "the csv is there" test -f "$M/2022/12/activities.csv"
#   finish
#
# A folder of its own, $T, holds the mountpoint $M, the cache $T/cache, the log $T/log and HOME.
# Whatever happens, everything is unmounted and every process that was started here ends.
# A warning in the log that was not announced with expect_log, and anything that the sample hub
# calls a violation, is a failure. Nothing sleeps for a fixed time: see `within`.
set -u
export LC_ALL=C.UTF-8
TOP=$(cd "$(dirname "$0")/../.." && pwd)
: "${COROSFS:=$TOP/build/corosfs}"
py=/usr/bin/python3
ACCOUNT=runner@example.org

skip() {
    echo "skipped: $*"
    exit 77
}

[ -x "$COROSFS" ] || { echo "no $COROSFS; run make"; exit 1; }
[ -r /dev/fuse ] && [ -w /dev/fuse ] || skip "/dev/fuse is not there for us"
command -v fusermount3 >/dev/null || skip "no fusermount3"

T=$(mktemp -d "${TMPDIR:-/tmp}/corosfs-mount.XXXXXX") || exit 1
T=$(readlink -f "$T")
M=$T/mnt
mkdir "$M" "$T/home"
export HOME="$T/home" TMPDIR="$T"
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR CREDENTIALS_DIRECTORY
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
export COROSFS_PASSWORD="correct horse"
# A program built with sanitizers writes here, since its stderr is gone in the background.
export ASAN_OPTIONS="log_path=$T/sanitizer" UBSAN_OPTIONS="log_path=$T/sanitizer"
export TSAN_OPTIONS="log_path=$T/sanitizer"
: >"$T/expected"
failures=0 finished= shim= hub= hub_pid= hubs= started=

# ---- checks

pass() { echo "ok - $*"; }

fail() {
    echo "not ok - $*"
    failures=$((failures + 1))
}

# check "what" command...: the command succeeds.
check() {
    what=$1
    shift
    "$@" >"$T/out" 2>&1
    status=$?
    if [ $status -eq 0 ]; then
        pass "$what"
    else
        fail "$what"
        echo "# $*: exit status $status"
        head -c 4000 "$T/out" | sed 's/^/# /'
    fi
}

# same "what" WANTED GOT
same() {
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1"
        printf '# wanted: %s\n# got:    %s\n' "$2" "$3"
    fi
}

# refused "what" command...: the command fails, and what it says is in $T/said.
refused() {
    what=$1
    shift
    if "$@" >"$T/said" 2>&1; then
        fail "$what"
        echo "# $*: succeeded"
        head -c 4000 "$T/said" | sed 's/^/# /'
    else
        pass "$what"
    fi
}

# Whether the last command that was refused said so.
said() { grep -q -e "$1" "$T/said" || { cat "$T/said" && false; }; }

# The kernel's caches are the machine's: a test that counts on them holds them, and one that has them
# dropped waits for it.
caches=$(dirname "$T")/corosfs-caches.lock
hold_caches() { exec 9>"$caches" && flock 9; }
drop_caches() { flock "$caches" sh -c 'echo 3 >/proc/sys/vm/drop_caches' 2>/dev/null; }

# within SECONDS command...: polls until the command succeeds; its last failure is the answer.
within() {
    end=$(($(date +%s) + $1))
    shift
    until "$@"; do
        [ "$(date +%s)" -lt "$end" ] || return 1
        sleep 0.05
    done
}

# Waits for the clock's next second: some times are kept in whole ones.
next_second() {
    second=$(date +%s)
    until [ "$(date +%s)" -gt "$second" ]; do
        sleep 0.02
    done
}

# A zombie that nobody waits for is gone, too.
gone() {
    state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)
    [ -z "$state" ] || [ "$state" = Z ]
}

# ---- the sample hub

# hub_start [option of fakehub.py...]: sets hub (its URL) and hub_pid.
hub_start() {
    rm -f "$T/hub.url"
    "$py" "$TOP/tests/hub/fakehub.py" --ready-file "$T/hub.url" "$@" >"$T/hub.out" 2>&1 &
    hub_pid=$!
    started="$started $hub_pid"
    if ! within 30 hub_is_ready || [ ! -s "$T/hub.url" ]; then
        cat "$T/hub.out"
        echo "the sample hub does not start"
        exit 1
    fi
    hub=$(cat "$T/hub.url")
    hub_port=${hub##*:}
}

hub_is_ready() { [ -s "$T/hub.url" ] || gone "$hub_pid"; }

hubctl() { "$TOP/tests/hub/hubctl" "$hub" "$@"; }

requests() { hubctl stats requests; }

# Ends the hub, after a look at what it has against us.
hub_stop() {
    [ -n "$hub_pid" ] || return 0
    said=$(hubctl stats violations)
    kill "$hub_pid"
    wait "$hub_pid" 2>/dev/null
    hub_pid=
    [ "$said" = "[]" ] || fail "the hub saw no violations: $said"
}

# The same hub again, on the same port.
hub_again() { hub_start --port "$hub_port" "$@"; }

# ---- the mounts' clock

# own_clock: mounts that begin from now on have one of their own, see other_clock.c. Without a compiler
# it is the machine's: what waits for it takes longer, and nothing else.
own_clock() {
    shim=$T/other_clock.so wall_s=0 passed_s=0 slept_s=0
    cc -std=c17 -D_GNU_SOURCE -shared -fPIC -o "$shim" "$TOP/tests/mount/other_clock.c" \
        2>"$T/said" || shim=
    export OTHER_CLOCK="$T/clock" ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0"
}

set_clock() { echo "$wall_s $passed_s $slept_s" >"$T/clock.new" && mv "$T/clock.new" "$T/clock"; }

# later SECONDS: they have passed.
later() {
    [ -n "$shim" ] || { sleep "$1" && return; }
    passed_s=$((passed_s + $1)) wall_s=$((wall_s + $1))
    set_clock
}

# ---- mounts

# mount_at FOLDER [argument of corosfs...]: with the hub, the cache and the log of this test, and as
# fast as the hub answers.
mount_at() {
    at=$1
    shift
    [ -d "$at" ] || mkdir "$at"
    LD_PRELOAD=${shim:-${LD_PRELOAD-}} "$COROSFS" "$ACCOUNT" "$at" \
        -o "api=$hub,cache_dir=$T/cache,log=warn,log_file=$T/log,rate=0" "$@"
}

# mount_fs [argument of corosfs...]: on $M; the test ends here when that fails.
mount_fs() {
    if ! mount_at "$M" "$@"; then
        fail "the mount is there"
        cat "$T/log" 2>/dev/null
        exit 1
    fi
}

is_mounted() { grep -q " $1 fuse.corosfs " /proc/self/mounts; }
not_mounted() { ! is_mounted "$1"; }

# The process behind the mount on a folder, by its command line: the folder is this test's alone.
pid_at() {
    for at_cmdline in /proc/[0-9]*/cmdline; do
        case "$(tr '\0' ' ' 2>/dev/null <"$at_cmdline")" in
        *corosfs\ *" $1 "*) at_pid=${at_cmdline#/proc/} && echo "${at_pid%/cmdline}" ;;
        esac
    done
}

# unmount [FOLDER]: and wait until the process is gone, so that the cache is free.
unmount() {
    at=${1:-$M}
    pid=$(pid_at "$at")
    # Busy for a moment when somebody who was killed has not let go yet.
    within 10 fusermount3 -q -u "$at" || return 1
    [ -z "$pid" ] || within 20 gone "$pid"
}

remount() {
    unmount || { fail "unmounted"; exit 1; }
    mount_fs "$@"
}

# An empty cache, but for the token.
forget_months() { rm -rf "$T"/cache/*/months "$T"/cache/*/history; }

# ---- the log

# expect_log REGEX...: such warnings belong to this test.
expect_log() { printf '%s\n' "$@" >>"$T/expected"; }

unexpected() {
    [ -e "$T/log" ] || return 1
    if [ -s "$T/expected" ]; then
        grep -E 'warning:|error:|Sanitizer' "$T/log" | grep -v -E -f "$T/expected"
    else
        grep -E 'warning:|error:|Sanitizer' "$T/log"
    fi
}

# errno_of stat|list|read|write PATH: the name of the error, or "ok", with a count for a list.
errno_of() {
    "$py" - "$@" <<'END'
import errno, os, sys
op, path = sys.argv[1:]
try:
    if op == "stat":
        os.stat(path)
    elif op == "list":
        op = "ok %d" % len(os.listdir(path))
    elif op == "read":
        open(path, "rb").read()
    else:
        os.close(os.open(path, os.O_RDWR))
    print(op if op[:2] == "ok" else "ok")
except OSError as e:
    print(errno.errorcode[e.errno])
END
}

# ---- the end

our_mounts() { sed -n "s|^[^ ]* \($T/[^ ]*\) fuse.*|\1|p" /proc/self/mounts | tac; }

# A test's own last steps.
at_end() { :; }

clean_up() {
    trap - EXIT INT TERM HUP
    cd /
    for at in $(our_mounts); do
        pid=$(pid_at "$at")
        fusermount3 -q -u "$at" || fusermount3 -q -u -z "$at"
        if [ -n "$pid" ] && ! within 15 gone "$pid"; then
            echo "# process $pid of $at did not end"
            kill -9 "$pid"
        fi
    done
    for pid in $started; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    at_end
    rm -rf --one-file-system "$T"
}

on_exit() {
    status=$?
    [ -n "$finished" ] || [ $status -eq 77 ] || fail "the test came to its end"
    clean_up
    if [ $status -eq 0 ] && [ "$failures" -gt 0 ]; then
        status=1
    fi
    exit $status
}
trap on_exit EXIT
trap 'exit 130' INT TERM HUP

finish() {
    if [ -n "$hub_pid" ]; then
        same "the hub saw nothing that a client must not do" "[]" "$(hubctl stats violations)"
    fi
    if lines=$(unexpected); then
        fail "the log holds nothing unexpected"
        echo "$lines" | sed 's/^/# /'
    else
        pass "the log holds nothing unexpected"
    fi
    for report in "$T"/sanitizer.*; do
        [ -e "$report" ] || continue
        fail "no sanitizer has anything to say"
        head -n 60 "$report" | sed 's/^/# /'
    done
    finished=1
    [ "$failures" -eq 0 ]
    exit
}
