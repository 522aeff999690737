#!/bin/sh
# SPDX-License-Identifier: MIT
# make install puts the files where PREFIX and DESTDIR say, make uninstall takes them away.
cd "$(dirname "$0")/../.." || exit 1
command -v make >/dev/null || { echo "skipped: no make"; exit 77; }
T=$(mktemp -d "${TMPDIR:-/tmp}/corosfs-install.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
# Not a part of the build that runs us.
unset MAKEFLAGS MFLAGS MAKELEVEL
bad=0
check() {
    if [ "$2" -eq 0 ]; then echo "ok - $1"; else echo "not ok - $1"; bad=1; fi
}

# ---- a machine without what it needs

# lacks "what" WORDS COMMAND...: one sentence with these words, and make's own.
lacks() {
    what=$1 words=$2
    shift 2
    ! "$@" >"$T/said" 2>&1 && [ "$(grep -v '^make' "$T/said")" = "missing or too old: $words; the README lists what to install" ]
    check "without $what make says so in one sentence" $?
}
mkdir "$T/bin"
for tool in sh find cc; do ln -s "$(command -v $tool)" "$T/bin/$tool"; done
make=$(command -v make)
lacks "a compiler" no-such-cc make needs CC=no-such-cc
lacks pkg-config pkg-config env PATH="$T/bin" "$make" needs CC=cc
ln -s "$(command -v pkg-config)" "$T/bin/pkg-config"
lacks debhelper "dh dpkg-buildpackage" env PATH="$T/bin" "$make" deb CC=cc
lacks libraries "fuse3 libcurl jansson libcrypto libcrypt libxxhash" env PKG_CONFIG_LIBDIR=/none PKG_CONFIG_PATH= make needs
mkdir "$T/pc"
printf 'Name: fuse3\nDescription: old\nVersion: 3.10.5\n' >"$T/pc/fuse3.pc"
lacks "a new enough fuse" fuse3 env PKG_CONFIG_PATH="$T/pc" make needs
rm -rf "${T:?}"/*

# ---- make install

make install DESTDIR="$T" PREFIX=/opt/x >"$T.log" 2>&1
check "make install" $?
(cd "$T" && find . -type f -printf '%P %m\n' | LC_ALL=C sort) >"$T.list"
LC_ALL=C sort <<'END' | diff - "$T.list"
opt/x/bin/corosfs 755
opt/x/lib/systemd/user/corosfs.service 644
opt/x/lib/systemd/user/corosfs@.service 644
opt/x/share/bash-completion/completions/corosfs 644
opt/x/share/doc/corosfs/CHANGELOG.md 644
opt/x/share/doc/corosfs/README.md 644
opt/x/share/doc/corosfs/config.example 644
opt/x/share/fish/vendor_completions.d/corosfs.fish 644
opt/x/share/man/man1/corosfs.1 644
opt/x/share/zsh/site-functions/_corosfs 644
END
check "these files and nothing else" $?
"$T/opt/x/bin/corosfs" --version | grep -q '^corosfs [0-9]'
check "the installed program runs" $?
make uninstall DESTDIR="$T" PREFIX=/opt/x >>"$T.log" 2>&1
check "make uninstall" $?
[ -z "$(find "$T" -mindepth 1 \( ! -type d -o -name '*corosfs*' \))" ]
check "leaves no file, and no folder of our name" $?

# Where it will run from, as systemd looks whether the program is there.
make install PREFIX="$T/opt/x" >>"$T.log" 2>&1
units=$T/opt/x/lib/systemd/user
for unit in corosfs.service corosfs@.service; do
    if command -v systemd-analyze >/dev/null; then
        said=$(XDG_RUNTIME_DIR="$T" systemd-analyze verify --user --man=no "$units/$unit" 2>&1)
        status=$?
        [ $status -ne 0 ] || [ -z "$said" ] || status=1
        check "systemd has nothing to say against $unit" $status
        [ -z "$said" ] || echo "$said" | sed 's/^/# /'
    else
        echo "ok - $unit # SKIP no systemd-analyze"
    fi
done
[ "$(sed -n 's/^ExecStart=//p' "$units/corosfs@.service")" = "$T/opt/x/bin/corosfs -f %i %h/%i" ]
check "corosfs@first-last@my-club.org mounts that account in a folder of its name" $?
make install HOME="$T/home" PREFIX="$T/home/.local" >>"$T.log" 2>&1
[ -e "$T/home/.local/share/systemd/user/corosfs.service" ] &&
    [ ! -e "$T/home/.local/lib" ]
check "below the home the units are where systemd looks there" $?
[ $bad -eq 0 ] || tail -n 30 "$T.log"
rm -f "$T.log" "$T.list"
exit $bad
