#!/bin/sh
# SPDX-License-Identifier: MIT
# --status and --refresh: in words, as JSON and for Prometheus; while the hub stalls; right and wrong.
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/../mount/lib.sh"
hub_start --athlete both --activities 400 --years 5
mkdir -m 700 "$T/runtime"
export XDG_RUNTIME_DIR="$T/runtime"

status_of() { timeout 20 "$COROSFS" --status "$@"; }
# field PATH [argument...]: of --status --json, "login.state".
field() {
    at=$1
    shift
    status_of "$M" --json "$@" | "$py" -c 'import json, sys
o = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    o = o[key]
print(o)' "$at"
}
metric() {
    status_of "$M" --metrics | sed -n "s|^$1 ||p" | sed 's/\.0*$//'
}

# ---- nothing to talk to

refused "--status of a folder where nothing is mounted" status_of "$M"
check "- with a sentence" said "error: no corosfs of yours is mounted at $M"
refused "--status of a folder that is not there" status_of "$T/none"
check "- with a sentence" said "no corosfs of yours is mounted at $T/none"
refused "--refresh of it" "$COROSFS" --refresh "$M/2022"
check "- with a sentence" said "error: $M/2022 is in no corosfs mount of yours that answers"
refused "--refresh of nothing" "$COROSFS" --refresh
check "- with a sentence" said "the usage is: corosfs --refresh PATH"
refused "two folders" status_of "$M" "$T"
check "- with a sentence" said "the usage is: corosfs --status"

# ---- a mount

mount_fs
cat "$M/2022/12/activities.csv" >/dev/null
check "--status" status_of "$M"
cp "$T/out" "$T/words"
for words in "^$M: $ACCOUNT, for " "login *logged in" "region 1 (US" "months" "memory .* of 64.0 MiB" \
    "requests *2 to the hub (login ok 1, list ok 1)" "kernel .*lookup" "errors *0 to programs"; do
    check "- says: $words" grep -q "$words" "$T/words"
done
check "- by a path inside it" status_of "$M/2022/12"
ln -s "$M" "$T/link"
check "- by a symbolic link to it" status_of "$T/link/2022"
check "- from within it" sh -c 'cd "$1/2022/12" && exec "$2" --status ..' - "$M" "$COROSFS"
same "--json: the account" "$ACCOUNT" "$(field account)"
same "- the process" "$(pid_at "$M")" "$(field pid)"
same "- the login" "logged in" "$(field login.state)"
same "- the region" 1 "$(field region)"
same "- the breaker" False "$(field breaker.open)"
same "- counters as whole numbers, one within the other" "1 int" "$(status_of "$M" --json | "$py" -c 'import json, sys
m = json.load(sys.stdin)["metrics"]
def check(o):
    for key, value in o.items():
        assert key.replace("_", "").isalnum() or key.replace(".", "").isdigit() or key == "+Inf", key
        assert isinstance(value, (dict, int)) or key == "sum", (key, value)
        isinstance(value, dict) and check(value)
check(m)
n = m["corosfs_hub_requests_total"]["list"]["ok"]
print(n, type(n).__name__)')"
check "--metrics" test "$(metric "corosfs_logged_in{mount=\"$M\"}")" = 1
same "- requests by call and result" 1 \
    "$(metric "corosfs_hub_requests_total{mount=\"$M\",call=\"list\",result=\"ok\"}")"
same "- how long they took" 1 \
    "$(metric "corosfs_hub_request_seconds_bucket{mount=\"$M\",call=\"list\",le=\"+Inf\"}")"
status_of "$M" --metrics >"$T/metrics"
check "- is Prometheus' text format" "$py" - "$T/metrics" <<'END_PY'
import re, sys
typed, seen, series = {}, set(), set()
for line in open(sys.argv[1]):
    line = line.rstrip("\n")
    if line.startswith("# TYPE "):
        name, kind = line.split()[2:]
        assert name not in typed, "twice: " + name
        typed[name] = kind
    elif not line.startswith("# HELP "):
        m = re.fullmatch(r'([a-z_]+)\{((?:[a-z]+="[^"\\]*",?)+)\} (\d+(\.\d+)?(e[+-]?\d+)?)', line)
        assert m, line
        base = re.sub("_(bucket|sum|count)$", "", m[1]) if m[1] not in typed else m[1]
        assert base in typed and (base != m[1]) == (typed[base] == "histogram"), line
        assert (m[1], m[2]) not in series, line
        series.add((m[1], m[2]))
