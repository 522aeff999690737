#!/bin/sh
# SPDX-License-Identifier: MIT
# December 2022 of the sample hub, byte for byte: the tree that the README shows.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip "no jq"
hub_start
mount_fs -o views=none

cat >"$T/table" <<'END'
date,name,sportType,totalTime,distance,calorie,trainingLoad
20221230,Foo Run,100,9538,14651.11,1266085,117
20221228,Bar Run,100,3844,5049.67,426847,35
20221227,Bar Bike,200,2831,14636.66,62314,420
20221224,Foo Run,100,2345,4002.47,288226,31
20221218,Baz,100,14696,24009.9,2135983,264
20221217,Tokyo Run,100,8091,17739.38,1331496,184
20221213,Foo Run,100,2991,6900.9,512450,71
20221212,Foo Run,100,2981,7309.62,534430,79
20221206,Indoor Run,101,2707,6830.0,377457,110
20221201,Indoor Run,101,3622,9130.0,555887,224
END
cat >"$T/names" <<'END'
20221201-IndoorRun.json
20221206-IndoorRun.json
20221212-FooRun.json
20221213-FooRun.json
20221217-TokyoRun.json
20221218-Baz.json
20221224-FooRun.json
20221227-BarBike.json
20221228-BarRun.json
20221230-FooRun.json
activities.csv
activities.json
END

# stat of every file while nothing was opened yet.
find "$M" -type f -printf '%P %s\n' | sort >"$T/sizes"
check "every file is in the tree" test "$(wc -l <"$T/sizes")" -eq 16

check "the month's csv is the article's table" cmp "$M/2022/12/activities.csv" "$T/table"
for csv in 2022 all; do
    check "$csv/activities.csv is the same table" cmp "$M/$csv/activities.csv" "$T/table"
done

(cd "$M" && find . -type f -printf '%P\n' | sort | while read -r f; do
    printf '%s %s\n' "$f" "$(wc -c <"$f")"
done) >"$T/bytes"
check "stat before any open told the sizes that wc counts" diff "$T/sizes" "$T/bytes"

check "the month lists these names" sh -c 'ls "$1" | diff - "$2"' - "$M/2022/12" "$T/names"
same "the year lists its month and summaries" "12 activities.csv activities.json" \
    "$(ls "$M/2022" | xargs)"
same "the root lists the year and all" "2022 all" "$(ls "$M" | xargs)"
same "all lists its summaries" "activities.csv activities.json" "$(ls "$M/all" | xargs)"

find "$M" -name '*.json' >"$T/jsons"
all_jq() {
    while read -r f; do
        jq -e . "$f" >/dev/null || return 1
    done <"$T/jsons"
}
check "jq accepts every json" all_jq
same "there are ten and three of them" 13 "$(wc -l <"$T/jsons")"

# The item as the hub sent it: every key in its order, the numbers as they were written.
"$py" - "$M/2022/12" "$hub" >"$T/said" 2>&1 <<'END'
import json, os, sys, urllib.request
month, hub = sys.argv[1:]
def ordered(text):
    return json.loads(text, object_pairs_hook=list, parse_float=str, parse_int=str)
def without_map(item):
    return [(k, "" if k == "imageUrl" else v) for k, v in item]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
hub_items = ordered(opener.open(hub + "/_hub/items?month=202212").read())
want = [without_map(i) for i in hub_items]
text = open(month + "/activities.json").read()
assert ordered(text) == want, "activities.json differs from the hub's items"
assert text.endswith("]\n") and '\n  {\n    "' in text, "two spaces, newline at the end"
names = sorted((n for n in os.listdir(month) if n[0] == "2"), reverse=True)
for name, item in zip(names, want):
    text = open(os.path.join(month, name)).read()
    assert ordered(text) == item, name
    assert text.startswith('{\n  "') and text.endswith("}\n"), name
END
check "the json files hold the hub's items, key by key" test ! -s "$T/said"
cat "$T/said"
refused "no link to a map is in them" grep -r -l -e mapbox -e 'imageUrl": "[^"]' "$M"

# du counts blocks of 512 bytes.
check "du adds up" sh -c 'test $(du -s --block-size=1 "$1" | cut -f1) -gt $(wc -c <"$1/all/activities.json")' - "$M"
finish
