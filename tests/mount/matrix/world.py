# SPDX-License-Identifier: MIT
"""What a row of the matrix runs in: hubs, certificates, host names, and patience."""
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

TESTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ACCOUNT, PASSWORD = "runner@example.org", "correct horse"


class Wrong(Exception):
    """The job cannot go on."""


def wait_for(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def in_time(seconds, call):
    """(result, seconds it took); HUNG when it does not come back. The thread is left behind then."""
    box = []
    thread = threading.Thread(target=lambda: box.append(call()), daemon=True)
    begin = time.monotonic()
    thread.start()
    thread.join(seconds)
    return (box[0] if box else "HUNG"), time.monotonic() - begin


class Hub:
    """A sample hub in a process of its own."""

    def __init__(self, where, args):
        self.where, self.args, self.process, self.url, self.port = where, args, None, None, 0

    def start(self, more=()):
        ready = os.path.join(self.where, "hub.url")
        if os.path.exists(ready):
            os.unlink(ready)
        port = ["--port", str(self.port)] if self.port else []
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(TESTS, "hub/fakehub.py"), "--ready-file", ready,
             *port, *self.args, *more], stdout=subprocess.DEVNULL)
        if not wait_for(60, lambda: os.path.exists(ready) or self.process.poll() is not None) \
                or self.process.poll() is not None:
            raise Wrong("the sample hub does not start")
        self.url = open(ready, encoding="utf-8").read().strip()
        self.port = urllib.parse.urlsplit(self.url).port

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def ask(self, method, path, body=None):
        where = urllib.parse.urlsplit(self.url)
        if where.scheme == "https":
            c = http.client.HTTPSConnection(where.hostname, where.port, timeout=60,
                                            context=ssl._create_unverified_context())
        else:
            c = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
        try:
            c.request(method, "/_hub/" + path, None if body is None else json.dumps(body))
            answer = c.getresponse()
            data = answer.read()
            if answer.status != 200:
                raise Wrong(f"hub: {path}: {answer.status} {data!r}")
            return json.loads(data)
        finally:
            c.close()

    def set(self, knobs):
        self.ask("POST", "set", knobs)

    def stats(self):
        return self.ask("GET", "stats")


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as f:
            return "\nState:\tZ" in f.read()
    except OSError:
        return True


class Mount:
    """What a mount on a folder of its own leaves behind: the pid in its cache."""

    def __init__(self, where, cache):
        self.where, self.cache = where, cache

    def pid(self):
        for name in os.listdir(self.cache):
            with open(os.path.join(self.cache, name, "lock"), encoding="ascii") as f:
                return int(f.read())
        return 0

    def stop(self):
        pid = self.pid()
        wait_for(10, lambda: subprocess.run(["fusermount3", "-q", "-u", self.where],
                                            check=False).returncode == 0)
        if not wait_for(30, lambda: is_gone(pid)):
            raise Wrong("the mount does not end")

    def kill(self):
        try:
            pid = self.pid()
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                is_ours = self.where.encode() in f.read()   # a pid is somebody else's soon
            if is_ours:
                os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError):
            pass
        subprocess.run(["fusermount3", "-q", "-u", "-z", self.where], check=False)


# ---- certificates and names

certificates = None          # the folder
hosts = None                 # our own /etc/hosts
hosts_lock = threading.Lock()


def tls_args(name):
    return ["--tls-cert", os.path.join(certificates, name + ".pem"),
            "--tls-key", os.path.join(certificates, name + ".key")]


def make_certificates(where):
    """A CA, and what it signed: good, expired, and for another name; and one of another CA."""
    global certificates
    certificates = where

    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=where, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    os.makedirs(where)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")     # made at once
    names = "subjectAltName=IP:127.0.0.1,IP:127.0.0.2," + \
        ",".join(f"DNS:hub{i}.test" for i in range(200))
    for ca in ("ca", "other-ca"):
        openssl("req", "-x509", *key, "-nodes", "-keyout", ca + ".key", "-out",
                ca + ".pem", "-days", "30", "-subj", "/CN=corosfs test " + ca)
    for name, ca, san, days in (("good", "ca", names, "30"), ("unknown-ca", "other-ca", names, "30"),
                                ("expired", "ca", names, "0"),
                                ("other-name", "ca", "subjectAltName=DNS:elsewhere.test", "30")):
        with open(os.path.join(where, name + ".ext"), "w", encoding="utf-8") as f:
            f.write(san + "\n")
        openssl("req", *key, "-nodes", "-keyout", name + ".key", "-out",
                name + ".csr", "-subj", "/CN=hub.test")
        openssl("x509", "-req", "-in", name + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key",
                "-CAcreateserial", "-out", name + ".pem", "-days", days, "-extfile", name + ".ext")


def private_names(where):
    """Our own /etc/hosts, and no name server: a name that is not in it is not known, at once."""
    global hosts
    hosts = os.path.join(where, "hosts")
    resolv = os.path.join(where, "resolv.conf")
    with open(hosts, "w", encoding="utf-8") as f:
        f.write("127.0.0.1 localhost\n")
    with open(resolv, "w", encoding="utf-8") as f:
        f.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    for source, target in ((hosts, "/etc/hosts"), (resolv, "/etc/resolv.conf")):
        subprocess.run(["mount", "--bind", source, os.path.realpath(target)], check=True)
