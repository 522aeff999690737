#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares the trees of downloads with what the sample hub's items make: byte for byte.

exported.py ITEMS MOUNT FORM...: ITEMS is what `hubctl items` says. Prints what differs, and in the
end how many files there are of each form.
"""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "hub"))
import exports                                                      # noqa: E402
from athlete import Activity                                        # noqa: E402

ENDING = {"track": "csv", "detail": "json"}


def whole(form, item):
    kind = ENDING.get(form, form)
    if not exports.made_for(kind, item["sportType"]):
        return None
    activity = Activity.of(item)
    if form == "detail":
        text = json.dumps(json.loads(exports.detail(activity, True)), indent=2, ensure_ascii=False)
        return (text + "\n").encode()
    return exports.file_of(kind, activity)


def listing(folder):
    """The names, after each was asked for: what the hub does not make goes then."""
    until = time.monotonic() + 10
    while True:
        names = set(os.listdir(folder))
        there = {n for n in names if os.path.exists(f"{folder}/{n}")}
        if there == names or time.monotonic() > until:
            return names
        time.sleep(0.02)


def main(items, mount, *forms):
    with open(items, encoding="utf-8") as f:
        by_label = {i["labelId"]: i for i in json.load(f)}
    count = {form: 0 for form in forms}
    for year in sorted(n for n in os.listdir(mount) if n.isdigit()):
        for month in sorted(n for n in os.listdir(f"{mount}/{year}") if n.isdigit()):
            stems = {}
            for name in os.listdir(f"{mount}/{year}/{month}"):
                if name[0] == "2":
                    with open(f"{mount}/{year}/{month}/{name}", encoding="utf-8") as f:
                        stems[name[:-5]] = by_label[json.load(f)["labelId"]]
            for form in forms:
                folder = f"{mount}/{form}/{year}/{month}"
                listed = listing(folder)
                wanted = {s: whole(form, i) for s, i in stems.items()}
                names = {f"{s}.{ENDING.get(form, form)}": w for s, w in wanted.items()}
                for name in listed - {n for n in names if names[n] is not None}:
                    print(f"{folder}/{name}: should not be there")
                for name in {n for n in names if names[n] is not None} - listed:
                    print(f"{folder}/{name}: is not listed")
                for name in sorted(listed & set(names)):
                    path = f"{folder}/{name}"
                    with open(path, "rb") as f:
                        got = f.read()
                    count[form] += 1
                    if got != names[name]:
                        print(f"{path}: {len(got)} bytes, other than the hub's")
                    if os.stat(path).st_size != len(got):
                        print(f"{path}: its size is not what it holds")
    print(" ".join(f"{form}={n}" for form, n in count.items()))


main(*sys.argv[1:])
