#!/bin/sh
# SPDX-License-Identifier: MIT
# Style and static analysis; a line "ok" or "not ok" for each check, and their count at the end.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0 failed=0
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

none() { ! git grep -nE "$@"; }

sources=$(git ls-files 'api/*.c' 'cache/*.c' 'fs/*.c')
formatted=$(git ls-files '*.c' '*.h')
scripts=$(git ls-files '*.sh' tests/hub/hubctl)
flags="-I. -D_GNU_SOURCE -DFUSE_USE_VERSION=314 -DCOROSFS_VERSION=\"0\" -std=c17
    $(pkg-config --cflags fuse3)"

tidy() {
    # shellcheck disable=SC2086
    echo "$sources" | xargs -P "$(nproc)" -n 4 sh -c 'flags=$0; clang-tidy --quiet "$@" -- $flags' \
        "$flags" 2>/dev/null
}

# shellcheck disable=SC2086
{
    check "clang-format" clang-format --dry-run -Werror $formatted
    check "clang-tidy" tidy
    check "cppcheck" cppcheck --quiet --enable=warning,performance,portability --inline-suppr \
        --error-exitcode=1 --suppress=missingIncludeSystem -I. -D_GNU_SOURCE \
        -DFUSE_USE_VERSION=314 -DCOROSFS_VERSION='"0"' $sources
    check "shellcheck" shellcheck -x -S warning -e SC1007,SC2011,SC2015,SC2010,SC2034,SC2120,SC2154 $scripts
}
check "api/ includes nothing of cache/ and fs/" none '#include "(cache|fs)/' -- api
check "cache/ includes nothing of fs/" none '#include "fs/' -- cache
check "curl is included by the transport alone" none '#include <curl' -- api cache fs \
    ':!api/http.c' ':!api/transfer.c' ':!api/transfer.h'
check "libfuse is included by its operations alone" none '#include <(fuse|linux/fuse)' -- api cache \
    fs/tree.c fs/name.c fs/render.c fs/node.c fs/inode.c fs/options.c fs/secret.c fs/main.c
check "nothing is left for later" none '\b(TODO|FIXME|XXX|HACK)\b' -- api cache fs tests contrib \
    Makefile README.md ':!contrib/lint/lint.sh'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
