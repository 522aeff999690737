#!/bin/sh
# SPDX-License-Identifier: MIT
# Start and stop: the exit status is the truth, and nothing is left behind.
. "$(dirname "$0")/lib.sh"
hub_start --athlete both --activities 300 --years 4

# start FOLDER [argument...]: what it says is in $T/said.
start() {
    at=$1
    shift
    timeout 60 "$COROSFS" "$ACCOUNT" "$at" -o "api=$hub,cache_dir=$T/cache" "$@" >"$T/said" 2>&1
}
# turned_away "what" SENTENCE FOLDER [argument...]
turned_away() {
    what=$1 sentence=$2
    shift 2
    start "$@"
    same "$what: exit status ${wanted:-1}" "${wanted:-1}" $?
    check "- with a sentence" said "$sentence"
    same "- and a single line" 1 "$(wc -l <"$T/said")"
}

# ---- what is no mountpoint

turned_away "a folder that is not there" "No such file" "$T/none"
: >"$T/file"
turned_away "a file" "not a directory" "$T/file"
mkdir "$T/full" && : >"$T/full/x"
turned_away "a folder that is not empty" "not empty" "$T/full"
start "$T/full" -o nonempty
same "unless -o nonempty" 0 $?
check "- which hides what is in it" test ! -e "$T/full/x"
unmount "$T/full"
check "- until it is unmounted" test -e "$T/full/x"
mkdir -p "$T/cache/inside"
turned_away "a mountpoint inside the cache's folder" "cannot be the mountpoint\|No such\|not empty" \
    "$(echo "$T"/cache/*/months)"
turned_away "a mountpoint that holds the cache" "cannot be the mountpoint" "$M" \
    -o "cache_dir=$M/cache"
mkdir -p "$HOME/.config/corosfs"
turned_away "a mountpoint that holds the config file" "cannot be the mountpoint" \
    "$HOME/.config/corosfs"
rmdir "$HOME/.config/corosfs"
wanted=2
turned_away "an unknown option" "unknown option .bogus" "$M" -o bogus=1
turned_away "an unknown flag" "unknown option" "$M" -z
turned_away "a number that is none" "ttl: cannot be .soon" "$M" -o ttl=soon
turned_away "a number out of range" "from 1 to" "$M" -o timeout=0
turned_away "another mount in its place" "remount: a mount cannot be changed" "$M" -o remount,rw
wanted=
check "--help" sh -c '"$1" --help | grep -q "^usage: corosfs"' - "$COROSFS"
refused "--help into a full disk" sh -c '"$1" --help >/dev/full' - "$COROSFS"
check "- says so" said "cannot write the output: No space"
check "--version" sh -c '"$1" --version | grep -q "^corosfs [0-9]"' - "$COROSFS"

# ---- a mount

start "$M" -o ro,noauto,user,_netdev,nofail,noatime,defaults,x-systemd.automount
same "a mount, with the words of fstab: exit status 0" 0 $?
check "- and it is there" is_mounted "$M"
check "- without a word" test ! -s "$T/said"
check "- and answers" cmp "$M/2022/12/activities.csv" "$M/2022/12/activities.csv"
pid=$(pid_at "$M")
# Nobody but root may look there: the process is not dumpable.
[ "$(id -u)" -ne 0 ] ||
    same "the process has left the folder and the terminal" "/ /dev/null /dev/null /dev/null" \
        "$(readlink "/proc/$pid/cwd" "/proc/$pid/fd/0" "/proc/$pid/fd/1" "/proc/$pid/fd/2" | xargs)"
same "and is its own session" "$pid" "$(cut -d' ' -f6 "/proc/$pid/stat")"
turned_away "mounted already" "mounted already" "$M"
mkdir "$T/other"
turned_away "the same account a second time" "mounted already, by process $pid" "$T/other"
check "the first one does not mind" ls "$M/2022"

