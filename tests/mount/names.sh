#!/bin/sh
# SPDX-License-Identifier: MIT
# Titles of every kind: each activity has exactly one valid name, the same after a remount.
. "$(dirname "$0")/lib.sh"
hub_start
cat >"$T/add.py" <<'END'
"""Adds a day for every odd title, and says which names must come of them."""
import json, sys, urllib.request
hub = sys.argv[1]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
CASES = [                                   # title, the name behind the date
    ("a slash", "5k/10k", "5k-10k"),
    ("dot dot", "..", ".."),
    ("a way out", "../../etc/passwd", "..-..-etc-passwd"),
    ("dot", ".", "."),
    ("control characters", "a\x01b\x1fc\x7fd", "a-b-c-d"),
    ("tab and newline are white space", "tab\there\nnext", "tabHereNext"),
    ("300 bytes", "x" * 300, "x" * 180),
    ("120 characters of 3 bytes", "走" * 120, "走" * 60),
    ("a cut between characters", "x" * 179 + "é", "x" * 179),
    ("emoji", "Run 🏃 & coffee ☕", "Run🏃&Coffee☕"),
    ("a joined emoji loses its joiner", "🏃‍♀️ run", "🏃♀️Run"),
    ("right to left override", "evil‮gpj.exe", "evilgpj.exe"),
    ("other invisible ones", "a​b﻿c­d⁦e", "abcde"),
    ("Japanese", "東京ラン", "東京ラン"),
    ("wide space", "東京　run", "東京Run"),
    ("no-break space", "trail\u00a0run", "trailRun"),
    ("what Windows cannot have", 'a\\b:c*d?e"f<g>h|i', "a-b-c-d-e-f-g-h-i"),
    ("white space around", "  long   run, hilly ", "LongRun,Hilly"),
    ("empty", "", "Run"),
    ("only white space", " \t ", "Run"),
    ("only invisible", "‮​", "Run"),
    ("null", None, "Run"),
    ("a leading dash", "-rf *", "-rf-"),
    ("percent and dollar", "100% $HOME `id`", "100%$HOME`id`"),
    ("looks like a file", "activities.csv", "activities.csv"),
]
want = []
def add(fields):
    data = json.dumps(fields).encode()
    answer = opener.open(urllib.request.Request(hub + "/_hub/add", data))
    return json.load(answer)["labelId"]
day = 20240500
for _why, title, name in CASES:
    day = 20240601 if day == 20240520 else day + 1
    add({"date": day, "hhmm": "0700", "name": title, "sportType": 100, "startTimezone": 4})
    want.append(f"{day}-{name}.json")

# An item without the key, and one of a sport that nobody knows.
first = add({"date": 20240701, "name": "x", "sportType": 100})
opener.open(urllib.request.Request(hub + "/_hub/edit", json.dumps(
    {"labelId": first, "unset": ["name"]}).encode()))
want.append("20240701-Run.json")
add({"date": 20240702, "name": "", "sportType": 9999})
want.append("20240702-Sport9999.json")

# Three twins on a day, two of them in one minute; and titles that differ in case alone.
base = 1720771200                               # 12 July 2024, 08:00 UTC, 12:00 at +16 quarters
def at(start, name, zone=16):
    return add({"date": 20240712, "startTime": start, "startTimezone": zone, "name": name})
at(base, "Twin")
at(base + 3600, "Twin")
third = at(base + 3630, "Twin")
want += ["20240712-Twin.json", "20240712-Twin-1300.json", f"20240712-Twin-1300-{third}.json"]
at(base + 7200, "Case run")
at(base + 7300, "CASE RUN")
at(base + 7400, "ÜBUNG")
at(base + 7500, "übung")
want += ["20240712-CaseRun.json", "20240712-CASERUN-1401.json",
         "20240712-ÜBUNG.json", "20240712-übung-1405.json"]
# A title that is what a twin would be called.
at(base + 9000, "Trap-1500")
at(base + 9100, "Trap")
last = at(base + 10800, "Trap")
want += ["20240712-Trap-1500.json", "20240712-Trap.json", f"20240712-Trap-1500-{last}.json"]
json.dump(sorted(want), open(sys.argv[2], "w"))
END
check "forty odd titles are on the hub" "$py" "$T/add.py" "$hub" "$T/want"
mount_fs
cat >"$T/names.py" <<'END'
import json, os, sys, unicodedata
mount, want = sys.argv[1], json.load(open(sys.argv[2]))
got, labels = [], []
for month in ("05", "06", "07"):
    path = f"{mount}/2024/{month}"
    for name in sorted(os.listdir(path)):
        if name.startswith("activities."):
            continue
        assert len(os.fsencode(name)) <= 255 and "/" not in name and "\0" not in name, name
        assert all(unicodedata.category(c) not in ("Cc", "Cf", "Cs") for c in name), ascii(name)
        item = json.load(open(f"{path}/{name}"))
        assert os.stat(f"{path}/{name}").st_ino == int(item["labelId"]) << 4 | \
            os.stat(f"{path}/{name}").st_ino & 15, name
        labels.append(item["labelId"])
        got.append(name)
assert len(set(labels)) == len(labels), "an activity with two names"
missing, other = sorted(set(want) - set(got)), sorted(set(got) - set(want))
assert not missing and not other, (missing, other)
print(len(got))
END
check "each has exactly its one name, and opens by it" "$py" "$T/names.py" "$M" "$T/want"
names() { (cd "$M" && find 2024 -printf '%P %i\n' | sort); }
names >"$T/before"
remount
check "the same names and inode numbers after a remount" sh -c 'cmp "$1" -' - "$T/before" <<END
$(names)
END
unmount
rm -rf "$T/cache"
mount_fs
check "and with another cache" sh -c 'cmp "$1" -' - "$T/before" <<END
$(names)
END
check "tar takes and brings back every name" \
    sh -c 'tar -C "$1/2024" -cf "$2/t.tar" . && mkdir "$2/t" && tar -C "$2/t" -xf "$2/t.tar" &&
        diff -r "$1/2024" "$2/t"' - "$M" "$T"

# Cells of the csv: quoted where RFC 4180 wants it, and no formula for a spreadsheet.
unmount
forget_months
for title in '=1+1' '+1' '-rf' '@me' 'plain' 'a,b' 'say \"hi\"' 'two\nlines' '\tx'; do
    hubctl add "{\"date\": 20240805, \"name\": \"$title\", \"totalTime\": null}" >/dev/null
done
mount_fs
"$py" - "$M/2024/08/activities.csv" >"$T/said" 2>&1 <<'END'
import csv, sys
text = open(sys.argv[1], newline="").read()
got = sorted(r["name"] for r in csv.DictReader(text.splitlines(keepends=True)))
want = sorted(["'=1+1", "'+1", "'-rf", "'@me", "plain", "a,b", 'say "hi"', "two\nlines", "'\tx"])
assert got == want, got
assert '"a,b"' in text and '"say ""hi"""' in text and '"two\nlines"' in text, text
assert "\r" not in text and text.endswith("\n")
assert ",100,,5000.0,310000,42\n" in text, "null is an empty cell"
END
check "csv cells are quoted, and are no formulas" test ! -s "$T/said"
cat "$T/said"
remount -o raw_csv,csv_bom
check "-o raw_csv leaves names alone" grep -q ',=1+1,\|,=1+1' "$M/2024/08/activities.csv"
same "-o csv_bom begins with a byte-order mark" "efbbbf" \
    "$(head -c 3 "$M/2024/08/activities.csv" | od -An -tx1 | tr -d ' ')"
finish
