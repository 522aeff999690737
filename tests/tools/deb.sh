#!/bin/sh
# SPDX-License-Identifier: MIT
# The Debian package: built, accepted by lintian, installed in a root that does not know it, used
# there by an ordinary user, and removed without a trace.
#
# The root is this machine's own below an overlay in memory: a second, rather than the minutes of
# debootstrap. `make check-deb` takes a true new one (CLEAN_ROOT=debootstrap; needs the network),
# where apt has to find everything that the package depends on.
. "$(dirname "$0")/../mount/lib.sh"
: "${CLEAN_ROOT:=overlay}"
[ "$(id -u)" -eq 0 ] || skip "needs root, to make a root"
for program in make dh dpkg-buildpackage lintian unshare nsenter chroot setpriv; do
    command -v $program >/dev/null || skip "no $program"
done
# Not a part of the build that runs us.
unset MAKEFLAGS MFLAGS MAKELEVEL CC CFLAGS

check "make deb" make -C "$TOP" deb
deb=$(ls "$TOP"/build/deb/corosfs_*.deb)
check "one package" test -f "$deb"
lintian --fail-on error,warning "$TOP"/build/deb/*.changes >"$T/said" 2>"$T/lintian.err"
same "lintian: status 0" 0 $?
same "and not a word" "" "$(cat "$T/said")"

if [ "$CLEAN_ROOT" = debootstrap ]; then
    # shellcheck disable=SC1091
    check "debootstrap" debootstrap --variant=minbase --include=ca-certificates \
        "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$T/root"
    changes=$T/root
    make_root=:
else
    # Everything that changes lands in upper.
    changes=$T/memory/upper
    make_root='mount -t tmpfs none "$T/memory" && mkdir "$T/memory/upper" "$T/memory/work" &&
        mount -t overlay none "$T/root" \
            -o "lowerdir=/,upperdir=$T/memory/upper,workdir=$T/memory/work"'
    mkdir "$T/root" "$T/memory"
fi

# A process that keeps the mounts of the new root, which end with it.
export T
unshare -m --propagation private sh -c "$make_root"' &&
    mount --bind /dev "$T/root/dev" && mount --bind /proc "$T/root/proc" || exit 1
    : >"$T/ready"
    exec sleep 600' 2>"$T/root.err" &
holder=$!
started="$started $holder"
root_is_ready() { [ -e "$T/ready" ] || gone $holder; }
within 30 root_is_ready
[ -e "$T/ready" ] || skip "cannot make a root here: $(cat "$T/root.err")"

inside() {
    nsenter -t $holder -m -- chroot "$T/root" \
        env PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp/home "$@"
}
as_user() { inside setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
corosfs_pid() { inside sh -c 'cat /tmp/home/.cache/corosfs/*/lock 2>/dev/null'; }
pid=
at_end() {
    [ -z "$pid" ] || gone "$pid" || kill -9 "$pid"
}

inside dpkg --purge corosfs >/dev/null 2>&1
inside sh -c 'cat >/tmp/corosfs.deb' <"$deb"
if [ "$CLEAN_ROOT" = debootstrap ]; then
    cp /etc/resolv.conf "$T/root/etc/"
    # As a machine that was booted has it; fusermount3 wants it.
    ln -sf ../proc/self/mounts "$T/root/etc/mtab"
    inside apt-get update >"$T/said" 2>&1
    check "apt finds what it depends on" inside env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends /tmp/corosfs.deb
else
    check "dpkg -i: what it depends on is what we build with" inside dpkg -i /tmp/corosfs.deb
fi
check "nothing is missing or changed" inside dpkg --verify corosfs
version=$(inside /usr/bin/corosfs --version)
same "corosfs --version" "corosfs $(inside dpkg-query -W -f '${Version}' corosfs)" "$version"

hub_start
inside mkdir -p /tmp/home/coros
inside chown -R 65534:65534 /tmp/home
check "a user mounts" as_user /usr/bin/corosfs "$ACCOUNT" /tmp/home/coros -o "api=$hub"
pid=$(corosfs_pid)
same "and reads" "20221230,Foo Run,100,9538,14651.11,1266085,117" \
    "$(as_user sed -n 2p /tmp/home/coros/2022/12/activities.csv)"
same "the whole table" 11 "$(as_user cat /tmp/home/coros/2022/12/activities.csv | wc -l)"
check "and unmounts" as_user fusermount3 -u /tmp/home/coros
check "which ends the process" within 20 gone "$pid"

# By name; a file that is deleted below an overlay leaves a device there.
traces() { nsenter -t $holder -m -- find "$changes" -xdev -name '*corosfs*' ! -type c; }
inside rm -rf /tmp/home /tmp/corosfs.deb
check "its files are found" test "$(traces | wc -l)" -ge 8
check "dpkg --purge" inside dpkg --purge corosfs
same "leaves none" "" "$(traces)"
finish
