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
make install DESTDIR="$T" PREFIX=/opt/x >"$T.log" 2>&1
check "make install" $?
(cd "$T" && find . -type f -printf '%P %m\n' | LC_ALL=C sort) >"$T.list"
LC_ALL=C sort <<'END' | diff - "$T.list"
opt/x/bin/corosfs 755
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
[ $bad -eq 0 ] || tail -n 30 "$T.log"
rm -f "$T.log" "$T.list"
exit $bad
