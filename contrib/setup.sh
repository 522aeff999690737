#!/bin/sh
# SPDX-License-Identifier: MIT
# From an empty Debian or Ubuntu to a mount:
#
#   sh contrib/setup.sh demo     installs what is missing, builds, mounts the sample hub, shows it
#   sh contrib/setup.sh check    the same, and runs every test; the last line counts them
#
# `check samba smbclient` installs these as well, for the test of re-export: samba is a server that
# the package would start on a machine of yours, so it is not on the list; without it the test is
# skipped.
#
# As root, or as a user who may use sudo when something has to be installed.
set -eu
cd "$(dirname "$0")/.."

# To build and mount; README.md has the same list.
build="gcc libc6-dev make pkg-config libfuse3-dev fuse3 libcurl4-openssl-dev libjansson-dev
    libssl-dev libcrypt-dev libxxhash-dev ca-certificates"
sample="python3 curl"
check="libcmocka-dev jq rsync tar procps util-linux libcap2-bin clang clang-tidy clang-format
    cppcheck shellcheck valgrind mandoc libreoffice-calc-nogui restic
    borgbackup strace lintian debhelper bash zsh fish
    systemd openssl nghttp2-proxy dbus python3-dbus python3-dbusmock nftables iproute2"

say() { echo "== $*"; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "this needs root, and there is no sudo: run it as root" >&2
        exit 1
    fi
}

# Without questions, also about a changed file in /etc, which stays; of a failure the last words.
apt() {
    log=$(mktemp)
    (as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Options::=--force-confold "$@") \
        >"$log" 2>&1 </dev/null || {
        tail -n 20 "$log" >&2
        rm -f "$log"
        exit 1
    }
    rm -f "$log"
}

# The packages that are not there yet.
missing() {
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            echo "$package"
    done
}

install_packages() {
    # shellcheck disable=SC2046,SC2048,SC2086
    want=$(missing $*)
    [ -n "$want" ] || return 0
    # shellcheck disable=SC2086
    say "installing" $want
    apt update
    # shellcheck disable=SC2086
    apt install -y --no-install-recommends $want
}

prepare() {
    command -v apt-get >/dev/null || {
        echo "this script needs apt-get; see README.md for what to install by hand" >&2
        exit 1
    }
    install_packages "$@"
    if [ ! -e /dev/fuse ]; then
        echo "/dev/fuse is missing: load the kernel's fuse module (modprobe fuse)" >&2
        exit 1
    fi
    if [ ! -w /dev/fuse ]; then
        say "letting ordinary users open /dev/fuse (mode 0666, as Debian has it)"
        as_root chmod 0666 /dev/fuse
    elif [ "$(id -u)" -eq 0 ] && [ "$(stat -c %a /dev/fuse)" != 666 ]; then
        say "letting ordinary users open /dev/fuse (mode 0666, as Debian has it)"
        chmod 0666 /dev/fuse
    fi
    if [ ! -e /etc/mtab ]; then
        say "making /etc/mtab, which fusermount3 wants (a link to /proc/self/mounts)"
        as_root ln -s ../proc/self/mounts /etc/mtab
    fi
    say "building"
    make -s -j"$(nproc)"
}

# ---- demo

demo_end() {
    trap - EXIT INT TERM HUP PIPE
    cd "$top"
    fusermount3 -q -u "$demo/coros" 2>/dev/null || fusermount3 -q -u -z "$demo/coros" 2>/dev/null ||
        true
    [ -z "$hub_pid" ] || kill "$hub_pid" 2>/dev/null || true
    rm -rf "$demo"
}

show() {
    echo
    echo "\$ $*"
    (cd "$demo" && "$@")
}

