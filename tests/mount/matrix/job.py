# SPDX-License-Identifier: MIT
"""A row of the matrix on one mount."""
import errno
import os
import re
import shutil
import signal
import subprocess
import time
import traceback

import world
from rows import Password
from tree import is_summary, snapshot, snapshot_names
from world import ACCOUNT, PASSWORD, Hub, Mount, Wrong, in_time, wait_for

OPS = ("lookup", "readdir", "read")
# Late is who waits as if there were no deadline, not who is slow: this is no measurement.
SLACK_S, RSYNC_S, BACK_S = 15, 150, 100
LATER_S = 60
DAY_S = 86400


class Job:
    def __init__(self, row, kind, number, args, expected):
        self.row, self.kind, self.number, self.args = row, kind, number, args
        self.expected = expected
        self.dir = os.path.join(args.dir, f"job.{number}")
        self.mount, self.cache = os.path.join(self.dir, "mnt"), os.path.join(self.dir, "cache")
        self.log, self.copy = os.path.join(self.dir, "log"), os.path.join(self.dir, "copy")
        self.password, self.clock = os.path.join(self.dir, "password"), os.path.join(self.dir, "clock")
        self.base_args = ["--athlete", "synthetic", "--activities", "300", "--years", "3",
                          "--last-day", args.today]
        self.mounted = Mount(self.mount, self.cache)
        self.hub = Hub(self.dir, list(self.base_args) + list(row.hub_args))
        self.cells, self.failures = {}, []
        self.slowest = self.back_s = 0.0
        self.counts = {"requests": 0, "logins": 0}
        self.lost = None

    def wrong(self, text):
        self.failures.append(f"{self.kind}: {text}")

    # -- the mount

    def write_password(self, text):
        with open(os.open(self.password, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                  encoding="utf-8") as f:
            f.write(text + "\n")

    def start_mount(self):
        options = [f"api={self.row.api(self)}", f"cache_dir={self.cache}", "log=warn",
                   f"log_file={self.log}", f"timeout={self.row.timeout}", "ttl=1", "rate=0", "views=none",
                   f"password_file={self.password}"]
        if self.row.hub_args:
            options.append("ca_file=" + os.path.join(world.certificates, "ca.pem"))
        env = dict(os.environ, OTHER_CLOCK=self.clock, LD_PRELOAD=self.args.clock)
        r = subprocess.run([self.args.corosfs, ACCOUNT, self.mount, "-o", ",".join(options)],
                           capture_output=True, text=True, timeout=180, check=False, env=env)
        if r.returncode:
            raise Wrong("no mount: " + r.stderr.strip())

    def cache_folder(self):
        return os.path.join(self.cache, os.listdir(self.cache)[0])

    def prepare(self):
        """A login, and the cache as the job wants it."""
        os.makedirs(self.mount)
        self.write_password(PASSWORD)
        self.hub.start()
        if hasattr(self.row, "prepare"):
            self.row.prepare(self)
        self.start_mount()
        if self.kind == "filled":
            with open(os.path.join(self.mount, "all/activities.csv"), "rb") as f:
                f.read()
        self.mounted.stop()
        if os.path.exists(self.log) and os.path.getsize(self.log):
            with open(self.log, encoding="utf-8") as f:
                raise Wrong("the log while all is well: " + f.read())
        folder = self.cache_folder()
        if self.kind == "empty":
            return
        now = time.time()
        for month in self.expected.never + [self.expected.first_asked]:
            os.unlink(os.path.join(folder, "months", month.replace("/", "-")))
        for month in (self.expected.served, self.expected.waited):
            os.utime(os.path.join(folder, "months", month.replace("/", "-")),
                     (now - 8 * DAY_S, now - 8 * DAY_S))
        subprocess.run(["cp", "-al", self.args.template, self.copy], check=True)

    # -- the cells

    def do(self, op, where):
        """One operation: "data", an errno, or what is wrong with the data."""
        e, row = self.expected, self.row
        path = os.path.join(self.mount, where)
        try:
            if op == "lookup":
                name = next(n for n in e.names(where) if not is_summary(n)) \
                    if re.fullmatch(r"\d{4}/\d\d", where) else e.names(where)[0]
                if row.grows or row.renames:
                    name = "activities.csv" if where else name
                os.stat(os.path.join(path, name))
                return "data"
            if op == "readdir":
                return "data" if e.check_names(where, os.listdir(path), row) else "OTHER NAMES"
            with open(os.path.join(path, "activities.csv"), "rb") as f:
                data = f.read()
            return "data" if e.check_bytes(os.path.join(where, "activities.csv"), data, row) \
                else "OTHER BYTES"
        except OSError as x:
            return errno.errorcode[x.errno]

    def try_op(self, op, where):
        got, seconds = in_time(self.row.timeout + SLACK_S, lambda: self.do(op, where))
        self.slowest = max(self.slowest, seconds)
        return got

    def cell(self, column, op, where, want):
        got = self.try_op(op, where)
        self.cells[column, op] = got
        if got not in want.split("|"):
            self.wrong(f"{column}, {op}: {got} instead of {want}")

    def all_cells(self):
        e, gives = self.expected, self.row.gives
        if self.kind == "empty":
            gives = getattr(self.row, "gives_empty", (gives,) * 3)
            for op, where, want in zip(OPS, (e.fresh, "", "all"), gives):
                self.cell("empty", op, where, want)
            return
        for column, where in (("waited", e.waited), ("served", e.served), ("fresh", e.fresh)):
            for op in OPS:
                self.cell(column, op, where, "data")
        for op, where in zip(OPS, e.never):
            self.cell("never seen", op, where, gives)

    def rsync(self):
        """A copy with --delete while the fault is there loses nothing."""
        before = set(snapshot_names(self.copy))
        names = bool(self.row.renames)          # then the number of files must do
        try:
            subprocess.run(["rsync", "-a", "--delete", self.mount + "/", self.copy + "/"],
                           capture_output=True, timeout=RSYNC_S, check=False)
        except subprocess.TimeoutExpired:
            self.wrong("rsync does not end")
        after = set(snapshot_names(self.copy))
        lost = sorted(before - after) if not names else sorted(before)[len(after):]
        self.lost = len(lost)
        if lost:
            self.wrong(f"rsync --delete lost {len(lost)} files, {lost[0]}")

    # -- afterwards

    def is_back(self):
        try:
            self.last = self.expected.differs(snapshot(self.mount), self.row)
        except OSError as x:
            self.last = str(x)
        return not self.last

    def recover(self):
        begin = time.monotonic()
        self.row.end(self)
        # So much later: a breaker may be open, and a minute passes between two logins.
        with open(self.clock + ".new", "w", encoding="ascii") as f:
            f.write(f"{LATER_S} {LATER_S}\n")
        os.rename(self.clock + ".new", self.clock)
        if self.row.nudge or self.row.grows or self.row.renames:
            os.kill(self.mounted.pid(), signal.SIGHUP)
        if not in_time(BACK_S + 60, lambda: wait_for(BACK_S, self.is_back))[0] is True:
            self.wrong(f"the hub is well, and the mount is not: {self.last}")
        self.back_s = time.monotonic() - begin

    def check_counts(self, stats):
        self.counts = {k: stats[k] for k in ("requests", "logins")}
        # A breaker that is open lets one call through every ten seconds, of three attempts.
        trials = 3 * (int(time.monotonic() - self.began) // 10)
        if stats["requests"] > self.row.requests + trials:
            self.wrong(f"{stats['requests']} requests")
        if self.row.logins is not None and stats["logins"] != self.row.logins:
            self.wrong(f"{stats['logins']} logins instead of {self.row.logins}")
        if isinstance(self.row, Password) and stats["by_path"].get("/account/login") != 2:
            self.wrong(f"{stats['by_path'].get('/account/login')} tries with a wrong password")

    def check_log(self):
        try:
            lines = open(self.log, encoding="utf-8").read().splitlines()
        except FileNotFoundError:
            lines = []
        self.lines = [s for s in lines if "answers again" not in s]
        for line in self.lines:
            if not any(re.search(r, line) for r in self.row.log):
                self.wrong("the log: " + line)
        if len(self.lines) > len(self.row.log):
            self.wrong(f"{len(self.lines)} log lines: " + " / ".join(self.lines))
        if self.row.log and not self.lines and self.row.again:
            self.wrong("the log says nothing")
        again = len(lines) - len(self.lines)
        if again > 1 or (self.row.again is not None and bool(self.row.again) != bool(again)):
            self.wrong(f"the log says {again} times that the hub answers again")

    def run(self):
        try:
            self.prepare()
            self.hub.ask("POST", "reset")
            if self.row.before_mount:
                self.row.begin(self)
            self.start_mount()
            if not self.row.before_mount:
                if self.kind == "filled":       # a connection, which the fault may break
                    os.listdir(self.mount)
                self.hub.ask("POST", "reset")
                self.row.begin(self)
            self.began = time.monotonic()
            self.row.prelude(self)
            self.all_cells()
            if self.kind == "filled":
                self.rsync()
            if self.hub.process:
                self.check_counts(self.hub.stats())
            self.recover()
            self.check_log()
            violations = self.hub.stats()["violations"]
            if violations:
                self.wrong(f"the hub saw {violations}")
            self.mounted.stop()
        except (Wrong, OSError, subprocess.SubprocessError) as e:
            self.wrong(f"{type(e).__name__}: {e}")
        except Exception:
            self.wrong(traceback.format_exc())
        finally:
            self.clean_up()
        return self

    def clean_up(self):
        self.mounted.kill()
        self.hub.stop()
        shutil.rmtree(self.copy, ignore_errors=True)
