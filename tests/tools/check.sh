#!/bin/sh
# SPDX-License-Identifier: MIT
# corosfs --check: every step with a tick, or the reason and the remedy; and what a mount itself says
# where something is missing.
# Mounts of others would be told about, too.
if [ "$(id -u)" -eq 0 ] && [ -z "${own_mounts-}" ] && unshare -m true 2>/dev/null; then
    own_mounts=1 exec sh "$(dirname "$0")/../support/own_mounts" sh "$0"
fi
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/../mount/lib.sh"
hub_start
opts="api=$hub,cache_dir=$T/cache"

lacks() { ! grep -e "$1" "$T/said"; }
run_check() { timeout 90 "$COROSFS" --check "$ACCOUNT" -o "$opts" "$@" >"$T/said" 2>&1; }
all_well() {
    what=$1
    shift
    run_check "$@"
    same "$what: exit status 0" 0 $?
    check "- and it says so" said '^all is well$'
    check "- with nothing to put right" lacks '✗\|→'
}
# finds "what" STEP REMEDY [argument...]
finds() {
    what=$1 step=$2 remedy=$3
    shift 3
    run_check "$@"
    same "$what: exit status 1" 1 $?
    check "- the step" said "^✗ $step"
    check "- the remedy" sh -c 'grep -A 1 -e "$1" "$3" | grep -q -e "^  → .*$2"' - "^✗ $step" "$remedy" \
        "$T/said"
    check "- in all" said "things* to put right"
}

# ---- all is well

all_well "with nothing cached"
cp "$T/said" "$T/first"
for step in "/dev/fuse" "fusermount3" "config: none" "cache: $T/cache" "disk: " "password: from .COROSFS" \
    "name: 127.0.0.1" "connection: $hub answers" "clock: right" "login: done, and kept, as $ACCOUNT" \
    "region: 1"; do
    check "- a tick for $step" grep -q "^✓ $step" "$T/first"
done
same "one login" 1 "$(hubctl stats logins)"
all_well "a second time"
check "- the kept login is tried" said "✓ login: the kept one works"
same "- without another one" 1 "$(hubctl stats logins)"
LC_ALL=C run_check
check "without UTF-8: words for ticks" said "^ok   /dev/fuse"
check "- and nothing else" lacks '[^ -~]'
mount_fs
ls "$M/2022/12" >/dev/null
all_well "while a mount runs"
check "- which is asked" said "✓ login: the mount of process $(pid_at "$M") is logged in"
same "- and keeps its login" 1 "$(hubctl stats logins)"
unmount
refused "nothing secret is said" grep -e horse -e "$(sed -n 's/.*"token": "\(.*\)".*/\1/p' "$T"/cache/*/token)" \
    "$T/said" "$T/first"

# ---- what can be wrong

hubctl set '{"clock_off_s": 4000}'
finds "a clock that is behind" "clock: this machine's is [34][0-9]* s behind" "timedatectl"
hubctl set '{"clock_off_s": -4000}'
finds "a clock that is ahead" "clock: this machine's is [34][0-9]* s ahead" "timedatectl"
hubctl clear
hubctl set '{"expire_token": true, "password": "another horse"}'
finds "a password that is not the right one" "login: the Training Hub refuses" "corosfs --login $ACCOUNT"
hubctl clear
finds "the right one, while the refusal is remembered" "login: the Training Hub refuses .*as before" \
    "corosfs --login"
check "- which helps" "$COROSFS" --login "$ACCOUNT" -o "$opts"
all_well "then"
hubctl set '{"expire_token": true, "two_factor": true}'
finds "an account with two factors" "login: this account asks for a two-factor code" "corosfs --login"
hubctl clear
finds "no network" "connection: cannot reach 127.0.0.1:9" "network" -o api=http://127.0.0.1:9
check "- and no login is tried" said "^– login: not tried"
finds "a name that nobody knows" "name: hub.invalid: " "resolv.conf" -o api=https://hub.invalid
finds "plain http off loopback" "api=\|.*only https" "api=" -o api=http://192.0.2.1
finds "certificates that are not there" "certificates: cannot read /none" "ca_file" -o ca_file=/none
check "- is one thing" said "^1 thing to put right"
echo secret >"$T/password" && chmod 644 "$T/password"
finds "a password file that others can read" "password: .*can be read by others" "chmod 600" \
    -o "password_file=$T/password"
finds "a password file that is not there" "password: .*No such file" "write the password" \
    -o "password_file=$T/nothing"
all_well "a kept login, without another one to come"
finds "a command that gives no password, beside it" "password: password_command failed" "in a shell" \
    -o "password_command=exit 3"
