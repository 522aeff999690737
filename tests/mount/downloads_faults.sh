#!/bin/sh
# SPDX-License-Identifier: MIT
# Every fault of the file host and of the call before it, in one table: what a reader gets, that
# nothing seems deleted, that what is kept is served, and that it comes when the fault is over.
. "$(dirname "$0")/lib.sh"
hub_start --athlete synthetic --activities 120 --years 3 --last-day 20231231
expect_log 'cannot fetch a [a-z]* file' 'files can be fetched again' 'Training Hub' \
    '127\.0\.0\.[12]'
mount_fs -o rate=0,timeout=3
pid=$(pid_at "$M")
# A file of each month, so that none is fetched ahead.
find "$M/fit" -name '*.fit' | sort -r | awk -F/ '!seen[$(NF-1) $(NF-2)]++' >"$T/paths"
kept=$(find "$M/fit" -name '*.fit' | sort | head -n 1)
cp "$kept" "$T/kept"
at=0

# row ERRNO FAULT: `ok` where the fault is got over.
row() {
    at=$((at + 1))
    file=$(sed -n "${at}p" "$T/paths")
    name=$(basename "$file") dir=$(dirname "$file")
    hubctl set "{\"fault\": $2}"
    got=$(errno_of stat "$file")
    drop_caches
    listed=$(ls "$dir" | grep -c -x -e "$name")
    old=$(cmp "$T/kept" "$kept" >/dev/null 2>&1 && echo kept)
    hubctl set '{"faults": []}'
    kill -HUP "$pid"
    same "$2" "$1 1 kept" "$got $listed $old"
    there() { [ "$(dd if="$file" bs=1 skip=8 count=4 2>/dev/null)" = .FIT ]; }
    # A breaker may be open for ten seconds.
    within 25 there || fail "$2: it comes when that is over"
}

for path in /fit/ /detail/download; do
    for times in ', "times": 1' ''; do
        then=${times:+ok}
        p="\"path\": \"$path\"$times"
        row "${then:-EIO}" "{\"kind\": \"status\", \"code\": 500, $p}"
        row "${then:-EIO}" "{\"kind\": \"status\", \"code\": 503, \"body\": \"html\", $p}"
        row "${then:-EHOSTUNREACH}" "{\"kind\": \"reset\", $p}"
    done
    p="\"path\": \"$path\""
    row ETIMEDOUT "{\"kind\": \"stall_headers\", $p}"
    row EIO "{\"kind\": \"html200\", $p}"
    row EIO "{\"kind\": \"not_json\", $p}"
    row EIO "{\"kind\": \"redirect\", \"location\": \"http://192.0.2.1/\", $p}"
    row ok "{\"kind\": \"close_after\", $p}"
    row ok "{\"kind\": \"delay\", \"ms\": 300, $p}"
done
row ETIMEDOUT '{"kind": "stall_body", "path": "/fit/"}'
row ETIMEDOUT '{"kind": "trickle", "ms": 300, "path": "/fit/"}'
row EIO '{"kind": "cut", "path": "/fit/"}'
row ok '{"kind": "cut", "path": "/fit/", "times": 1}'
row EIO '{"kind": "reset", "when": "middle", "path": "/fit/"}'
row EIO '{"kind": "status", "code": 410, "path": "/fit/"}'
row EIO '{"kind": "result", "code": "1001", "path": "/detail/download"}'
row ok '{"kind": "result", "code": "5006", "path": "/detail/download", "times": 1}'
no_half() { [ "$(find "$T"/cache/*/files -name '.*.tmp' | wc -l)" -eq 0 ]; }
check "nothing half stays" within 20 no_half
finish
