# SPDX-License-Identifier: MIT
"""What every file may contain: the hub's versions of each month, and when each was the truth."""
import csv
import io
import json
import threading
import time

from world import until

# The copy of a month that may be shown while the hub is asked again, in seconds: the soak's ttl,
# the wait for the hub, and the rest after a failure (README, "believed for").
TTL = 1
YOUNG = TTL + 3 + 10 + 6
# After a fault it may take so long until all is as if it had not been: back-off and breaker.
RECOVERY = 45

COLUMNS = ("date", "name", "sportType", "totalTime", "distance", "calorie", "trainingLoad")


def canonical(text):
    """Items as (key, literal) pairs, in order: numbers as they are written."""
    items = json.loads(text, parse_float=lambda s: ("n", s), parse_int=lambda s: ("n", s),
                       object_pairs_hook=tuple)
    return [tuple(("imageUrl", "") if k == "imageUrl" else (k, freeze(v)) for k, v in item)
            for item in (items if isinstance(items, list) else [items])]


def freeze(value):
    return tuple(freeze(v) for v in value) if isinstance(value, (list, tuple)) else value


def cell(item, column):
    value = dict(item).get(column)
    if value is None:
        return ""
    text = value[1] if isinstance(value, tuple) else value
    return "'" + text if column == "name" and text[:1] in tuple("=+-@\t\r") else text


def rows(items):
    """The items as the lines of a csv."""
    return [tuple(cell(item, column) for column in COLUMNS) for item in items]


def month_of(item):
    return int(dict(item)["date"][1]) // 100


def label_of(item):
    return dict(item)["labelId"]


class Model:
    """Months' versions. Times are monotonic; a change lies between its call and its answer."""

    def __init__(self, hub):
        self.hub, self.lock = hub, threading.Lock()
        self.months = {}                        # 202212 -> [(from, to, items)], oldest first
        self.faults = []                        # [begin, end]; the last may be open
        self.refreshed = []                     # when every month was made stale
        self.pending = False                    # a change is being made
        for item in items_of(hub):
            self.months.setdefault(month_of(item), []).append(item)
        begin = float("-inf")
        self.months = {m: [(begin, float("inf"), items)] for m, items in self.months.items()}

    def changed(self, month, begin):
        """The month may be another one now; `begin` was before the change, see changing()."""
        items, now = items_of(self.hub, month), time.monotonic()
        with self.lock:
            versions = self.months.setdefault(month, [(float("-inf"), float("inf"), [])])
            since, _, last = versions[-1]
            versions[-1] = (since, now, last)
            versions.append((begin, float("inf"), items))
            self.pending = False

    def changing(self):
        """A change is about to be made: readers may see it before it is known here."""
        with self.lock:
            self.pending = True
        return time.monotonic()

    def fault_begins(self):
        with self.lock:
            self.faults.append([time.monotonic(), float("inf")])

    def fault_ends(self):
        with self.lock:
            self.faults[-1][1] = time.monotonic()

    def is_calm(self, begin, end):
        """Whether no fault was in force, and none had just ended."""
        with self.lock:
            return not any(f[0] <= end and f[1] >= begin - RECOVERY for f in self.faults)

    def allowed(self, month, begin, end, young):
        """The versions that a read from `begin` to `end` may show."""
        with self.lock:
            versions = list(self.months.get(month, ()))
            refreshed = [r for r in self.refreshed if r < begin - YOUNG]
        oldest = float("-inf")
        if young and self.is_calm(begin - YOUNG, end):
            oldest = begin - YOUNG
        elif refreshed and self.is_calm(refreshed[-1], end):
            oldest = refreshed[-1]
        return [items for since, to, items in versions if since <= end and to >= oldest]

    def is_settled(self, month):
        """Whether it was never changed: then there is one truth."""
        with self.lock:
            return len(self.months.get(month, ())) == 1

    def names(self):
        """The months that have activities now."""
        with self.lock:
            return sorted(m for m, versions in self.months.items() if versions[-1][2])

    def ever(self):
        with self.lock:
            return {m for m, versions in self.months.items() if any(v[2] for v in versions)}

    def always(self):
        """The months that have had activities all the time."""
        with self.lock:
            return {m for m, versions in self.months.items() if all(v[2] for v in versions)}

    # ---- what was read

    def explain(self, got, begin, end, young, shape=lambda items: items):
        """Why the items (or rows), grouped by month, cannot be; None when they can."""
        for month, items in got.items():
            if not self.is_one_of(month, items, begin, end, young, shape):
                # Not known yet?
                until(30, lambda: not self.pending)
            if self.is_one_of(month, items, begin, end, young, shape):
                continue
            versions = self.allowed(month, begin, end, month in young)
            ever = sum(items == shape(v[2]) for v in self.months.get(month, ()))
            return (f"{month}: {len(items)} items are none of {len(versions)} versions that it may "
                    f"show, {ever} of all there were")
        return None

    def is_one_of(self, month, items, begin, end, young, shape):
        return any(shape(v) == items for v in self.allowed(month, begin, end, month in young))


def items_of(hub, month=None):
    """The hub's items, of one month or all, as canonical()."""
    return canonical(hub.text("items" + (f"?month={month}" if month else "")))


def by_month(items, months):
    """Items in groups; months that have none are there, too."""
    groups = {m: [] for m in months}
    for item in items:
        groups.setdefault(month_of(item), []).append(item)
    return groups


def csv_by_month(text, months):
    lines = list(csv.reader(io.StringIO(text, newline="")))
    if not lines or tuple(lines[0]) != COLUMNS:
        raise ValueError("no csv")
    groups = {m: [] for m in months}
    for line in lines[1:]:
        groups.setdefault(int(line[0]) // 100, []).append(tuple(line))
    return groups
