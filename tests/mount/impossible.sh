#!/bin/sh
# SPDX-License-Identifier: MIT
# Names nobody asked for cost nothing: ENOENT at once, without a request, at any depth.
. "$(dirname "$0")/lib.sh"
hub_start --athlete both --activities 300 --years 4
mount_fs
ls "$M/2022/12" >/dev/null
hubctl reset
# A hub that answers nobody shows any request as a wait.
hubctl set '{"fault": {"kind": "stall_headers", "path": ""}}'
cat >"$T/absent.py" <<'END'
import errno, os, sys
mount = sys.argv[1]
ANYWHERE = (".Trash", ".Trash-1000", ".Trash-0", ".git", ".hg", "desktop.ini", "Thumbs.db",
            ".DS_Store", "._.DS_Store", "autorun.inf", "AUTORUN.INF", ".directory", ".hidden",
            ".xdg-volume-info", ".~lock.activities.csv#", "activities.csv~", "activities.xls",
            ".activities.csv.swp", "Activities.csv", "activities.csv ", "activities",
            "folder.jpg", "x" * 255, "東京", "%s", "-", "...", "\x01", "all2", "13x")
PLACES = {
    "": ("1969", "0000", "9999", "20222", "202", "2022x", "-2022", "12", "01", "2022-12",
         "activities.csv"),
    "2022": ("00", "13", "1", "012", "1x", "2022", "all", "20221230-FooRun.json"),
    "2022/12": ("20221232-x.json", "20221131-x.json", "20220230-x.json", "20221201-.json",
                "20221201.json", "20221201-x.fit", "20221201-x", "20221201x.json", "12", "2022",
                "20211230-FooRun.json", "20221201-" + "x" * 240 + ".json"),
    "all": ("12", "2022", "20221230-FooRun.json"),
}
wrong = []
for place, names in PLACES.items():
    for name in names + ANYWHERE:
        path = os.path.join(mount, place, name)
        for op in (os.lstat, lambda p: os.open(p, os.O_RDONLY), os.listdir):
            try:
                op(path)
                wrong.append((path, "is there"))
            except OSError as e:
                if e.errno != errno.ENOENT:
                    wrong.append((path, errno.errorcode[e.errno]))
print(wrong or "fine")
END
check "what cannot be by its shape is ENOENT, while the hub is stuck" \
    sh -c 'timeout 20 "$1" "$2" "$3" | tee /dev/stderr | grep -q -x fine' - "$py" "$T/absent.py" "$M"
same "without any request" 0 "$(requests)"
check "a second time, too" \
    sh -c 'timeout 20 "$1" "$2" "$3" | grep -q -x fine' - "$py" "$T/absent.py" "$M"
same "what could be, but is not, is ENOENT in a cached month" ENOENT \
    "$(errno_of stat "$M/2022/12/20221230-NoRun.json")"
same "without a request, either" 0 "$(requests)"
hubctl clear
finish
