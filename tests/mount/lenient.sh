#!/bin/sh
# SPDX-License-Identifier: MIT
# Odd answers that are no failure: one bad item never hides the others.
. "$(dirname "$0")/lib.sh"
hub_start --athlete both --activities 400 --years 5
mount_fs
cat "$M/2022/12/activities.csv" >"$T/article"
ls "$M/2022/12" >"$T/names"

# spoil JSON: a mount that has seen nothing, and this fault.
spoil() {
    unmount || fail "unmounted"
    forget_months
    mount_fs
    hubctl set "{\"fault\": $1}"
}

# harmless "what" FAULT: the month is what it is.
harmless() {
    spoil "$2"
    check "$1: the same table" cmp "$M/2022/12/activities.csv" "$T/article"
    check "- and the same names" sh -c 'ls "$1" | diff - "$2"' - "$M/2022/12" "$T/names"
    hubctl clear
}

harmless "unknown keys" '{"kind": "extra_keys"}'
harmless "a connection that closes after each answer" '{"kind": "close_after"}'
harmless "items that come twice" '{"kind": "duplicate"}'
for what in totalPage pageNumber labelId date; do
    harmless "$what of another type" "{\"kind\": \"wrong_types\", \"what\": \"$what\"}"
done
harmless "keys missing that nobody needs" \
    '{"kind": "missing_keys", "keys": ["avgHr", "device", "imageUrl", "startTimezone"]}'

# One more item that is none, beside ten good ones.
expect_log 'left out' 'counts'
for what in string number null array path zero big negative long float nul missing; do
    harmless "a bad item ($what)" "{\"kind\": \"bad_item\", \"what\": \"$what\"}"
done
check "what is left out is said" grep -q 'left out' "$T/log"

names() { ls "$M/2022/12" | wc -l; }
spoil '{"kind": "nulls"}'
same "nulls: as many files" 12 "$(names)"
same "- and as many rows" 11 "$(wc -l <"$M/2022/12/activities.csv")"
check "- with empty cells" grep -q '^20221230,,100,,,,$' "$M/2022/12/activities.csv"
hubctl clear
spoil '{"kind": "swap_numbers"}'
same "integers as floats and back: as many files" 12 "$(names)"
hubctl clear
spoil '{"kind": "wrong_types", "what": "items"}'
same "names that are lists, distances that are objects: as many files" 12 "$(names)"
hubctl clear
spoil '{"kind": "bad_utf8", "n": 3}'
same "names that are no UTF-8: as many files" 12 "$(names)"
check "- whose names are" sh -c 'ls "$1" | iconv -f UTF-8 -t UTF-8' - "$M/2022/12"
check "- and whose content is" sh -c 'cat "$1"/* | iconv -f UTF-8 -t UTF-8' - "$M/2022/12"
hubctl clear

# Something moves from page to page while they are read.
unmount
forget_months
mount_fs
hubctl set '{"page_max": 100}'
hubctl add '{"date": 20221231, "name": "Last"}' >/dev/null
hubctl set '{"fault": {"kind": "insert"}}'
ls "$M" >/dev/null
cat "$M/all/activities.csv" >"$T/all.csv"
same "an activity that appears while pages are read: every row is there" \
    "$(hubctl items | grep -c labelId)" "$(($(wc -l <"$T/all.csv") - 1))"
same "- and none twice" "" "$(sort "$T/all.csv" | uniq -d)"
check "pages of 100 after the hub refused 200" \
    sh -c 'echo "$1" | grep -q "\"size\":\"100\""' - "$(hubctl stats queries_seen)"
finish
