#!/bin/sh
# SPDX-License-Identifier: MIT
# Edits and deletions on the hub, in the trees of downloads; who reads keeps the bytes he began with.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip "no jq"
today=$(date +%Y%m%d)
month=$(date +%Y/%m)
hub_start --athlete synthetic --activities 6 --years 0.005 --last-day "$today"
add() { hubctl add "{\"date\": $today, \"sportType\": 100, $1}" | jq -r .labelId; }
# Long enough that the kernel does not read all of it ahead.
id=$(add '"hhmm": "0001", "name": "Known Run", "distance": 50000.0, "totalTime": 14000')
gone_id=$(add '"hhmm": "0002", "name": "Short Lived", "distance": 40000.0, "totalTime": 12000')
mount_fs -o ttl=1,rate=0,views=fit:gpx
# As a file manager comes here: by listings with attributes, which spare the kernel the look-ups.
ls -l "$M" >/dev/null
ls -l "$M/fit" >/dev/null
ls -l "$M/gpx/${month%/*}" >/dev/null
fit=$M/fit/$month gpx=$M/gpx/$month
ls "$fit" "$gpx" >/dev/null
has() { ls "$1" | grep -q -x -e "$2"; }
has_not() { ! has "$@"; }
files() { find "$T"/cache/*/files -name "$1" | wc -l; }
cat "$fit/$today-KnownRun.fit" >"$T/old.fit"
cat "$gpx/$today-KnownRun.gpx" >"$T/old.gpx"
cat "$fit/$today-ShortLived.fit" >"$T/gone.fit"
check "the file is larger than a read-ahead" test "$(stat -c %s "$T/old.fit")" -gt 80000

cat >"$T/holder.py" <<'END2'
import os, sys
held = []
for i in range(1, len(sys.argv), 2):
    fd = os.open(sys.argv[i], os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
    held.append((fd, sys.argv[i + 1], os.read(fd, 5000)))
print("holding", flush=True)
for line in sys.stdin:
    for fd, old, begin in held:
        old = open(old, "rb").read()
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        assert os.fstat(fd).st_size == len(old), "the size of the old handle"
        os.lseek(fd, len(begin), os.SEEK_SET)
        rest = b""
        while piece := os.read(fd, 8192):
            rest += piece
        assert begin + rest == old, "the bytes of the old handle"
    print("whole", flush=True)
END2
mkfifo "$T/go"
"$py" "$T/holder.py" "$fit/$today-KnownRun.fit" "$T/old.fit" "$gpx/$today-KnownRun.gpx" "$T/old.gpx" \
    "$fit/$today-ShortLived.fit" "$T/gone.fit" <"$T/go" >"$T/holder" 2>&1 &
holder=$!
started="$started $holder"
exec 3>"$T/go"
# Should it end early, that is for the check below to say.
trap "" PIPE
check "somebody holds three files open" within 20 grep -q holding "$T/holder"
# holds_on "what": reads them once more.
reads=0
whole_again() { [ "$(grep -c whole "$T/holder")" -eq "$reads" ] || gone "$holder"; }
holds_on() {
    reads=$((reads + 1))
    # The page cache must not answer for the file system.
    drop_caches
    echo >&3
    within 20 whole_again
    same "$1" $reads "$(grep -c whole "$T/holder")"
    grep -v -e whole -e holding "$T/holder" | sed 's/^/# /'
}

# ---- another name

ino=$(stat -c %i "$fit/$today-KnownRun.fit")
hubctl reset
hubctl edit "{\"labelId\": \"$id\", \"set\": {\"name\": \"Renamed Run\"}}"
check "a new title is a new name" within 15 has "$fit" "$today-RenamedRun.fit"
check "in every tree" within 15 has "$gpx" "$today-RenamedRun.gpx"
check "the old one is gone" within 15 has_not "$fit" "$today-KnownRun.fit"
unnamed() { ! stat "$1" >/dev/null 2>&1; }
check "also by look-up" within 10 unnamed "$fit/$today-KnownRun.fit"
same "the inode number stays" "$ino" "$(stat -c %i "$fit/$today-RenamedRun.fit")"
check "the bytes are the same" cmp "$T/old.fit" "$fit/$today-RenamedRun.fit"
same "without a download" "0 0" "$(hubctl stats downloads) $(hubctl stats files)"
check "a gpx holds the title, and comes anew" grep -q "Renamed Run" "$gpx/$today-RenamedRun.gpx"
same "that is one download" "1 1" "$(hubctl stats downloads) $(hubctl stats files)"
same "the old gpx is not kept" 1 "$(files "gpx-$id-*")"
holds_on "who had them open reads what he began"

# ---- another length

before=$(stat -c %.9Y "$fit/$today-RenamedRun.fit")
hubctl edit "{\"labelId\": \"$id\", \"set\": {\"distance\": 42195.0, \"totalTime\": 13000}}"
hubctl items | jq -r ".[] | select(.labelId == \"$id\") | .distance" >"$T/said"
check "the hub has it" grep -q 42195 "$T/said"
other() { ! cmp -s "$T/old.fit" "$fit/$today-RenamedRun.fit"; }
check "another length is another file" within 15 other
hubctl items >"$T/items"
check "whose time says so" test "$before" != "$(stat -c %.9Y "$fit/$today-RenamedRun.fit")"
"$py" "$TOP/tests/mount/exported.py" "$T/items" "$M" fit gpx >"$T/said" 2>&1
same "all are what the hub has now" "fit=8 gpx=" "$(cut -c1-10 "$T/said")"
same "the old one is not kept" 1 "$(files "fit-$id-*")"
holds_on "who had them open reads on"
same "the inode number stays, still" "$ino" "$(stat -c %i "$fit/$today-RenamedRun.fit")"

# ---- the hub writes its numbers otherwise

hubctl reset
hubctl set '{"fault": {"kind": "swap_numbers", "keys": ["totalTime"]}}'
looked_again() { [ "$(hubctl stats queries)" -ge 2 ]; }
touch_month() { ls "$M/$month" >/dev/null && stat "$fit/$today-RenamedRun.fit" >/dev/null && looked_again; }
check "the month is looked at again" within 15 touch_month
cat "$fit"/*.fit >/dev/null
same "an integer that becomes a fraction is no edit" "0 0" \
    "$(hubctl stats downloads) $(hubctl stats files)"
hubctl set '{"faults": []}'

# ---- deleted

same "its blob is there" 1 "$(files "fit-$gone_id-*")"
hubctl delete "{\"labelId\": \"$gone_id\"}"
check "a deleted activity goes" within 15 has_not "$fit" "$today-ShortLived.fit"
check "also by look-up" within 10 unnamed "$fit/$today-ShortLived.fit"
no_blob() { [ "$(files "*-$gone_id-*")" -eq 0 ]; }
check "its file goes with it" within 10 no_blob
holds_on "who had it open reads on"
hubctl delete "{\"labelId\": \"$id\"}"
check "the other one goes as well" within 15 has_not "$fit" "$today-RenamedRun.fit"
holds_on "and is read on"
drop_caches
exec 3>&-
wait $holder
same "nothing was wrong with what was held" 0 $?

# ---- deleted while nobody was looking

left=$(ls "$fit" | head -n 1)
cat "$fit/$left" >/dev/null
left_id=$(jq -r .labelId "$M/$month/${left%.fit}.json")
same "a file is kept" 1 "$(files "fit-$left_id-*")"
unmount
hubctl delete "{\"labelId\": \"$left_id\"}"
mount_fs -o ttl=1,rate=0
check "an activity that went while nobody was mounted goes" \
    within 15 has_not "$M/$month" "${left%.fit}.json"
no_left() { [ "$(files "*-$left_id-*")" -eq 0 ]; }
check "and so does its file" within 10 no_left

# ---- a change of the month while a recording is on its way

remount -o ttl=1,rate=0,timeout=120
add '"hhmm": "2357", "name": "Slow"' >/dev/null
check "a new activity" within 15 has "$fit" "$today-Slow.fit"
hubctl set '{"fault": {"kind": "stall_headers", "path": "/fit/"}}'
hubctl reset
stat "$fit/$today-Slow.fit" >"$T/stat" 2>&1 &
reader=$!
started="$started $reader"
is_asked() { [ "$(hubctl stats files)" -ge 1 ]; }
check "a recording takes long" within 20 is_asked
add '"hhmm": "2358", "name": "Meanwhile"' >/dev/null
check "the month changes meanwhile" "$COROSFS" --refresh "$M/$month"
for i in 1 2 3 4 5 6 7 8 9 10; do
    ls "$fit" >"$T/names"
    stat "$fit/$today-Nobody$i.fit" >/dev/null 2>&1
    sleep 0.1
done
refused "listings and names of its folder do not wait for it" gone "$reader"
check "- and show the change" grep -q Meanwhile "$T/names"
hubctl clear
wait "$reader"
same "then the recording is there" 0 $?
finish
