# SPDX-License-Identifier: MIT
"""What the benchmark measures with: the sample hub, mounts, the kernel's count of FUSE requests.

Whoever makes one of these closes it; every process is ended by its own id, and waited for.
"""
import glob
import json
import os
import platform
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
ACCOUNT, PASSWORD = "runner@example.org", "correct horse"
END_S = 30                                  # a mount that is being ended still writes its cache


def environment(home):
    """One where nothing of the caller's settings reaches what is measured."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("XDG_") and not k.lower().endswith("_proxy")}
    env.pop("CREDENTIALS_DIRECTORY", None)
    return dict(env, HOME=home, LC_ALL="C.UTF-8", COROSFS_PASSWORD=PASSWORD)


def read_text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def shell(command):
    return ["/bin/sh", "-c", command]


def run_timed(*commands, env):
    """Seconds that commands take one after the other, and the first exit status that is not 0."""
    begin = time.perf_counter()
    for command in commands:
        # close_fds=False lets subprocess spawn without copying this process.
        status = subprocess.run(command, env=env, close_fds=False, check=False,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode
        if status:
            break
    return time.perf_counter() - begin, status


def memory_kib(pid):
    """(VmRSS, RssAnon, VmHWM) of a process: now, of its own, and the most there ever was."""
    status = read_text(f"/proc/{pid}/status")
    found = [re.search(rf"^{key}:\s+(\d+) kB", status, re.M)
             for key in ("VmRSS", "RssAnon", "VmHWM")]
    return tuple(int(m.group(1)) if m else None for m in found)


def cpu_ns(pid):
    """CPU time of all threads of a process, to the nanosecond where the kernel keeps it."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        total += int((read_text(path).split() or ["0"])[0])
    return total


def wait_idle(pid, quiet_s=0.1, most_s=10):
    """Until a process has had nothing to do for a while: its cache is on disk then."""
    last, since, end = -1, time.monotonic(), time.monotonic() + most_s
    while time.monotonic() - since < quiet_s and time.monotonic() < end:
        now = cpu_ns(pid)
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.01)


def set_cpus(pid, cpus):
    """All threads of a process; those that they start later inherit it."""
    for tid in os.listdir(f"/proc/{pid}/task"):
        try:
            os.sched_setaffinity(int(tid), cpus)
        except ProcessLookupError:
            pass


def mount_device(path):
    """The kernel's number of what is mounted there, or None. stat() would ask the filesystem."""
    for line in read_text("/proc/self/mountinfo").splitlines():
        word = line.split()
        if word[4] == path:
            major, minor = map(int, word[2].split(":"))
            return major << 20 | minor
    return None


def end_process(pidfd):
    """Waits for the process; ends it when it does not end by itself. True when it did."""
    for sig in (None, signal.SIGTERM, signal.SIGKILL):
        if sig:
            try:
                signal.pidfd_send_signal(pidfd, sig)
            except ProcessLookupError:
                pass
        if select.select([pidfd], [], [], END_S)[0]:
            os.close(pidfd)
            return sig is None
    os.close(pidfd)
    return False


def unmount(path):
    """A reader may be on its way out still, so this tries for a while, then lazily."""
    for i in range(100):
        if mount_device(path) is None:
            return
        lazy = ["-z"] if i >= 90 else []
        subprocess.run(["fusermount3", "-u", *lazy, path], stderr=subprocess.DEVNULL, check=False)
        if mount_device(path) is not None:
            time.sleep(0.05)
    raise SystemExit(f"cannot unmount {path}")