check "- the kept one works all the same" said "^✓ login: the kept one works"
rm "$T"/cache/*/token
finds "the same without a kept one" "password: password_command failed" "in a shell" \
    -o "password_command=exit 3"
check "- is one thing" said "^1 thing to put right"
check "- which stops the login" said "^– login: not without a password: password_command failed"
finds "a cache folder that cannot be made" "cache: cannot make the cache folder" "cache_dir" \
    -o cache_dir=/proc/none
check "- is one thing" said "^1 thing to put right"
mkdir -p "$HOME/.config/corosfs"
echo "offline = no" >"$HOME/.config/corosfs/config" && chmod 644 "$HOME/.config/corosfs/config"
all_well "a config file that others can read"
chmod 666 "$HOME/.config/corosfs/config"
finds "a config file that others can write" "config: .*can be changed by others" "chmod go-w"
refused "the same without an account" "$COROSFS" --check
check "- says why there is none" said "^– account: none is given, and the config is not read"
check "- and what is wrong, once" said "^1 thing to put right"
chmod 600 "$HOME/.config/corosfs/config"
echo "colour = blue" >"$HOME/.config/corosfs/config"
finds "an unknown word in it" "config: .*line 1: unknown option .colour" "correct the line"
rm "$HOME/.config/corosfs/config"
env PATH=/nowhere "$COROSFS" --check "$ACCOUNT" -o "$opts" >"$T/said" 2>&1
same "no fusermount3: exit status 1" 1 $?
check "- the step" said "✗ fusermount3 is not in"
check "- the remedy" said "→ install it: apt install fuse3"
run_check -o offline
same "offline: exit status 0" 0 $?
check "- nobody is asked" said "^– hub: offline is set"
refused "no account" "$COROSFS" --check
check "- which is a step" said "✗ account: none is given"
check "- with a remedy" said "→ corosfs --check you@example.org"
check "- and does not stop the others" said "✓ config: none"

# ---- a mount that was killed

mount_fs
pid=$(pid_at "$M")
kill -9 "$pid"
check "killed" within 10 gone "$pid"
dead() { [ "$(errno_of list "$M")" = ENOTCONN ]; }
within 10 dead
finds "a mount that was killed" "mount: $M is dead: its process was killed" "fusermount3 -u $M, or mount"
fusermount3 -u "$M"
all_well "when it is gone"

# ---- a machine without FUSE: what --check and what a mount say

# here_without COMMAND...: in a mount namespace of its own, with a /dev of its own.
cat >"$T/without.sh" <<'END_SH'
case $1 in
none) mount -t tmpfs -o mode=755 none /dev && mknod -m 666 /dev/null c 1 3 ;;
closed) mount -t tmpfs -o mode=755 none /dev && mknod -m 666 /dev/null c 1 3 &&
    mkdir /dev/fuse ;;
esac || exit 99
shift
exec "$@"
END_SH
without() { unshare -m sh "$T/without.sh" "$@" >"$T/said" 2>&1; }
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    rm -rf "$T/cache"
    without none "$COROSFS" "$ACCOUNT" "$M" -o "$opts"
    same "no /dev/fuse: a mount has exit status 1" 1 $?
    check "- and says what to do" said "/dev/fuse is not there; load the kernel's module"
    without none "$COROSFS" --check "$ACCOUNT" -o "$opts"
    same "- --check has 1, too" 1 $?
    check "- and says what to do" said "→ load the kernel's module: modprobe fuse"
    without closed "$COROSFS" "$ACCOUNT" "$M" -o "$opts"
    same "a /dev/fuse that cannot be opened: a mount has exit status 1" 1 $?
    check "- and says why" said "/dev/fuse cannot be opened"
    without closed "$COROSFS" --check "$ACCOUNT" -o "$opts"
    check "- --check says what to do" said "→ as root: chmod 666 /dev/fuse"
else
    echo "ok - a machine without FUSE # SKIP needs root"
fi

# ---- where fusermount3 cannot become root

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    as_nobody() { setpriv --reuid 65534 --clear-groups "$@" >"$T/said" 2>&1; }
    chmod 755 "$T" && cp "$COROSFS" "$T/corosfs"
    as_nobody --no-new-privs "$T/corosfs" --check "$ACCOUNT" -o "$opts,offline"
    check "under no_new_privs all is not well" said "✗ fusermount3: no_new_privs is set here"
    check "- with a remedy" said "→ start corosfs without it"
    as_nobody "$T/corosfs" --check "$ACCOUNT" -o "$opts,offline"
    check "without it there is nothing to say" said "✓ fusermount3"
    as_nobody_without_mtab() {
        unshare -m sh -c 'mount -t tmpfs -o mode=755 none /etc && exec "$@"' sh \
            setpriv --reuid 65534 --clear-groups "$@" >"$T/said" 2>&1
    }
    as_nobody_without_mtab "$T/corosfs" --check "$ACCOUNT" -o "$opts,offline"
    check "without /etc/mtab nobody can unmount" said "✗ fusermount3: /etc/mtab is not there"
    check "- with a remedy" said "→ as root: ln -s ../proc/self/mounts /etc/mtab"
else
    echo "ok - under no_new_privs # SKIP needs root"
fi
finish
