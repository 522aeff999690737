#!/bin/sh
# SPDX-License-Identifier: MIT
# views= and xattr, and that nothing secret of a download is told or kept.
. "$(dirname "$0")/lib.sh"
hub_start
downloads() { echo "$(hubctl stats downloads) $(hubctl stats files) $(hubctl stats details)"; }
root() { ls "$M" | tr '\n' ' '; }

mount_fs
same "fit alone is listed" "2022 all fit " "$(root)"
check "the others are there by name" ls "$M/gpx/2022/12" "$M/detail/2022/12"
remount -o views=none
same "views=none lists none" "2022 all " "$(root)"
check "they are there all the same" test -s "$M/fit/2022/12/20221230-FooRun.fit"
remount -o views=gpx:detail
same "views=gpx:detail lists those" "2022 all detail gpx " "$(root)"
remount -o views=detail:gpx
same "in any order" "2022 all detail gpx " "$(root)"
unmount
for views in zip fit:zip fit: : FIT fit,gpx none:fit; do
    refused "views=$views is refused" mount_at "$M" -o "views=$views"
done

# ---- attributes

cat >"$T/xattr.py" <<'END2'
import errno, os, sys
def get(path, name):
    try:
        return os.getxattr(path, name).decode()
    except OSError as e:
        return errno.errorcode[e.errno]
def names(path):
    try:
        return " ".join(n.removeprefix("user.coros.") for n in os.listxattr(path))
    except OSError as e:
        return errno.errorcode[e.errno]
root = sys.argv[1]
for path in ("fit/2022/12/20221230-FooRun.fit", "2022/12/20221230-FooRun.json",
             "detail/2022/12/20221230-FooRun.json"):
    path = f"{root}/{path}"
    print(names(path), "|", *(get(path, "user.coros." + n) for n in
          ("label_id", "sport", "start", "distance_m", "duration_s", "password")),
          get(path, "user.other"), get(path, "security.selinux"))
for path in ("", "fit", "fit/2022", "fit/2022/12", "2022/12/activities.csv"):
    print(f"{path}:", names(f"{root}/{path}"), "|", get(f"{root}/{path}", "user.coros.label_id"))
END2
cat >"$T/erange.py" <<'END2'
import ctypes, errno, os, sys
libc = ctypes.CDLL(None, use_errno=True)
path = sys.argv[1].encode()
for call in (lambda b, n: libc.getxattr(path, b"user.coros.label_id", b, n),
             lambda b, n: libc.listxattr(path, b, n)):
    size = call(None, 0)
    small, whole = ctypes.create_string_buffer(size), ctypes.create_string_buffer(size)
    r = call(small, size - 1)
    print(r, errno.errorcode[ctypes.get_errno()] if r < 0 else "", call(whole, size) == size)
END2
mount_fs -o xattr
cat "$M/fit/2022/12/20221230-FooRun.fit" >/dev/null
stat "$M/2022/12/20221230-FooRun.json" "$M/detail/2022/12/20221230-FooRun.json" >/dev/null
before="$(requests) $(downloads)"
"$py" "$T/xattr.py" "$M" >"$T/said" 2>&1
all="label_id sport start distance_m duration_s"
values="443785036645654868 100 2022-12-30T07:30:22+09:00 14651.11 9538 ENODATA ENODATA ENODATA"
sed -i 's/T[0-9:]*+09:00/TIME+09:00/' "$T/said"
values=$(echo "$values" | sed 's/T[0-9:]*+09:00/TIME+09:00/')
same "an activity's files have attributes" "$all | $values
$all | $values
$all | $values" "$(head -n 3 "$T/said")"
same "nothing else has" ":  | ENODATA
fit:  | ENODATA
fit/2022:  | ENODATA
fit/2022/12:  | ENODATA
2022/12/activities.csv:  | ENODATA" "$(tail -n 5 "$T/said")"
same "they cost no request" "$before" "$(requests) $(downloads)"
same "one byte too few is ERANGE" "-1 ERANGE True
-1 ERANGE True" "$("$py" "$T/erange.py" "$M/fit/2022/12/20221230-FooRun.fit" 2>&1)"
check "cp -a takes the file" cp -a "$M/fit/2022/12/20221230-FooRun.fit" "$T/copy.fit"
unmount
mount_fs
"$py" "$T/xattr.py" "$M" >"$T/said" 2>&1
same "without the option there are none" 8 "$(grep -c 'ENOTSUP\|EOPNOTSUPP' "$T/said")"

# ---- secrets

unmount
rm -rf "$T/cache"
mount_fs -o views=fit:gpx:tcx:kml:track:detail,log=debug,rate=0
hubctl set '{"fault": {"kind": "status", "code": 410, "path": "/tcx/"}}'
expect_log 'cannot fetch a [a-z]* file' 'files can be fetched again'
find "$M" -type f -exec cat {} + >/dev/null 2>"$T/said"
"$COROSFS" --status "$M" >"$T/status" 2>&1
check "the log tells of downloads" grep -q 'a fit file' "$T/log"
for secret in 127.0.0.2 476911223344556677 /fit/ fileUrl; do
    refused "no $secret in the log" grep -a -e "$secret" "$T/log"
    refused "nor in the status" grep -a -e "$secret" "$T/status"
done
# The detail and a list's item may hold the account's number; a link to a file is nowhere.
refused "no link on disk" grep -r -a -l -e 127.0.0.2 -e fileUrl "$T/cache"
same "the cache is nobody else's" "" "$(find "$T/cache" -perm /077)"
finish
