#!/bin/sh
# SPDX-License-Identifier: MIT
# The breaker, a refused password after the mount, and a full disk. What each fault of the hub
# gives is matrix.sh's.
. "$(dirname "$0")/lib.sh"
own_clock
hub_start --athlete both --activities 400 --years 5
mount_fs
cat "$M/2022/12/activities.csv" >"$T/article"
back() { cmp -s "$M/2022/12/activities.csv" "$T/article"; }
expect_log 'cannot fetch' 'answers again'
fresh_mount() {
    unmount || fail "unmounted"
    forget_months
    mount_fs "$@"
    ls "$M" >/dev/null
    ls "$M/2026/09" >"$T/cached"
}

# ---- the breaker spares the hub

fresh_mount
hubctl set '{"fault": {"kind": "html200"}}'
i=0
while [ $i -lt 8 ]; do
    errno_of list "$M/2023/0$((i + 1))" >/dev/null
    i=$((i + 1))
done
hubctl reset
same "an open breaker answers with the errno of what opened it" "EIO EIO EIO EIO" \
    "$(for i in 1 2 3 4; do errno_of list "$M/2024/0$i"; done | xargs)"
check "and asks the hub once at most (was $(requests))" test "$(requests)" -le 1
hubctl clear
later 10
check "it closes again" within 30 back

# ---- the password changes while the mount is up

fresh_mount
hubctl set '{"expire_token": true, "password": "another horse"}'
hubctl reset
same "a refused login: EACCES" "EACCES EACCES EACCES" \
    "$(errno_of stat "$M/2022/12/activities.csv") $(
        errno_of list "$M/2022/12") $(errno_of list "$M/2022")"
check "what is cached is served" sh -c 'ls "$1" | cmp - "$2"' - "$M/2026/09" "$T/cached"
same "one try a scheme, however many ask" 2 "$(hubctl stats 'by_path|/account/login')"
check "the log says what to do" grep -q 'e-mail and password' "$T/log"
unmount
refused "the next mount is refused, cache or not" mount_at "$M" -o "log_file=$T/log2"
check "and says why" grep -q 'e-mail and password' "$T/log2"
COROSFS_PASSWORD="another horse" mount_fs
check "with the new password it works" back
hubctl clear

# ---- no room for the cache

[ "$(id -u)" -eq 0 ] || { echo "ok - a full disk # SKIP needs root"; finish; }
unmount
mkdir "$T/small"
if mount -t tmpfs -o size=64k,mode=700 none "$T/small" 2>"$T/said"; then
    expect_log 'cannot keep months' 'kept on disk again' 'the next mount has to log in'
    "$COROSFS" "$ACCOUNT" "$M" -o "api=$hub,cache_dir=$T/small/c,log_file=$T/log,views=none"
    check "a cache folder of 64 KiB: it mounts" is_mounted "$M"
    head -c 60000 /dev/zero >"$T/small/fill" 2>/dev/null
    check "full: the article is served from memory" cmp "$M/2022/12/activities.csv" "$T/article"
    find "$M" -type f -exec cat {} + >"$T/all" 2>"$T/said"
    check "everything is" test ! -s "$T/said"
    check "all of it" test "$(wc -c <"$T/all")" -gt 1000000
    check "the log says so" within 10 grep -q 'cannot keep months' "$T/log"
    same "once" 1 "$(grep -c 'cannot keep months' "$T/log")"
    fusermount3 -u "$M"
    free() { umount "$T/small" 2>/dev/null; }
    check "the small disk is free again" within 20 free
else
    echo "ok - a full disk # SKIP no tmpfs here"
fi
finish
