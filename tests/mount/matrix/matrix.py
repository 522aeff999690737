#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every fault of the hub x what is cached x what the reader does.

A row is a fault; it runs on two mounts, each with a sample hub of its own:

  empty   a mount that has seen nothing but the login
  filled  a mount whose cache holds all months but three; one of them is so old that the hub is asked
          first ("waited"), one so old that the hub is asked behind the reader ("served"), one fresh

On each cell a file is looked up, a directory is listed and a file is read. It must give the data or
the errno of the row, before the deadline; then `rsync -a --delete` to a copy of the mount must lose
nothing; requests and logins are counted; the log must say each cause once; and when the hub is well
again the mount must show everything, without a remount. The rows run at once, as they mostly wait.
"""
import argparse
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import world
from job import OPS, Job
from rows import Row, rows
from tree import Expected, snapshot

COLUMNS = ("empty", "never seen", "waited", "served", "fresh")


def template(args):
    """What a mount shows when all is well, read from one."""
    row = Row("well", "data")
    job = Job(row, "empty", 0, args, None)
    try:
        job.prepare()
        job.start_mount()
        tree = snapshot(job.mount)
        subprocess.run(["rsync", "-a", job.mount + "/", args.template + "/"], check=True)
        job.mounted.stop()
        return Expected(tree)
    finally:
        job.clean_up()


def show(cells, column):
    got = [cells.get((column, op), "-") for op in OPS]
    return got[0] if len(set(got)) == 1 else "/".join(got)


def report(row, jobs, width):
    cells = {}
    for job in jobs:
        cells.update(job.cells)
    filled = next((j for j in jobs if j.kind == "filled"), jobs[0])
    print(f"{row.name:<{width}}  " + "  ".join(f"{show(cells, c):<12}" for c in COLUMNS) +
          f"  {max(j.counts['requests'] for j in jobs):>3}"
          f"  {max(j.counts['logins'] for j in jobs):>3}"
          f"  {max(len(getattr(j, 'lines', ())) for j in jobs):>3}"
          f"  {'-' if filled.lost is None else filled.lost:>4}"
          f"  {max(j.slowest for j in jobs):>4.1f}  {max(j.back_s for j in jobs):>4.1f}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--corosfs", required=True)
    p.add_argument("--dir", required=True)
    p.add_argument("--clock", default="", help="other_clock.so")
    p.add_argument("--jobs", type=int, default=8)
    p.add_argument("--private", action="store_true", help="this mount namespace is ours alone")
    p.add_argument("--rows", default="")
    args = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    args.today = time.strftime("%Y%m%d", time.gmtime())
    args.template = os.path.join(args.dir, "template")
    begin = time.monotonic()
    world.make_certificates(os.path.join(args.dir, "certificates"))
    if args.private:
        world.private_names(args.dir)
    expected = template(args)
    wanted = [r for r in rows()
              if not args.rows or any(w in r.name for w in args.rows.split())]
    for row in wanted:
        if row.needs_private and not args.private:
            print(f"ok - {row.name} # SKIP needs a mount namespace of its own")
    wanted = [r for r in wanted if args.private or not r.needs_private]
    jobs = [Job(row, kind, 2 * i + k + 1, args, expected)
            for i, row in enumerate(wanted) for k, kind in enumerate(("filled", "empty"))]
    pool = ThreadPoolExecutor(args.jobs)
    try:
        list(pool.map(Job.run, jobs))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for job in jobs:
            job.clean_up()
    width = max(len(r.name) for r in wanted)
    print(f"{'':<{width}}  " + "  ".join(f"{c:<12}" for c in COLUMNS) +
          "  req  log-ins/lines lost  slow  back")
    cells = bad = 0
    for row in wanted:
        report(row, [j for j in jobs if j.row is row], width)
    print("Errno or data of lookup/readdir/read; then the most requests and logins of the row's two "
          "mounts while the fault was there, warnings in the log, files that rsync --delete lost, "
          "seconds of the slowest call, seconds until all was there again.")
    for row in wanted:
        failures = [f for j in jobs if j.row is row for f in j.failures]
        cells += sum(len(j.cells) for j in jobs if j.row is row)
        bad += bool(failures)
        print(("not ok - " if failures else "ok - ") + row.name)
        for f in failures:
            print("# " + f.replace("\n", "\n# "))
    print(f"# {cells} cells in {len(wanted)} rows, {bad} rows wrong, "
          f"{time.monotonic() - begin:.0f} s", flush=True)
    # Threads that hang in a call on a mount must not keep the program.
    os._exit(1 if bad else 0)


if __name__ == "__main__":
    main()
