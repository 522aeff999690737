#!/bin/sh
# SPDX-License-Identifier: MIT
# The log: every cause once, however often it is met, and once that all is well again.
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/lib.sh"
hub_start --athlete both --activities 400 --years 5
hubctl add "{\"name\": \"A\", \"date\": $(date +%Y%m%d), \"hhmm\": \"0001\"}" >/dev/null
mount_fs -o ttl=1
ls "$M" >/dev/null
expect_log 'cannot fetch' 'answers again' 'left out' 'counts'
lines() { grep -c "$1" "$T/log"; }

hubctl set '{"fault": {"kind": "status"}}'
for i in 1 2 3; do
    errno_of list "$M/2022/0$i" >/dev/null
done
same "a hub that is out of order is said once" 1 "$(lines 'out of order')"
# A dead token, and a hub that kills the next one, too.
hubctl set '{"faults": [], "token_calls": 0}'
other() { errno_of list "$M/2023/01" >/dev/null; [ "$(lines 'web app')" -gt 0 ]; }
check "another cause while it lasts is said, too" within 25 other
for i in 2 3 4; do
    errno_of list "$M/2023/0$i" >/dev/null
done
same "once" 1 "$(lines 'web app')"
same "the first one is not said again" 1 "$(lines 'out of order')"
same "nothing else is said" 2 "$(grep -c . "$T/log")"
unmount
forget_months
rm -f "$T"/cache/*/token "$T/log"
hubctl clear

mount_fs -o ttl=1
hubctl set '{"faults": [{"kind": "bad_item", "what": "string"}, {"kind": "count_lies"}]}'
looked() { [ "$(hubctl stats queries)" -gt "$asked" ]; }
for i in 1 2 3; do
    ls -l "$M" "$M/$(date +%Y/%m)" >/dev/null
    asked=$(hubctl stats queries)
    kill -HUP "$(pid_at "$M")"
    check "the hub is looked at again" within 10 looked
done
same "an item that cannot be read is said once, not at every look" 1 "$(lines 'left out')"
check "so is a count that is off" test "$(lines 'counts')" -le 1
hubctl clear

# ---- rotation, as logrotate does it

mv "$T/log" "$T/log.1"
kill -HUP "$(pid_at "$M")"
check "SIGHUP makes the log again under its name" within 10 test -e "$T/log"
hubctl set '{"fault": {"kind": "status"}}'
said_again() { errno_of list "$M/2022/05" >/dev/null; grep -q 'out of order' "$T/log"; }
check "and what comes is written there" within 10 said_again
refused "not to the old one" grep -q 'out of order' "$T/log.1"
same "private" 600 "$(stat -c %a "$T/log")"
# A name that cannot be opened: the log goes on where it is.
mv "$T/log" "$T/log.2"
mkdir "$T/log"
kill -HUP "$(pid_at "$M")"
check "a log that cannot be made again goes on where it was" \
    within 10 grep -q 'cannot write the log to' "$T/log.2"
rmdir "$T/log"
hubctl clear
unmount

# ---- a mount's life

mount_fs -o log=info
unmount
at='^20[0-9-]*T[0-9:]*[+-][0-9]* corosfs:'
same "log=info: who was mounted where, and when" 1 "$(lines "$at mounted $ACCOUNT at $M\$")"
check "- and when it ended" within 10 grep -q "$at unmounted $ACCOUNT from $M\$" "$T/log"
finish
