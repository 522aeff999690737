#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What corosfs costs, beside what FUSE, memory and the network cost in the same run.

README.md says how to read what it prints.
"""
import argparse
import json
import os
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

import report
from machine import (TOP, Corosfs, Floor, Hub, Trace, environment, facts, fetch_pages,
                     memory_kib, run_timed, set_cpus, shell, unmount, wait_idle)

STEPS = {
    "ls -lR": "ls -lR {m} >/dev/null",
    "find": "find {m} >/dev/null",
    "du": "du -s {m} >/dev/null",
    "read": "find {m} -type f -print0 | xargs -0 cat >/dev/null",
    "rsync": "rsync -a {m}/ {t}/",
}
WARM_RUNS, WARM_S = 3, 0.5                  # a warm step that is short is repeated


class Tmpfs:
    """The copy in memory, mounted by the system."""
    name = "tmpfs"

    def __init__(self, path):
        self.path = path

    def mount(self):
        return None

    def end(self):
        pass


def count_tree(path):
    """Directories with the top, files and bytes."""
    tree = {"dirs": 0, "files": 0, "bytes": 0}
    for top, _, names in os.walk(path):
        tree["dirs"] += 1
        tree["files"] += len(names)
        tree["bytes"] += sum(os.path.getsize(os.path.join(top, name)) for name in names)
    return tree


class Bench:
    """Everything for one number of activities."""

    def __init__(self, args, n, folder, memory):
        self.args, self.n, self.memory = args, n, memory
        self.records, self.problems = [], []
        self.env = environment(folder)
        self.copies = os.path.join(memory, "copy")
        self.month = "2022/12/activities.csv"  # what the lone look looks at
        self.where = {}                     # delay, cpu and round of what is being measured
        paths = {name: os.path.join(folder, name) for name in ("mnt", "floor")}
        for path in paths.values():
            os.mkdir(path)
        self.tree = os.path.join(memory, "tree")
        # Somebody may build while this runs: it is the same program to the end.
        programs = [shutil.copy(p, folder + "/" + name) for p, name in
                    ((args.corosfs, "corosfs"), (args.floor, "floor-program"))]
        self.hub = Hub(n, folder)
        self.trace = Trace(folder)
        self.corosfs = Corosfs(programs[0], self.hub, paths["mnt"], folder, self.env)
        self.floor = Floor(programs[1], self.tree, paths["floor"], self.env)
        self.tmpfs = Tmpfs(self.tree)

    def close(self):
        for close in (self.corosfs.end, self.floor.end, self.trace.close, self.hub.close):
            try:
                close()
            except (OSError, SystemExit) as e:
                print(f"while ending: {e}", file=sys.stderr)

    # -- one measurement

    def note(self, target, step, state, seconds, **more):
        self.records.append(dict(self.where, n=self.n, target=target, step=step, state=state,
                                 ms=round(seconds * 1000, 3), **more))

    def problem(self, text):
        where = " ".join(f"{k} {v}" for k, v in self.where.items())
        self.problems.append(f"N {self.n} {where}: {text}")
        print(f"! {self.problems[-1]}", file=sys.stderr, flush=True)

    def measure(self, target, step, state, command, times=1):
        """Runs a command and keeps what it took; of several runs the median, of counts the
        first."""
        ours = target is self.corosfs
        before = self.hub.requests() if ours else 0
        self.trace.start(target.path)
        took, status = run_timed(shell(command), env=self.env)
        fuse = self.trace.stop()
        asked = self.hub.requests() - before if ours else None
        if status:
            self.problem(f"{target.name}: exit status {status} from {command}")
        runs = [took]
        while len(runs) < times and took < WARM_S:
            runs.append(run_timed(shell(command), env=self.env)[0])
        self.note(target.name, step, state, statistics.median(runs), status=status, hub=asked,
                  fuse=fuse)

    def memory_now(self, pid, state):
        rss, anon, peak = memory_kib(pid)
        self.note("corosfs", "memory", state, 0, rss_kib=rss, anon_kib=anon, peak_kib=peak)

    def copy_folder(self, name):
        path = os.path.join(self.copies, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    # -- the steps

    def walk(self, target, step, warm):
        """A step on a fresh mount, and again when the kernel has seen everything."""
        ours = target is self.corosfs
        if ours:
            target.forget()
        pid = target.mount()
        copy = self.copy_folder("cold") if step == "rsync" else ""
        command = STEPS[step].format(m=shlex.quote(target.path), t=shlex.quote(copy))
        self.measure(target, step, "cold", command)
        if ours and step in ("ls -lR", "read"):
            self.memory_now(pid, f"after {step}")
        if ours and step == "rsync" and self.where["round"] == 1:
            self.compare(copy)
        if warm:
            if pid:
                wait_idle(pid)
            self.warm(target, step, command)
        target.end()
        shutil.rmtree(self.copies, ignore_errors=True)

    def warm(self, target, step, command):
        path = shlex.quote(target.path)
        if step == "rsync":
            self.measure(target, step, "again", command, WARM_RUNS)
            command = STEPS[step].format(m=path, t=shlex.quote(self.copy_folder("warm")))
            self.measure(target, step, "warm", command)
            return
        self.measure(target, step, "warm", command, WARM_RUNS)
        if step == "ls -lR":
            self.measure(target, "read", "after ls", STEPS["read"].format(m=path))

    def compare(self, copy):
        """What was read cold must be what was read at first."""
        p = subprocess.run(["diff", "-r", self.tree, copy], capture_output=True, text=True,
                           check=False)
        if p.returncode:
            self.problem("rsync's copy differs:\n" + p.stdout[:500])

    def from_disk(self):
        """The cache is full, and its files are in the page cache: they were just written."""
        for step in ("ls -lR", "read"):
            pid = self.corosfs.mount("offline")
            command = STEPS[step].format(m=shlex.quote(self.corosfs.path))
            self.measure(self.corosfs, step, "disk", command)
            self.memory_now(pid, f"after {step}, disk")
            self.corosfs.end()
        self.mount_and_look("disk")

    def mount_and_look(self, state):
        """From the start of the program to the end of an ls of the root."""
        before = self.hub.requests()
        # The login is kept, so nobody is asked for a password.
        env = {k: v for k, v in self.env.items() if k != "COROSFS_PASSWORD"}
        took, status = run_timed(self.corosfs.command(), ["ls", self.corosfs.path], env=env)
        if status:
            self.problem(f"exit status {status} from mount and ls")
        self.note("corosfs", "mount and ls", state, took, status=status,
                  hub=self.hub.requests() - before)
        self.corosfs.adopt()
        self.corosfs.end()

    def lone_cat(self):
        self.corosfs.forget()
        self.corosfs.mount()
        path = shlex.quote(os.path.join(self.corosfs.path, self.month))
        self.measure(self.corosfs, "lone cat", "cold", f"cat {path} >/dev/null")
        self.corosfs.end()

    def round(self, number, delay, cpu):
        self.where = {"delay": delay, "cpu": cpu, "round": number}
        warm = delay == self.args.delays[0]  # what asks the hub nothing is measured once
        for step in STEPS:
            for target in (self.tmpfs, self.floor, self.corosfs):
                self.walk(target, step, warm)
        if warm:
            self.from_disk()
        self.note("curl", "pages", "cold",
                  fetch_pages(self.hub, self.corosfs.token(), self.queries), hub=len(self.queries))
        self.corosfs.forget()
        self.mount_and_look("cold")
        self.lone_cat()

    # -- before and around

    def prepare(self):
        """Logs in, and copies the tree from a mount to where floor and tmpfs take it from."""
        self.corosfs.mount()
        self.hub.call("reset", {})
        subprocess.run(["cp", "-a", self.corosfs.path, self.tree], check=True, env=self.env)
        pages = -(-self.n // 200)
        # The pages that curl fetches are among those that a walk asks for, which leaves the hub
        # one set to keep ready.
        seen = [q for q in self.hub.call("stats?key=queries_seen") if "startDay" in q]
        self.queries = sorted(seen, key=lambda q: (q["startDay"], int(q["pageNumber"])))[:pages]
        self.corosfs.end()
        month = os.path.dirname(self.month)
        size = len([name for name in os.listdir(f"{self.tree}/{month}") if name[0] == "2"])
        self.facts = dict(count_tree(self.tree), n=self.n, month=size)

    def set_cpus(self, cpu):
        """`one`: filesystem and reader on the first CPU, the hub on the others."""
        every = sorted(self.args.cpu_set)
        ours = set(every[:1]) if cpu == "one" else set(every)
        others = set(every[1:]) or set(every)
        set_cpus(self.hub.process.pid, others if cpu == "one" else set(every))
        os.sched_setaffinity(0, ours)

    def run(self):
        self.prepare()
        for cpu in self.args.cpus:
            for delay in self.args.delays:
                self.set_cpus(cpu)
                self.hub.set_delay(delay)
                for number in range(1, self.args.rounds + 1):
                    print(f"N {self.n}, {cpu} CPU, hub at {delay} ms, round {number}",
                          file=sys.stderr, flush=True)
                    self.round(number, delay, cpu)
        os.sched_setaffinity(0, self.args.cpu_set)
        with open(self.corosfs.log, encoding="utf-8") as f:
            for line in f:
                self.problem("corosfs logged: " + line.rstrip())
        said = self.hub.call("stats?key=violations")
        if said:
            self.problem(f"the hub saw violations: {said}")


def run_size(args, n):
    """The records, the facts of the tree and the problems of one number of activities."""
    folder = tempfile.mkdtemp(prefix="corosfs-bench.")
    memory = tempfile.mkdtemp(prefix="corosfs-bench.", dir=args.memory_dir)
    bench = None
    try:
        bench = Bench(args, n, folder, memory)
        bench.run()
        return bench.records, bench.facts, bench.problems
    finally:
        # A second Ctrl-C must not leave a mount behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if bench:
            bench.close()
        for path in ("mnt", "floor"):
            unmount(os.path.join(folder, path))
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(memory, ignore_errors=True)
        catch_signals()


def stop(number, _frame):
    raise SystemExit(128 + number)


def catch_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def numbers(text):
    return [int(word) for word in text.split(",")]


def arguments():
    p = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    p.add_argument("--corosfs", default=os.path.join(TOP, "build/corosfs"))
    p.add_argument("--floor", default=os.path.join(TOP, "build/plain/tests/bench/floor"))
    p.add_argument("--sizes", type=numbers, metavar="N,N", help="500,5000,50000")
    p.add_argument("--delays", type=numbers, default=[0, 50], metavar="MS,MS",
                   help="of each answer of the hub; the first is the one for warm steps")
    p.add_argument("--cpus", type=lambda text: text.split(","), metavar="one,free",
                   help=" filesystem and reader on one CPU, and left to the scheduler")
    p.add_argument("--rounds", type=int, help="5")
    p.add_argument("--quick", action="store_true", help="sizes 500,5000, 3 rounds, one CPU")
    p.add_argument("--memory-dir", default="/dev/shm", help="a tmpfs; 2 GiB for 50,000 activities")
    p.add_argument("--json", metavar="FILE", help="every measurement, for other programs")
    args = p.parse_args()
    usual = ([500, 5000], 3, ["one"]) if args.quick else ([500, 5000, 50000], 5, ["one", "free"])
    args.sizes = args.sizes or usual[0]
    args.rounds = args.rounds or usual[1]
    args.cpus = args.cpus or usual[2]
    if not set(args.cpus) <= {"one", "free"}:
        p.error("--cpus takes one and free")
    args.corosfs, args.floor = os.path.abspath(args.corosfs), os.path.abspath(args.floor)
    args.cpu_set = os.sched_getaffinity(0)
    return args


def main():
    args = arguments()
    catch_signals()
    head = facts(args.corosfs)
    records, trees, problems = [], {}, []
    for n in args.sizes:
        more, trees[n], wrong = run_size(args, n)
        records += more
        problems += wrong
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump({"machine": head, "rounds": args.rounds, "trees": list(trees.values()),
                       "records": records, "problems": problems}, f, indent=1)
            f.write("\n")
    report.print_all(head, args.rounds, trees, records, problems)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
