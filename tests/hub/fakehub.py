#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A Training Hub on loopback, for tests, benchmarks and the demo. See README.md beside it.

Four region hosts on four ports in a row (or as /region/1 to /region/4 on the first), and the file
host on 127.0.0.2, so that a client that mixes up hosts is found out.
"""
import argparse
import os
import signal
import ssl
import sys
import threading
import time

from athlete import Athlete
from control import control
from hub import Hub
from items import athlete_items
from wire import Server, listen, listen_in_a_row


def arguments():
    p = argparse.ArgumentParser(description="A COROS Training Hub on loopback.")
    p.add_argument("--port", type=int, default=0, help="region 1; regions 2 to 4 are the next")
    p.add_argument("--files-port", type=int, default=0)
    p.add_argument("--athlete", choices=("article", "synthetic", "both"), default="article")
    p.add_argument("--activities", type=int, default=1000)
    p.add_argument("--years", type=float, default=5)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--last-day", type=int, default=20261031, metavar="YYYYMMDD")
    p.add_argument("--delay-ms", type=float, default=0)
    p.add_argument("--region", type=int, choices=(1, 2, 3, 4), default=1)
    p.add_argument("--page-max", type=int, default=200)
    p.add_argument("--schemes", default="legacy,bcrypt")
    p.add_argument("--two-factor", action="store_true")
    p.add_argument("--account", default="runner@example.org")
    p.add_argument("--password", default="correct horse")
    p.add_argument("--ready-file")
    p.add_argument("--log")
    p.add_argument("--tls-cert")
    p.add_argument("--tls-key")
    return p.parse_args()


class Log:
    """A line a request: time, method, path with query, status, bytes, ms. No headers, no bodies."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8", buffering=1) if path else None
        self.lock = threading.Lock()

    def line(self, request, status, size, ms):
        if self.file:
            with self.lock:
                self.file.write(f"{time.time():.3f} {request.method} {request.target} {status} "
                                f"{size} {ms:.1f}\n")


def handler(hub, log):
    """What the server calls for each request; returns whether the connection lives on."""
    def handle(conn, request, keep):
        if request.host and request.path.startswith("/_hub/"):
            return conn.send(request, control(hub, request), keep, False)[0]
        begin = time.monotonic()
        answer, sent = None, 0
        hub.stats.begin(request, begin)
        try:
            answer = hub.handle(request)
            hub.stats.result(answer)    # before it is sent: who has it may look
            alive, sent = conn.send(request, answer, keep, hub.knobs["gzip"] and request.host)
            return alive
        finally:
            hub.stats.end(request)
            log.line(request, answer.status if answer else "-", sent,
                     (time.monotonic() - begin) * 1000)
    return handle


def write_atomically(path, text):
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(path + ".new", path)


def main():
    args = arguments()
    # Waited for rather than handled: a handler that sets an Event can deadlock with its waiter.
    # SIGINT back to its default first: a shell starts background jobs with it ignored.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    sys.setswitchinterval(0.0005)               # many small answers beside a long computation
    athlete = Athlete(athlete_items(args.athlete, args.activities, args.years, args.seed,
                                    args.last_day))
    hub = Hub(athlete, args.account, {
        "delay_ms": args.delay_ms, "page_max": args.page_max, "password": args.password,
        "two_factor": args.two_factor, "region": args.region,
        "schemes": args.schemes.split(",")})
    tls = None
    if args.tls_cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(args.tls_cert, args.tls_key)
    try:
        regions = listen_in_a_row(4, args.port)
        files = listen("127.0.0.2", args.files_port)
    except OSError as e:
        sys.exit(f"fakehub: cannot listen: {e}")
    scheme = "https" if tls else "http"
    hub.files_url = f"{scheme}://127.0.0.2:{files.getsockname()[1]}"
    listeners = {sock: region for region, sock in enumerate(regions, 1)}
    server = Server({**listeners, files: 0}, handler(hub, Log(args.log)), hub.faults, tls)
    server.stopping = hub.stopping              # a delayed answer ends with the server
    server.start()
    url = f"{scheme}://127.0.0.1:{regions[0].getsockname()[1]}"
    if args.ready_file:                         # first: who has read the line may open the file
        write_atomically(args.ready_file, url + "\n")
    print(f"ready {url}", flush=True)
    signal.sigwait(ends)
    server.stop()


if __name__ == "__main__":
    main()
