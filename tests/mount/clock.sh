#!/bin/sh
# SPDX-License-Identifier: MIT
# The clock steps by a year, a laptop sleeps for a day, a year ends: nothing is lost and what is
# new shows. The mount has a clock of its own; the machine's goes on as it is.
. "$(dirname "$0")/lib.sh"
own_clock
[ -n "$shim" ] || skip "no compiler"
# clock UTC-TIME: it is so late now, and the clock goes on.
clock() {
    wall_s=$(($(date -u -d "$1" +%s) - $(date +%s)))
    set_clock
}
mount_then() { mount_fs -o ttl=1; }
add() { hubctl add "{\"date\": $1, \"hhmm\": \"$2\", \"name\": \"$3\", \"startTimezone\": $4, \
    \"totalTime\": ${5:-3600}, \"endTime\": ${6:-null}}" >/dev/null; }
shows() { ls "$M/$1" 2>/dev/null | grep -q -x -e "$2"; }
shows_not() { ! shows "$@"; }

# The kernel says that the clock was set, as after a sleep: here to what it is.
wake() {
    "$py" -c 'import time; time.clock_settime(time.CLOCK_REALTIME, time.time())' 2>/dev/null ||
        kill -HUP "$(pid_at "$M")"
}

hub_start --athlete both --activities 400 --years 4 --last-day 20261220
expect_log 'cannot fetch' 'answers again'
clock "2026-12-31 23:40:00"
mount_then

# ---- who waits can be killed, whatever the clock does

cat >"$T/reader.py" <<'END_'
import os, signal, sys
signal.signal(signal.SIGURG, lambda *_: None)
print("reading", flush=True)
os.listdir(sys.argv[1])
END_
hubctl reset
hubctl set '{"fault": {"kind": "stall_headers"}}'
"$py" "$T/reader.py" "$M/2023/07" >"$T/reader" 2>&1 &
reader=$!
started="$started $reader"
check "somebody reads" within 10 grep -q reading "$T/reader"
waits() { [ "$(hubctl stats queries)" -ge 1 ]; }
check "and waits for the hub" within 10 waits
# A signal that ends nothing, and then one that does: the kernel tells of the first alone.
kill -URG $reader
sleep 0.3
refused "SIGURG does not end it" gone $reader
kill -TERM $reader
check "SIGTERM does, at once" within 8 gone $reader
hubctl clear

find "$M" -type f -exec md5sum {} + | sort -k 2 >"$T/before"
check "there is something to lose" test "$(wc -l <"$T/before")" -gt 500
kept() {
    find "$M" -type f -exec md5sum {} + >"$T/after.raw" || return 1
    sort -k 2 "$T/after.raw" | diff "$T/before" -
}

# ---- New Year's Eve

# Starts at 23:50 in London, ends the next day, month and year: it is of the day it began.
add 20261231 2350 "Midnight Run" 0 3600 $(($(date -u -d "2027-01-01 00:50" +%s)))
check "an activity of 23:50 is in December" within 20 shows 2026/12 20261231-MidnightRun.json
check "not in January" shows_not 2027/01 20261231-MidnightRun.json
same "its time is its end, in the next year" "$(date -u -d '2027-01-01 00:50' +%s)" \
    "$(stat -c %Y "$M/2026/12/20261231-MidnightRun.json")"
# In Auckland it is New Year's Day since 11:00 UTC.
add 20270101 0900 "Early Bird" 52
check "who is in the east has a January already" within 20 shows 2027/01 20270101-EarlyBird.json
check "and the root has the year" within 20 shows . 2027
clock "2027-01-01 00:00:01"
add 20270101 0001 "First Run" 0
check "after midnight" within 20 shows 2027/01 20270101-FirstRun.json
# In Honolulu it is still the old year.
add 20261231 1600 "Last Run" -40
check "who is in the west has a December still" within 20 shows 2026/12 20261231-LastRun.json
check "the old year's summary has it, too" within 20 grep -q "Last Run" "$M/2026/activities.csv"
same "each once" 4 "$(cat "$M"/202[67]/activities.csv |
    grep -c 'Midnight Run\|Early Bird\|First Run\|Last Run')"
