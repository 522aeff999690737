# SPDX-License-Identifier: MIT
"""Tables of what was measured, beside what the design asks for.

Times are medians over the rounds. Ratios are taken within a round, then their median; so are those
to curl. Requests to the hub are the most of any round, FUSE requests the median.
"""
from collections import defaultdict
from statistics import median

NOISE = 1.15                                # growth that is believed to be linear still
# Which step of the floor and of tmpfs a step is held against, when it is not the same one.
AGAINST = {("ls -lR", "disk"): ("ls -lR", "cold"), ("read", "disk"): ("read", "cold")}
CURL_STEPS = ("ls -lR", "find", "du", "read", "rsync")


class Row:
    """One step of corosfs for one (N, delay, CPU)."""

    def __init__(self, key, step, state, rounds):
        self.n, self.delay, self.cpu = key
        self.step, self.state = step, state
        self.rounds = rounds                # {round: {target: record}}

    def values(self, field):
        found = [r["corosfs"].get(field) for r in self.rounds.values() if "corosfs" in r]
        return [v for v in found if v is not None]

    def ms(self):
        return median(self.values("ms"))

    def ratio(self, target):
        both = [r["corosfs"]["ms"] / r[target]["ms"] for r in self.rounds.values()
                if target in r and "corosfs" in r and r[target]["ms"]]
        return median(both) if both else None

    def hub(self):
        return max(self.values("hub"), default=None)

    def fuse(self, target="corosfs"):
        found = [r[target].get("fuse") for r in self.rounds.values() if target in r]
        found = [sum(f.values()) for f in found if f is not None]
        return median(found) if found else None

    def failed(self):
        return any(self.values("status"))


def make_rows(records):
    """{(n, delay, cpu): {(step, state): Row}} in the order of measurement."""
    groups = defaultdict(lambda: defaultdict(lambda: defaultdict(dict)))
    for r in records:
        key = r["n"], r["delay"], r["cpu"]
        groups[key][r["step"], r["state"]][r["round"]][r["target"]] = r
    rows = {}
    for key, steps in groups.items():
        rows[key] = {}
        for (step, state), rounds in steps.items():
            if not any("corosfs" in r for r in rounds.values()):
                continue
            mine = {number: dict(r) for number, r in rounds.items()}
            for number, r in mine.items():
                for target in ("floor", "tmpfs"):
                    other = steps.get(AGAINST.get((step, state)), {}).get(number, {}).get(target)
                    if other:
                        r[target] = other
                pages = steps.get(("pages", "cold"), {}).get(number, {}).get("curl")
                if pages and state == "cold" and step in CURL_STEPS:
                    r["curl"] = pages
            rows[key][step, state] = Row(key, step, state, mine)
    return rows


# ---- the bars

