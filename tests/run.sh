#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs test programs, one more at a time than there are cores, and counts their cases.
#
#   UNITS="build/plain/tests/unit/api/test_buf ..." COROSFS=/path/to/corosfs \
#       sh tests/run.sh [unit] [mount] [tools]
#
# Without UNITS: those beside $COROSFS. VALGRIND=1 runs unit programs under valgrind; ONLY=names
# runs these test files alone ("ONLY='article faults'"); JOBS=1 one after the other.
#
# A line a program with the names of what failed in it, then the whole output of those, and as the
# last line "N passed, N failed", with ", N skipped" behind it if there were any. A case is a cmocka
# test, or a line "ok" or "not ok" of a shell test. A program that crashes, exceeds its time or shows
# no case is one failure more; one that exits with 77 is one skipped. The exit status is 0 only when
# nothing failed.
set -u
cd "$(dirname "$0")/.." || exit 2

: "${COROSFS:=$PWD/build/corosfs}" "${JOBS:=$(($(nproc) + 1))}" "${ONLY:=}" "${VALGRIND:=}"
export COROSFS VALGRIND

# ---- one program: sh tests/run.sh --one RESULTS PROGRAM

count() { grep -c "$1" "$2"; }

run_program() {
    case $1 in
    *.sh) exec timeout -k 30 "${LIMIT:-600}" sh "$1" ;;
    *)
        # In memory, if there is such a folder: that a file is on disk, and not how soon, is theirs.
        [ ! -d "$memory" ] || export TMPDIR="$memory"
        export CMOCKA_MESSAGE_OUTPUT=STDOUT
        if [ -n "$VALGRIND" ]; then
            exec timeout -k 10 600 valgrind -q --error-exitcode=99 --leak-check=full "$1"
        fi
        exec timeout -k 10 "${LIMIT:-300}" "$1"
        ;;
    esac
}

# Sets passed, failed and skipped from what the program said.
count_cases() {
    case $1 in
    *.sh)
        skipped=$(count '^ok .*# SKIP' "$2")
        passed=$(($(count '^ok\b' "$2") - skipped))
        failed=$(count '^not ok\b' "$2")
        ;;
    *)
        # A case that began and did not end well failed, with or without a word of its own.
        passed=$(count '^\[       OK \]' "$2")
        # Each is named twice, where it ran and in the list at the end, whose head (its words differ
        # between versions) is not one of them.
        skipped=$(($(grep '^\[  SKIPPED \]' "$2" | grep -c -v 'listed below:$') / 2))
        failed=$(($(count '^\[ RUN      \]' "$2") - passed - skipped))
        ;;
    esac
}

if [ "${1-}" = --one ]; then
    name=$(basename "$3" .sh)
    case $3 in
    *.sh) name=$(basename "$(dirname "$3")")/$name ;;
    *) name=unit/$(basename "$(dirname "$3")")/$name ;;
    esac
    out=$2/$(echo "$name" | tr / -).out
    begin=$(date +%s)
    (run_program "$3") >"$out" 2>&1 </dev/null
    status=$?
    count_cases "$3" "$out"
    why=
    if [ $status -eq 77 ] && [ "$failed" -eq 0 ]; then
        skipped=$((skipped + 1))
        why=" $(tail -n 1 "$out")"
    elif [ $status -eq 124 ] || [ $status -eq 137 ]; then
        failed=$((failed + 1))
        why=" (did not end in time)"
    elif [ $status -ne 0 ] && [ "$failed" -eq 0 ]; then
        failed=1
        why=" (exit status $status)"
    elif [ $((passed + failed + skipped)) -eq 0 ]; then
        failed=1
        why=" (no test case)"
    fi
    if [ "$failed" -gt 0 ]; then
        word=FAIL
        mv "$out" "$out.failed"
    elif [ "$passed" -eq 0 ]; then
        word=SKIP
    else
        word=PASS
    fi
    echo "$word $name: $passed of $((passed + failed)), $(($(date +%s) - begin)) s$why"
    [ "$word" = PASS ] || sed -n 's/^\(not ok - .*\|\[  FAILED  \] [a-z].*\)/     \1/p' "$out.failed" 2>/dev/null
    [ "$word" = FAIL ] || sed -n 's/^ok - \(.*\) # SKIP \(.*\)/     skipped: \1 (\2)/p' "$out"
    echo "$passed $failed $skipped" >"$out.count"
    exit 0
fi

# ---- all

# What takes longest comes first, so that nothing long is left for the end.
long="matrix deb backup deletion downloads_faults clock disk memory walkers sync secrets downloads
    test_download test_session test_listing test_session_person test_call"

units() {
    if [ -n "${UNITS-}" ]; then
        echo "$UNITS" | tr -s ' ' '\n'
    else
        find "$(dirname "$(readlink -f "$COROSFS")")/tests/unit" -name 'test_*' -type f -perm -u+x \
            2>/dev/null | sort
    fi
}

list() {
    for suite in "$@"; do
        case $suite in
        unit) units ;;
        mount | tools) find "tests/$suite" -name '*.sh' ! -name lib.sh | sort ;;
        *)
            echo "tests/run.sh: suites are unit, mount and tools, not $suite" >&2
            exit 2
            ;;
        esac
    done | awk -v long="$long" 'BEGIN { n = split(long, name); for (i = 1; i <= n; i++) at[name[i]] = i }
        { base = $0; gsub(/.*\/|\.sh$/, "", base); print base in at ? at[base] : n + 1, $0 }' |
        sort -s -n -k 1,1 | cut -d " " -f 2-
}

wanted() {
    while read -r program; do
        name=$(basename "$program" .sh)
        case " ${ONLY:-$name} " in
        *" $name "*) printf '%s\0' "$program" ;;
        esac
    done
}

results=$(mktemp -d "${TMPDIR:-/tmp}/corosfs-tests.XXXXXX") || exit 2
memory=$(mktemp -d /dev/shm/corosfs-tests.XXXXXX 2>/dev/null) || memory=none
export memory
trap 'rm -rf --one-file-system "$results" "$memory"' EXIT
trap 'exit 130' INT TERM
[ $# -gt 0 ] || set -- unit mount tools
# What a test that crashes leaves behind goes with the rest.
mkdir "$results/tmp" && chmod 755 "$results" && export TMPDIR="$results/tmp"
list "$@" >"$results/list"
[ -s "$results/list" ] || exit 2
wanted <"$results/list" | xargs -0 -r -n 1 -P "$JOBS" sh "$0" --one "$results"

for out in "$results"/*.failed; do
    [ -e "$out" ] || continue
    echo
    echo "---- $(basename "$out" .out.failed)"
    cat "$out"
done
cat "$results"/*.count 2>/dev/null | {
    p=0 f=0 s=0
    while read -r passed failed skipped; do
        p=$((p + passed)) f=$((f + failed)) s=$((s + skipped))
    done
    # Nothing at all is no success.
    [ $((p + s)) -gt 0 ] || f=$((f + 1))
    echo
    if [ $s -gt 0 ]; then
        echo "$p passed, $f failed, $s skipped"
    else
        echo "$p passed, $f failed"
    fi
    [ $f -eq 0 ]
}
