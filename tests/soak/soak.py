#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Readers, refreshes, faults and edits of the hub, and remounts, at random, against a model.

    soak.py --corosfs build/plain/corosfs [--minutes 10] [--seed N] [--no-remounts]

Whatever is read must be a version that the hub had and that may still be shown (model.py); no
error without a fault, no ENOENT for what exists, no call beyond its deadline, no end of the process
that nobody asked for. File descriptors, threads and memory of the mount are recorded: with
--no-remounts over an hour they show whether it grows. The last line counts the reads.
"""
import argparse
import collections
import errno
import os
import random
import signal
import sys
import threading
import time
import traceback

import model as m
from world import World, until

TIMEOUT_S = 6
# The longest that one action of a reader may take: a few calls, on a slow machine.
HANG_S = 60
READERS = 6
SORRY = {errno.EIO, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.EACCES, errno.EBUSY, errno.ESTALE}

# Those that leave the truth as it is; others change items, and are shown as they are.
FAULTS = [
    {"kind": "status", "code": 500}, {"kind": "status", "code": 502, "body": "html"},
    {"kind": "status", "code": 429, "retry_after": 1}, {"kind": "status", "code": 429},
    {"kind": "html200"}, {"kind": "not_json"}, {"kind": "result", "code": "1001"},
    {"kind": "delay", "ms": 2000}, {"kind": "cut"}, {"kind": "cut", "at": 1},
    {"kind": "wrong_length"}, {"kind": "wrong_length", "add": -50}, {"kind": "trickle", "ms": 200},
    {"kind": "stall_headers"}, {"kind": "stall_body"}, {"kind": "reset"},
    {"kind": "reset", "when": "middle"}, {"kind": "close_after"},
    {"kind": "wrong_types", "what": "dataList_null"}, {"kind": "wrong_types", "what": "data"},
    {"kind": "redirect"}, {"kind": "duplicate"}, {"kind": "bad_item"}, {"kind": "huge", "mb": 40, "gzip": True},
]


class Soak:
    def __init__(self, world, args):
        self.world, self.hub, self.args = world, world.hub, args
        self.model = m.Model(world.hub)
        self.rng = random.Random(args.seed)
        self.today = int(time.strftime("%Y%m%d", time.gmtime()))
        self.young = {self.today // 100}
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.generation = 0                     # odd: no mount there, or not all the time
        self.counts = collections.Counter()
        self.wrong = []
        self.happened = []                      # to the hub and the mount, in words
        self.busy = {}                          # thread -> (since, what)
        self.samples = []                       # (mount, seconds, fds, threads, kB)
        self.old = []                           # mounts' processes that may still serve open files
        self.mount = None

    def say_wrong(self, what):
        with self.lock:
            self.wrong.append(what)
            if len(self.wrong) > 50:            # the first ones say it
                return
        print(f"not ok - {time.strftime('%H:%M:%S')} {what}", flush=True)

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    # ---- the mount

    def begin_mount(self):
        options = self.rng.choice(("", "", ",memory=1M"))
        self.mount = self.world.mount(os.path.abspath(self.args.corosfs), options=(
            f",ttl={m.TTL},timeout={TIMEOUT_S},rate=0{options}"))
        self.mount.start()
        if not self.mount.wait_ready():
            self.say_wrong("a mount does not start")
            return False
        self.generation += 1
        self.began = time.monotonic()
        return True

    def end_mount(self, how):
        """The name goes; who holds files open may keep the old process for a while."""
        self.generation += 1
        process = self.mount.process
        if how == "kill":
            self.mount.kill()
        elif how == "term":
            process.send_signal(signal.SIGTERM)
            if not until(20, lambda: not self.mount.source()):
                self.say_wrong("SIGTERM does not unmount")
        else:
            os.spawnlp(os.P_WAIT, "fusermount3", "fusermount3", "-u", "-z", self.mount.at)
        if how != "kill":
            self.old.append((time.monotonic(), process))
        self.count(f"remounts after {how}")
        self.happened.append(f"{time.strftime('%H:%M:%S')} remount after {how}")

    def look_after_old(self, all_of_them=False):
        for since, process in list(self.old):
            if process.poll() is not None:
                if process.returncode:
                    self.say_wrong(f"an old process ended with {process.returncode}")
                self.old.remove((since, process))
            elif time.monotonic() > since + 2 * HANG_S:
                self.say_wrong("an old process does not end")
                process.kill()
        return not self.old or not all_of_them

    def remount(self):
        self.end_mount(self.rng.choice(("kill", "term", "lazy")))
        # Without a session a mount needs the hub; a reader sees all the rest.
        self.hub.tell("set", faults=[])
        return self.begin_mount()

    # ---- readers

    def guarded(self, rng, action):
        """Runs an action; what it may not do is said."""
        name = threading.current_thread().name
        before, begin = self.generation, time.monotonic()
        self.busy[name] = (begin, action.__name__)
        wrong, path = None, None
        try:
            path, wrong = action(rng, begin)
        except OSError as e:
            path = e.filename
            wrong = self.judge(e, begin)
        except ValueError as e:
            wrong = f"{e!r}"
        steady = before == self.generation and before % 2 == 1
        self.busy.pop(name, None)
        self.count(action.__name__ if steady else "beside a remount")
        # Data has to be right whatever happens; all else is told of a mount that is there.
        if wrong and (steady or wrong.startswith("data")):
            self.say_wrong(f"{action.__name__} {path}: {wrong}")

    def judge(self, e, begin):
        end = time.monotonic()
        if e.errno in SORRY and not self.model.is_calm(begin, end):
            self.count("errors in a fault")
            return None
        return f"{errno.errorcode.get(e.errno, e.errno)} without a fault"

    def read(self, path, rng, slowly=False):
        """The whole file, by one handle; its size is what was said before."""
        fd = os.open(path, os.O_RDONLY)
        try:
            size = os.fstat(fd).st_size
            if slowly:
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
            data = b""
            while piece := os.pread(fd, rng.choice((4096, 65536, 1 << 20)), len(data)):
                data += piece
                if slowly and rng.random() < 0.2:
                    self.stop.wait(rng.uniform(0, 0.5))
        except OSError as e:
            e.filename = path
            raise
        finally:
            os.close(fd)
        if len(data) != size:
            raise ValueError(f"{len(data)} bytes instead of {size}")
        return data.decode()

    def summary(self, rng, begin, folder, months, slowly=False):
        kind = rng.choice(("json", "csv"))
        path = os.path.join(self.mount.at, folder, f"activities.{kind}")
        text = self.read(path, rng, slowly)
        end = time.monotonic()
        try:
            if kind == "json":
                why = self.model.explain(m.by_month(m.canonical(text), months), begin, end,
                                         self.young)
            else:
                why = self.model.explain(m.csv_by_month(text, months), begin, end, self.young,
                                         m.rows)
        except (ValueError, KeyError, IndexError) as e:
            why = f"{e!r} in {len(text)} bytes"
        return path, why and "data: " + why

    def read_month(self, rng, begin, slowly=False):
        month = rng.choice(self.model.names())
        if not slowly and rng.random() < 0.3:
            month = self.today // 100
        if month not in self.model.always():
            return None, None
        return self.summary(rng, begin, f"{month // 100}/{month % 100:02}", [month], slowly)

    def hold_month(self, rng, begin):
        return self.read_month(rng, begin, True)

    def read_year(self, rng, begin):
        year = rng.choice(self.model.names()) // 100
        return self.summary(rng, begin, str(year),
                            [n for n in self.model.ever() if n // 100 == year])

    def read_all(self, rng, begin):
        return self.summary(rng, begin, "all", self.model.ever())

    def read_activities(self, rng, begin):
        """A month's listing, and its files one by one."""
        month = rng.choice(self.model.names())
        if month not in self.model.always():
            return None, None
        folder = os.path.join(self.mount.at, f"{month // 100}/{month % 100:02}")
        names = [n for n in os.listdir(folder) if not n.startswith("activities.")]
        end = time.monotonic()
        versions = self.model.allowed(month, begin, end, month in self.young)
        if len(names) not in {len(v) for v in versions}:
            until(30, lambda: not self.model.pending)
            versions = self.model.allowed(month, begin, end, month in self.young)
        if len(names) not in {len(v) for v in versions}:
            return folder, f"{len(names)} names, {[len(v) for v in versions]} in the model"
        settled = self.model.is_settled(month)
        for name in rng.sample(names, min(len(names), 10)):
            path = os.path.join(folder, name)
            try:
                items = m.canonical(self.read(path, rng))
            except FileNotFoundError:
                if settled:
                    raise
                continue
            def is_known():
                return any(items[0] in v for _, _, v in list(self.model.months[month]))
            if not is_known() and (not until(30, lambda: not self.model.pending) or
                                   not is_known()):
                return path, "data: no such item"
        return folder, None

    def list_years(self, rng, begin):
        years = {int(n) for n in os.listdir(self.mount.at) if n.isdigit()}
        always = {n // 100 for n in self.model.always()}
        ever = {n // 100 for n in self.model.ever()}
        if not always <= years or not years <= ever:
            return "/", f"years {sorted(years)}"
        year = rng.choice(sorted(always))
        months = {year * 100 + int(n) for n in os.listdir(os.path.join(self.mount.at, str(year)))
                  if n.isdigit()}
        lost = {n for n in self.model.always() if n // 100 == year} - months
        return str(year), f"{sorted(lost)} are not listed" if lost else None

    def look_for_nothing(self, rng, begin):
        name = rng.choice((".Trash-1000", "2022/.git", "2022/12/desktop.ini", "1234567"))
        try:
            os.stat(os.path.join(self.mount.at, name))
        except FileNotFoundError:
            return name, None
        return name, "it is there"

    def reader(self, seed):
        rng = random.Random(seed)
        actions = ([self.read_month] * 6 + [self.read_activities] * 4 + [self.list_years] * 3 +
                   [self.read_year] * 2 + [self.read_all, self.look_for_nothing, self.hold_month])
        while not self.stop.is_set():
            try:
                self.guarded(rng, rng.choice(actions))
            except Exception:                   # a reader that ends would look like success
                self.say_wrong(traceback.format_exc())
            self.stop.wait(rng.uniform(0, 0.1))

    # ---- what happens to the hub

    def edit(self):
        begin = self.model.changing()
        month = self.rng.choice((self.today // 100, self.rng.choice(self.model.names())))
        items = self.model.months.get(month, [(0, 0, [])])[-1][2]
        what = self.rng.choice(("add", "edit", "edit", "delete"))
        if what == "add" or len(items) < 3:
            day = month * 100 + (self.today % 100 if month == self.today // 100 else 15)
            self.hub.tell("add", date=day, hhmm=f"{self.rng.randrange(24):02}"
                          f"{self.rng.randrange(60):02}", name=f"Soak {self.rng.randrange(1000)}")
        elif what == "delete":
            self.hub.tell("delete", labelId=m.label_of(self.rng.choice(items)))
        else:
            self.hub.tell("edit", labelId=m.label_of(self.rng.choice(items)), 
                          set=self.rng.choice(({"name": "Edited"}, {"name": "=Edited, twice"},
                                               {"calorie": self.rng.randrange(1000)})))
        self.model.changed(month, begin)
        self.happened.append(f"{time.strftime('%H:%M:%S')} {what} in {month}")
        self.count("edits")

    def fault(self):
        kind = self.rng.choice(FAULTS)
        self.model.fault_begins()
        self.happened.append(f"{time.strftime('%H:%M:%S')} {kind}")
        self.hub.tell("set", fault=kind)
        self.stop.wait(self.rng.uniform(0.5, 6))
        self.hub.tell("clear")
        self.model.fault_ends()
        self.count("faults")

    def refresh(self):
        self.mount.process.send_signal(signal.SIGHUP)
        with self.model.lock:
            self.model.refreshed.append(time.monotonic())
        self.count("refreshes")

    def sample(self):
        pid = self.mount.process.pid
        try:
            with open(f"/proc/{pid}/status", encoding="utf-8") as f:
                status = dict(line.split(":", 1) for line in f)
            fds = len(os.listdir(f"/proc/{pid}/fd"))
        except (OSError, ValueError):
            return
        self.samples.append((pid, time.monotonic() - self.began, fds, int(status["Threads"]),
                             int(status["VmRSS"].split()[0])))

    def watch(self):
        """What must never be: a call that hangs, a process that ended by itself."""
        for name, (since, what) in list(self.busy.items()):
            if time.monotonic() - since > HANG_S:
                self.busy.pop(name, None)
                self.say_wrong(f"{what} hangs")
        if self.generation % 2 and self.mount.process.poll() is not None:
            self.say_wrong(f"the mount ended by itself: {self.mount.process.returncode}")
            self.generation += 1
            return self.begin_mount()
        self.look_after_old()
        return True

    def happen(self):
        """One thing after the other until the time is over."""
        end = time.monotonic() + self.args.minutes * 60
        calm_until = time.monotonic()
        remount_at = time.monotonic() + self.rng.uniform(5, 20)
        while time.monotonic() < end and self.watch():
            self.sample()
            dice = self.rng.random()
            if not self.args.no_remounts and time.monotonic() > remount_at:
                if not self.remount():
                    return
                remount_at = time.monotonic() + self.rng.choice((2, 5, 10, 30, 120))
            elif dice < 0.25:
                self.edit()
            elif dice < 0.35:
                self.refresh()
            elif dice < 0.55 and time.monotonic() > calm_until:
                self.fault()
                # Half of the time is calm enough for the strict rules.
                if self.rng.random() < 0.15:
                    calm_until = time.monotonic() + 2 * m.RECOVERY + 30
            self.stop.wait(self.rng.uniform(0.1, 1))

    def recover(self):
        """All faults over: without a remount everything is as the hub has it, within a minute."""
        self.hub.tell("set", faults=[])
        truth = [i for month in self.model.names()[::-1] for i in self.model.months[month][-1][2]]

        def is_true():
            self.refresh()
            try:
                with open(os.path.join(self.mount.at, "all/activities.json"), "rb") as f:
                    return m.canonical(f.read()) == truth
            except OSError:
                return False
        if not until(90, is_true, 1):
            self.say_wrong("it does not recover")

    def run(self):
        if not self.begin_mount():
            return
        threads = [threading.Thread(target=self.reader, args=(self.rng.random(),), daemon=True,
                                    name=f"reader {i}") for i in range(READERS)]
        for t in threads:
            t.start()
        try:
            self.happen()
        finally:
            self.stop.set()
        for t in threads:
            t.join(HANG_S)
            if t.is_alive():
                self.say_wrong(f"{t.name} hangs")
        if self.mount.process.poll() is None:
            self.recover()
            if not self.mount.unmount(60):
                self.say_wrong(f"the last mount ends with {self.mount.process.returncode}")
        until(HANG_S, lambda: self.look_after_old(True), 0.1)

    # ---- the account

    def growth(self):
        """Of the mount that lived longest: the second quarter of its life against the last."""
        lives = collections.defaultdict(list)
        for pid, at, *figures in self.samples:
            lives[pid].append((at, *figures))
        life = max(lives.values(), key=lambda s: s[-1][0], default=[])
        if not life or life[-1][0] < 60:
            return
        quarter = life[-1][0] / 4
        for name, i, slack in (("file descriptors", 1, 8), ("threads", 2, 2), ("kB", 3, 8192)):
            early = sorted(s[i] for s in life if quarter <= s[0] < 2 * quarter)
            late = sorted(s[i] for s in life if s[0] >= 3 * quarter)
            if not early or not late:
                continue
            a, b = early[len(early) // 2], late[len(late) // 2]
            print(f"# {name} over {life[-1][0]:.0f} s: {a}, then {b}; at most "
                  f"{max(s[i] for s in life)}")
            if b > a * 1.25 + slack:
                self.say_wrong(f"{name} grow")

    def report(self):
        self.growth()
        for what, n in sorted(self.counts.items()):
            print(f"# {n} {what}")
        if violations := self.hub.stats()["violations"]:
            self.say_wrong(f"the hub saw {violations}")
        for path in self.world.sanitizer_reports():
            with open(path, encoding="utf-8") as f:
                self.say_wrong("a sanitizer's report\n" + f.read(6000))
        with open(self.world.mounts[0].log, encoding="utf-8") as f:
            for line in f:
                if "discarded" in line or "error:" in line:
                    self.say_wrong(f"the log says {line.strip()}")
        reads = sum(n for what, n in self.counts.items() if what.startswith(("read", "hold", "l")))
        print(f"ok - {reads} reads and listings in {self.args.minutes * 60:.0f} s")
        return reads


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--corosfs", required=True)
    p.add_argument("--minutes", type=float, default=10)
    p.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    p.add_argument("--no-remounts", action="store_true")
    args = p.parse_args()
    print(f"seed {args.seed}", flush=True)
    with World() as world:
        world.start_hub("--athlete", "both", "--activities", "500", "--years", "5",
                        "--last-day", time.strftime("%Y%m%d", time.gmtime()))
        soak = Soak(world, args)
        soak.run()
        reads = soak.report()
        if soak.wrong:
            print("---- what happened\n" + "\n".join(soak.happened))
            with open(world.mounts[0].log, encoding="utf-8") as f:
                print("---- the log\n" + f.read()[-6000:])
            with open(os.path.join(world.folder, "said"), encoding="utf-8") as f:
                print("---- what it said\n" + f.read()[-2000:])
    print(f"{reads} passed, {len(soak.wrong)} failed")
    sys.exit(bool(soak.wrong) or not reads)


if __name__ == "__main__":
    main()
