#!/bin/sh
# SPDX-License-Identifier: MIT
# A hub that misbehaves: each cause has its errno, nothing that fails looks like a deletion, and
# when the hub is well again, so is the mount.
. "$(dirname "$0")/lib.sh"
hub_start --athlete both --activities 400 --years 5
mount_fs
cat "$M/2022/12/activities.csv" >"$T/article"
ls "$M/2022" >"$T/year"
expect_log 'cannot fetch' 'answers again'

# spoil JSON SECONDS: a mount that has seen only the root and the newest months, and this fault.
spoil() {
    unmount || fail "unmounted"
    forget_months
    mount_fs -o "timeout=$2"
    ls "$M" >/dev/null
    ls "$M/2026/09" >"$T/cached"
    hubctl set "{\"fault\": $1}"
}

back() { cmp -s "$M/2022/12/activities.csv" "$T/article"; }
year_back() { ls "$M/2022" | cmp -s - "$T/year"; }

# gives ERRNO "what" FAULT [TIMEOUT]; what is tried again needs its time.
gives() {
    spoil "$3" "${4:-15}"
    same "$2" "$1 $1 $1" "$(errno_of stat "$M/2022/12/activities.csv") $(
        errno_of list "$M/2022/12") $(errno_of list "$M/2022")"
    check "- what is cached is served" sh -c 'ls "$1" | cmp - "$2"' - "$M/2026/09" "$T/cached"
    hubctl clear
    # The breaker may be open, for ten seconds.
    check "- and it recovers without a remount" within 25 back
    check "- the whole year, too" within 25 year_back
}

gives EIO "a web page: EIO to stat and ls, of month and year" '{"kind": "html200"}'
gives EIO "broken JSON" '{"kind": "not_json"}'
gives EIO "an answer that is cut off" '{"kind": "cut"}'
gives EIO "a redirect" '{"kind": "redirect"}'
gives EIO "status 500" '{"kind": "status"}'
gives EIO "status 502 with a page" '{"kind": "status", "code": 502, "body": "html"}'
gives EIO "an odd result code" '{"kind": "result", "code": "5555"}'
gives EIO "64 MB" '{"kind": "huge"}'
gives EIO "64 MB in a small packet" '{"kind": "huge", "gzip": true}'
gives EIO "a JSON of 100,000 brackets" '{"kind": "deep"}'
for what in count_negative dataList data data_string data_null result; do
    gives EIO "a wrong type: $what" "{\"kind\": \"wrong_types\", \"what\": \"$what\"}"
done
# It says that there are ten, and shows none.
gives EIO "a count without its list" '{"kind": "wrong_types", "what": "dataList_null"}'
gives EHOSTUNREACH "connections that are reset" '{"kind": "reset"}'
gives ETIMEDOUT "no answer" '{"kind": "stall_headers"}' 2
gives ETIMEDOUT "half an answer" '{"kind": "stall_body"}' 2
finish