same "and in all" 4 "$(grep -c 'Midnight Run\|Early Bird\|First Run\|Last Run' \
    "$M/all/activities.csv")"
# Clocks go forward and back in the night: hours that are there twice, or not at all.
add 20260329 0230 "Spring Forward" 4
add 20261025 0230 "Fall Back" 8
add 20261025 0230 "Fall Back" 4
kill -HUP "$(pid_at "$M")"
check "an hour that is not there" within 20 shows 2026/03 20260329-SpringForward.json
check "an hour that is there twice: the first" within 20 shows 2026/10 20261025-FallBack.json
check "and the second" within 20 shows 2026/10 '20261025-FallBack-0230.*.json'
find "$M" -type f -exec md5sum {} + | sort -k 2 >"$T/before"

# ---- a laptop sleeps for a day

# Somebody uses the web app; the machine is put to sleep during the ten minutes that this one waits.
port_of() { # of the connection to the hub, whoever idles on the others
    "$py" - "$(pid_at "$M")" "$hub_port" <<'END_'
import os, sys
pid, port = sys.argv[1], int(sys.argv[2])
ours = set()
for fd in os.listdir(f"/proc/{pid}/fd"):
    try:
        ours.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
    except OSError:
        pass
for line in open(f"/proc/{pid}/net/tcp"):
    f = line.split()
    if f[0] != "sl" and int(f[2].split(":")[1], 16) == port and f"socket:[{f[9]}]" in ours:
        print(int(f[1].split(":")[1], 16))
END_
}
hubctl set '{"expire_token": true}'
expect_log 'logged out by the web app' 'cannot fetch a gpx' 'can be fetched'
refused "the web app's turn" stat "$M/gpx/2022/12/20221230-FooRun.gpx"
hubctl reset
refused "and nobody disturbs it" stat "$M/gpx/2022/12/20221224-FooRun.gpx"
same "no request" 0 "$(requests)"
port_of >"$T/ports"
check "there are connections" test -s "$T/ports"
next_second
next_second
slept_s=$wall_s
clock "2027-01-02 08:00:00"
slept_s=$((wall_s - slept_s))
set_clock
wake
check "awake again, it is this one's turn" within 20 stat "$M/gpx/2022/12/20221230-FooRun.gpx"
same "by one login" 1 "$(hubctl stats logins)"
port_of >"$T/ports.new"
same "on no connection of before" "" "$(grep -x -f "$T/ports" "$T/ports.new")"
check "but on some" test -s "$T/ports.new"
add 20270102 0700 "Morning After" 0
check "after a day's sleep what is new shows" within 20 shows 2027/01 20270102-MorningAfter.json
check "in the summaries, too" within 20 grep -q "Morning After" "$M/all/activities.csv"
find "$M" -type f -exec md5sum {} + | sort -k 2 >"$T/before"

# ---- a year forth and back

for then in "2028-01-02 08:00:00" "2027-01-02 08:00:10" "2026-01-02 08:00:00" \
    "1970-01-02 08:00:00" "2099-12-30 08:00:00" "2027-01-02 08:00:20"; do
    clock "$then"
    check "$then: nothing is lost" kept
    hubctl reset
    check "still nothing" kept
    check "a second walk asks little (was $(requests))" test "$(requests)" -le 30
    hubctl set '{"fault": {"kind": "status", "code": 500, "path": ""}}'
    check "nor with a hub that fails" kept
    hubctl clear
done
add 20270102 0800 "Back Again" 0
# What the kernel was told while it was 2099 it believes for its time; that the clock was set is
# what tells the mount.
wake
check "and what is new shows" within 60 shows 2027/01 20270102-BackAgain.json
check "in the summaries, too" within 20 grep -q "Back Again" "$M/all/activities.csv"
remount_then() { unmount && mount_then; }
find "$M" -type f -exec md5sum {} + | sort -k 2 >"$T/before"
for then in "2026-01-02 08:00:00" "2028-01-02 08:00:30"; do
    clock "$then"
    remount_then
    check "$then and a new mount: nothing is lost" kept
done
finish
