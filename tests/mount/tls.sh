#!/bin/sh
# SPDX-License-Identifier: MIT
# TLS, and HTTP/2 over it. What a certificate that changes under a mount gives is matrix.sh's.
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/lib.sh"
command -v openssl >/dev/null || skip "no openssl"

# certificate NAME DAYS: signed by the test's CA for both addresses of the sample hub.
certificate() {
    openssl req -newkey rsa:2048 -nodes -keyout "$T/$1.key" -out "$T/$1.csr" -subj "/CN=$1" &&
        openssl x509 -req -in "$T/$1.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -CAcreateserial \
            -out "$T/$1.pem" -days "$2" -extfile "$T/names"
} 2>>"$T/openssl"
ca() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/$1.key" -out "$T/$1.pem" -days 30 \
        -subj "/CN=corosfs test $1" 2>>"$T/openssl"
}
echo "subjectAltName=IP:127.0.0.1,IP:127.0.0.2" >"$T/names"
if ! ca ca || ! ca other || ! certificate good 30 || ! certificate expired 0; then
    cat "$T/openssl"
    exit 1
fi

# turned_away "what" SENTENCE [argument...]: no mount, and why.
turned_away() {
    what=$1 sentence=$2
    shift 2
    "$COROSFS" "$ACCOUNT" "$M" -o "api=$hub/region/%r,cache_dir=$T/cache.away" "$@" >"$T/said" 2>&1
    same "$what: exit status 1" 1 $?
    check "- with a sentence" said "$sentence"
    same "- and a single line" 1 "$(wc -l <"$T/said")"
    check "- and nothing mounted" not_mounted "$M"
}

hub_start --tls-cert "$T/good.pem" --tls-key "$T/good.key"
mount_fs -o "ca_file=$T/ca.pem"
check "a good certificate: the data comes" grep -q "Tokyo Run" "$M/2022/12/activities.csv"
check "a recording, too, by https from the file host" \
    sh -c 'cat "$1"/fit/2022/12/20221230-*.fit | head -c 12 | tail -c 4 | grep -q FIT' - "$M"
unmount
turned_away "a CA that this machine does not know" "cannot be sure.*check this machine's clock"
turned_away "another CA" "cannot be sure" -o "ca_file=$T/other.pem"
turned_away "a ca_file that is not there" "ca_file" -o "ca_file=$T/none.pem"
same "the hub was told nothing" 0 "$(hubctl stats login_failures)"
plain=$(echo "$hub" | sed 's/^https/http/')
turned_away "http where https is spoken" "HTTP\|broke\|as it should" -o "api=$plain"
hub_stop
hub_start --tls-cert "$T/expired.pem" --tls-key "$T/expired.key"
turned_away "a certificate that is over" "expired" -o "ca_file=$T/ca.pem"
hub_stop

# ---- HTTP/2

PATH=$PATH:/usr/sbin
if command -v nghttpx >/dev/null; then
    hub_start --athlete both --activities 700 --years 5
    port=$("$py" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
    nghttpx --conf=/dev/null -f "127.0.0.1,$port" -b "127.0.0.1,$hub_port" --workers=1 \
        --accesslog-file="$T/access" --accesslog-format="\$request" --errorlog-file="$T/nghttpx" \
        "$T/good.key" "$T/good.pem" 2>>"$T/openssl" &
    started="$started $!"
    answers() { curl -sf -o "$T/out" --cacert "$T/ca.pem" "https://127.0.0.1:$port/_hub/stats"; }
    check "a proxy that speaks HTTP/2" within 10 answers
    direct=$hub
    hub=https://127.0.0.1:$port
    mount_fs -o "ca_file=$T/ca.pem,rate=0,views=none"
    hub=$direct
    : >"$T/access"
    find "$M" -type f -exec cat {} + >"$T/h2"
    check "everything is read through it" grep -q "Tokyo Run" "$T/h2"
    check "by HTTP/2" grep -q 'activity/query.* HTTP/2' "$T/access"
    refused "and by nothing else" grep -v 'HTTP/2' "$T/access"
    unmount
    "$COROSFS" "$ACCOUNT" "$M" -o "api=$hub,cache_dir=$T/cache.plain,log=warn,log_file=$T/log,views=none"
    find "$M" -type f -exec cat {} + >"$T/h1"
    check "it is the same as by HTTP/1.1" cmp "$T/h1" "$T/h2"
    unmount
else
    echo "ok - HTTP/2 # SKIP no nghttpx"
fi
finish
