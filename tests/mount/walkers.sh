#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs that walk, copy, compare, seek and map: all of them work, and all see the same bytes.
. "$(dirname "$0")/lib.sh"
command -v rsync >/dev/null || skip "no rsync"
hub_start --athlete both --activities 400 --years 3
mount_fs

check "ls -lR" sh -c 'ls -lR "$1" >"$2/ls"' - "$M" "$T"
find "$M" -type f | sort >"$T/files"
check "find sees every file (400 and more)" test "$(wc -l <"$T/files")" -gt 400
same "ls -lR names as many" "$(wc -l <"$T/files")" "$(grep -c '^-' "$T/ls")"
check "grep -r finds the article" \
    sh -c 'grep -r -l "Tokyo Run" "$1/2022/12" | grep -q 20221217-TokyoRun.json' - "$M"

check "tar cf" tar -C "$M" -cf "$T/tree.tar" .
check "tar does not complain about files that changed or shrank" test ! -s "$T/out"
mkdir "$T/tar"
check "tar xf" tar -C "$T/tar" -xf "$T/tree.tar"
check "the extracted copy equals the mount" diff -r "$M" "$T/tar"
check "rsync -a" rsync -a "$M/" "$T/rsync"
check "its copy equals the mount" diff -r "$M" "$T/rsync"
same "a second rsync has nothing to do" "" "$(rsync -ai --delete "$M/" "$T/rsync" 2>&1)"
check "cp -a" cp -a "$M" "$T/cp"
check "its copy equals the mount" diff -r "$M" "$T/cp"
same "times and modes came along" \
    "$(cd "$M" && find . -type f -printf '%P %s %m %T@\n' | sort | md5sum)" \
    "$(cd "$T/cp" && find . -type f -printf '%P %s %m %T@\n' | sort | md5sum)"

# The whole by map, and pieces by seeking, against what a plain read says.
cat >"$T/maps.py" <<'END'
import mmap, os, random, sys
rng = random.Random(1)
n = 0
for path in open(sys.argv[1]).read().splitlines():
    with open(path, "rb") as f:
        want = f.read()
        size = os.fstat(f.fileno()).st_size
        assert len(want) == size, path
        for flags in (mmap.MAP_SHARED, mmap.MAP_PRIVATE):
            with mmap.mmap(f.fileno(), size, flags, mmap.PROT_READ) as m:
                assert m[:] == want, path
        for _ in range(8):
            at = rng.randrange(size + 10)
            length = rng.randrange(1, 70000)
            assert os.pread(f.fileno(), length, at) == want[at:at + length], (path, at)
        n += 1
print(n)
END
check "mmap, shared and private, and pread see the same bytes" "$py" "$T/maps.py" "$T/files"
unmount
mount_fs
check "also when the map is the first to read (after a remount)" "$py" "$T/maps.py" "$T/files"
cold() {
    unmount && mount_fs && "$py" - "$M/all/activities.json" "$T/cp/all/activities.json" <<'END'
import mmap, os, sys
want = open(sys.argv[2], "rb").read()
fd = os.open(sys.argv[1], os.O_RDONLY)
m = mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)
for at in range(len(want) - 1, -1, -65537):
    assert m[at] == want[at], at
assert m[:] == want
END
}
check "and when it reads from the end to the beginning" cold

# The same data from another hub, in another cache.
find "$M" -mindepth 1 -printf '%P %y %i %s %m %T@ %C@\n' | sort >"$T/meta"
first=$(hubctl stats violations)
same "the first hub saw nothing that a client must not do" "[]" "$first"
hub_start --athlete both --activities 400 --years 3
"$COROSFS" "$ACCOUNT" "$T/tar" -o "nonempty,api=$hub,cache_dir=$T/cache2,log_file=$T/log,rate=0" ||
    fail "a second mount"
check "diff -r of two mounts with the same data" diff -r "$M" "$T/tar"
find "$T/tar" -mindepth 1 -printf '%P %y %i %s %m %T@ %C@\n' | sort >"$T/meta2"
check "inode numbers, sizes and times are the same as well" diff "$T/meta" "$T/meta2"
same "inode numbers are unique" "" "$(cut -d' ' -f3 "$T/meta" | sort | uniq -d)"
finish
