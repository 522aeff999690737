#!/bin/sh
# SPDX-License-Identifier: MIT
# One thing of the hub fails for good, in every way that is known; a nightly copy must bring all the
# rest, each night, and cost hardly more than on a good night. See nightly/nightly.py.
#
#   sh tests/tools/nightly.sh
#   CASES='question 500' TOOLS='rsync restic' sh tests/tools/nightly.sh   names that hold this; tools
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/../mount/lib.sh"
command -v rsync >/dev/null || skip "no rsync"

"$py" "$TOP/tests/tools/nightly/nightly.py" --corosfs "$COROSFS" --dir "$T" \
    ${CASES:+--cases "$CASES"} ${TOOLS:+--tools "$TOOLS"} &
pid=$!
started="$started $pid"
wait $pid
same "all nights came to their end" 0 $?
finish
