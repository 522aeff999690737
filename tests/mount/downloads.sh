#!/bin/sh
# SPDX-License-Identifier: MIT
# The trees of downloads: what listing costs, what comes, byte for byte, and what a second look costs.
. "$(dirname "$0")/lib.sh"
command -v rsync >/dev/null || skip "no rsync"
hub_start --athlete both --activities 24 --years 0.2 --last-day 20231231
mount_fs -o views=fit:gpx:tcx:kml:track:detail,rate=0
year=$M/fit/2023
month=$(ls "$year" | tail -n 1)
downloads() { echo "$(hubctl stats downloads) $(hubctl stats files) $(hubctl stats details)"; }

# ---- listing

same "the root" "2022 2023 all detail fit gpx kml tcx track" "$(ls "$M" | tr '\n' ' ' | sed 's/ $//')"
ls -l "$M" >/dev/null
ls -R "$M/fit" "$M/tcx" "$M/detail" >/dev/null
find "$M/fit" "$M/gpx" "$M/kml" "$M/track" >"$T/found"
find "$M" -name '*.fit' >"$T/named"
find "$M" -type f -name '20221230*' >>"$T/named"
bash -c 'compgen -f "$1/fit/2022/12/2022"' - "$M" >"$T/completed"
check "find shows the files" grep -q "fit/2022/12/20221230-FooRun.fit" "$T/found"
same "completion, too" 10 "$(wc -l <"$T/completed")"
same "the names are the main tree's" \
    "$(cd "$M/2022/12" && ls | sed -n 's/^\(2022.*\)\.json$/\1/p')" \
    "$(cd "$M/fit/2022/12" && ls | sed 's/\.fit$//')"
same "each tree has its ending" "10 10 10" "$(ls "$M/track/2022/12" | grep -c '\.csv$') \
$(ls "$M/detail/2022/12" | grep -c '\.json$') $(ls "$M/tcx/2022/12" | grep -c '\.tcx$')"
same "an indoor run has no gpx" 8 "$(ls "$M/gpx/2022/12" | wc -l)"
same "nothing of this is a download" "0 0 0" "$(downloads)"
before=$(requests)
refused "a name that cannot be is refused" stat "$M/fit/2022/12/20221230-FooRun.gpx"
refused "and another" stat "$M/fit/2022/activities.csv"
refused "and another" stat "$M/fit/all"
refused "and the other tree's" stat "$M/fit/2022/12/activities.csv"
refused "a run that nobody ran is refused" stat "$M/fit/2022/12/20221230-NoRun.fit"
same "without a request" "$before" "$(requests)"

# ---- one file

check "a lone stat" test -s "$M/fit/2022/12/20221230-FooRun.fit"
same "is one download" "1 1 0" "$(downloads)"
cp "$M/fit/2022/12/20221230-FooRun.fit" "$T/one.fit"
same "reading it is no other" "1 1 0" "$(downloads)"
same "it is a FIT file" .FIT "$(dd if="$T/one.fit" bs=1 skip=8 count=4 2>/dev/null)"
same "its size was true" "$(stat -c %s "$M/fit/2022/12/20221230-FooRun.fit")" "$(stat -c %s "$T/one.fit")"
same "it has its activity's time" "$(stat -c %Y "$M/2022/12/20221230-FooRun.json")" \
    "$(stat -c %Y "$M/fit/2022/12/20221230-FooRun.fit")"
check "du finds blocks in it" test "$(du -k "$M/fit/2022/12/20221230-FooRun.fit" | cut -f1)" -gt 0
refused "it cannot be written" sh -c ': >"$1"' - "$M/fit/2022/12/20221230-FooRun.fit"

# ---- a directory, in parallel

hubctl set '{"delay_ms": 30}'
hubctl reset
ls -l "$M/fit/2023/$month" >"$T/listed"
n=$(ls "$M/fit/2023/$month" | wc -l)
check "ls -l of a month with $n files: some come at once" \
    test "$(hubctl stats max_parallel_files)" -ge 2
cp -r "$M/fit/2023" "$T/copy"
all=$(find "$M/fit/2023" -type f | wc -l)
same "cp -r of a year: four files at a time, never more" 4 "$(hubctl stats max_parallel_files)"
check "and four questions at most" test "$(hubctl stats max_parallel)" -le 4
same "each file comes once" "$all $all 0" "$(downloads)"
check "the copy equals it" diff -r "$M/fit/2023" "$T/copy"
awk '/fit$/ { print $5, $NF }' "$T/listed" >"$T/sizes"
(cd "$T/copy/$month" && stat -c '%s %n' *) >"$T/copied"
check "the sizes that ls showed are the copies'" cmp "$T/sizes" "$T/copied"
hubctl set '{"delay_ms": 0}'

# ---- all of them, byte for byte

hubctl items >"$T/items"
# That the hub makes no kml of a run indoors shows when it has told of another one.
stat "$M/gpx/2022/12/20221230-FooRun.gpx" "$M/kml/2022/12/20221230-FooRun.kml" >"$T/said"
# At once: what the hub does not make is asked for a second time a second later.
find "$M/gpx" "$M/kml" -type f -print0 | xargs -0 -n 1 -P 16 stat >"$T/said" 2>&1
"$py" "$TOP/tests/mount/exported.py" "$T/items" "$M" fit gpx tcx kml track detail >"$T/said" 2>&1
same "every file is what the hub's items make" 1 "$(wc -l <"$T/said")"
head -n 20 "$T/said" | sed 's/^/# /'
check "there are 34 of each, less those without a track" \
    grep -q '^fit=34 gpx=[12][0-9] tcx=34 kml=[12][0-9] track=34 detail=34$' "$T/said"

# ---- a second time

find "$M/fit" "$M/gpx" "$M/detail" -type f -exec stat -c '%n %i %s %.9Y %.9Z' {} + | sort >"$T/stats"
check "each has a number of its own" test -z "$(cut -d' ' -f2 "$T/stats" | sort | uniq -d)"
rsync -a "$M/fit/" "$T/rsync"
remount -o views=fit:gpx:detail,rate=0
hubctl reset
find "$M/fit" "$M/gpx" "$M/detail" -type f -exec stat -c '%n %i %s %.9Y %.9Z' {} + | sort >"$T/again"
check "after a remount they are the same, to the nanosecond" cmp "$T/stats" "$T/again"
same "rsync: nothing to do" "" "$(rsync -ai --delete "$M/fit/" "$T/rsync")"
check "the bytes, too" diff -r "$M/fit" "$T/rsync"
same "no download" "0 0 0" "$(downloads)"
same "no request at all" 0 "$(requests)"

hub_stop
remount -o rate=0
check "with the hub down they are still there" diff -r "$M/fit" "$T/rsync"
same "unlisted trees have names" "$(grep -c /gpx/ "$T/stats")" "$(find "$M/gpx" -type f | wc -l)"
finish
