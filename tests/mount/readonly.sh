#!/bin/sh
# SPDX-License-Identifier: MIT
# Nothing can be written, and the kernel itself says so: EROFS.
. "$(dirname "$0")/lib.sh"
hub_start
mount_fs
D=$M/2022/12
F=$D/20221230-FooRun.json
cat "$D/activities.csv" >"$T/before"
erofs() {
    what=$1
    shift
    refused "$what" "$@"
    check "- because it is read-only" said 'Read-only file system'
}
erofs "touch of a new file" touch "$D/new"
erofs "touch of a file that is there" touch "$F"
erofs "mkdir" mkdir "$M/new"
erofs "rm" rm -f "$F"
erofs "rmdir" rmdir "$M/2022/12"
erofs "mv" mv "$F" "$D/other.json"
erofs "ln" ln "$F" "$D/link"
erofs "ln -s" ln -s "$F" "$D/link"
erofs "chmod" chmod 644 "$F"
erofs "truncate" truncate -s 0 "$F"
erofs "mkfifo" mkfifo "$D/fifo"
if [ "$(id -u)" -eq 0 ]; then
    erofs "chown" chown 1 "$F"
fi
same "open for reading and writing" EROFS "$(errno_of write "$F")"
same "access(W_OK), open(O_APPEND), utime, setxattr" "EROFS EROFS EROFS EROFS" "$(
    "$py" - "$F" <<'END'
import ctypes, errno, os, sys
f = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
out = [errno.errorcode[ctypes.get_errno()] if libc.access(f.encode(), os.W_OK) else "ok"]
for call in (lambda: os.open(f, os.O_WRONLY | os.O_APPEND), lambda: os.utime(f),
             lambda: os.setxattr(f, "user.x", b"1")):
    try:
        call()
        out.append("ok")
    except OSError as e:
        out.append(errno.errorcode[e.errno])
print(*out)
END
)"
same "extended attributes: there are none" "ENOTSUP ENOTSUP" "$(
    "$py" - "$F" "$M" <<'END'
import errno, os, sys
out = []
for path in sys.argv[1:]:
    try:
        os.getxattr(path, "user.x")
        out.append("ok")
    except OSError as e:
        out.append("ENOTSUP" if e.errno == errno.ENOTSUP else errno.errorcode[e.errno])
print(*out)
END
)"
check "reading is allowed" test -r "$F"
check "nothing changed" cmp "$D/activities.csv" "$T/before"

flags=$(grep " $M " /proc/self/mountinfo | cut -d' ' -f6)
for flag in ro nosuid nodev noexec; do
    check "mounted $flag" sh -c 'case ",$1," in *,"$2",*) ;; *) exit 1 ;; esac' - "$flags" "$flag"
done
super=$(grep " $M " /proc/self/mountinfo | sed 's/.* - //')
same "type and source" "fuse.corosfs $ACCOUNT" "$(echo "$super" | cut -d' ' -f1-2)"
check "nobody else is let in" sh -c '! echo "$1" | grep -q allow_other' - "$super"
same "files are 0600, folders 0700" "d700 f600" \
    "$(find "$M" -printf '%y%m\n' | sort -u | xargs)"
same "they are ours" "$(id -u) $(id -g)" "$(find "$M" -printf '%U %G\n' | sort -u)"
other=,allow_other
[ "$(id -u)" -eq 0 ] || grep -q '^user_allow_other' /etc/fuse.conf || other=
remount -o "uid=1,gid=2,umask=027$other"
same "unless uid, gid and umask say otherwise" "d750 1 2 f640 1 2" \
    "$(find "$M" -printf '%y%m %U %G\n' | sort -u | xargs)"
unmount
same "the folder is as it was" "" "$(ls -A "$M")"
finish
