#!/bin/sh
# SPDX-License-Identifier: MIT
# Every fault of the hub, crossed with what is cached and with what the reader does: a table, and
# a check of each cell. See matrix/matrix.py.
#
#   sh tests/mount/matrix.sh               all of it
#   ROWS='429 stall' sh tests/mount/matrix.sh    the rows whose names hold one of these words
#   MATRIX_JOBS=4                         so many mounts at once (default: three times the cores)
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/lib.sh"
own_clock
command -v rsync >/dev/null || skip "no rsync"
command -v openssl >/dev/null || skip "no openssl"

# A mount namespace of our own, in which the names of hosts may be changed.
private=
[ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null && private="sh $TOP/tests/support/own_mounts"

# Their mounts are not ours to see: the processes go, and with them what they mounted.
at_end() {
    for lock in "$T"/job.*/cache/*/lock; do
        [ -s "$lock" ] || continue
        pid=$(cat "$lock")
        case "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")" in
        *" $T/job."*) kill -9 "$pid" ;;
        esac
    done
}

# shellcheck disable=SC2086
$private "$py" "$TOP/tests/mount/matrix/matrix.py" --corosfs "$COROSFS" --dir "$T" \
    --clock "$shim" --jobs "${MATRIX_JOBS:-$((3 * $(nproc)))}" ${private:+--private} ${ROWS:+--rows "$ROWS"} &
pid=$!
started="$started $pid"
wait $pid
same "the matrix came to its end" 0 $?
finish
