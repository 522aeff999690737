#!/bin/sh
# SPDX-License-Identifier: MIT
# Memory runs out: calls are answered ENOMEM, nothing looks deleted, nothing is wrong, and the
# mount lives to serve the next one.
. "$(dirname "$0")/lib.sh"
case $COROSFS in
*address* | *thread*) skip "a sanitizer has an allocator of its own" ;;
esac
shim=$T/bad_memory.so
cc -std=c17 -D_GNU_SOURCE -shared -fPIC -O2 -o "$shim" "$TOP/tests/mount/bad_memory.c" \
    2>"$T/said" || skip "no compiler"
hub_start --athlete both --activities 500 --years 4
expect_log 'no memory' 'Cannot allocate memory' 'cannot fetch' 'answers again' 'cannot keep' \
    'kept on disk again' 'is discarded' 'cannot read' 'next mount has to log in'
mount_fs
(cd "$M" && find . -type f -exec md5sum {} + | sort -k 2) >"$T/before"

export BAD_MEMORY="$T/bad"
whole() { (cd "$M" && find . -type f -exec md5sum {} + | sort -k 2 | diff "$T/before" -); }
# Reads what there is to read, and counts what it gets: right, or why not.
cat >"$T/try.py" <<'END_'
import collections, errno, hashlib, os, random, sys
top, before, seed = sys.argv[1:]
want = dict(reversed(line.rstrip("\n").split("  ", 1)) for line in open(before))
rng, got = random.Random(seed), collections.Counter()
months = sorted({os.path.dirname(p) for p in want})
for path in rng.sample(sorted(want), 150) + rng.sample(months, 30):
    full = os.path.join(top, path)
    try:
        if path in want:
            with open(full, "rb") as f:
                right = hashlib.md5(f.read()).hexdigest() == want[path]
        else:
            names = {os.path.join(path, n) for n in os.listdir(full)}
            right = {p for p in want if os.path.dirname(p) == path} <= names
        got["right" if right else "WRONG"] += 1
    except OSError as e:
        got[errno.errorcode[e.errno]] += 1
print(" ".join(f"{k}={v}" for k, v in sorted(got.items())))
sys.exit(bool(set(got) - {"right", "ENOMEM", "ETIMEDOUT"}))
END_
refusals=0
for every in 1 2 3 5 7 20 100 1 3; do
    unmount || fail "unmounted"
    forget_months
    LD_PRELOAD=$shim mount_fs -o "timeout=4,rate=0"
    pid=$(pid_at "$M")
    echo $every >"$T/bad"
    check "each ${every}th allocation fails: right, or in time an error" \
        "$py" "$T/try.py" "$M" "$T/before" $every
    cat "$T/out" | sed 's/^/# /'
    ! grep -q ENOMEM "$T/out" || refusals=$((refusals + 1))
    rm "$T/bad"
    refused "the mount lives" gone "$pid"
    check "and recovers" within 40 whole
done
check "some were refused ($refusals times)" test $refusals -gt 0
check "the cache is well again" within 20 sh -c '[ "$(ls "$1"/*/months | wc -l)" -ge 40 ]' - "$T/cache"
remount
check "the next mount is right" whole
finish