def bars(row, tree):
    """[(what the bar says, whether it is kept or None when nothing was counted)]"""
    n, dirs = tree["n"], tree["dirs"]
    cold_fuse = {"ls -lR": 2 * dirs + 10, "read": tree["files"] + 2 * dirs + 10}
    said = []

    def bar(text, value, limit):
        if value is not None:
            said.append((text, value <= limit))

    if row.state == "cold" and row.step in CURL_STEPS:
        bar(f"hub {-(-n // 200) + 5}", row.hub(), -(-n // 200) + 5)
        if row.step in cold_fuse:
            # A listing of more than a page and a file of more than a READ need more of them.
            limit = max(cold_fuse[row.step], (row.fuse("floor") or 0) + 10)
            bar(f"fuse {limit:.0f}", row.fuse(), limit)
        if row.step == "ls -lR" and n == 5000 and row.delay == 0 and row.cpu == "one":
            bar("4 floor", row.ratio("floor"), 4)
            bar("then 2.5", row.ratio("floor"), 2.5)
        if row.delay == 50 and n == 5000 and row.step == "ls -lR":
            bar("1.5 curl", row.ratio("curl"), 1.5)
        if row.delay == 50 and n == 5000 and row.step == "read":
            over = [r["corosfs"]["ms"] - 1.5 * r["curl"]["ms"] for r in row.rounds.values()
                    if "curl" in r and "corosfs" in r]
            bar("1.5 curl + 500 ms", median(over) if over else None, 500)
    elif row.state in ("warm", "again", "after ls"):
        bar("hub 0", row.hub(), 0)
        if row.state == "warm" and row.step != "rsync":
            bar("fuse 10", row.fuse(), 10)
        # Where the scheduler is free a ratio says where it put the two.
        if row.state != "after ls" and row.cpu == "one":
            bar("1.2 floor", row.ratio("floor"), 1.2)
            bar("1.2 tmpfs", row.ratio("tmpfs"), 1.2)
    elif row.state == "disk":
        bar("hub 0", row.hub(), 0)
        if row.step == "ls -lR" and row.cpu == "one":
            bar("3 floor", row.ratio("floor"), 3)
        if row.step == "mount and ls":
            bar("10 ms", row.ms(), 10)
    elif row.step == "lone cat":
        pages = -(-tree["month"] // 200)
        bar(f"hub {pages}", row.hub(), pages)
    return said


def memory_bar(n):
    return 8 * 1024 + 1.3 * n


# ---- tables

def table(head, lines):
    """Columns as wide as they need to be; the first two and the last two lean left."""
    wide = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    for line in [head, *lines]:
        cells = [cell.ljust(w) if i in (1, len(head) - 2, len(head) - 1) else cell.rjust(w)
                 for i, (cell, w) in enumerate(zip(line, wide))]
        print("  ".join(cells).rstrip())
    print()


def number(x, unit=""):
    if x is None:
        return "-"
    return (f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}") + unit


def count(x):
    return "-" if x is None else f"{x:.0f}"


def print_steps(rows, trees, delay, cpu):
    where = "one CPU for filesystem and reader" if cpu == "one" else "the scheduler is free"
    print(f"== {where}, {delay} ms a request of the hub\n")
    lines = []
    for (n, d, c), steps in rows.items():
        if (d, c) != (delay, cpu):
            continue
        for row in steps.values():
            if row.step == "memory":
                continue
            said = bars(row, trees[n])
            missed = [text for text, kept in said if not kept]
            verdict = "over: " + ", ".join(missed) if missed else "ok" if said else ""
            lines.append([str(n), f"{row.step}, {row.state}" + "!" * row.failed(),
                          number(row.ms()), number(row.ratio("floor")),
                          number(row.ratio("tmpfs")), number(row.ratio("curl")),
                          count(row.hub()), count(row.fuse()), count(row.fuse("floor")),
                          ", ".join(text for text, _ in said), verdict])
    table(["N", "step", "ms", "/floor", "/tmpfs", "/curl", "hub", "fuse", "floor's", "bar", ""],
          lines)


def print_memory(rows, trees):
    print("== memory of corosfs, MiB\n")
    lines = []
    for n in trees:
        found = defaultdict(list)
        for (m, _, _), steps in rows.items():
            for (step, state), row in steps.items():
                if m == n and step == "memory":
                    found[state] += zip(*map(row.values, ("rss_kib", "anon_kib", "peak_kib")))
        for state, seen in found.items():
            rss, anon, peak = map(max, zip(*seen))
            bar = memory_bar(n)
            lines.append([str(n), state, number(rss / 1024), number(anon / 1024),
                          number(anon / n, " KiB"), number(peak / 1024), number(bar / 1024),
                          "ok" if rss <= bar else "over"])
    table(["N", "most of all rounds", "RSS", "RssAnon", "anon/N", "peak", "bar", ""], lines)


def print_growth(rows, sizes, delay, cpu):
    """Time per activity; worse than linear is a defect, when it is not the floor's as well."""
    print(f"== growth, {'one CPU' if cpu == 'one' else 'scheduler free'}, hub at {delay} ms: "
          "us an activity; in brackets the step from the size before, 1 is linear\n")
    lines = []
    for step, state in rows[sizes[0], delay, cpu]:
        # From mount to ls of the root, and one month: nothing that grows with N is asked for.
        if step == "memory":
            continue
        cells, verdict, before = [], "", None
        for n in sizes:
            row = rows[n, delay, cpu].get((step, state))
            if not row:
                cells.append("-")
                continue
            now = row.ms() * 1000 / n
            floor = [r["floor"]["ms"] * 1000 / n for r in row.rounds.values() if "floor" in r]
            floor = median(floor) if floor else None
            cell = number(now)
            if before:
                growth = now / before[0]
                cell += f" ({growth:.2f})"
                if growth > NOISE:
                    verdict = f"worse than linear at {n}"
                    if floor and before[1] and floor / before[1] > NOISE:
                        verdict += f", the floor {floor / before[1]:.2f}"
            cells.append(cell)
            before = now, floor
        lines.append(["", f"{step}, {state}", *cells, "", verdict])
    table(["", "step", *map(str, sizes), "", ""], lines)


def print_all(head, rounds, trees, records, problems):
    rows = make_rows(records)
    print("\n".join(head))
    for n, tree in trees.items():
        print(f"N {n}: {tree['dirs']} directories, {tree['files']} files, "
              f"{tree['bytes'] / 1e6:.1f} MB")
    print(f"medians of {rounds} rounds; README.md beside this program says how to read them\n")
    for delay, cpu in dict.fromkeys((d, c) for _, d, c in rows):
        curl = [(n, median(r["ms"] for r in records if r["target"] == "curl" and
                           (r["n"], r["delay"], r["cpu"]) == (n, delay, cpu))) for n in trees]
        print_steps(rows, trees, delay, cpu)
        print("the pages by curl --parallel: "
              + ", ".join(f"{number(ms)} ms for N {n}" for n, ms in curl) + "\n")
    print_memory(rows, trees)
    if len(trees) > 1:
        for delay, cpu in dict.fromkeys((d, c) for _, d, c in rows):
            print_growth(rows, sorted(trees), delay, cpu)
    print(f"{len(problems)} problems" + "".join("\n! " + p for p in problems))
