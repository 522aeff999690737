#!/bin/sh
# The kernel answers the second walk and the second read by itself, and the first costs what
# the tree has: a cache flag that is lost shows here.
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/lib.sh"

count() { "$py" "$TOP/tests/support/fusecount" "$M" "$@" | tail -n 1; }

# at_most "what" LIMIT "TOTAL OPCODE=n ...": the counts are shown when they are too many.
at_most() {
    if [ "${3%% *}" -le "$2" ]; then
        pass "$1"
    else
        fail "$1: at most $2"
        echo "# $3"
    fi
}

hub_start --athlete synthetic --activities 1000 --years 4
mount_fs -o rate=0,ttl=3600,views=none
hold_caches
hubctl reset

ls_first=$(count ls -lR "$M")
case $ls_first in
*tracepoint*) skip "$ls_first" ;;
esac
D=$(find "$M" -type d | wc -l)
F=$(find "$M" -type f | wc -l)
at_most "a first ls -lR asks twice a directory" $((2 * D + 10)) "$ls_first"
at_most "a walk of 1,000 activities costs the pages and 5 requests" 10 "$(requests)"
at_most "a second ls -lR asks nothing" 10 "$(count ls -lR "$M")"
at_most "a find after it asks nothing" 10 "$(count find "$M")"
at_most "a du after it asks nothing" 10 "$(count du -s "$M")"
at_most "a first read of everything asks once a file" $((F + 2 * D + 10)) \
    "$(count sh -c "find '$M' -type f -print0 | xargs -0 cat >/dev/null")"
at_most "a second read of everything asks nothing" 10 \
    "$(count sh -c "find '$M' -type f -print0 | xargs -0 cat >/dev/null")"
at_most "stat of every file asks nothing" 10 \
    "$(count sh -c "find '$M' -printf '%s %T@ %i' >/dev/null")"

hubctl reset
find "$M" -type f -print0 | xargs -0 cat >/dev/null
ls -lR "$M" >/dev/null
same "none of this asks the hub" 0 "$(requests)"

# Names nobody can have: once each, then the kernel remembers.
junk() {
    for dir in "$M" "$M/2024" "$M/2024/05" "$M/all"; do
        for name in .Trash-1000 .git desktop.ini .DS_Store autorun.inf; do
            [ ! -e "$dir/$name" ] || echo "$dir/$name is there"
        done
    done
}
junk
at_most "impossible names are remembered by the kernel" 2 "$(
    export M py
    count sh -c 'for d in "" /2024 /2024/05 /all; do
        for n in .Trash-1000 .git desktop.ini .DS_Store autorun.inf; do
            [ ! -e "$M$d/$n" ] || exit 1; done; done')"

# Extended attributes: the kernel asks once, ever.
at_most "xattrs are asked for once" 1 "$(count sh -c "
    '$py' -c 'import os,sys
for f in sys.argv[1:]:
    try: os.listxattr(f); os.getxattr(f, \"user.x\")
    except OSError: pass' '$M'/2024/*/*.json")"

remount -o rate=0,ttl=3600,views=none
at_most "a first ls -lR from the disk cache asks twice a directory" $((2 * D + 10)) \
    "$(count ls -lR "$M")"
finish
