#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What 200 FIT files cost: cp -r of a year from an empty cache, beside the same downloads one after
the other, from the same sample hub in the same round."""
import argparse
import glob
import gzip
import http.client
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

from bench import catch_signals
from machine import TOP, Corosfs, Hub, environment, facts, run_timed, shell, unmount

FILES, DELAY_MS, BAR = 200, 50, 4


def activities(mount):
    """(labelId, sportType) of every activity."""
    with open(os.path.join(mount, "all/activities.json"), encoding="utf-8") as f:
        return [(item["labelId"], item["sportType"]) for item in json.load(f)]


def one_by_one(hub, token, wanted):
    """Seconds, with one connection to each host that stays open."""
    api = http.client.HTTPConnection(urllib.parse.urlsplit(hub.url).netloc)
    files = None
    begin = time.perf_counter()
    for label, sport in wanted:
        api.request("POST", f"/activity/detail/download?labelId={label}&sportType={sport}"
                    "&fileType=4", headers={"accesstoken": token, "User-Agent": "corosfs/bench",
                                            "Accept-Encoding": "gzip", "Content-Length": "0"})
        answer = api.getresponse().read()
        if answer[:2] == b"\x1f\x8b":
            answer = gzip.decompress(answer)
        url = urllib.parse.urlsplit(json.loads(answer)["data"]["fileUrl"])
        files = files or http.client.HTTPConnection(url.netloc)
        files.request("GET", url.path, headers={"User-Agent": "corosfs/bench"})
        files.getresponse().read()
    return time.perf_counter() - begin


class Downloads:
    def __init__(self, args, folder):
        self.folder, self.env = folder, environment(folder)
        self.mnt, self.out = os.path.join(folder, "mnt"), os.path.join(folder, "out")
        os.mkdir(self.mnt)
        self.hub = Hub(FILES, folder, years=1)
        self.corosfs = Corosfs(args.corosfs, self.hub, self.mnt, folder, self.env)

    def copy(self):
        shutil.rmtree(self.out, ignore_errors=True)
        before = self.hub.call("stats?key=files")
        command = f"cp -r {shlex.quote(self.mnt)}/fit {shlex.quote(self.out)}"
        took, status = run_timed(shell(command), env=self.env)
        n = sum(len(names) for _, _, names in os.walk(self.out))
        if status or n != FILES:
            raise SystemExit(f"cp copied {n} of {FILES} files, exit status {status}")
        return took, self.hub.call("stats?key=files") - before

    def round(self):
        """Seconds: one by one, cp from nothing, cp again after a remount."""
        self.corosfs.mount()
        wanted = activities(self.mnt)
        serial = one_by_one(self.hub, self.corosfs.token(), wanted)
        for path in glob.glob(self.corosfs.kept("files/*")):
            os.unlink(path)
        self.hub.call("reset", {})
        cold, downloads = self.copy()
        parallel = self.hub.call("stats?key=max_parallel_files")
        self.corosfs.end()
        self.corosfs.mount()
        again, more = self.copy()
        self.corosfs.end()
        self.corosfs.forget()
        for path in glob.glob(self.corosfs.kept("files/*")):
            os.unlink(path)
        return serial, cold, again, downloads, parallel, more

    def close(self):
        self.corosfs.end()
        self.hub.close()


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--corosfs", default=os.path.join(TOP, "build/corosfs"))
    p.add_argument("--rounds", type=int, default=3)
    args = p.parse_args()
    args.corosfs = os.path.abspath(args.corosfs)
    catch_signals()
    folder = tempfile.mkdtemp(prefix="corosfs-bench.")
    bench = None
    try:
        bench = Downloads(args, folder)
        bench.hub.set_delay(DELAY_MS)
        rounds = [bench.round() for _ in range(args.rounds)]
        with open(bench.corosfs.log, encoding="utf-8") as f:
            print("".join("! corosfs logged: " + line for line in f), end="")
    finally:
        if bench:
            bench.close()
        unmount(os.path.join(folder, "mnt"))
        shutil.rmtree(folder, ignore_errors=True)
    serial, cold, again, downloads, parallel, more = (
        [r[i] for r in rounds] for i in range(6))
    ratio = statistics.median(s / c for s, c in zip(serial, cold))
    print(f"\n## {FILES} FIT files, {DELAY_MS} ms a request, median of {args.rounds} rounds\n")
    print("\n".join(facts(args.corosfs)))
    print(f"\none after the other, no filesystem     {statistics.median(serial) * 1e3:8.0f} ms")
    print(f"cp -r fit, empty cache                 {statistics.median(cold) * 1e3:8.0f} ms   "
          f"{ratio:.1f} times as fast; bar {BAR}: {'ok' if ratio >= BAR else 'over'}")
    print(f"cp -r fit after a remount              {statistics.median(again) * 1e3:8.0f} ms")
    print(f"downloads: {max(downloads)}, at most {max(parallel)} at once; "
          f"after the remount: {max(more)}")


if __name__ == "__main__":
    sys.exit(main())
