#!/bin/sh
# SPDX-License-Identifier: MIT
# Re-export by Samba: a guest on the network lists and reads the mount, byte for byte.
. "$(dirname "$0")/../mount/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "needs root, to run smbd"
PATH=$PATH:/usr/sbin:/sbin
for program in smbd smbclient; do
    command -v $program >/dev/null || skip "no $program"
done
chmod 755 "$T"
mkdir -p "$T/samba/private" "$T/got"
port=$("$py" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
# The share acts as a user who mounted nothing: so allow_other, and files that are his.
cat >"$T/smb.conf" <<END
[global]
    server role = standalone
    interfaces = 127.0.0.1
    bind interfaces only = yes
    smb ports = $port
    disable netbios = yes
    map to guest = Bad User
    load printers = no
    log file = $T/samba/log
    private dir = $T/samba/private
    lock directory = $T/samba
    state directory = $T/samba
    cache directory = $T/samba
    pid directory = $T/samba
    ncalrpc dir = $T/samba/ncalrpc
[coros]
    path = $M
    read only = yes
    guest only = yes
    force user = daemon
END
smb() { smbclient -s "$T/smb.conf" -p "$port" -N -m SMB3 //127.0.0.1/coros -c "$1" 2>&1; }
smb_answers() { smb ls >/dev/null || gone "$smbd"; }

hub_start --athlete both --activities 200 --years 2
mount_fs -o "allow_other,uid=$(id -u daemon),gid=$(id -g daemon)"
smbd -F -s "$T/smb.conf" >"$T/smbd.out" 2>&1 &
smbd=$!
started="$started $smbd"
within 60 smb_answers
check "smbd shows the share" smb ls
[ $failures -eq 0 ] || cat "$T/smbd.out" "$T/samba/log"*
same "a listing of the root" "$(ls "$M" | sort | xargs)" \
    "$(smb ls | sed -n 's/^  \([a-z0-9]*\)  *DR* .*/\1/p' | sort | xargs)"
same "a listing of a month, names and sizes" "$(find "$M/2022/12" -type f -printf '%f %s\n' | sort)" \
    "$(smb 'cd 2022/12; ls' | sed -n 's/^  \([^ .][^ ]*\)  *[A-Z]*  *\([0-9][0-9]*\)  .*/\1 \2/p' |
        sort)"
check "a whole month is fetched" smb "prompt off; recurse on; lcd $T/got; cd 2022/12; mget *"
check "and is the same, byte for byte" diff -r "$M/2022/12" "$T/got"
check "the year's json is fetched" smb "get 2022\\activities.json $T/got.json"
check "and is the same" cmp "$M/2022/activities.json" "$T/got.json"
echo x >"$T/x"
refused "writing is refused" smb "put $T/x x"
check "as on a read-only share" said "NT_STATUS_ACCESS_DENIED\|NT_STATUS_MEDIA_WRITE_PROTECTED"
refused "a name that is not there" smb "get 2022\\12\\desktop.ini $T/x"
check "is not found" said NT_STATUS_OBJECT_NAME_NOT_FOUND
kill "$smbd"
check "smbd ends" within 20 gone "$smbd"
finish
