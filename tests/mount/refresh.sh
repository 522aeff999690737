#!/bin/sh
# SPDX-License-Identifier: MIT
# News from the hub: who sits in the month sees them, who holds a file open keeps its old bytes.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip "no jq"
today=$(date +%Y%m%d)
month=$(date +%Y/%m)
# All on one day, so that the month's csv is larger than what the kernel reads ahead (128 KiB).
hub_start --athlete synthetic --activities 3000 --years 0.001 --last-day "$today"
hubctl add "{\"date\": $today, \"hhmm\": \"0001\", \"name\": \"Known Run\"}" >"$T/id"
id=$(jq -r .labelId "$T/id")
mount_fs -o ttl=1,rate=0
ls "$M" >/dev/null
cd "$M/$month" || exit 1
has() { ls | grep -q -x -e "$1"; }
has_not() { ! has "$1"; }
shows() { grep -q -e "$1" activities.csv; }

# ---- an activity is added

stamp() { stat -c '%i %.9Y' "$1"; }
dir_before=$(stamp .) year_before=$(stamp ..)
same "the month is there" "$((3001 + 2))" "$(ls | wc -l)"
ls >"$T/names"
cat activities.csv >"$T/old.csv"
cat activities.json >"$T/old.json"
check "the csv is larger than a read-ahead" test "$(stat -c %s activities.csv)" -gt 150000

# Reads the first bytes and maps, then waits for a line before it reads the rest. Without
# read-ahead, so that the rest is not in the page cache.
cat >"$T/holder.py" <<'END'
import mmap, os, sys
held = []
for name in ("activities.csv", "activities.json"):
    fd = os.open(name, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
    size = os.fstat(fd).st_size
    held.append((name, fd, size, mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ),
                 os.read(fd, 5000)))
print("holding", flush=True)
sys.stdin.readline()
for name, fd, size, m, begin in held:
    old = open(os.path.join(sys.argv[1], "old" + name[10:]), "rb").read()
    assert os.fstat(fd).st_size == size == len(old), f"{name}: the size of the old handle"
    rest = b""
    while piece := os.read(fd, 65536):
        rest += piece
    assert begin + rest == old, f"{name}: the old handle's bytes"
    assert m[:] == old, f"{name}: the old map's bytes"
    new = open(name, "rb").read()
    assert new != old, f"{name}: a new open"
    assert len(new) == os.stat(name).st_size, f"{name}: the new size"
END
# The page cache must not answer for the file system.
drop_caches
mkfifo "$T/go"
"$py" "$T/holder.py" "$T" <"$T/go" >"$T/holder" 2>&1 &
holder=$!
started="$started $holder"
exec 3>"$T/go"
check "somebody holds the csv and the json open" within 20 grep -q holding "$T/holder"

hubctl add "{\"date\": $today, \"hhmm\": \"2359\", \"name\": \"Fresh Run\", \"distance\": 4242.0}" \
    >"$T/id2"
id2=$(jq -r .labelId "$T/id2")
check "ls again in the working directory shows the new activity" \
    within 15 has "$today-FreshRun.json"
check "a new open of the csv shows it as well" within 15 shows "Fresh Run"
same "the names are the old ones and this one" "$today-FreshRun.json" \
    "$(ls | sort | comm -13 "$T/names" -)"
echo >&3
exec 3>&-
wait $holder
same "the open handles and maps kept their old bytes whole, new opens see the new ones" "0 holding" \
    "$? $(cat "$T/holder")"
dir_added=$(stamp .)
same "the directory kept its inode number" "${dir_before% *}" "${dir_added% *}"
check "its mtime changed with its names" test "$dir_before" != "$dir_added"
same "the year's names did not change, nor its times" "$year_before" "$(stamp ..)"

# ---- edited

file=$today-KnownRun.json
before=$(stat -c '%i %s' "$file") time_before=$(stat -c %.9Y "$file")
start=$(date +%s)
hubctl edit "{\"labelId\": \"$id\", \"set\": {\"distance\": 5001.0}}"
check "an edit shows in the file" within 15 grep -q 5001.0 "$file"
same "which kept its inode number and size" "$before" "$(stat -c '%i %s' "$file")"
check "its mtime moved" test "$time_before" != "$(stat -c %.9Y "$file")"
check "to when it was seen" test "$(stat -c %Y "$file")" -ge "$start"
same "its ctime with it" "$(stat -c %.9Y "$file")" "$(stat -c %.9Z "$file")"
same "no name changed, so the directory's mtime did not" "$dir_added" "$(stamp .)"

# ---- renamed

ino=$(stat -c %i "$file")
hubctl edit "{\"labelId\": \"$id\", \"set\": {\"name\": \"Renamed Run\"}}"
check "a new title is a new name" within 15 has "$today-RenamedRun.json"
check "the old one is gone" has_not "$file"
refused "by lookup, too" stat "$file"
check "with ENOENT" said 'No such file'
same "the inode number stays" "$ino" "$(stat -c %i "$today-RenamedRun.json")"
dir_renamed=$(stamp .)
check "the directory's mtime changed" test "$dir_added" != "$dir_renamed"

# ---- deleted

hubctl delete "{\"labelId\": \"$id2\"}"
check "a deleted activity goes" within 15 has_not "$today-FreshRun.json"
refused "also by lookup" stat "$today-FreshRun.json"
check "and from the csv" sh -c '! grep -q "Fresh Run" activities.csv'
check "the directory's mtime changed" test "$dir_renamed" != "$(stamp .)"
same "everything else stays" 3003 "$(ls | wc -l)"

# ---- a month that was not there before

cd /
old=$(date -d "$(date +%Y-%m-15) -40 days" +%Y%m)15
refused "a month without activities is not there" ls "$M/$(echo "$old" | cut -c1-4)/$(echo "$old" | cut -c5-6)"
hubctl add "{\"date\": $old, \"hhmm\": \"1200\", \"name\": \"Late Upload\"}" >"$T/late"
late() { grep -q "Late Upload" "$M/all/activities.csv"; }
check "an old activity that comes late is noticed by the count" within 20 late
check "and has its file" within 15 \
    test -f "$M/$(echo "$old" | cut -c1-4)/$(echo "$old" | cut -c5-6)/$old-LateUpload.json"
month=$(echo "$old" | cut -c1-4)/$(echo "$old" | cut -c5-6)
cd "$M/$month" || exit 1
hubctl delete "{\"labelId\": \"$(jq -r .labelId "$T/late")\"}"
refused "when it is deleted, the month goes" "$COROSFS" --refresh "$M/$month"
refused "- also as a working directory" ls .
hubctl add "{\"date\": $old, \"hhmm\": \"1200\", \"name\": \"Once Again\"}" >/dev/null
check "another one brings it back" "$COROSFS" --refresh "$M/$month"
check "- also as a working directory" within 10 has "$old-OnceAgain.json"
cd /
finish
