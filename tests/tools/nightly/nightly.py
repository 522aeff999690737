#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Nights of a backup while one thing of the hub fails for good.

A case is one activity, or one recording, whose calls are answered in one wrong way for ever. Two
nights: a mount on an empty cache is copied whole, unmounted, mounted again and copied whole, to a
new place. Each night must bring every file that does not depend on what fails, byte for byte, and
nothing else; the exit status must tell; and the questions to the hub are at most 1.2 times those of
the same night without the fault, and 3 for the thing that fails.
"""
import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../mount/matrix"))
from world import ACCOUNT, PASSWORD, Hub, Mount, Wrong  # noqa: E402

TIMEOUT_S = 4                 # of a call; what does not answer costs so much, once
NIGHT_S = 150                 # a night that takes longer hangs
HUB = ["--athlete", "synthetic", "--activities", "100", "--years", "2", "--last-day", "20241231"]

# What comes instead of the right answer.
KINDS = {
    "500": {"kind": "status", "code": 500},
    "503, come back in an hour": {"kind": "status", "code": 503, "retry_after": 3600},
    "a gateway's 401": {"kind": "status", "code": 401, "body": "html"},
    "a gateway's 403": {"kind": "status", "code": 403, "body": "html"},
    "404": {"kind": "status", "code": 404, "body": "empty"},
    "1001": {"kind": "result", "code": "1001"},
    "1019": {"kind": "result", "code": "1019"},
    "1006": {"kind": "result", "code": "1006"},
    "5006": {"kind": "result", "code": "5006"},
    "a web page": {"kind": "html200"},
    "no JSON": {"kind": "not_json"},
    "cut": {"kind": "cut"},
    "reset": {"kind": "reset"},
    "no answer": {"kind": "stall_headers"},
    "half an answer": {"kind": "stall_body"},
    "too large": {"kind": "huge", "mb": 300, "gzip": True},
}
# Where every other count says otherwise the list may be shown.
DOUBTFUL = ("no count", "counts more than it lists")
LISTED_ONLY = {
    "no count": {"kind": "wrong_types", "what": "count"},
    "no list": {"kind": "wrong_types", "what": "dataList"},
    "counts more than it lists": {"kind": "count_lies", "add": 5, "pages": False},
}
NOT_FILES = ("1001", "1019", "1006", "5006", "no JSON", "too large")
UNREADABLE = ("string", "missing", "null", "path", "zero", "big", "negative", "long")
# A recording that the hub says it does not make is not there, and that is no failure.
ABSENT = ("5006",)


def cases():
    """(name, what fails, knobs by the label that fails)."""
    for name, fault in KINDS.items():
        yield f"question {name}", "recording", lambda label, fault=fault: dict(
            fault, path="/activity/detail/download", query=f"labelId={label}")
    for name, fault in KINDS.items():
        if name not in NOT_FILES:
            yield f"file {name}", "recording", lambda label, fault=fault: dict(
                fault, path=f"/{label}.fit")
    for name, fault in (KINDS | LISTED_ONLY).items():
        yield f"list {name}", "month", lambda label, fault=fault: dict(fault, holds=label)
    for what in UNREADABLE:
        yield f"item {what}", "nothing", lambda label, what=what: {
            "kind": "bad_item", "what": what, "holds": label}


def read_tree(top):
    tree = {}
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as f:
                tree[os.path.relpath(path, top)] = hashlib.sha256(f.read()).hexdigest()
    return tree


COPY = {
    "rsync": (["rsync", "-a", "{mount}/", "{copy}/"], (23,)),
    "cp": (["cp", "-r", "{mount}/.", "{copy}"], (1,)),
    "restic": (["sh", "-c", "restic -q -r {copy}.repo init >/dev/null && cd {mount} && "
                "restic -q -r {copy}.repo backup . ; status=$?; "
                "restic -q -r {copy}.repo restore latest --target {copy} >/dev/null; exit $status"],
               (3,)),
}


class Case:
    def __init__(self, name, what, knobs, tool, number, args, good):
        self.name, self.what, self.knobs, self.tool, self.args = name, what, knobs, tool, args
        self.good = good                        # the same nights without a fault
        self.dir = os.path.join(args.dir, f"case.{number}")
        self.mount, self.cache = os.path.join(self.dir, "mnt"), os.path.join(self.dir, "cache")
        self.hub, self.mounted = Hub(self.dir, HUB), Mount(self.mount, self.cache)
        self.failures, self.requests, self.seconds, self.trees = [], [], [], []

    def start_mount(self):
        options = (f"api={self.hub.url},cache_dir={self.cache},rate=0,timeout={TIMEOUT_S},"
                   f"log=info,log_file={self.dir}/log,views=fit")
        r = subprocess.run([self.args.corosfs, ACCOUNT, self.mount, "-o", options],
                           env=dict(os.environ, COROSFS_PASSWORD=PASSWORD), check=False,
                           capture_output=True, text=True, timeout=60)
        if r.returncode:
            raise Wrong("no mount: " + r.stderr.strip())

    def night(self, number):
        copy = os.path.join(self.dir, f"copy.{number}")
        os.mkdir(copy)
        command, told = COPY[self.tool]
        self.start_mount()
        self.hub.ask("POST", "reset")
        begin = time.monotonic()
        r = subprocess.run([a.format(mount=self.mount, copy=copy) for a in command], check=False,
                           env=dict(os.environ, RESTIC_PASSWORD="x"), capture_output=True,
                           text=True, timeout=NIGHT_S)
        self.seconds.append(time.monotonic() - begin)
        self.requests.append(self.hub.stats()["requests"])
        self.mounted.stop()
        self.trees.append(read_tree(copy))
        shutil.rmtree(copy)
        if self.good:
            self.judge(number, r, told)

    def depends(self, path):
        """Whether a file cannot be there, as it holds or needs what fails."""
        label_file, year, month = self.good.label_file, self.good.year, self.good.month
        if self.what == "recording":
            return path == label_file
        return self.what == "month" and (
            f"{year}/{month}/" in path or path.startswith((f"{year}/activities", "all/")))

    def judge(self, number, r, told):
        want = {p: h for p, h in self.good.trees[number].items() if not self.depends(p)}
        got = self.trees[number]
        lost = sorted(p for p in want if got.get(p) != want[p])
        more = sorted(p for p in got if p not in self.good.trees[number])
        if lost:
            self.failures.append(f"night {number + 1}: {len(lost)} of {len(want)} files are not "
                                 f"right: {' '.join(lost[:3])}; {r.stderr.strip()[-300:]}")
        if more:
            self.failures.append(f"night {number + 1}: {' '.join(more[:3])} should not be there")
        if self.what == "nothing":
            told = (0,)
        elif self.what == "recording" and self.name.split(" ")[1] in ABSENT:
            told = (0, 24)                      # rsync's word for a file that is there no more
        elif self.name.split(" ", 1)[1] in DOUBTFUL:
            told = (0, *told)
        if r.returncode not in told:
            self.failures.append(f"night {number + 1}: exit status {r.returncode}")
        most = 1.2 * self.good.requests[number] + 3
        if self.name.endswith("reset"):
            # A connection that breaks blames the network, and nothing of what was asked for: all
            # of it is asked for again, in other pieces, too.
            most += 20
        if self.requests[number] > most:
            self.failures.append(f"night {number + 1}: {self.requests[number]} questions, "
                                 f"{self.good.requests[number]} on a good one")

    def run(self):
        try:
            os.makedirs(self.mount)
            self.hub.start()
            if self.good:
                self.hub.set({"fault": self.knobs(self.good.label)})
            self.night(0)
            self.night(1)
            if not self.good:
                self.choose()
        except (Wrong, OSError, subprocess.SubprocessError) as e:
            self.failures.append(f"{type(e).__name__}: {e}")
        finally:
            self.mounted.kill()
            self.hub.stop()
        return self

    def choose(self):
        """The activity that is to fail: one in the middle, with neighbours and a recording."""
        items = self.hub.ask("GET", "items?month=202312")
        item = items[len(items) // 2]
        self.label, day = item["labelId"], str(item["date"])
        self.year, self.month = day[:4], day[4:6]
        names = [p for p in self.trees[0] if p.startswith("fit/") and f"/{day}-" in p]
        self.label_file = names[0]

def main():
    p = argparse.ArgumentParser()
    p.add_argument("--corosfs", required=True)
    p.add_argument("--dir", required=True)
    p.add_argument("--cases", default="")
    p.add_argument("--tools", default="rsync")
    p.add_argument("--jobs", type=int, default=6)
    args = p.parse_args()
    bad = number = 0
    for tool in args.tools.split():
        good = Case("a good night", "nothing", None, tool, number, args, None).run()
        number += 1
        if good.failures:
            sys.exit("a good night: " + "; ".join(good.failures))
        todo = [c for c in cases() if args.cases in c[0]]
        jobs = [Case(*c, tool, number + i, args, good) for i, c in enumerate(todo)]
        number += len(jobs)
        with ThreadPoolExecutor(args.jobs) as pool:
            for job in pool.map(Case.run, jobs):
                bad += bool(job.failures)
                print(("not ok - " if job.failures else "ok - ") + f"{tool}: {job.name}")
                for f in job.failures:
                    print("# " + f.replace("\n", " / "))
                print(f"# questions {job.requests} ({good.requests} on good nights), seconds "
                      f"{[round(s, 1) for s in job.seconds]} "
                      f"({[round(s, 1) for s in good.seconds]})", flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
