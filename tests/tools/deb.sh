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
# Other tests' mounts stay out of it: they could not end while it lives.
unshare -m --propagation private sh -c 'sed -n "s|^[^ ]* \([^ ]*\) fuse.*|\1|p" /proc/self/mounts |
    xargs -r -n 1 umount -l; '"$make_root"' &&
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
        env PATH=/usr/sbin:/usr/bin:/sbin:/bin "HOME=$home" "$@"
}
user=hub$$ home=/home/hub$$
as_user() { inside setpriv "--reuid=$user" "--regid=$user" --clear-groups "$@"; }
corosfs_pid() { inside sh -c 'cat "$HOME"/.cache/corosfs/*/lock 2>/dev/null'; }
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
inside useradd -m -d "$home" "$user"
as_user mkdir "$home/coros"
coros=$home/coros
csv=$coros/2022/12/activities.csv
line='20221230,Foo Run,100,9538,14651.11,1266085,117'
check "a user mounts" as_user /usr/bin/corosfs "$ACCOUNT" "$coros" -o "api=$hub"
pid=$(corosfs_pid)
same "and reads" "$line" "$(as_user sed -n 2p "$csv")"
same "the whole table" 11 "$(as_user cat "$csv" | wc -l)"
check "and unmounts" as_user fusermount3 -u "$coros"
check "which ends the process" within 20 gone "$pid"

# The login was kept. mount(8) takes HOME and the password out of the environment.
echo "$ACCOUNT $coros fuse.corosfs noauto,user,_netdev,x-systemd.automount,api=$hub 0 0" |
    inside tee -a /etc/fstab >"$T/fstab"
check "by a line of fstab the user mounts with mount" as_user mount "$coros"
pid=$(corosfs_pid)
same "and reads" "$line" "$(as_user sed -n 2p "$csv")"
same "it is the user's" "$user" "$(as_user stat -c %U "$csv")"
check "and unmounts" as_user fusermount3 -u "$coros"
check "which ends the process" within 20 gone "$pid"
printf 'correct horse\n' | inside sh -c 'umask 077; cat >/etc/coros.password'
check "root mounts for the user with mount -t fuse.corosfs" inside env -i mount -t fuse.corosfs \
    "$ACCOUNT" "$coros" -o "allow_other,uid=$(inside id -u "$user"),gid=$(inside id -g \
        "$user"),password_file=/etc/coros.password,cache_dir=/var/cache/coros,api=$hub"
pid=$(inside sh -c 'cat /var/cache/coros/*/lock')
same "who reads" "$line" "$(as_user sed -n 2p "$csv")"
refused "others do not" inside setpriv --reuid=daemon --regid=daemon --clear-groups ls "$coros"
check "umount" inside umount "$coros"
check "ends the process" within 20 gone "$pid"

# By name; a file that is deleted below an overlay leaves a device there.
traces() { nsenter -t $holder -m -- find "$changes" -xdev -name '*corosfs*' ! -type c; }
# What belongs to the users stays.
inside rm -rf "$home" /root/.cache/corosfs /tmp/corosfs.deb
check "its files are found" test "$(traces | wc -l)" -ge 8
check "dpkg --purge" inside dpkg --purge corosfs
same "leaves none" "" "$(traces)"
finish
