#!/bin/sh
# SPDX-License-Identifier: MIT
# The sample hub's own tests, since everything else stands on it.
cd "$(dirname "$0")/../hub" || exit 1
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 test_hub.py -v >"$out" 2>&1
status=$?
# "test_x (class) ... ok", with the first line of its words in between.
sed -n -e 's/^\(.*\) \.\.\. ok$/ok - \1/p' -e 's/^\(.*\) \.\.\. skipped.*/ok - \1 # SKIP/p' \
    -e 's/^\(.*\) \.\.\. \(FAIL\|ERROR\)$/not ok - \1/p' "$out"
[ $status -eq 0 ] || sed -n '/^=====/,$p' "$out"
exit $status
