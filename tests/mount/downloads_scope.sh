#!/bin/sh
# SPDX-License-Identifier: MIT
# A recording that fails for ever, in any way, costs that recording: a backup brings all others with
# about the questions that it takes without it, and says that one is missing.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip "no jq"
hub_start --athlete synthetic --activities 80 --years 0.5 --last-day 20231231
expect_log 'cannot fetch a [a-z]* file' 'Training Hub' 'files can be fetched again'
mount_fs -o rate=0,log=info
cp -r "$M/fit" "$T/good"
check "a walk that fetches all is told of" grep -q '50 recordings fetched in a row' "$T/log"
good=$(requests)
files() { (cd "$1" && find . -type f -printf '%P\n' | sort); }
files "$T/good" >"$T/names"
unmount
rm -rf "$T/cache"

# ---- one in each way

# The paths of the recordings that are to fail, and their labels: each third from the third on.
hubctl items | jq -r 'sort_by(.startTime)[] | .labelId' | awk 'NR % 4 == 3' >"$T/labels"
awk 'NR % 4 == 3' "$T/names" >"$T/bad"
faults=
n=0
# way QUOTED_KIND...: what the file host does with one; ask: the hub, when it is asked where it is.
way() {
    n=$((n + 1))
    faults="$faults${faults:+,}{\"kind\": $1, \"path\": \"$(sed -n ${n}p "$T/labels").fit\"}"
}
ask() {
    n=$((n + 1))
    label=$(sed -n ${n}p "$T/labels")
    faults="$faults,{\"kind\": $1, \"path\": \"/detail/download\", \"query\": \"labelId=$label\"}"
}
way '"status"'
way '"status", "code": 404'
way '"html200"'
way '"stall_body"'
way '"trickle", "ms": 5'
way '"cut"'
way '"reset"'
way '"packed"'
way '"no_length"'
ask '"status"'
ask '"html200"'
ask '"stall_headers"'
ask '"result", "code": "1001"'
ask '"result", "code": "1019"'
ask '"status", "code": 403, "body": "html"'
ask '"status", "code": 401'
hubctl set "{\"faults\": [$faults]}"
sed -i "$((n + 1)),\$d" "$T/bad"
last=$(tail -n 1 "$T/bad")
missing() { files "$1" | comm -13 - "$T/names"; }

mount_fs -o rate=0,timeout=2
hubctl reset
refused "$n of $(wc -l <"$T/names") recordings fail: cp tells" cp -r "$M/fit" "$T/copy"
refused "of no deletion" said 'No such file'
same "all others are there" "$(cat "$T/bad")" "$(missing "$T/copy")"
check "for few questions more (were $(requests), $good without them)" \
    test "$(requests)" -le $((good + good / 5 + 3 * n))
check "what came is right" sh -c 'diff -r "$1" "$2" | grep -v "^Only in $2"; [ $? -eq 1 ]' - \
    "$T/copy" "$T/good"

# ---- twelve neighbours of each kind

unmount
rm -rf "$T/cache" "$T/copy"
sed -n '20,31p;50,61p' "$T/names" >"$T/bad"
hubctl items | jq -c 'sort_by(.startTime) | map(.labelId) |
    [.[19:31][] | {kind: "status", code: 501, path: (. + ".fit")}] +
    [.[49:61][] | {kind: "result", code: "1001", path: "/detail/download", query: ("labelId=" + .)}] |
    {faults: .}' >"$T/faults"
hubctl set "$(cat "$T/faults")"
mount_fs -o rate=0
hubctl reset
refused "neighbours fail: cp tells" cp -r "$M/fit" "$T/copy"
same "all others are there" "$(cat "$T/bad")" "$(missing "$T/copy")"
check "for few questions more (were $(requests), $good without them)" \
    test "$(requests)" -le $((good + good / 5 + 3 * 24))
last=$(tail -n 1 "$T/bad")
check "the status tells" sh -c '"$1" --status "$2" | grep -q "; 24 fail"' - "$COROSFS" "$M"

# ---- when it is well again

