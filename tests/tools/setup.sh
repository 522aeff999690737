#!/bin/sh
# SPDX-License-Identifier: MIT
# What README.md says to install is what setup.sh installs, and what is said where it cannot.
cd "$(dirname "$0")/../.." || exit 1
T=$(mktemp -d "${TMPDIR:-/tmp}/corosfs-setup.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
bad=0
check() {
    if [ "$2" -eq 0 ]; then echo "ok - $1"; else echo "not ok - $1"; bad=1; fi
}
words() { grep -o '[a-z0-9][a-z0-9+.-]*' | LC_ALL=C sort; }
sed -n '/^build="/,/"$/p' contrib/setup.sh | sed 's/build=//; s/"//g' | words >"$T/setup"
sed -n '/^    sudo apt install /,/&&/p' README.md | sed 's/^ *sudo apt install//; s/&&.*//' | words >"$T/readme"
[ -s "$T/setup" ] && diff "$T/setup" "$T/readme" >"$T/diff"
check "README.md and setup.sh have one list of packages" $?
sed 's/^/# /' "$T/diff"

# setup UID: on a machine that has no package, and an apt-get that fails.
mkdir "$T/bin"
for tool in sh dirname env mktemp grep tail rm cat; do ln -s "$(command -v $tool)" "$T/bin/$tool"; done
fake() { cat >"$T/bin/$1" && chmod 755 "$T/bin/$1"; }
echo 'exit 1' | fake dpkg-query
setup() {
    echo "echo $1" | fake id
    env PATH="$T/bin" sh contrib/setup.sh demo >"$T/said" 2>&1
}
fake apt-get <<END_SH
echo "\$@" >>$T/asked
for n in 1 2 3 4 5 6 7 8; do echo "line \$n"; echo; echo; echo; done
echo the reason
exit 100
END_SH
setup 0
check "apt fails: exit status 1" "$(($? != 1))"
[ "$(grep -v '^==' "$T/said" | grep -c '')" -eq 20 ] && [ "$(tail -n 1 "$T/said")" = "the reason" ]
check "- its last 20 lines are shown" $?
grep -q -e '--force-confold' "$T/asked"
check "- a changed file in /etc is no question" $?
setup 1000
check "no sudo: exit status 1" "$(($? != 1))"
[ "$(grep -v '^==' "$T/said")" = "this needs root, and there is no sudo: run it as root" ]
check "- and why, in one sentence" $?
fake sudo <<END_SH
echo by sudo >>$T/asked
exec "\$@"
END_SH
setup 1000
grep -q 'by sudo' "$T/asked"
check "with sudo it is asked" $?
exit $bad