# SIGHUP looks at the hub again.
next_second
hubctl add '{"date": 20221215, "hhmm": "0700", "name": "Late Upload"}' >/dev/null
next_second
ls "$M/2022/12" >"$T/names"
refused "an old month is not looked at all the time" grep LateUpload "$T/names"
kill -HUP "$pid"
late() { ls "$M/2022/12" | grep -q LateUpload; }
check "SIGHUP refreshes it" within 15 late
check "and does not unmount" is_mounted "$M"
kill -USR1 "$pid"
check "SIGUSR1 ends nothing" ls "$M/2022"

# Busy, then not.
exec 4<"$M/2022/12/activities.csv"
refused "fusermount3 -u of a mount in use" fusermount3 -u "$M"
check "- because it is busy" said busy
exec 4<&-
check "fusermount3 -u" fusermount3 -u "$M"
check "ends the process" within 15 gone "$pid"
check "nothing is mounted" not_mounted "$M"

# ---- signals

# holder FILE: opens, reads a little, waits for a line, reads the rest.
cat >"$T/holder.py" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
data = os.read(fd, 100)
print("holding", flush=True)
sys.stdin.readline()
while piece := os.read(fd, 4096):
    data += piece
sys.exit(data != open(sys.argv[2], "rb").read())
END
hold() {
    rm -f "$T/go" "$T/holder"
    mkfifo "$T/go"
    "$py" "$T/holder.py" "$M/all/activities.json" "$T/all.json" <"$T/go" >"$T/holder" 2>&1 &
    holder=$!
    started="$started $holder"
    exec 3>"$T/go"
    within 10 grep -q holding "$T/holder"
}
start "$M"
cat "$M/all/activities.json" >"$T/all.json"
pid=$(pid_at "$M")
kill "$pid"
check "SIGTERM unmounts" within 10 not_mounted "$M"
check "and ends the process" within 15 gone "$pid"

start "$M"
pid=$(pid_at "$M")
check "somebody reads" hold
kill "$pid"
check "SIGTERM: the name goes at once" within 10 not_mounted "$M"
refused "but not the process" gone "$pid"
echo >&3
exec 3>&-
wait $holder
same "the open file is served to its end" "0 holding" "$? $(cat "$T/holder")"
check "then the process ends" within 15 gone "$pid"

start "$M"
pid=$(pid_at "$M")
check "somebody reads" hold
expect_log 'second signal'
kill "$pid"
check "SIGTERM" within 10 not_mounted "$M"
refused "somebody still reads" gone "$pid"
kill "$pid"
check "a second SIGTERM ends it whatever is open" within 10 gone "$pid"
exec 3>&-
wait $holder

# ---- a dead mount

start "$M"
pid=$(pid_at "$M")
kill -9 "$pid"
check "killed by -9" within 10 gone "$pid"
check "the dead mount stays, so that a running backup fails" is_mounted "$M"
dead() { [ "$(errno_of list "$M")" = ENOTCONN ]; }
check "with ENOTCONN" within 10 dead
start "$M"
same "the next mount clears it" 0 $?
check "and works" ls "$M/2022/12"
same "there is one mount" 1 "$(grep -c " $M fuse" /proc/self/mounts)"
unmount

# ---- in the foreground

"$COROSFS" "$ACCOUNT" "$M" -f -o "api=$hub,cache_dir=$T/cache" >"$T/said" 2>&1 &
pid=$!
started="$started $pid"
check "-f mounts" within 15 is_mounted "$M"
check "and stays" sh -c '! test "$(cut -d" " -f3 /proc/$1/stat)" = Z' - $pid
kill $pid
wait $pid
same "SIGTERM ends it with status 0" 0 $?
check "and unmounts" not_mounted "$M"
# Nobody who reads its output waits for the mount's end.
check "a pipe behind it comes to its end" \
    timeout 30 sh -c '"$1" "$2" "$3" -o "$4" | cat' - "$COROSFS" "$ACCOUNT" "$M" \
    "api=$hub,cache_dir=$T/cache"
unmount

# ---- started without stdin, stdout and stderr, as some supervisors do

timeout 60 "$COROSFS" "$ACCOUNT" "$M" -o "api=$hub,cache_dir=$T/cache" 0<&- 1>&- 2>&-
same "a mount without the three: its command returns, exit status 0" 0 $?
pid=$(pid_at "$M")
turned_away "it holds the cache folder" "mounted already, by process $pid" "$T/other"
same "whose lock has nothing but its number" "$pid" "$(cat "$T"/cache/*/lock)"
check "it answers" cmp "$M/all/activities.json" "$T/all.json"
unmount

