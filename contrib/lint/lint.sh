#!/bin/sh
# SPDX-License-Identifier: MIT
# Style and static analysis; a line "ok" or "not ok" for each check, and their count at the end. What
# the tools find depends on their version: with another one than Debian 12's a check is skipped.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0 failed=0 skipped=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# check "what" command...: nothing must be printed on failure but what is wrong.
check() {
    what=$1
    shift
    if "$@" >"$out" 2>&1; then
        echo "ok - $what"
        passed=$((passed + 1))
    else
        echo "not ok - $what"
        head -n 40 "$out"
        failed=$((failed + 1))
    fi
}

# by TOOL VERSION "what" command...: a check, if the tool has this version.
by() {
    is=$("$1" --version 2>&1 | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1)
    case ${is:-missing}. in
    "$2".*)
        shift 2
        check "$@"
        ;;
    *)
        echo "ok - $3 # SKIP this is $1 ${is:-missing}, and the code is written for $2"
        skipped=$((skipped + 1))
        ;;
    esac
}

# none REGEX file...: it stands nowhere in them. By find rather than git, for who has a tarball.
none() { ! grep -nE "$@" /dev/null; }

sources=$(find api cache fs -name '*.c')
headers=$(find api cache fs -name '*.h')
formatted=$(find api cache fs tests -name '*.[ch]')
scripts=$(find contrib tests -name '*.sh')
others=$(find .ci contrib tests -type f ! -path contrib/lint/lint.sh ! -name '*.pyc')

# all_but NAME...: the layers' files without these.
all_but() {
    echo "$sources" "$headers" | tr ' ' '\n' | while read -r file; do
        module=${file%.*}
        case " $* " in
        *" $module "*) ;;
        *) echo "$file" ;;
        esac
    done
}

flags="-I. -D_GNU_SOURCE -DFUSE_USE_VERSION=314 -DCOROSFS_VERSION=\"0\" -std=c17
    $(pkg-config --cflags fuse3 | sed 's/-I/-isystem /g')"

tidy() {
    # shellcheck disable=SC2086
    echo "$sources" | xargs -P "$(nproc)" -n 4 sh -c 'flags=$0; clang-tidy --quiet "$@" -- $flags' \
        "$flags" 2>/dev/null
}

# shellcheck disable=SC2046,SC2086
{
    by clang-format 14 "clang-format" clang-format --dry-run -Werror $formatted
    by clang-tidy 14 "clang-tidy" tidy
    by cppcheck 2.10 "cppcheck" cppcheck --quiet --enable=warning,performance,portability --inline-suppr \
        --error-exitcode=1 --suppress=missingIncludeSystem -I. -D_GNU_SOURCE \
        -DFUSE_USE_VERSION=314 -DCOROSFS_VERSION='"0"' $sources
    by shellcheck 0.9 "shellcheck" shellcheck -x -S warning \
        -e SC1007,SC2010,SC2011,SC2015,SC2034,SC2120,SC2154 $scripts .ci/run tests/hub/hubctl
    by shellcheck 0.9 "shellcheck of the completion" shellcheck -s bash -S warning -e SC2207 \
        contrib/completion/corosfs.bash
    check "api/ includes nothing of cache/ and fs/" none '#include "(cache|fs)/' \
        $(find api -name '*.[ch]')
    check "cache/ includes nothing of fs/" none '#include "fs/' $(find cache -name '*.[ch]')
    check "includes are written from the root" none '#include "([^/]*"|\.)' $sources $headers
    check "curl is included by the transport alone" none '#include <curl' \
        $(all_but api/http api/transfer)
    check "libfuse is included by its operations alone" none '#include <(fuse|linux/fuse)' \
        $(all_but fs/ops fs/reply fs/request fs/notify fs/mount fs/parallel)
    check "nothing is left for later" none '\b(TODO|FIXME|XXX|HACK)\b' $sources $headers $others \
        Makefile README.md
}

if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ]
