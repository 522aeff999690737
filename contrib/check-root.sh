#!/bin/sh
# SPDX-License-Identifier: MIT
# Every test in a new root of a Debian release, which has nothing but what debootstrap puts there:
#
#   make check-root RELEASE=trixie      (or: sh contrib/check-root.sh trixie [demo|check ...])
#
# As root, with debootstrap and the network. The root is build/root-RELEASE; one that is there is
# used again, so delete it for a new one. Mounts and processes are in namespaces of their own, so
# nothing of them is left.
set -eu
cd "$(dirname "$0")/.."
release=${1:?which release? sh contrib/check-root.sh trixie}
shift
[ $# -gt 0 ] || set -- check
root=$PWD/build/root-$release

[ "$(id -u)" -eq 0 ] || { echo "a new root needs root: sudo make check-root" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "install debootstrap first" >&2; exit 1; }
mkdir -p build
if [ ! -e "$root/etc/debian_version" ]; then
    debootstrap --variant=minbase --include=ca-certificates "$release" "$root"
fi
# Its own release, updates and security fixes, from where debootstrap had it.
mirror=$(sed -n 's/^deb \([^ ]*\) .*/\1/p' "$root/etc/apt/sources.list" | head -n 1)
cat >"$root/etc/apt/sources.list" <<END
deb $mirror $release main
deb $mirror $release-updates main
deb http://deb.debian.org/debian-security $release-security main
END
cp /etc/resolv.conf /etc/hosts "$root/etc/"
rm -rf "$root/src"
mkdir "$root/src"
if [ -e .git ]; then
    git ls-files -z
else
    find . -path ./build -prune -o -type f -print0
fi | tar -c --null -T - -f - | tar -x -C "$root/src" -f -

# shellcheck disable=SC2016
unshare --pid --fork --kill-child sh tests/support/own_mounts sh -c '
    root=$1
    shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    mount -t tmpfs tmpfs "$root/run"
    exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \
        sh /src/contrib/setup.sh "$@"' sh "$root" "$@"