refused "one that fails is an error" cat "$M/fit/$last"
hubctl set '{"faults": []}'
"$COROSFS" --refresh "$M/fit/${last%/*}" >/dev/null
check "and comes when somebody asks on purpose" cmp "$M/fit/$last" "$T/good/$last"
kill -HUP "$(pid_at "$M")"
all() { diff -r "$M/fit" "$T/good" >"$T/said" 2>&1; }
check "for all of them" within 20 all
unmount

# ---- four that drip hold up nobody

hubctl set '{"faults": [{"kind": "trickle", "ms": 5, "path": "/tcx/", "times": 4}]}'
mount_fs -o rate=0
hubctl reset
readers=
for n in 1 20 40 60; do
    name=$(sed -n ${n}p "$T/names")
    cat "$M/tcx/${name%.fit}.tcx" >/dev/null 2>&1 &
    readers="$readers $!"
done
asked() { [ "$(hubctl stats files)" -ge 4 ]; }
within 20 asked
name=$(sed -n 80p "$T/names")
check "a fifth comes" timeout 20 cat "$M/tcx/${name%.fit}.tcx"
check "while they drip" kill -0 $readers
kill $readers
for reader in $readers; do
    wait "$reader" 2>/dev/null
done
hubctl set '{"faults": []}'

# ---- the hub has other bytes than those whose size is known

remount -o rate=0,cache_size=0
for name in $(tail -n 6 "$T/names"); do
    cat "$M/fit/$name" >/dev/null
done
hubctl set "{\"fault\": {\"kind\": \"file\", \"after_it\": \"more\", \"path\": \".fit\"}}"
name=$(head -n 1 "$T/names")
before=$(stat -c '%s %.9Y' "$M/fit/$name")
hubctl reset
same "a size that is known costs nothing" "$(stat -c %s "$T/good/$name") 0" "${before% *} $(hubctl stats files)"
drop_caches
cat "$M/fit/$name" >/dev/null 2>&1
other() { [ "$(stat -c %s "$M/fit/$name")" -eq $((${before% *} + 4)) ]; }
check "who reads finds out, and then it has another size" within 20 other
check "and another time" test "$before" != "$(stat -c '%s %.9Y' "$M/fit/$name")"
check "and is read" sh -c 'tail -c 4 "$1" | grep -q more' - "$M/fit/$name"
unmount

# ---- details that are larger than memory should be

hubctl set '{"fault": {"kind": "huge", "mb": 40, "path": "/detail/query"}}'
mount_fs -o rate=0
ls "$M/detail" >/dev/null
for name in $(sed -n '1p;20p;40p' "$T/names"); do
    cat "$M/detail/${name%.fit}.json" >"$T/large.${name##*/}" &
    readers="${readers:-} $!"
done
for reader in $readers; do
    wait "$reader"
done
same "three of 40 MB come" 3 "$(find "$T" -maxdepth 1 -name 'large.*' -size +40M | wc -l)"
check "as JSON" sh -c 'head -c 100 "$1" | grep -q "^{" && tail -c 3 "$1" | grep -q "^}"' - \
    "$(find "$T" -maxdepth 1 -name 'large.*' | head -n 1)"
peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(pid_at "$M")/status")
check "through little memory (were $peak kB)" test "$peak" -lt 65536
hubctl set '{"faults": []}'
rm "$T"/large.*
unmount

# ---- nowhere to keep them

expect_log 'nothing is kept on disk'
hubctl reset
mount_fs -o rate=0,cache_dir=/proc/none
check "without a folder for them recordings come all the same" all
same "each once" "$(wc -l <"$T/names")" "$(hubctl stats files)"
check "and stay for a while" all
same "without another download" "$(wc -l <"$T/names")" "$(hubctl stats files)"
same "nowhere that somebody could find them" "" \
    "$(find "$T" -path "$M" -prune -o -path "$T/good" -prune -o -path "$T/copy" -prune -o \
        -name '*.fit*' -print -o -name 'fit-*' -print | grep -v "^$T/cache/")"
read_bytes() { "$COROSFS" --status "$M" --metrics | sed -n 's/^corosfs_fuse_read_bytes_total[^ ]* //p'; }
before=$(read_bytes)
drop_caches
cat "$M/fit/$last" >/dev/null
check "what is read is counted" test "$(read_bytes)" -gt "$before"
finish
