#!/bin/sh
# SPDX-License-Identifier: MIT
# logind says that the machine is about to sleep: the sleep waits until whoever waits for the hub is
# answered, and nobody new waits until the machine is back. logind is a mock on a bus of our own.
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/lib.sh"
command -v dbus-daemon >/dev/null || skip "no dbus-daemon"
"$py" -c 'import dbusmock' 2>/dev/null || skip "no python3-dbusmock"
ldconfig -p 2>/dev/null | grep -q 'libsystemd\.so\.0' || skip "no libsystemd"

cat >"$T/bus.conf" <<END_
<busconfig>
  <type>system</type>
  <listen>unix:path=$T/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
END_
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$T/bus"
dbus-daemon --config-file="$T/bus.conf" --nofork --nopidfile >"$T/bus.out" 2>&1 &
bus_pid=$!
started="$started $bus_pid"
within 20 test -S "$T/bus" || { cat "$T/bus.out" && skip "no bus"; }

# ---- a bus without logind, and no bus

hub_start --athlete both --activities 1400 --years 7 --last-day 20241231
hubctl add "{\"name\": \"Today\", \"date\": $(date +%Y%m%d), \"hhmm\": \"0001\"}" >/dev/null
now=$M/$(date +%Y/%m)
mount_fs
check "a bus without logind: nothing is missing" test -s "$M/2022/12/activities.csv"
unmount
DBUS_SYSTEM_BUS_ADDRESS="unix:path=$T/none" mount_fs
check "no bus: nothing is missing" test -s "$M/2022/12/activities.csv"
unmount

# ---- logind

"$py" -m dbusmock --system --template logind >"$T/logind.out" 2>&1 &
logind_pid=$!
started="$started $logind_pid"
cat >"$T/logind.py" <<'END_'
import dbus, sys
o = dbus.SystemBus().get_object("org.freedesktop.login1", "/org/freedesktop/login1")
if sys.argv[1] == "list":
    for what, who, why, mode, uid, pid in o.ListInhibitors(
            dbus_interface="org.freedesktop.login1.Manager"):
        print(who, what, mode)
else:
    o.EmitSignal("org.freedesktop.login1.Manager", "PrepareForSleep", "b",
                 [dbus.Boolean(sys.argv[1] == "sleep")],
                 dbus_interface="org.freedesktop.DBus.Mock")
END_
logind() { "$py" "$T/logind.py" "$@"; }
held() { [ "$(logind list 2>"$T/said")" = "corosfs sleep delay" ]; }
let_go() { [ -z "$(logind list)" ]; }
logind_is_there() { logind list >"$T/said" 2>&1; }
within 20 logind_is_there || { cat "$T/logind.out" "$T/said" && skip "no mock of logind"; }
mount_fs -o timeout=120,ttl=1
check "the sleep waits for the mount" within 20 held
ls "$M" "$now" >/dev/null
next_second
next_second
hubctl set '{"fault": {"kind": "stall_headers", "path": ""}}'
hubctl reset
asked() { [ "$(requests)" -ge "$1" ]; }
ls "$now" >"$T/said.old" 2>&1 &
old=$!
cat "$M/2020/03/activities.csv" >"$T/said.cat" 2>&1 &
cat=$!
stat "$M/fit/2022/12/20221230-FooRun.fit" >"$T/said.stat" 2>&1 &
stat=$!
started="$started $old $cat $stat"
check "three wait" within 20 asked 3
logind sleep
check "then it does not wait any more" within 20 let_go
wait $old
same "who has an old copy got that" "0 1" "$? $(grep -c Today "$T/said.old")"
wait $cat
check "the others are told (status $?)" grep -q 'Interrupted system call' "$T/said.cat"
wait $stat
check "- who look at a recording, too (status $?)" grep -q 'Interrupted system call' "$T/said.stat"
refused "nobody new waits" ls "$M/2021/04"
check "- but is told" said 'Interrupted system call'
check "what is cached is there" ls "$M/2022/12" "$now"
hubctl clear
logind wake
check "back again the next sleep waits for the mount" within 20 held
check "and everything is there" test -s "$M/2020/03/activities.csv"
check "and more" ls "$M/2021/04" "$M/2019/05"

# ---- the bus ends while the machine is about to sleep

logind sleep
check "once more" within 20 let_go
kill "$bus_pid"
answers() { ls "$M/2018/06"; }
hubctl set '{"fault": {"kind": "delay", "ms": 400}}'
check "without a bus callers wait as ever" within 20 answers
kill "$logind_pid" 2>/dev/null
finish
