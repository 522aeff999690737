#!/bin/sh
# SPDX-License-Identifier: MIT
# The disk lets us down: whatever becomes of the cache folder, the mount starts and serves.
. "$(dirname "$0")/lib.sh"
hub_start --athlete both --activities 400 --years 5
expect_log 'nothing is kept on disk' 'months are kept in memory alone' 'cannot fetch a fit' 'cannot keep months' 'kept on disk again' \
    'starting an empty cache' 'next mount has to log in' 'cannot read a cached month' \
    'is discarded' 'logging in again'
mount_fs
cat "$M/2022/12/activities.csv" >"$T/article"
cat "$M/all/activities.json" >"$T/all.json"
right() {
    cmp "$M/2022/12/activities.csv" "$T/article" && cmp "$M/all/activities.json" "$T/all.json"
}
months() { find "$1" -path '*/months/[12]*' | wc -l; }
some_months() { [ "$(months "$1")" -ge 60 ]; }
# How many lines of the log say so, since new_log.
lines() { tail -c +"$((log_at + 1))" "$T/log" | grep -c -e "$1"; }
is_logged() { [ "$(lines "$1")" -ge 1 ]; }
new_log() { log_at=$(stat -c %s "$T/log" 2>/dev/null || echo 0); }
# One activity more at the hub; the mount sees it, and so does the copy.
grown() { [ "$(wc -l <"$M/all/activities.csv")" -gt "$rows" ]; }
grow() {
    rows=$(wc -l <"$M/all/activities.csv")
    hubctl add '{"date": 20210507, "hhmm": "0800", "name": "Late Upload"}' >"$T/late"
    kill -HUP "$(pid_at "$M")"
    check "an activity more at the hub is seen" within 20 grown
    cat "$M/all/activities.json" >"$T/all.json"
}
new_log
check "months come to disk" within 20 some_months "$T/cache"

# ---- the folder goes while it is in use

rm -rf "$T/cache"
check "the folder is gone, what is in memory stays" cmp "$M/2022/12/activities.csv" "$T/article"
# What was in memory is written again, as soon as there is something to write.
grow
check "the folder is made again and used" within 20 some_months "$T/cache"
check "private as before" test "$(stat -c %a "$T"/cache/*)" = 700
new_log
remount
check "the next mount has it all" right
hubctl reset
rm -rf "$T"/cache/*/months
grow
check "months/ alone is made again, too" within 20 some_months "$T/cache"
check "by the same owner" test "$(cat "$T"/cache/*/lock)" = "$(pid_at "$M")"
check "right" right
unmount

# ---- the folder goes with the mount: what was on its way to it does not bring it back

for then in nothing "another mount"; do
    rm -rf "$T/cache"
    mount_fs
    pid=$(pid_at "$M")
    cat "$M/all/activities.csv" >"$T/said"
    new_log
    fusermount3 -u "$M"
    rm -rf "$T/cache"
    [ "$then" = nothing ] || mount_fs
    made=$(find "$T" -maxdepth 1 -name cache -printf "%i")
    check "a folder deleted at the end, then $then: the old mount ends" within 20 gone "$pid"
    same "does not bring it back" "$made" "$(find "$T" -maxdepth 1 -name cache -printf "%i")"
    same "without a word" "0 0" "$(lines 'cannot keep months') $(lines 'mounted already')"
done
check "the new mount keeps what it sees" right
check "on disk" within 20 some_months "$T/cache"
unmount

# ---- a damaged format; other people's files

for damage in cut empty foreign; do
    case $damage in
    cut) echo corosfs | tee "$T"/cache/*/format >/dev/null ;;
    empty) : | tee "$T"/cache/*/format ;;
    foreign) head -c 1000 /dev/urandom | tee "$T"/cache/*/format >/dev/null ;;
    esac
    for other in notes.txt months/notes.txt .notes.tmp months/.notes.tmp months/.2021-05.tmp.keep \
        months/2021-5; do
        echo mine >"$(echo "$T"/cache/*/)$other"
    done
    new_log
    mount_fs
    same "a format that is $damage: one line says so" 1 "$(lines 'starting an empty cache')"
    check "the mount is right" right
    same "what is not ours is still there" 6 \
        "$(find "$T/cache" -type f -exec grep -l -x mine {} + | wc -l)"
    unmount
done