run_demo() {
    top=$PWD demo=$PWD/build/demo hub_pid=
    fusermount3 -q -u -z "$demo/coros" 2>/dev/null || true
    rm -rf "$demo"
    mkdir -p "$demo/coros"
    trap demo_end EXIT
    # PIPE: somebody shows the first lines only.
    trap 'exit 1' INT TERM HUP PIPE
    say "starting the sample hub: December 2022 as it was, and an invented athlete around it"
    python3 tests/hub/fakehub.py --athlete both --activities 600 --years 4 \
        --ready-file "$demo/hub.url" >"$demo/hub.log" 2>&1 &
    hub_pid=$!
    tries=0
    until [ -s "$demo/hub.url" ]; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || { cat "$demo/hub.log"; exit 1; }
        sleep 0.1
    done
    hub=$(cat "$demo/hub.url")
    say "mounting it at build/demo/coros"
    export COROSFS_PASSWORD='correct horse' PATH="$top/build:$PATH"
    show corosfs runner@example.org coros -o "api=$hub,cache_dir=cache"
    sh tests/hub/hubctl "$hub" reset
    show cat coros/2022/12/activities.csv
    echo
    say "that cost $(sh tests/hub/hubctl "$hub" stats requests) request"
    show ls coros
    show ls coros/2022
    show ls -l coros/2022/12
    show head -n 8 coros/2022/12/20221230-FooRun.json
    show head -n 3 coros/2022/activities.csv
    show ls -l coros/fit/2022/12/20221230-FooRun.fit
    show corosfs --status coros
    echo
    say "to stop: fusermount3 -u coros"
    if [ -t 0 ]; then
        say "look around in $demo/coros from another terminal; Enter ends the demo"
        read -r _ || true
    fi
}

# ---- check

# suite NAME COMMAND...: adds its last line's counts to the sums.
passed=0 failed=0 skipped=0
suite() {
    name=$1
    shift
    say "$name"
    log=build/check-$(echo "$name" | tr -c 'a-z0-9\n' -).log
    echo 0 >"$log.status"
    { "$@" 2>&1 || echo $? >"$log.status"; } | tee "$log"
    status=$(cat "$log.status")
    counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1)
    # shellcheck disable=SC2046
    set -- $(echo "${counts:-0 passed, 0 failed}" | tr -cd '0-9 \n')
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + ${3:-0}))
    # A suite that ends badly without a word of a failure is one.
    if [ "$status" -ne 0 ] && [ "$2" -eq 0 ] || [ -z "$counts" ]; then
        failed=$((failed + 1))
        echo "the suite '$name' ended with status $status"
    fi
}

# Where the address space is laid out too randomly for the thread sanitizer.
fixed_layout() {
    if setarch -R true 2>/dev/null; then
        setarch -R "$@"
    else
        "$@"
    fi
}

run_check() {
    make -s -j"$(nproc)" units
    suite "unit, mount and tools" make -s check
    suite "unit with address and undefined sanitizers" \
        make -s -j"$(nproc)" check-unit SAN=address,undefined
    suite "unit with the thread sanitizer" fixed_layout make -s -j"$(nproc)" check-unit SAN=thread
    suite "kill -9" make -s crash KILLS=15
    suite "soak with address and undefined sanitizers" \
        make -s soak MINUTES=0.5 SAN=address,undefined
    suite "soak with the thread sanitizer" fixed_layout make -s soak MINUTES=0.5 SAN=thread
    suite "fuzz" make -s -j"$(nproc)" fuzz FUZZ_S=5
    suite "clang" make -s -j"$(nproc)" CC=clang check-unit
    suite "lint" make -s lint
    if [ $skipped -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ $failed -eq 0 ]
}

case ${1-} in
demo)
    # shellcheck disable=SC2086
    prepare $build $sample
    run_demo
    ;;
check)
    shift
    # shellcheck disable=SC2086
    prepare $build $sample $check "$@"
    # The runtime of clang's sanitizers is named by clang's version.
    install_packages "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
    run_check
    ;;
*)
    echo "usage: sh contrib/setup.sh demo|check" >&2
    exit 2
    ;;
esac
