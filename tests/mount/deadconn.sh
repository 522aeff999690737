#!/bin/sh
# SPDX-License-Identifier: MIT
# Connections that died without a word while nobody used them: a proxy that takes everything on them
# and answers nothing, and a network that has forgotten them. What is asked on one is asked again on
# a fresh one, long before its time is over.
# shellcheck source=tests/mount/lib.sh
if [ -z "${DEADCONN-}" ] && unshare -n ip link set lo up 2>/dev/null; then
    # A network of its own, whose packets can be dropped.
    exec env DEADCONN=own unshare -n sh "$0"
fi
. "$(dirname "$0")/lib.sh"
[ -z "${DEADCONN-}" ] || ip link set lo up || skip "no loopback in a network of our own"
PATH=$PATH:/usr/sbin

# Forwards to a port; on SIGUSR1 what is open goes on taking bytes, and that is all.
cat >"$T/relay.py" <<'END_'
import os, signal, socket, sys, threading
target, ready, log = int(sys.argv[1]), sys.argv[2], open(sys.argv[3], "a", buffering=1)
era = 0
def swallow(*_):
    global era
    era += 1
signal.signal(signal.SIGUSR1, swallow)
def pump(a, b, born, up):
    try:
        while data := a.recv(65536):
            if born == era:
                b.sendall(data)
            elif up:
                log.write("swallowed\n")
    except OSError:
        pass
    for s in a, b:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
def accept():
    while True:
        a, _ = door.accept()
        b = socket.create_connection(("127.0.0.1", target))
        for s in a, b:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for args in (a, b, era, True), (b, a, era, False):
            threading.Thread(target=pump, args=args, daemon=True).start()
door = socket.create_server(("127.0.0.1", 0), backlog=64)
threading.Thread(target=accept, daemon=True).start()
with open(ready + ".new", "w") as f:
    print(door.getsockname()[1], file=f)
os.rename(ready + ".new", ready)
while True:
    signal.pause()
END_
# relay PORT: sets relay (its port) and relay_pid.
relay() {
    rm -f "$T/relay"
    : >"$T/swallowed"
    "$py" "$T/relay.py" "$1" "$T/relay" "$T/swallowed" &
    relay_pid=$!
    started="$started $relay_pid"
    within 20 test -s "$T/relay" || fail "a relay"
    relay=$(cat "$T/relay")
}
swallowed() { wc -l <"$T/swallowed"; }
again() { grep -c 'asked again on a fresh one' "$T/log"; }
# answered "what" command...: it is, and how long that took is told.
answered() {
    begin=$(date +%s%N)
    check "$@"
    echo "# after $((($(date +%s%N) - begin) / 1000000)) ms"
}
same_as_items() { [ "$(jq length "$M/$1/activities.json")" = "$(hubctl items "$2" | jq length)" ]; }

# ---- a proxy that takes everything

hub_start --athlete both --activities 1400 --years 7 --last-day 20241231
relay "$hub_port"
direct=$hub through=http://127.0.0.1:$relay
on() { hub=$1 && shift && "$@" && hub=$direct; }
on "$through" mount_fs -o "log=debug,views=fit"
# With a token that is not this mount's own, and so asked for again as soon as it is dead.
on "$through" remount -o "log=debug,views=fit"
ls "$M" "$M/2020/03" >/dev/null
kill -USR1 "$relay_pid"
hubctl reset
hubctl set '{"expire_token": true}'
answered "a month and a login, on connections that swallow" same_as_items 2021/05 202105
check "it was swallowed" test "$(swallowed)" -ge 1
check "and asked again" test "$(again)" -ge 1
same "a login is sent once" 1 "$(hubctl stats logins)"
before=$(swallowed)
check "the next one uses no connection that swallows" same_as_items 2022/08 202208
same "so nothing is swallowed" "$before" "$(swallowed)"
unmount

# ---- a network that forgets

if [ "${DEADCONN-}" = own ] && nft add table inet dead 2>"$T/nft" &&
    nft 'add chain inet dead out { type filter hook output priority 0; }' 2>>"$T/nft"; then
    # forget: every packet of the mount's connections is dropped from now on.
    forget() {
        ports=$(ss -Htnp state established | sed -n "s/^.* \(127[0-9.]*\):\([0-9]*\) *127.*pid=$(pid_at "$M"),.*/\2/p" |
            paste -s -d,)
        [ -n "$ports" ] && nft "add rule inet dead out tcp sport { $ports } drop" &&
            nft "add rule inet dead out tcp dport { $ports } drop"
    }
    mount_fs -o "log=debug,views=fit"
    ls "$M" "$M/2020/10" "$M/fit/2022/12" >/dev/null
    cat "$M/fit/2022/12/20221230-FooRun.fit" >"$T/fit"
    before=$(again)
    check "the network forgets the connections" forget
    answered "a recording, without those to both hosts" \
        sh -c 'tail -c +9 "$1" | grep -q ^.FIT' - "$M/fit/2022/12/20221228-BarRun.fit"
    check "it was asked again" test "$(again)" -gt "$before"
    unmount
else
    echo "ok - a network that forgets # SKIP no network of our own, or no nft"
    forget() { false; }
fi

# ---- HTTP/2, where all requests share one connection

if command -v nghttpx >/dev/null && command -v openssl >/dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/h2.key" -out "$T/h2.pem" -days 30 \
        -subj "/CN=corosfs test" -addext "subjectAltName=IP:127.0.0.1" 2>"$T/openssl"
    port=$("$py" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
    nghttpx --conf=/dev/null -f "127.0.0.1,$port" -b "127.0.0.1,$hub_port" --workers=1 \
        --accesslog-file="$T/access" --accesslog-format="\$request" --errorlog-file="$T/nghttpx" \
        "$T/h2.key" "$T/h2.pem" 2>>"$T/openssl" &
    started="$started $!"
    relay "$port"
    answers() { curl -sf -o "$T/out" --cacert "$T/h2.pem" "https://127.0.0.1:$relay/_hub/stats"; }
    check "a proxy that speaks HTTP/2" within 10 answers
    rm -rf "$T/cache"
    on "https://127.0.0.1:$relay" mount_fs -o "log=debug,views=none,rate=0,ca_file=$T/h2.pem"
    ls "$M" "$M/2024/12" >/dev/null
    kill -USR1 "$relay_pid"
    before=$(again)
    for year in 2018 2019 2020 2021 2022 2023; do
        for month in 02 07; do
            same_as_items "$year/$month" "$year$month" &
            pids="${pids-} $!"
        done
    done
    begin=$(date +%s%N) bad=0
    for pid in $pids; do
        wait "$pid" || bad=$((bad + 1))
    done
    echo "# after $((($(date +%s%N) - begin) / 1000000)) ms"
    same "twelve months over a dead connection of HTTP/2: all are there" 0 "$bad"
    check "by HTTP/2" grep -q 'activity/query.* HTTP/2' "$T/access"
    # Four calls are under way at a time; those behind them use it no more.
    check "asked again: those that it had (was $(($(again) - before)))" \
        test $(($(again) - before)) -ge 1 -a $(($(again) - before)) -lt 12
    before=$(swallowed)
    check "the next one does not use it" same_as_items 2023/10 202310
    same "so nothing is swallowed" "$before" "$(swallowed)"
    unmount
else
    echo "ok - HTTP/2 # SKIP no nghttpx"
fi
finish
