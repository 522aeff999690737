#!/bin/sh
# SPDX-License-Identifier: MIT
# Times, inode numbers and block counts come from the data.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip "no jq"
hub_start --athlete both --activities 300 --years 4
mount_fs -o views=none
cat >"$T/times.py" <<'END'
import collections, glob, json, os, sys
mount = sys.argv[1]
inos, files = collections.Counter(), 0
for year in sorted(os.listdir(mount)):
    if year == "all":
        continue
    newest_of_year = 0
    for month in sorted(os.listdir(f"{mount}/{year}")):
        path = f"{mount}/{year}/{month}"
        if not os.path.isdir(path):
            continue
        newest = 0
        for name in os.listdir(path):
            st = os.stat(f"{path}/{name}")
            inos[st.st_ino] += 1
            assert st.st_ctime_ns == st.st_mtime_ns == st.st_atime_ns, name
            assert st.st_blocks == -(-st.st_size // 512) and st.st_blksize == 4096, name
            assert st.st_nlink == 1 and st.st_ino not in (0, 1, 0xffffffff), name
            if name.startswith("activities."):
                continue
            item = json.load(open(f"{path}/{name}"))
            assert st.st_mtime_ns // 10**9 == item["endTime"], (name, "mtime is the end")
            newest = max(newest, item["endTime"])
            files += 1
        for name in ("activities.csv", "activities.json"):
            st = os.stat(f"{path}/{name}")
            assert st.st_mtime_ns // 10**9 == newest, (path, name, "mtime is the newest in it")
        st = os.stat(path)
        assert st.st_mtime_ns // 10**9 == newest and st.st_ctime_ns == st.st_mtime_ns, path
        inos[st.st_ino] += 1
        newest_of_year = max(newest_of_year, newest)
    for name in ("activities.csv", "activities.json"):
        st = os.stat(f"{mount}/{year}/{name}")
        assert st.st_mtime_ns // 10**9 == newest_of_year, (year, name)
        inos[st.st_ino] += 1
    inos[os.stat(f"{mount}/{year}").st_ino] += 1
assert max(inos.values()) == 1, "two things of one inode number"
assert os.stat(mount).st_ino == 1 and 1 not in inos
for where, _dirs, names in os.walk(mount):
    for e in os.scandir(where):
        assert e.inode() == os.lstat(e.path).st_ino, (e.path, "readdir and stat differ")
csvs = [os.stat(f) for f in glob.glob(mount + "/*/*/activities.*")]
assert len({st.st_mtime_ns % 10**9 for st in csvs}) == len(csvs), "a hash in the nanoseconds"
pairs = [os.stat(f).st_mtime_ns % 10**9 for f in glob.glob(mount + "/*/*/2*.json")]
assert len(set(pairs)) == len(pairs), "nanoseconds differ between contents"
print(files)
END
check "every file and folder" "$py" "$T/times.py" "$M"
# Two activities that differ in a digit: the same size, another time.
unmount
forget_months
for name in "Twin A" "Twin B"; do
    hubctl add "{\"date\": 20210303, \"hhmm\": \"0800\", \"name\": \"$name\"}" >"$T/twin"
done
mount_fs -o views=none
same "contents of one size and second differ in the nanoseconds" "1 2" \
    "$(stat -c %s "$M"/2021/03/20210303-Twin?.json | sort -u | wc -l) $(
        stat -c %.9Y "$M"/2021/03/20210303-Twin?.json | sort -u | wc -l)"

# ---- df: the recordings that are kept, of those that may be

df_of() { "$py" -c 'import os, sys
s = os.statvfs(sys.argv[1])
assert s.f_frsize == 4096 and s.f_namemax == 255 and 0 < s.f_bavail == s.f_bfree <= s.f_blocks, s
print(s.f_blocks * s.f_frsize, (s.f_blocks - s.f_bfree) * s.f_frsize)' "$M"; }
size=$(((10 << 30) + 4096)) # a block more, lest there be none
same "df: nothing of cache_size" "$size 0" "$(df_of)"
cat "$M/fit/2022/12/20221230-FooRun.fit" "$M/fit/2022/12/20221228-BarRun.fit" >"$T/fit"
check "then the recordings that were read, and some ahead of them" sh -c \
    'set -- $1 $2; test $# -eq 3 && test $2 -ge $3' - "$(df_of)" "$(wc -c <"$T/fit")"
check "in percent" sh -c 'df -P "$1" | grep -q " 1% "' - "$M"

# ---- what is seen to change gets the moment when it was seen

cat >"$T/seen.py" <<'END'
import glob, json, os, subprocess, sys, time
program, mount, hub, hubctl, label = sys.argv[1:]
for n in range(6):
    before = time.time_ns()
    subprocess.run(["sh", hubctl, hub, "edit", json.dumps({"labelId": label, "set": {"name": f"Twin {n}"}})],
                   check=True, capture_output=True)
    subprocess.run([program, "--refresh", mount + "/2021/03"], check=True, capture_output=True)
    for path in ("/2021/03/activities.csv", "/2021/activities.json", "/2021/03", f"/2021/03/20210303-Twin{n}.json"):
        seen = os.stat(mount + path).st_mtime_ns
        # A backup that began before it was seen has to read it again; nothing is from the future.
        assert before <= seen <= time.time_ns(), (n, path, before, seen, time.time_ns())
END
id=$(jq -r .labelId "$T/twin")
check "not before it was changed, nor in the future" "$py" "$T/seen.py" "$COROSFS" "$M" "$hub" \
    "$TOP/tests/hub/hubctl" "$id"
when() { (cd "$M" && find 2021 -printf '%p %T@\n' | sort); }
when >"$T/before"
remount -o views=none
when >"$T/after"
check "the same on the next mount" cmp "$T/before" "$T/after"
finish
