#!/bin/sh
# SPDX-License-Identifier: MIT
# Formats that the hub does not make, in all the shapes of saying so; and files that come late.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip "no jq"
hub_start
mount_fs -o rate=0,views=fit:gpx:tcx:kml
items=$(hubctl items)
id_of() { echo "$items" | jq -r ".[] | select(.date == $1) | .labelId"; }
downloads() { hubctl stats downloads; }
has() { ls "$1" | grep -q -x -e "$2"; }
has_not() { ! has "$@"; }
dir_of() { stat -c '%.9Y' "$M/$1/2022/12"; }
before=$(stat -c %.9Y "$M/tcx/2022/12") other=$(dir_of fit)

# ---- four shapes of a refusal

# 30 12 28 12 27 12 24 12: a shape each.
hubctl set "{\"refusal\": {\"$(id_of 20221230)/tcx\": 0, \"$(id_of 20221228)/tcx\": 1,
    \"$(id_of 20221227)/tcx\": 2, \"$(id_of 20221224)/tcx\": 3}}"
# A hub that gives none of them is no proof.
check "one that there is" test -s "$M/tcx/2022/12/20221218-Baz.tcx"
same "all of them are listed before anybody asks" 10 "$(ls "$M/tcx/2022/12" | wc -l)"
for name in 20221230-FooRun 20221228-BarRun 20221227-BarBike 20221224-FooRun; do
    same "$name: refused is ENOENT" ENOENT "$(errno_of stat "$M/tcx/2022/12/$name.tcx")"
    check "and is listed no longer" within 10 has_not "$M/tcx/2022/12" "$name.tcx"
    check "but in the other trees" has "$M/kml/2022/12" "$name.kml"
    check "which have it" test -s "$M/fit/2022/12/$name.fit"
done
same "the others stay" 6 "$(ls "$M/tcx/2022/12" | wc -l)"
check "the month's names changed, and so did its time" test "$before" != "$(dir_of tcx)"
same "that of the other trees did not" "$other" "$(dir_of fit)"
hubctl reset
same "asked again, it is ENOENT" ENOENT "$(errno_of stat "$M/tcx/2022/12/20221230-FooRun.tcx")"
same "without a question" 0 "$(downloads)"
check "a walk sees no error" sh -c 'find "$1" -type f -exec cat {} + >"$2"' - "$M/tcx" "$T/walk"
time=$(dir_of tcx)
hubctl reset
remount -o rate=0,views=fit:gpx:tcx:kml
same "remembered by the next mount: not listed" 6 "$(ls "$M/tcx/2022/12" | wc -l)"
same "not there" ENOENT "$(errno_of stat "$M/tcx/2022/12/20221230-FooRun.tcx")"
same "the month has the same time" "$time" "$(dir_of tcx)"
same "and nobody is asked" 0 "$(downloads)"

# ---- an edit makes the question a new one

hubctl set '{"refusal": {}}'
remount -o rate=0,ttl=1,views=fit:gpx:tcx:kml
hubctl edit "{\"labelId\": \"$(id_of 20221230)\", \"set\": {\"name\": \"Foo Run Again\"}}"
"$COROSFS" --refresh "$M/2022/12" >/dev/null 2>&1 || kill -HUP "$(pid_at "$M")"
check "after an edit it is listed again" within 15 has "$M/tcx/2022/12" 20221230-FooRunAgain.tcx
check "and comes" test -s "$M/tcx/2022/12/20221230-FooRunAgain.tcx"

# ---- never made

same "a gpx of an indoor run is not listed" 0 "$(ls "$M/gpx/2022/12" | grep -c Indoor)"
hubctl reset
same "nor there" ENOENT "$(errno_of stat "$M/gpx/2022/12/20221201-IndoorRun.gpx")"
same "nor asked for" 0 "$(downloads)"
check "it has a fit" test -s "$M/fit/2022/12/20221201-IndoorRun.fit"

# ---- a trouble is no refusal

hubctl set '{"fault": {"kind": "html200", "path": "/detail/download"}}'
expect_log 'cannot fetch a [a-z]* file' 'files can be fetched again' 'web page' 'out of order'
same "a web page is an error" EIO "$(errno_of stat "$M/kml/2022/12/20221213-FooRun.kml")"
check "the file is still listed" has "$M/kml/2022/12" 20221213-FooRun.kml
hubctl set '{"fault": {"kind": "result", "code": "5006", "path": "/detail/download", "times": 1}}'
check "an error code that comes once is not believed" test -s "$M/kml/2022/12/20221212-FooRun.kml"
hubctl clear
kill -HUP "$(pid_at "$M")"
there() { test -s "$M/kml/2022/12/20221213-FooRun.kml"; }
check "when it is over the file is there" within 20 there

# ---- made on demand

hubctl set '{"object_delay_s": 1}'
check "a gpx that appears a second later is waited for" test -s "$M/gpx/2022/12/20221218-Baz.gpx"
check "so is a whole month of them" sh -c 'cat "$1"/*.gpx >"$2"' - "$M/gpx/2022/12" "$T/walk"
same "all of them came" 8 "$(grep -c '</gpx>' "$T/walk")"

# ---- a mount for each night

unmount
rm -rf "$T/cache"
hubctl set "{\"refusal\": {\"$(id_of 20221201)/fit\": 1}}"
expect_log 'no other fit'
mount_fs -o rate=0
refused "the first that is asked for does not exist: nobody can tell" cp -r "$M/fit" "$T/copy"
same "the others come" 9 "$(find "$T/copy" -name '*.fit' | wc -l)"
check "then it is settled" within 20 has_not "$M/fit/2022/12" 20221201-IndoorRun.fit
remount -o rate=0
check "the next night nothing is wrong" cp -r "$M/fit" "$T/copy"
unmount
hubctl set "{\"refusal\": {\"$(id_of 20221206)/fit\": 1}}"
rm "$T"/cache/*/files/fit-"$(id_of 20221206)"-*
mount_fs -o rate=0
same "what came in an earlier night tells of one that is new" ENOENT \
    "$(errno_of stat "$M/fit/2022/12/20221206-IndoorRun.fit")"
finish
