#!/bin/sh
# SPDX-License-Identifier: MIT
# The end of a mount on which 64 readers wait for a hub that does not answer, or is not there: they
# have 120 s, and it takes none of them.
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/lib.sh"
hub_start --athlete synthetic --activities 1400 --years 7 --last-day 20241231
expect_log 'cannot fetch' 'answers again'
mount_fs
unmount

# busy FAULT: a mount with 64 readers who wait, each in a month of its own; sets pid and pids.
busy() {
    forget_months
    mount_fs -o timeout=120
    pid=$(pid_at "$M")
    hubctl reset
    hubctl set "{\"fault\": $1}"
    pids=
    i=0
    for year in 2018 2019 2020 2021 2022 2023; do
        for month in 01 02 03 04 05 06 07 08 09 10 11; do
            i=$((i + 1))
            [ $i -le 64 ] || continue
            case $((i % 3)) in
            0) cat "$M/$year/$month/activities.csv" >/dev/null 2>&1 & ;;
            1) stat "$M/$year/$month/activities.json" >/dev/null 2>&1 & ;;
            2) ls -l "$M/$year/$month" >/dev/null 2>&1 & ;;
            esac
            pids="$pids $!"
        done
    done
    started="$started $pids"
    asked() { [ "$(requests)" -ge 1 ]; }
    within 20 asked
    check "64 readers wait: $2" all_wait
}
all_wait() {
    for reader in $pids; do
        ! gone "$reader" || return 1
    done
}
all_gone() {
    for reader in $pids; do
        gone "$reader" || return 1
    done
}
# Seconds for a shell on a machine that may be busy, against 120 of a reader.
ended() {
    check "- every reader is let go" within 20 all_gone
    check "- the process ends" within 20 gone "$pid"
    check "- nothing is mounted" not_mounted "$M"
    hubctl set '{"faults": []}'
}

stall='{"kind": "stall_headers"}'
busy "$stall" "SIGTERM, and the hub stalls"
kill "$pid"
ended

busy "$stall" "fusermount3 -u -z, and the hub stalls"
timeout 20 fusermount3 -u "$M" >"$T/said" 2>&1
same "- without -z it is refused, and does not wait" 1 $?
check "- because the mount is in use" said busy
check "- the readers still wait" all_wait
timeout 20 fusermount3 -u -z "$M"
ended

# A hub that is dead without a word: its machine takes connections and no process answers.
busy "$stall" "SIGINT, and the hub is dead"
kill -STOP "$hub_pid"
kill -INT "$pid"
check "- every reader is let go" within 20 all_gone
check "- the process ends" within 20 gone "$pid"
check "- nothing is mounted" not_mounted "$M"
kill -CONT "$hub_pid"
hubctl set '{"faults": []}'

# Nothing was broken by all that.
mount_fs
check "the next mount reads" within 30 ls "$M/2018/01"
finish