rm "$T"/cache/*/format
mount_fs -o offline
check "a format that is gone is written again, and nothing else" right
unmount
rm "$T"/cache/*/lock
mkfifo "$(echo "$T"/cache/*)/lock"
new_log
timeout 30 "$COROSFS" --login >"$T/said" 2>&1 -o "api=$hub,cache_dir=$T/cache" "$ACCOUNT"
check "a fifo in the lock's place holds up no command" said 'lock is not a plain file'
mount_fs
check "nor the mount" right
same "which says so once" 1 "$(lines 'nothing is kept on disk')"
unmount
rm "$T"/cache/*/lock
rm -rf "$T"/cache/*/files
mkdir "$T/elsewhere"
ln -s "$T/elsewhere" "$(echo "$T"/cache/*)/files"
new_log
mount_fs
same "a files/ that is a link: it says so once" 1 "$(lines 'files is a link')"
errno_of read "$M/fit/2022/12/$(ls "$M/fit/2022/12" | head -n 1)" >/dev/null
same "nothing is written through it" "" "$(ls -A "$T/elsewhere")"
unmount
rm "$T"/cache/*/files

# ---- the folder is somebody else's, or cannot be one

if [ "$(id -u)" -eq 0 ]; then
    mkdir "$T/theirs" && chown 12345:12345 "$T/theirs"
    new_log
    mount_fs -o "cache_dir=$T/theirs"
    check "somebody else's folder above: everything is right" right
    check "in somebody else's folder a mount makes its own" within 20 some_months "$T/theirs"
    unmount
    chown -R 12345:12345 "$T/theirs"
    find "$T/theirs" -printf '%P %s %T@\n' | sort >"$T/before"
    mount_fs -o "cache_dir=$T/theirs"
    check "one that is somebody else's: it mounts" right
    same "and says so once" 1 "$(lines 'nothing is kept on disk')"
    unmount
    check "and leaves it as it is" \
        sh -c 'find "$1" -printf "%P %s %T@\n" | sort | diff "$2" -' - "$T/theirs" "$T/before"
fi
: >"$T/file"
new_log
mount_fs -o "cache_dir=$T/file"
check "a file where the folder should be: it mounts" right
same "and says so once" "1 0" "$(lines 'nothing is kept on disk') $(lines 'cannot keep months')"
rm "$T/file"
grow
check "when the file goes, the folder is made and used" within 20 some_months "$T/file"
unmount

# ---- errors of the disk

shim=$T/bad_disk.so
if cc -std=c17 -D_GNU_SOURCE -shared -fPIC -o "$shim" "$TOP/tests/mount/bad_disk.c" -ldl; then
    export ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" BAD_DISK="$T/bad"
    # EIO 5, ENOSPC 28, EROFS 30, EDQUOT 122
    for bad in "writev 122" "writev 28" "fsync 5" "renameat 5" "openat 30" "openat 5"; do
        rm -rf "$T/cache" "$T/bad"
        new_log
        echo "$bad" >"$T/bad"
        LD_PRELOAD=$shim mount_fs
        check "$bad from the start: everything is right" right
        same "said once" 1 "$(($(lines 'nothing is kept') + $(lines 'cannot keep months')))"
        rm "$T/bad"
        grow
        check "when the disk is well it is used" within 20 is_logged 'kept on disk again'
        unmount
    done
    LD_PRELOAD=$shim mount_fs
    cat "$M/all/activities.json" >"$T/said"
    check "there is a cache again" within 20 some_months "$T/cache"
    unmount
    for bad in "read 5" "openat 5" "writev 28" "fsync 5"; do
        new_log
        LD_PRELOAD=$shim mount_fs
        echo "$bad" >"$T/bad"
        check "$bad with a full cache: everything is right" right
        rm "$T/bad"
        check "and later" right
        unmount
        LD_PRELOAD=$shim mount_fs
        check "and for the next mount" right
        unmount
    done
    # What cannot be read, or locked, or made private at the start is no reason to throw it away.
    kept() { find "$T"/cache/*/ -type f ! -name lock ! -name format -printf '%P %i %T@\n' | sort; }
    for bad in "openat 24 format" "read 5 format" "openat 24 months" "flock 95" "fchmod 0"; do
        kept >"$T/before"
        new_log
        echo "$bad" >"$T/bad"
        [ "$bad" != "fchmod 0" ] || chmod 755 "$T"/cache/*/
        LD_PRELOAD=$shim mount_fs
        check "$bad at the start: everything is right" right
        same "said once" "1 0" "$(lines 'nothing is kept on disk') $(lines 'mounted already')"
        unmount
        rm "$T/bad"
        check "and nothing is lost" sh -c 'echo "$2" | diff "$1" -' - "$T/before" "$(kept)"
    done
    LD_PRELOAD=$shim mount_fs -o offline
    check "the next mount has it all, without the hub" right
    unmount
else
    echo "ok - a disk with errors # SKIP no compiler"
fi

# ---- disks that are full or read-only

[ "$(id -u)" -eq 0 ] || { echo "ok - a full disk # SKIP needs root"; finish; }
mkdir "$T/small"
mount -t tmpfs -o size=1m,mode=700 none "$T/small" 2>"$T/said" ||
    { echo "ok - a full disk # SKIP no tmpfs here"; finish; }
at_end() { umount -l "$T/small" 2>/dev/null; }
fill() { head -c 4m /dev/zero >"$T/small/fill" 2>/dev/null; }
on_small() { mount_fs -o "cache_dir=$T/small/c"; }

fill
new_log
on_small
check "a new cache on a full disk: everything is right" right
same "said once" 1 "$(($(lines 'nothing is kept on disk') + $(lines 'cannot keep months')))"
check "how full it is" grep -q 'No space left' "$T/log"
rm "$T/small/fill"
grow
check "when there is room it is used" within 20 some_months "$T/small"
check "it fills up again" sh -c '! head -c 4m /dev/zero >"$1" 2>/dev/null' - "$T/small/fill"
grow
unmount
on_small
check "the next mount is right" right
unmount
find "$T/small" -name '.*.tmp' >"$T/said"
check "no leftovers" test ! -s "$T/said"

rm "$T/small/fill"
on_small
cat "$M/all/activities.json" >"$T/said"
check "a cache" within 20 some_months "$T/small"
unmount
mount -o remount,ro "$T/small"
new_log
hubctl reset
mkdir "$T/other"
on_small
check "a cache on a disk that is read-only: everything is right" right
check "from the cache (was $(requests) requests)" test "$(requests)" -le 4
refused "it still has one owner" timeout 20 "$COROSFS" "$ACCOUNT" "$T/other" \
    -o "api=$hub,cache_dir=$T/small/c"
check "who is named" said 'mounted already'
unmount
new_log
mount_fs -o "cache_dir=$T/small/new"
check "a new cache on it: everything is right" right
same "said once" "1 0" "$(lines 'nothing is kept on disk') $(lines 'cannot keep months')"
unmount
free() { umount "$T/small" 2>/dev/null; }
check "the small disk is free again" within 20 free
finish
