#!/bin/sh
# SPDX-License-Identifier: MIT
# An athlete of 1,000 activities: the tree against the hub's data, computed a second time here.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip "no jq"
hub_start --athlete synthetic --activities 1000 --years 6 --seed 7
mount_fs -o views=none
ls "$M" >/dev/null
cat >"$T/expect.py" <<'END'
"""Compares a mount with the hub's items: names, bytes of the csv, members of the json."""
import csv, io, json, os, re, sys, unicodedata, urllib.request
mount, hub = sys.argv[1:]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
text = opener.open(hub + "/_hub/items").read()
items = json.loads(text, parse_float=str, parse_int=str)
COLUMNS = "date,name,sportType,totalTime,distance,calorie,trainingLoad".split(",")
SPACES = {chr(c) for c in (*range(9, 14), 32, 0x85, 0xa0, 0x1680, *range(0x2000, 0x200b), 0x2028,
                           0x2029, 0x202f, 0x205f, 0x3000)}

def stem(item):
    """The design's rule, written down again."""
    out, after_space = "", False
    for c in item["name"]:
        if c in SPACES:
            after_space = True
            continue
        if unicodedata.category(c) == "Cf":
            continue
        if unicodedata.category(c) == "Cc" or c in '/\\:*?"<>|':
            c = "-"
        if after_space and "a" <= c <= "z":
            c = c.upper()
        after_space = False
        if len((out + c).encode()) > 180:
            break
        out += c
    return item["date"] + "-" + out

def minute(item):
    local = int(item["startTime"]) + 900 * int(item["startTimezone"])
    return "-%02d%02d" % (local // 3600 % 24, local // 60 % 60)

def rows(items):
    f = io.StringIO()
    w = csv.writer(f, lineterminator="\n")
    w.writerow(COLUMNS)
    for i in items:
        i = dict(i)
        if i["name"][:1] in tuple("=+-@\t\r"):
            i["name"] = "'" + i["name"]
        w.writerow([i[c] for c in COLUMNS])
    return f.getvalue().encode()

newest_first = sorted(items, key=lambda i: (-int(i["startTime"]), -int(i["labelId"])))
months, names, sports = {}, {}, 0
for i in newest_first:
    months.setdefault(i["date"][:6], []).append(i)
taken = set()
for i in reversed(newest_first):
    name = stem(i)
    if name.endswith("-"):
        sports += 1
        name = None             # the sport's name: which one is a table's business
    elif name.lower() in taken:
        name += minute(i)
        if name.lower() in taken:
            name += "-" + i["labelId"]
    if name:
        taken.add(name.lower())
    names[i["labelId"]] = name

seen = 0
for month, of_month in sorted(months.items()):
    path = os.path.join(mount, month[:4], month[4:])
    files = sorted(os.listdir(path))
    assert files[-2:] == ["activities.csv", "activities.json"], (path, files)
    assert len(files) == len(of_month) + 2, path
    wanted = {i["labelId"]: i for i in of_month}
    for name in files[:-2]:
        got = json.load(open(os.path.join(path, name)), parse_float=str, parse_int=str)
        item = wanted.pop(got["labelId"])
        item = dict(item, imageUrl="" if item["imageUrl"] else item["imageUrl"])
        assert got == item, name
        want = names[got["labelId"]]
        assert want is None or name == want + ".json", (name, want)
        assert re.fullmatch(r"\d{8}-.+\.json", name), name
        seen += 1
    assert not wanted, (path, wanted)
    assert open(path + "/activities.csv", "rb").read() == rows(of_month), path
years = sorted({m[:4] for m in months})
assert sorted(os.listdir(mount)) == [*years, "all"], os.listdir(mount)
for year in years:
    of_year = [i for i in newest_first if i["date"][:4] == year]
    assert open(f"{mount}/{year}/activities.csv", "rb").read() == rows(of_year), year
    assert [g["labelId"] for g in json.load(open(f"{mount}/{year}/activities.json"))] == \
        [i["labelId"] for i in of_year], year
    assert sorted(os.listdir(f"{mount}/{year}")) == \
        sorted({m[4:] for m in months if m[:4] == year}) + ["activities.csv", "activities.json"]
assert open(mount + "/all/activities.csv", "rb").read() == rows(newest_first)
assert len(json.load(open(mount + "/all/activities.json"))) == len(items) == seen
print(seen, "activities,", len(months), "months,", sports, "without a title")
END
check "every activity has one file, every csv and json says what the hub says" \
    "$py" "$T/expect.py" "$M" "$hub"
cat "$T/out"
metres=$(awk -F, '{ d += $(NF - 2) } END { printf "%.2f", d }' "$M/all/activities.csv")
wanted=$(hubctl items | jq '[.[].distance] | add * 100 | round / 100' | xargs printf '%.2f')
same "a line of awk knows the metres of all years" "$wanted" "$metres"
check "the whole cost at most 10 requests and a login (was $(requests))" \
    test "$(requests)" -le 11
finish