# ---- under a service manager

# notified SOCKET: what a service manager hears of a mount that begins and is ended.
notified() {
    "$py" - "$1" "$COROSFS" "$ACCOUNT" "$M" -f -o "api=$hub,cache_dir=$T/cache" <<'END_PY'
import os, signal, socket, subprocess, sys
name, argv = sys.argv[1], sys.argv[2:]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + name[1:] if name[0] == "@" else name)
s.settimeout(60)
p = subprocess.Popen(argv, env=dict(os.environ, NOTIFY_SOCKET=name))
print(s.recv(100).decode(), os.path.ismount(argv[2]))
p.send_signal(signal.SIGTERM)
print(s.recv(100).decode(), p.wait(60))
END_PY
}
same "a service manager hears of the mount when it is there, and of its end" \
    "READY=1 True STOPPING=1 0" "$(notified "$T/notify" | xargs)"
same "- by an abstract name, too" "READY=1 True STOPPING=1 0" "$(notified "@corosfs-test-$$" | xargs)"
NOTIFY_SOCKET=$T/none "$COROSFS" "$ACCOUNT" "$M" -o "api=$hub,cache_dir=$T/cache" >"$T/said" 2>&1
same "one that does not listen stops nobody" 0 $?
check "- but is mentioned" said "cannot tell the service manager"
unmount
turned_away "certificates that are not there" "cannot read the certificates of ca_file=/none" "$M" \
    -o ca_file=/none
mkdir "$T/home/kept"
"$COROSFS" "$ACCOUNT" "$M" -o "api=$hub,cache_dir=~/kept,log_file=~/log" >"$T/said" 2>&1
same "~ in the values of options" 0 $?
check "- is the home" test -e "$T/home/kept"/*/lock
check "- and no folder of that name" test ! -e "./~"
unmount

# ---- a command that is ended before there is a mount

hubctl set '{"fault": {"kind": "stall_body", "path": "/account/login"}}'
hubctl reset
"$COROSFS" "$ACCOUNT" "$M" -o "api=$hub,cache_dir=$T/cache.ended" >"$T/said" 2>&1 &
command=$!
started="$started $command"
waits() { [ "$(hubctl stats 'by_path|/account/login')" -ge 1 ]; }
check "it waits for the login" within 10 waits
child=$(cat "/proc/$command/task/$command/children")
kill -TERM $command
check "its other half ends, too" within 10 gone "${child% }"
hubctl clear
check "and mounts nothing" not_mounted "$M"

# ---- by mount(8)

# mount(8) hands no PATH on, so the program has to stand where shells look by themselves: in
# /usr/local/bin, which is ours in a mount namespace of our own.
if [ "$(id -u)" -eq 0 ] && command -v mount.fuse3 >/dev/null && unshare -m true 2>/dev/null; then
    mkdir "$T/bin"
    cp "$COROSFS" "$T/bin/corosfs"
    cat >"$T/mount8.sh" <<'END'
bin=$1 account=$2 at=$3 opts=$4
mount --bind "$bin" /usr/local/bin || exit 9
mount -t fuse.corosfs "$account" "$at" -o "$opts,ro,_netdev,x-systemd.idle-timeout=60" || exit 8
grep -q "Tokyo Run" "$at/2022/12/activities.csv" || exit 7
umount "$at" || exit 6
! COROSFS_PASSWORD=wrong mount -t fuse.corosfs "$account" "$at" -o "$opts.new" || exit 5
END
    sh "$TOP/tests/support/own_mounts" sh "$T/mount8.sh" "$T/bin" "$ACCOUNT" "$M" "api=$hub,cache_dir=$T/cache" \
        >"$T/said" 2>&1
    same "mount -t fuse.corosfs mounts, umount unmounts, a wrong password is a failure" 0 $?
    check "with the reason" said "refuses this"
else
    echo "ok - mount -t fuse.corosfs # SKIP needs root and mount.fuse3"
fi
finish
