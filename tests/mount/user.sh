#!/bin/sh
# SPDX-License-Identifier: MIT
# An ordinary user, who mounts by way of fusermount3.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "needs root, to make a user"
command -v useradd >/dev/null || skip "no useradd"
command -v setpriv >/dev/null || skip "no setpriv"
# A number of its own, beyond those of people.
name=corosfs$$
useradd -M -d "$T/home" -s /bin/sh "$name" || skip "cannot make a user"
mode=$(stat -c %a /dev/fuse)
at_end() {
    chmod "$mode" /dev/fuse
    userdel "$name" 2>/dev/null
}
chmod 666 /dev/fuse
chmod 755 "$T"
cp "$COROSFS" "$T/corosfs"
chmod 755 "$T/corosfs"
mkdir "$T/cache"
uid=$(id -u "$name") gid=$(id -g "$name")
chown -R "$uid:$gid" "$M" "$T/home" "$T/cache"
: >"$T/log" && chown "$uid:$gid" "$T/log"

as_user() { setpriv --reuid="$uid" --regid="$gid" --clear-groups "$@"; }
hub_start
as_user "$T/corosfs" "$ACCOUNT" "$M" -o "api=$hub,log_file=$T/log" >"$T/said" 2>&1
same "a user mounts" 0 $?
cat "$T/said"
pid=$(pid_at "$M")
same "the process is the user's" "$uid" "$(stat -c %u "/proc/$pid")"
check "the user reads" as_user grep -q "Tokyo Run" "$M/2022/12/activities.csv"
same "everything is the user's" "$uid $gid" \
    "$(as_user find "$M" -printf '%U %G\n' | sort -u | xargs)"
refused "root does not" cat "$M/2022/12/activities.csv"
check "as FUSE wants it" said "Permission denied"
flags=$(grep " $M " /proc/self/mountinfo | cut -d' ' -f6)
for flag in ro nosuid nodev noexec; do
    check "mounted $flag" sh -c 'case ",$1," in *,"$2",*) ;; *) exit 1 ;; esac' - "$flags" "$flag"
done
refused "other processes of the user may not look into it" as_user cat "/proc/$pid/environ"
check "fusermount3 -u" as_user fusermount3 -u "$M"
check "ends the process" within 15 gone "$pid"

# As mount(8) and mount.fuse3 start us, whoever mounts.
as_user env HOME=/root "$T/corosfs" "$ACCOUNT" "$M" -o "api=$hub,log_file=$T/log" >"$T/said" 2>&1
same "with root's HOME in the environment, the user's own is taken" 0 $?
cat "$T/said"
pid=$(pid_at "$M")
check "and the cache is there" test -n "$pid"
as_user kill "$pid"
check "SIGTERM unmounts, without root" within 15 not_mounted "$M"
check "and ends the process" within 15 gone "$pid"

# Whose home it is counts, not why it cannot be written to.
if unshare -m true 2>/dev/null; then
    mkdir "$T/ro"
    cat >"$T/ro.sh" <<'END_SH'
mount -t tmpfs -o ro,mode=755 none "$1" && shift && exec "$@"
END_SH
    sh "$TOP/tests/support/own_mounts" sh "$T/ro.sh" "$T/ro" setpriv --reuid="$uid" \
        --regid="$gid" --clear-groups env HOME="$T/ro" "$T/corosfs" --check "$ACCOUNT" -o offline \
        >"$T/said" 2>&1
    check "- also where that is on a disk that is read-only" said "config: none at $T/home/.config"
else
    echo "ok - a home on a read-only disk # SKIP no mount namespace"
fi

as_user "$T/corosfs" "$ACCOUNT" "$M" -o "api=$hub,log_file=$T/log"
pid=$(pid_at "$M")
kill -9 "$pid"
# Its last thread to go closes the connection.
dead() { [ "$(as_user "$py" -c 'import os, sys
try:
    os.statvfs(sys.argv[1])
except OSError as e:
    print(e.errno)' "$M")" = 107 ]; }
check "killed by -9, the mount is dead" within 10 dead
as_user "$T/corosfs" "$ACCOUNT" "$M" -o "api=$hub,log_file=$T/log" >"$T/said" 2>&1
same "a dead mount is cleared without root, too" 0 $?
check "and the new one works" as_user ls "$M/2022/12"
as_user fusermount3 -u "$M"
pid=$(pid_at "$M")
[ -z "$pid" ] || within 15 gone "$pid"

if ! grep -q '^user_allow_other' /etc/fuse.conf 2>/dev/null; then
    as_user "$T/corosfs" "$ACCOUNT" "$M" -o "api=$hub,allow_other" >"$T/said" 2>&1
    same "allow_other without user_allow_other: exit status 1" 1 $?
    check "with the reason" said allow_other
fi
mkdir "$T/rootonly"
as_user "$T/corosfs" "$ACCOUNT" "$T/rootonly" -o "api=$hub" >"$T/said" 2>&1
same "a folder of somebody else: exit status 1" 1 $?
check "with a sentence" said "cannot mount"
finish
