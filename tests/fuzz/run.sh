#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs fuzz targets over their corpora, two at a time: FUZZ="target ..." FUZZ_S=SECONDS
#
# A line a target, with how many inputs it tried; what breaks one is kept in build/fuzz/ and said.
# The last line is "N passed, N failed".
set -u
cd "$(dirname "$0")/../.." || exit 2
: "${FUZZ_S:=60}" "${JOBS:=2}"

# sh tests/fuzz/run.sh --one TARGET: `work` is a folder for this run.
if [ "${1-}" = --one ]; then
    name=$(basename "$2")
    found=$work/$name
    mkdir -p "$found" "build/fuzz"
    corpus=tests/fuzz/corpus/${name#fuzz_} TMPDIR=$work
    export TMPDIR
    [ -d "$corpus" ] || corpus=
    # shellcheck disable=SC2086
    "$2" -max_total_time="$FUZZ_S" -timeout=20 -rss_limit_mb=2048 -max_len=8192 \
        -artifact_prefix="build/fuzz/$name-" -print_final_stats=1 -verbosity=1 \
        "$found" $corpus >"$found.log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found.log")
    if [ $status -eq 0 ] && [ "${runs:-0}" -gt 0 ]; then
        echo "ok - $name: $runs inputs" | tee "$found.result"
    else
        echo "not ok - $name: exit status $status" | tee "$found.result"
        grep -v -E '^#[0-9]+|^\s*(NEW|REDUCE|pulse)' "$found.log" | tail -n 60
    fi
    exit 0
fi

# Some targets read files, which cost less in memory.
[ -w /dev/shm ] && : "${TMPDIR:=/dev/shm}"
work=$(mktemp -d "${TMPDIR:-/tmp}/corosfs-fuzz.XXXXXX") || exit 2
export work FUZZ_S UBSAN_OPTIONS=halt_on_error=1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
echo "$FUZZ" | tr -s ' ' '\n' | xargs -n 1 -P "$JOBS" sh "$0" --one
passed=$(cat "$work"/*.result | grep -c '^ok')
failed=$(cat "$work"/*.result | grep -c '^not ok')
[ "$passed" -gt 0 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
