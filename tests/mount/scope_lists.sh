#!/bin/sh
# SPDX-License-Identifier: MIT
# One page or month of the list that fails for good costs that month: everything else is listed and
# read, on the first day and on the next, with few questions more.
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/lib.sh"
hub_start --athlete synthetic --activities 480 --years 2
first_in() { hubctl items "$1" | "$py" -c 'import json, sys; print(json.load(sys.stdin)[int(sys.argv[1])]["labelId"])' "$2"; }
some_in() { hubctl items "$1" | "$py" -c 'import json, sys; print(json.dumps([i["labelId"] for i in json.load(sys.stdin)[2:7]]))'; }
expect_log 'cannot fetch' 'answers again' 'cannot be read' 'left out' \
    'counts [0-9]* activities'
# All files whose size can be told.
walk() { (cd "$M" && find . -type f -size +0c | sort) 2>"$T/errors"; }
again() {
    is_mounted "$M" && unmount
    rm -rf "$T/cache"
    mount_fs -o "views=none,rate=0,ttl=1,timeout=3"
}
mount_fs -o "views=none,rate=0,ttl=1,timeout=3"
hubctl reset
walk >"$T/all"
good=$(requests)
check "there is something to list ($(wc -l <"$T/all") files for $good requests)" test "$(wc -l <"$T/all")" -gt 530

# ---- what fails, for good

middle=202512 newest=202610 oldest=202411
item=$(first_in $middle 5)
# case "what" MONTH FAULT [MORE]: the month fails, for at most so many questions more on the first day.
case_of() {
    what=$1 month=$2 fault=$3 more=${4:-12}
    year=${month%??} mm=${month#????}
    grep -v -e "^./$year/$mm/" -e "^./$year/activities" -e "^./all/" "$T/all" >"$T/others"
    hubctl clear
    again
    hubctl set "{\"fault\": {$fault}}"
    hubctl reset
    walk >"$T/got"
    check "$what: all else is there" cmp "$T/others" "$T/got"
    asked=$(requests)
    check "- for few questions (were $asked)" test "$asked" -le $((good + more))
    check "- its month is an error, not absent" sh -c 'case $1 in EIO | ETIMEDOUT | EHOSTUNREACH) ;; *) false ;; esac' - \
        "$(errno_of list "$M/$year/$mm")"
    check "- and a name in its year" sh -c 'ls "$1" 2>/dev/null | grep -q -x "$2"' - "$M/$year" "$mm"
    hubctl reset
    next_second
    walk >"$T/got"
    check "- the next walk, too" cmp "$T/others" "$T/got"
    check "- for next to none (were $(requests))" test "$(requests)" -le 5
}
case_of "HTTP 500" $middle "\"kind\": \"status\", \"holds\": \"$item\"" 20
case_of "code 1001" $middle "\"kind\": \"result\", \"holds\": \"$item\""
case_of "code 1031" $middle "\"kind\": \"result\", \"code\": \"1031\", \"holds\": \"$item\""
case_of "a web page" $middle "\"kind\": \"html200\", \"holds\": \"$item\""
case_of "no JSON" $middle "\"kind\": \"not_json\", \"holds\": \"$item\""
case_of "too large an answer" $middle "\"kind\": \"huge\", \"mb\": 33, \"gzip\": true, \"holds\": \"$item\""
case_of "a connection that breaks" $middle "\"kind\": \"reset\", \"holds\": \"$item\"" 30
case_of "no answer" $middle "\"kind\": \"stall_headers\", \"holds\": \"$item\""
case_of "a month that counts more than it lists" $middle "\"kind\": \"count_lies\", \"add\": 4, \"covers\": $middle"
case_of "activities that are not listed" $middle "\"kind\": \"omit\", \"items\": $(some_in $middle)"
case_of "the newest month" $newest "\"kind\": \"result\", \"month\": $newest" 14
case_of "the oldest month" $oldest "\"kind\": \"result\", \"month\": $oldest" 16

"$COROSFS" --status "$M" >"$T/said" 2>&1
check "--status says so" said 'list .*1 month cannot be fetched, 2024-11: .*code 1001'
"$COROSFS" --check "$ACCOUNT" -o "api=$hub,cache_dir=$T/cache" >"$T/said" 2>&1
check "and --check" said '^. *list: .*2024-11'

# ---- until it is well again

hubctl clear
"$COROSFS" --refresh "$M/${oldest%??}" >"$T/said" 2>&1
walk >"$T/got"
check "--refresh asks again at once, and all is there" cmp "$T/all" "$T/got"

# ---- --sync

hubctl set "{\"fault\": {\"kind\": \"html200\", \"month\": $middle}}"
unmount && rm -rf "$T/cache"
refused "--sync of it" "$COROSFS" --sync "$ACCOUNT" -o "api=$hub,cache_dir=$T/cache"
check "names the month, when all others are there" said '1 month did not come, the first 2025-12'
hubctl set "{\"fault\": {\"kind\": \"html200\", \"month\": $newest}}"
refused "--check of a newest page that fails" "$COROSFS" --check "$ACCOUNT" -o "api=$hub,cache_dir=$T/cache"
check "says so" said '^. list: .*newest page'
hubctl clear

# ---- items that cannot be read, and dates of a broken clock

hubctl athlete '{"athlete": "synthetic", "activities": 200, "years": 2}' >/dev/null
hubctl add '{"raw": "{\"labelId\": \"77\", \"name\": \"no date\"}", "date": 20230101, "startTime": 1672531200}' \
    >/dev/null
again
check "an unreadable item alone on the last page hides nothing" test -s "$M/2025/activities.csv"
hubctl add '{"name": "News", "date": 20261101, "hhmm": "0700"}' >/dev/null
new() { ls "$M/2026/11" 2>/dev/null | grep -q News; }
check "nor what is new" within 10 new
hubctl athlete '{"athlete": "synthetic", "activities": 480, "years": 2}' >/dev/null
hubctl add '{"name": "Past", "date": 19890105, "hhmm": "0700"}' >/dev/null
hubctl add '{"name": "Future", "date": 20360105, "hhmm": "0700", "endTime": 4294967295}' >/dev/null
again
same "years without activities are not there" "1989 2024 2025 2026 2036" \
    "$(ls "$M" | grep '^[0-9]' | xargs)"
check "an end of 2106 is not believed" test "$(stat -c %Y "$M/2036/01/20360105-Future.json")" -lt 2090000000
walk >"$T/got"
hubctl add '{"name": "News", "date": 20261101, "hhmm": "0700"}' >/dev/null
next_second
hubctl reset
check "a new activity shows" within 10 new
check "for few questions (were $(requests))" test "$(requests)" -le 4
finish
