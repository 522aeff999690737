#!/bin/sh
# SPDX-License-Identifier: MIT
# No password, hash, token or link in a log, an argument list or an environment; a private cache.
. "$(dirname "$0")/lib.sh"
own_clock
hub_start --athlete both --activities 300 --years 4 --last-day "$(date +%Y%m%d)"
md5=$(printf %s "$COROSFS_PASSWORD" | md5sum | cut -d' ' -f1)
umask 022

secrets() {
    echo "correct horse"
    echo "correct%20horse"
    echo "$md5"
    echo '\$2b\$10\$'
    sed -n 's/.*"token": *"\([^"]*\)".*/\1/p' "$T"/cache/*/token
    cat "$T/tokens" 2>/dev/null
    echo 'access_token='
    echo 'api.mapbox.com'
    echo 's3eu.coros.com/snapshot'
    echo '127.0.0.2'
    echo 'accesstoken'
    echo 'accessToken'
}
# clean FILE "what": none of the secrets is in it.
clean() {
    secrets >"$T/patterns"
    check "$2 says something" test -s "$1"
    refused "$2 tells no secret" grep -a -i -e "$(sed -n 1p "$T/patterns")" -f "$T/patterns" "$1"
}

mount_fs -o log=debug,ttl=1
find "$M" -type f -exec cat {} + >/dev/null
check "there is a token to look for" test "$(secrets | grep -c -E '^[0-9A-F]{32}$')" -eq 1
secrets | grep -E '^[0-9A-F]{32}$' >>"$T/tokens"
pid=$(pid_at "$M")
tr '\0' '\n' <"/proc/$pid/cmdline" >"$T/cmdline"
check "the arguments are readable" grep -q "$M" "$T/cmdline"
clean "$T/cmdline" "/proc/PID/cmdline"
for what in environ auxv stat status; do
    tr '\0' '\n' <"/proc/$pid/$what" >"$T/proc.$what" 2>/dev/null
done
refused "/proc/PID/environ does not show the password" grep -a "correct horse" "$T/proc.environ"
# A login while it is up, one that is refused, and every kind of answer that is worth a line.
expect_log 'cannot fetch' 'answers again' 'left out' 'counts' 'e-mail and password' 'logged out'
unmount
forget_months
mount_fs -o log=debug,ttl=1,timeout=2
for fault in '{"kind": "html200"}' '{"kind": "not_json"}' '{"kind": "cut"}' '{"kind": "status"}' \
    '{"kind": "redirect"}' '{"kind": "bad_item", "what": "all"}' '{"kind": "bad_utf8"}' \
    '{"kind": "result", "code": "5555", "message": "token ABC"}' '{"kind": "reset"}' \
    '{"kind": "stall_body"}' '{"kind": "wrong_types", "what": "data"}'; do
    hubctl set "{\"fault\": $fault}"
    ls "$M/2023/05" >/dev/null 2>&1
    ls "$M/$(date +%Y/%m)" >/dev/null 2>&1
done
hubctl clear
hubctl set '{"expire_token": true}'
again() { ls "$M/2023/03" >/dev/null 2>&1; }
# A breaker may be open, and a minute passes between two logins.
later 60
check "after a storm of faults it reads again" within 30 again
# It may even say the token that it was sent, and more than words.
token=$(sed -n 's/.*"token": *"\([^"]*\)".*/\1/p' "$T"/cache/*/token)
hubctl set "{\"fault\": {\"kind\": \"result\", \"code\": \"5556\",
    \"message\": \"no $token \\u009b2J\\u202e https://otto:pass@h/?sig=1\"}}"
refused "a hub that tells the token fails" ls "$M/2023/04"
check "its words are in the log" grep -q '5556: no \*\*\* ?2J? https://\*\*\*@h/?\*\*\*' "$T/log"
"$COROSFS" --status "$M" >"$T/status" && "$COROSFS" --status --json "$M" >>"$T/status"
clean "$T/status" "--status"
check "nor does it steer a terminal" grep -q '5556: no \*\*\* ?2J? ' "$T/status"
hubctl clear
secrets | grep -E '^[0-9A-F]{32}$' >>"$T/tokens"
unmount
hubctl set '{"expire_token": true, "password": "other"}'
mount_fs -o log=debug,ttl=1
ls "$M/$(date +%Y/%m)" "$M/2022/11" >/dev/null 2>&1
hubctl clear
clean "$T/log" "the log at log=debug"
check "it is a debug log" grep -q '/activity/query' "$T/log"
unmount
(umask 022 && COROSFS_PASSWORD=wrong "$COROSFS" "$ACCOUNT" "$M" -d \
    -o "api=$hub,cache_dir=$T/cache3" >"$T/stderr" 2>&1)
clean "$T/stderr" "-d on the terminal"

# The user of a proxy, however its URL is cut to pieces.
for proxy in 'http://otto:pass#1@127.0.0.1:1' '127.0.0.1:1#pass@127.0.0.1:1'; do
    https_proxy=$proxy "$COROSFS" --check "$ACCOUNT" -o "api=https://127.0.0.2,cache_dir=$T/cache4" \
        >"$T/checked" 2>&1
    check "--check says what fails" grep -q 'connection: cannot reach 127.0.0.2' "$T/checked"
    refused "and no word of the proxy's user" grep -e otto -e 'pass[#@]' -e 127.0.0.1 "$T/checked"
done

# ---- the cache

find "$T/cache" "$T/cache3" -perm /077 >"$T/said"
check "nothing in the cache is for others" test ! -s "$T/said"
cat "$T/said"
same "its folders are 0700" 700 "$(find "$T/cache" -type d -printf '%m\n' | sort -u)"
same "its files are 0600" 600 "$(find "$T/cache" -type f -printf '%m\n' | sort -u)"
same "the log file, too" 600 "$(stat -c %a "$T/log")"
refused "the cache holds no password" grep -r -a -e "correct horse" -e "$md5" "$T/cache"
refused "and no link to a map" grep -r -a -e mapbox -e 'coros.com/snapshot' "$T/cache"
refused "its name does not tell whose it is" sh -c 'ls -R "$1" | grep runner' - "$T/cache"
# Of the password that was refused above, which is the right one again.
rm "$T"/cache/*/refused
chmod 755 "$T"/cache/*/
mount_fs
same "a folder that was opened to others is closed again" 700 "$(stat -c %a "$T"/cache/*/)"
find "$M" -type f -exec cat {} + >"$T/tree"
refused "nor is a link to a map in the tree" grep -a -e mapbox -e 'coros.com/snapshot' "$T/tree"
unmount

# ---- syslog

if [ "$(id -u)" -eq 0 ] && [ ! -e /dev/log ]; then
    "$py" - "$T/syslog" <<'END' &
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
os.chmod("/dev/log", 0o600)
with open(sys.argv[1], "wb", buffering=0) as f:
    f.write(b"ready\n")
    while True:
        f.write(s.recv(65536) + b"\n")
END
    logger=$!
    started="$started $logger"
    within 10 test -s "$T/syslog"
    forget_months
    hubctl set '{"expire_token": true}'
    "$COROSFS" "$ACCOUNT" "$M" -o "api=$hub,cache_dir=$T/cache,log=debug"
    hubctl set '{"fault": {"kind": "html200"}}'
    ls "$M/2023/05" >/dev/null 2>&1
    hubctl clear
    ls "$M/$(date +%Y)" >/dev/null 2>&1
    check "without log_file it logs to syslog" within 10 grep -a -q 'corosfs\[' "$T/syslog"
    clean "$T/syslog" "syslog"
    unmount
    kill $logger
    rm -f /dev/log
else
    echo "ok - syslog # SKIP there is one, or we may not make one"
fi
finish