assert len(series) > 30
END_PY
cat "$M/fit/2022/12/20221230-FooRun.fit" >"$T/fit"
check "a download is counted" test "$(field downloads.files)" -ge 1
check "- with its bytes" test "$(field downloads.bytes)" -ge "$(wc -c <"$T/fit")"
check "- and as a request to the file host" test \
    "$(metric "corosfs_hub_requests_total{mount=\"$M\",call=\"file\",result=\"ok\"}")" -ge 1
token=$(sed -n 's/.*"token": "\(.*\)".*/\1/p' "$T"/cache/*/token)
(status_of "$M"; status_of "$M" --json; status_of "$M" --metrics) >"$T/all" 2>&1
refused "nothing secret is in it" grep -e "$token" -e horse "$T/all"
same "the socket's folder is ours alone" 700 "$(stat -c %a "$T/runtime/corosfs")"
same "one socket" 1 "$(find "$T/runtime/corosfs" -type s | wc -l)"

# ---- two mounts

mkdir "$T/other"
# Offline, since the hub knows one login an account.
"$COROSFS" "$ACCOUNT" "$T/other" -o "api=$hub,cache_dir=$T/cache2,log_file=$T/log,offline"
check "--status of all" status_of
same "- is of both" 2 "$(status_of | grep -c "^$T/[a-z]*: $ACCOUNT")"
same "- as JSON, too" 2 "$(status_of --json | "$py" -c 'import json, sys
print(len(json.load(sys.stdin)))')"
check "- offline nobody was asked" sh -c '"$1" --status "$2" | grep -q "hub *not asked (offline)$"' - \
    "$COROSFS" "$T/other"
status_of --metrics >"$T/both"
same "- for Prometheus a family is there once" 1 "$(grep -c '^# TYPE corosfs_logged_in ' "$T/both")"
same "- with a series each" 2 "$(grep -c '^corosfs_logged_in' "$T/both")"
fusermount3 -u "$T/other"
one_socket() { [ "$(find "$T/runtime/corosfs" -type s | wc -l)" -eq 1 ]; }
check "an unmount takes its socket along" within 15 one_socket

# ---- while the hub stalls

hubctl set '{"fault": {"kind": "stall_headers"}}'
cat "$M/2023/05/activities.csv" >"$T/reader" 2>&1 &
reader=$!
started="$started $reader"
is_waiting() { [ "$(field cache.waiting)" -ge 1 ]; }
check "a reader waits for a hub that stalls, and --status says so" within 20 is_waiting
check "- a call is under way" test "$(field calls.active)" -ge 1
kill -USR1 "$(pid_at "$M")"
check "SIGUSR1 logs the status, at any level" within 10 grep -q "corosfs:   login *logged in" "$T/log"
hubctl clear
wait $reader
same "then the reader gets what it waited for" 0 $?

# ---- trouble

expect_log 'cannot fetch' 'answers again'
hub_stop
errno_of list "$M/2025/04" >/dev/null
check "a hub that is gone is the last error" sh -c \
    '"$1" --status "$2" | grep -q "failing .* ago: cannot reach"' - "$COROSFS" "$M"
refused "--refresh says so, too" "$COROSFS" --refresh "$M/2022/12"
check "- with the reason" said "error: cannot reach 127.0.0.1"
hub_again --athlete both --activities 400 --years 5

# ---- refresh

is_back() { "$COROSFS" --refresh "$M/2022/12" >"$T/said" 2>&1; }
check "the hub is back" within 30 is_back
check "--refresh of a month says what it did" said "^$M/2022/12: looked at 1 month with [12] requests*: nothing changed"
ls "$M/2022/12" >/dev/null
hubctl add '{"date": 20221215, "hhmm": "0700", "name": "Late Upload"}' >/dev/null
refresh() { "$COROSFS" --refresh "$@" >"$T/said" 2>&1; }
check "--refresh of a file in it" refresh "$M/2022/12/activities.csv"
check "- sees what came" said "looked at 1 month with 1 request: 1 changed"
check "- and so does the mount" test -e "$M/2022/12/20221215-LateUpload.json"
check "--refresh of a year" refresh "$M/2022"
check "- looks at what is cached of it" said ": looked at [0-9]* month"
check "--refresh of everything" refresh "$M"
check "- says so" said "^$M: looked at [0-9]* months with"
check "--refresh of /all" refresh "$M/all"
refused "--refresh of what cannot be there" "$COROSFS" --refresh "$M/nonsense"
check "- with a sentence" said "error: $M/nonsense: no such file"
for none in 2022/13 2022/12/20221231-Nothing.json fit/2022/12/20221230-Nothing.fit 1999 1999/activities.csv \
    2022/12/activities.csv/x 2021/01/activities.csv; do
    refused "--refresh of $none, which is not there" "$COROSFS" --refresh "$M/$none"
    check "- says so" said "error: $M/$none: no such file"
done
check "of a recording that is" refresh "$M/fit/2022/12/20221230-FooRun.fit"
find "$M" -path "$M/fit" -prune -o -type f -print >"$T/out"
first=$(field cache.history.oldest_day)
months=$(($(date -u +%Y) * 12 + $(date -u +%-m) - (first / 10000 * 12 + first / 100 % 100) + 1))
check "with everything in the cache" refresh "$M"
check "- months count from the first activity to today" said ": looked at $months months with"
check "- in a sync, too" sh -c '"$1" --sync "$2" -o "$4" | grep -q " $3 of $3 months"' - \
    "$COROSFS" "$ACCOUNT" "$months" "api=$hub,cache_dir=$T/cache"
unmount
forget_months
mount_fs
check "--refresh of what is not cached" refresh "$M/2023"
check "- says so" said "^$M/2023: nothing of it is cached"

# ---- the socket itself

sock=$(echo "$T"/runtime/corosfs/*.sock)
talk() {
    "$py" -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode())
s.shutdown(socket.SHUT_WR) if len(sys.argv) > 3 else None
answer = b""
while data := s.recv(65536):
    answer += data
print(answer.decode().strip() or "nothing")' "$sock" "$@"
}
same "what is no JSON gets no answer" nothing "$(talk 'hello
')"
same "nor does an array" nothing "$(talk '[1]
')"
same "nor a line without an end" nothing "$(talk '{"do":"status"' end)"
same "nor one that is too long" nothing "$(talk "$(head -c 70000 /dev/zero | tr '\0' x)" 2>/dev/null || echo nothing)"
check "an unknown command is said to be one" sh -c 'echo "$1" | grep -q "another version"' - "$(talk '{"do":"sing"}
')"
check "a login without a password is refused" sh -c 'echo "$1" | grep -q "no password"' - "$(talk '{"do":"login"}
')"
# Clients that say nothing are given up after a while; they do not keep others out for longer.
"$py" - "$sock" "$COROSFS" "$M" <<'END_PY'
import socket, subprocess, sys, time
idle = [socket.socket(socket.AF_UNIX) for _ in range(8)]
for s in idle:
    s.connect(sys.argv[1])
end = time.monotonic() + 60
while subprocess.run(sys.argv[2:3] + ["--status", sys.argv[3]], capture_output=True).returncode:
    if time.monotonic() > end:
        sys.exit(1)
    time.sleep(0.1)
END_PY
same "eight silent clients are given up" 0 $?
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$T" "$T/runtime" "$T/runtime/corosfs" && chmod 777 "$sock"
    same "another user is not heard, even where the folder lets him in" nothing "$(
        setpriv --reuid 65534 --clear-groups "$py" -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
try:
    s.sendall(b"{\"do\":\"status\"}\n")
    print(s.recv(100).decode() or "nothing")
except (BrokenPipeError, ConnectionResetError):
    print("nothing")' "$sock")"
    chmod 700 "$T/runtime" "$T/runtime/corosfs"
fi

# ---- killed

pid=$(pid_at "$M")
kill -9 "$pid"
check "killed" within 10 gone "$pid"
refused "--status of a dead mount" status_of "$M"
check "- with a sentence" said "$M is dead: its process was killed; unmount it"
check "- and its socket goes" test ! -e "$sock"
fusermount3 -uz "$M"
mount_fs
check "the next mount is found" status_of "$M"
unmount

# ---- without a runtime folder

unset XDG_RUNTIME_DIR
mount_fs
check "without XDG_RUNTIME_DIR: --status finds it" status_of "$M"
same "- by a socket in the cache folder" 1 "$(find "$HOME/.cache/corosfs/run" -type s | wc -l)"
unmount
export XDG_RUNTIME_DIR="$T/none"
mount_fs
check "with one that is not there, too" status_of "$M"
unmount
finish
