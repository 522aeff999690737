#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""kill -9 at a random moment of a cold walk, again and again.

    crash.py --corosfs build/plain/corosfs [--kills 200] [--seed N]

After each kill the next mount has to start over what is left, and to show every file as it was
before: from the cache what is whole, from the hub the rest. Never half a month, never a file of
another month, no leftover. The last line counts the kills; the seed is printed first, and gives
the same moments again (as far as a machine's timing goes).
"""
import argparse
import hashlib
import os
import random
import sys
import threading
import time

from world import World, until


def walk(top):
    """What is there: {path: (inode, size, mtime, digest)}, by a reader of every file."""
    seen = {}
    for folder, dirs, files in os.walk(top, onerror=raise_it):
        dirs.sort()
        for name in sorted(files) + sorted(dirs):
            path = os.path.join(folder, name)
            st = os.lstat(path)
            digest = b""
            if name in files:
                with open(path, "rb") as f:
                    digest = hashlib.sha1(f.read()).digest()
            seen[path[len(top):]] = (st.st_ino, st.st_size, st.st_mtime_ns, digest)
    return seen


def raise_it(error):
    raise error


def walk_until_it_dies(top):
    try:
        walk(top)
    except OSError:
        pass


def forget(mount, rng):
    """Mostly a cold walk; now and then over what the last kill left."""
    if rng.random() < 0.75:
        for account in os.listdir(mount.cache):
            for name in os.listdir(os.path.join(mount.cache, account, "months")):
                os.unlink(os.path.join(mount.cache, account, "months", name))
            for name in ("history", "token") if rng.random() < 0.3 else ("history",):
                try:
                    os.unlink(os.path.join(mount.cache, account, name))
                except FileNotFoundError:
                    pass


def months(mount):
    found = []
    for folder, _dirs, files in os.walk(mount.cache):
        if os.path.basename(folder) == "months":
            found += files
    return found


def wait_for_the_moment(mount, rng, longest, most):
    """Any time since the start; or while the months are written, which takes a blink. In words."""
    delay = rng.uniform(0, longest)
    if rng.random() < 0.5:
        time.sleep(delay)
        return f"{delay:.3f} s after the start"
    some = rng.randrange(1, most)
    folder = next((f for f, _d, _n in os.walk(mount.cache) if f.endswith("/months")), None)
    end = time.monotonic() + longest + 1
    while time.monotonic() < end:
        try:
            if len(os.listdir(folder or mount.cache)) >= some:
                break
        except FileNotFoundError:
            pass
        time.sleep(0.0005)
    return f"with {some} months on disk"


def one_kill(mount, want, rng, longest):
    """What went wrong, or None; and how many months were on disk when it died."""
    most = count_months(want)
    forget(mount, rng)
    mount.start()
    reader = threading.Thread(target=lambda: mount.wait_ready() and walk_until_it_dies(mount.at))
    reader.start()
    moment = wait_for_the_moment(mount, rng, longest, most)
    mount.kill()
    reader.join(60)
    if reader.is_alive():
        return "a reader hangs on a dead mount", 0
    left = len([name for name in months(mount) if not name.startswith(".")])
    mount.start()
    if not mount.wait_ready():
        return f"the next mount does not start (killed {moment})", left
    have = walk(mount.at)
    if have != want:
        odd = [p for p in sorted(set(want) | set(have)) if want.get(p) != have.get(p)]
        return f"{len(odd)} files differ (killed {moment}), {odd[0]}", left
    if not until(20, lambda: len(months(mount)) >= most):
        return "the cache does not fill again", left
    if not mount.unmount():
        return "the next mount does not end well", left
    tmp = [name for name in months(mount) if name.startswith(".")]
    return (f"leftovers: {tmp}" if tmp else None), left


def count_months(want):
    """How many months have a folder."""
    return len({p for p in want if p.count("/") == 2 and p[1:5].isdigit() and p[6:].isdigit()})


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--corosfs", required=True)
    p.add_argument("--kills", type=int, default=200)
    p.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    args = p.parse_args()
    rng = random.Random(args.seed)
    print(f"seed {args.seed}", flush=True)
    passed, failed, left = 0, 0, []
    with World() as world:
        world.start_hub("--athlete", "both", "--activities", "1200", "--years", "6",
                        "--delay-ms", "3")
        mount = world.mount(os.path.abspath(args.corosfs), options=",rate=0,views=none")
        mount.start()
        if not mount.wait_ready():
            sys.exit("the first mount does not start")
        begin = time.monotonic()
        want = walk(mount.at)
        mount.unmount()
        # A walk, and the time in which what it brought is written.
        longest = (time.monotonic() - begin) * 1.2 + 1.5
        for i in range(args.kills):
            wrong, months_left = one_kill(mount, want, rng, longest)
            left.append(months_left)
            passed, failed = passed + (wrong is None), failed + (wrong is not None)
            if wrong:
                print(f"not ok - kill {i + 1}: {wrong}", flush=True)
                print(mount.last_words(), flush=True)
                mount.clean_up()
        violations = world.hub.stats()["violations"]
        with open(mount.log, encoding="utf-8") as f:
            # A walk while the mount dies is no fault of anybody's.
            odd = {line.split(":", 1)[-1].strip() for line in f
                   if "discarded" in line or "damaged" in line}
        for what, is_odd in (("the hub saw no violations", violations),
                             ("no file of the cache was damaged", odd)):
            print(f"{'not ok' if is_odd else 'ok'} - {what} {is_odd or ''}")
            passed, failed = passed + (not is_odd), failed + bool(is_odd)
        for report in world.sanitizer_reports():
            failed += 1
            with open(report, encoding="utf-8") as f:
                print("not ok - a sanitizer's report\n" + f.read(4000))
    print(f"ok - {args.kills} kills within {longest:.1f} s of a start over {len(want)} names; months "
          f"on disk then: {min(left)} to {max(left)}, {sum(0 < n < max(left) for n in left)} times "
          "some of them")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