class Hub:
    """The sample hub with N activities."""

    def __init__(self, n, folder, years=12):
        ready = os.path.join(folder, f"hub.{n}")
        self.process = subprocess.Popen(
            ["/usr/bin/python3", os.path.join(TOP, "tests/hub/fakehub.py"), "--ready-file", ready,
             "--athlete", "synthetic", "--activities", str(n), "--years", str(years)],
            stdout=subprocess.DEVNULL)
        # No proxy for loopback, whatever the environment says.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end = time.monotonic() + 60
        while not os.path.exists(ready):
            if self.process.poll() is not None or time.monotonic() > end:
                self.close()
                raise SystemExit("the sample hub does not start")
            time.sleep(0.01)
        self.url = read_text(ready).strip()

    def call(self, command, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_hub/{command}", data=data)
        with self.opener.open(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def requests(self):
        return self.call("stats?key=requests")

    def set_delay(self, ms):
        self.call("set", {"delay_ms": ms})

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()


class Trace:
    """Counts the FUSE requests of one mount by the kernel's tracepoint; needs root and tracefs.

    In an instance of its own, so that other tracing goes on undisturbed.
    """
    EVENT = "events/fuse/fuse_request_send"

    def __init__(self, folder):
        self.path, self.mounted = None, None
        top = "/sys/kernel/tracing"
        if os.geteuid() != 0:
            return
        if not os.path.isdir(f"{top}/instances"):
            top = os.path.join(folder, "tracing")
            os.mkdir(top)
            if subprocess.run(["mount", "-t", "tracefs", "tracefs", top], check=False,
                              stderr=subprocess.DEVNULL).returncode:
                return
            self.mounted = top
        try:
            self.path = tempfile.mkdtemp(prefix="corosfs-bench-", dir=f"{top}/instances")
            self.write("buffer_size_kb", "16384")
            self.write(f"{self.EVENT}/filter", "0")
        except OSError:
            self.close()

    def write(self, name, value):
        with open(f"{self.path}/{name}", "w", encoding="ascii") as f:
            f.write(value)

    def start(self, path):
        """From now on the requests to what is mounted at `path`."""
        device = mount_device(path)
        if self.path and device is not None:
            self.write("trace", "")
            self.write(f"{self.EVENT}/filter", f"connection == {device}")
            self.write(f"{self.EVENT}/enable", "1")

    def stop(self):
        """How many of each kind since start(), or None where they cannot be counted."""
        if not self.path:
            return None
        self.write(f"{self.EVENT}/enable", "0")
        text = read_text(f"{self.path}/trace")
        kept = re.search(r"entries-in-buffer/entries-written: (\d+)/(\d+)", text)
        if not kept or kept.group(1) != kept.group(2):
            return None                     # the buffer ran over
        return dict(Counter(kind.lower() for kind in re.findall(r"\(FUSE_(\w+)\)", text)))

    def close(self):
        if self.path:
            os.rmdir(self.path)
            self.path = None
        if self.mounted:
            subprocess.run(["umount", self.mounted], check=False)
            self.mounted = None


class Floor:
    """The in-memory filesystem of a folder."""
    name = "floor"

    def __init__(self, program, source, path, env):
        self.program, self.source, self.path, self.env = program, source, path, env
        self.process = None

    def mount(self):
        self.process = subprocess.Popen([self.program, self.source, self.path], env=self.env,
                                        stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            self.process.wait()
            raise SystemExit("floor does not mount")
        return self.process.pid

    def end(self):
        if self.process:
            unmount(self.path)
            end_process(os.pidfd_open(self.process.pid))
            self.process.wait()
            self.process.stdout.close()
            self.process = None


class Corosfs:
    """Mounts of one account with a cache of its own. It goes to the background by itself, as it
    does for its users; its process id is in its cache."""
    name = "corosfs"

    def __init__(self, program, hub, path, folder, env):
        self.program, self.path, self.env = program, path, env
        self.cache, self.log = os.path.join(folder, "cache"), os.path.join(folder, "log")
        self.options = f"api={hub.url},cache_dir={self.cache},rate=0,log=warn,log_file={self.log}"
        # Recordings are downloads, a request a file, and no part of a walk's price.
        said = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
        if re.search(r"^\s+views=", said.stdout, re.M):
            self.options += ",views=none"
        self.pidfd = None

    def command(self, *options):
        return [self.program, ACCOUNT, self.path, "-o", ",".join((self.options, *options))]

    def mount(self, *options):
        subprocess.run(self.command(*options), env=self.env, check=True, close_fds=False,
                       stdin=subprocess.DEVNULL)
        return self.adopt()

    def adopt(self):
        """Takes charge of the process that has the cache, and says its id."""
        pid = int(read_text(self.kept("lock")) or 0)
        # An old number may be somebody else's by now.
        if self.path not in read_text(f"/proc/{pid}/cmdline").split("\0"):
            raise SystemExit("corosfs is not there")
        self.pidfd = os.pidfd_open(pid)
        return pid

    def end(self):
        """Unmounts, and waits until the process has written its cache and is gone."""
        if self.pidfd is None and mount_device(self.path) is not None:
            self.adopt()                    # interrupted between mount and here
        unmount(self.path)
        if self.pidfd is not None:
            if not end_process(self.pidfd):
                print("corosfs did not end by itself", file=sys.stderr)
            self.pidfd = None

    def kept(self, name):
        """A file of the account's folder in the cache."""
        return os.path.join(glob.glob(self.cache + "/*/")[0], name)

    def forget(self):
        """Empties the cache but for the login. Only while nothing is mounted."""
        for path in glob.glob(self.kept("months/*")):
            os.unlink(path)
        if os.path.exists(self.kept("history")):
            os.unlink(self.kept("history"))

    def token(self):
        return json.loads(read_text(self.kept("token")))["token"]


def fetch_pages(hub, token, queries):
    """Seconds that curl needs for these pages of the history, four at a time."""
    config = [f'header = "accesstoken: {token}"', 'user-agent = "corosfs/bench"']
    for query in queries:
        config += [f'url = "{hub.url}/activity/query?{urllib.parse.urlencode(query)}"',
                   'output = "/dev/null"']
    # The token must not be seen in the argument list, so all of it goes through stdin.
    command = ["curl", "-q", "--noproxy", "*", "--fail", "--parallel", "--parallel-max", "4",
               "--compressed", "--no-progress-meter", "-K", "-"]
    hub.call("reset", {})
    begin = time.perf_counter()
    p = subprocess.run(command, input="\n".join(config).encode(), close_fds=False,
                       capture_output=True, check=False)
    took = time.perf_counter() - begin
    good = hub.call("stats?key=results").get("0000")
    if p.returncode or good != len(queries):
        raise SystemExit(f"curl got {good} of {len(queries)} pages: {p.stderr.decode()[-500:]}")
    return took


def first_line(*command):
    try:
        p = subprocess.run(command, capture_output=True, text=True, check=False, cwd=TOP)
    except OSError:
        return "?"
    return p.stdout.partition("\n")[0].strip() or "?"


def facts(corosfs):
    """What the numbers depend on, in a few lines."""
    cpu = re.search(r"model name\s*:\s*(.*)", read_text("/proc/cpuinfo"))
    memory = re.search(r"MemTotal:\s*(\d+)", read_text("/proc/meminfo"))
    return [f"{cpu.group(1) if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} CPUs, "
            f"{int(memory.group(1)) >> 20 if memory else '?'} GiB, Linux {platform.release()}",
            f"libfuse {first_line('pkg-config', '--modversion', 'fuse3')}, "
            f"{' '.join(first_line('curl', '--version').split()[:2])}, "
            f"{' '.join(first_line('rsync', '--version').split()[:3])}, "
            f"{first_line(corosfs, '--version')} "
            f"at {first_line('git', 'describe', '--always', '--dirty')}, "
            f"load {' '.join(read_text('/proc/loadavg').split()[:3])}"]
