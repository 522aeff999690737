# SPDX-License-Identifier: MIT
"""What the crash test and the soak stand on: a sample hub, and mounts of it that can be killed."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ACCOUNT = "runner@example.org"
PASSWORD = "correct horse"
QUIET = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def until(seconds, true, every=0.01):
    """Polls; whether it became true in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True


class Hub:
    """tests/hub/fakehub.py in a process of its own."""

    def __init__(self, folder, *options):
        ready = os.path.join(folder, "hub.url")
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(TOP, "tests/hub/fakehub.py"), "--ready-file", ready,
             *options], stdout=subprocess.DEVNULL)
        if not until(60, lambda: os.path.exists(ready)):
            raise RuntimeError("the sample hub does not start")
        with open(ready, encoding="utf-8") as f:
            self.url = f.read().strip()

    def text(self, command, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_hub/{command}", data,
                                         {"Content-Type": "application/json"})
        with QUIET.open(request, timeout=60) as answer:
            return answer.read().decode()

    def ask(self, command, body=None):
        said = self.text(command, body)
        return json.loads(said) if said.strip() else None

    def tell(self, command, **body):
        return self.ask(command, body)

    def stats(self):
        return self.ask("stats")

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Mount:
    """corosfs -f on a folder; its process is our child, so that it can be killed at any moment."""

    def __init__(self, program, hub, folder, options="", cache="cache", name="mnt"):
        self.program, self.hub, self.folder = program, hub, folder
        self.at = os.path.join(folder, name)
        self.cache = os.path.join(folder, cache)
        self.log = os.path.join(folder, "log")
        self.options = f"api={hub.url},cache_dir={self.cache},log=warn,log_file={self.log}{options}"
        self.process, self.why = None, None
        # A dead mount is no folder; the program clears it.
        if not self.source():
            os.makedirs(self.at, exist_ok=True)

    def start(self):
        env = dict(os.environ, COROSFS_PASSWORD=PASSWORD, HOME=self.folder, LC_ALL="C.UTF-8")
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
            env.pop(name, None)
        reports = os.path.join(self.folder, "sanitizer")
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            env[name] = f"log_path={reports}:{env.get(name, '')}"
        with open(os.path.join(self.folder, "said"), "ab") as said:
            self.process = subprocess.Popen(
                [self.program, ACCOUNT, self.at, "-f", "-o", self.options], env=env,
                stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def source(self):
        """How the mount table calls what is mounted there last, or None."""
        with open("/proc/self/mounts", encoding="utf-8") as f:
            lines = [line.split() for line in f]
        found = [line[2] for line in lines if line[1] == self.at]
        return found[-1] if found else None

    def answers(self):
        try:
            self.why = self.source()
            # No id: not the folder below, from which a dead mount was just cleared away.
            return self.why == "fuse.corosfs" and os.statvfs(self.at).f_fsid == 0
        except OSError as e:
            self.why = e
            return False

    def wait_ready(self, seconds=60):
        """Whether it is there; False when the process ended instead."""
        begin = time.monotonic()
        while self.process.poll() is None:
            if self.answers():
                return True
            if time.monotonic() > begin + seconds:
                break
            time.sleep(0.01)
        return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def last_words(self):
        """The end of its log, and how it ended, for whoever looks for a reason."""
        words = [f"exit status {self.process.poll()}, mounted: {self.source()}, "
                 f"asked last: {self.why!r}"]
        for name in (self.log, os.path.join(self.folder, "said")):
            with open(name, encoding="utf-8") as f:
                words.append(f.read()[-2000:])
        return "\n".join(words)

    def unmount(self, seconds=30):
        """Whether it ended by itself in time, with a good exit status."""
        until(seconds, lambda: subprocess.run(["fusermount3", "-q", "-u", self.at],
                                              check=False).returncode == 0 or not self.source(),
              0.05)
        if not until(seconds, lambda: self.process.poll() is not None):
            self.kill()
            return False
        return self.process.returncode == 0

    def clean_up(self):
        if self.process and self.process.poll() is None:
            self.kill()
        while self.source():
            if subprocess.run(["fusermount3", "-q", "-u", "-z", self.at], check=False).returncode:
                break


class World:
    """A folder that goes at the end, with everything in it."""

    def __enter__(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="corosfs-soak."))
        self.hub, self.mounts = None, []
        # However it ends, nothing is left mounted.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _frame: sys.exit(128 + number))
        return self

    def start_hub(self, *options):
        self.hub = Hub(self.folder, *options)
        return self.hub

    def mount(self, program, **how):
        self.mounts.append(Mount(program, self.hub, self.folder, **how))
        return self.mounts[-1]

    def sanitizer_reports(self):
        return [os.path.join(self.folder, name) for name in sorted(os.listdir(self.folder))
                if name.startswith("sanitizer.")]

    def __exit__(self, *_):
        for mount in self.mounts:
            mount.clean_up()
        if self.hub:
            self.hub.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
