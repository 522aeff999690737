# SPDX-License-Identifier: MIT
"""The athlete's activities, ordered and cut into pages as the hub does it.

An activity is kept as the bytes that go over the wire; a page is a join of them, which is what
lets a page of 200 answer in a millisecond. The parsed form is made when an edit or a fault wants
it: dicts of 58 keys for 50,000 activities would need a quarter of a gigabyte.
"""
import bisect
import json
import random
import threading

from items import epoch, local_date, make_item


def compact(value):
    """JSON as the hub writes it: no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass")


class Activity:
    """One item: its text, and the few fields that order and find it."""
    __slots__ = ("key", "date", "start", "sport", "text")

    def __init__(self, key, date, start, sport, text):
        self.key, self.date, self.start, self.sport, self.text = key, date, start, sport, text

    @classmethod
    def of(cls, item):
        return cls(str(item["labelId"]), item["date"], item["startTime"], item.get("sportType"),
                   compact(item))

    @property
    def item(self):
        """The parsed item, or None when the text was put in literally and is no JSON object."""
        try:
            item = json.loads(self.text)
        except ValueError:
            return None
        return item if isinstance(item, dict) else None


def newest_first(a):
    return (-a.start, -int(a.key) if a.key.isdigit() else 0)


class Athlete:
    """Every method may be called from any thread. Lists handed out are never changed again."""

    def __init__(self, items):
        self.lock = threading.Lock()
        self.version = 0
        self.raw_serial = 0
        self.replace(items)

    def replace(self, items):
        with self.lock:
            self.by_key = {a.key: a for a in map(Activity.of, items)}
            self._rebuild()

    def _rebuild(self):
        self.version += 1
        self.ordered = sorted(self.by_key.values(), key=newest_first)
        # A local date does not follow the start time strictly (time zones, items put in with a
        # wrong date), so a range of days is found by date and put in order of time afterwards.
        by_date = {}
        for a in self.ordered:
            by_date.setdefault(a.date, []).append(a)
        self.by_date, self.dates = by_date, sorted(by_date)
        self.found = {}

    def find(self, start_day=None, end_day=None, sports=None):
        """Activities of inclusive local dates and sports, newest first, and the data's version."""
        with self.lock:
            low = 0 if start_day is None else bisect.bisect_left(self.dates, start_day)
            high = len(self.dates) if end_day is None else bisect.bisect_right(self.dates, end_day)
            if low == 0 and high == len(self.dates) and not sports:
                return self.ordered, self.version
            key = (low, high, sports)
            hit = self.found.get(key)
            if hit is None:
                hit = [a for d in self.dates[low:high] for a in self.by_date[d]
                       if not sports or a.sport in sports]
                hit.sort(key=newest_first)
                if len(self.found) > 256:
                    self.found.clear()
                self.found[key] = hit
            return hit, self.version

    def get(self, key):
        with self.lock:
            return self.by_key.get(key)

    def add(self, fields):
        """Add an item from some of its fields; returns its labelId."""
        with self.lock:
            item = self._fill(dict(fields))
            self.by_key[str(item["labelId"])] = Activity.of(item)
            self._rebuild()
            return str(item["labelId"])

    def _fill(self, fields):
        hhmm = str(fields.pop("hhmm", "0700")).replace(":", "").zfill(4)
        newest = self.ordered[0].item if self.ordered else None
        zone = fields.get("startTimezone", (newest or {}).get("startTimezone", 4)) or 0
        if "startTime" in fields:
            start = fields["startTime"]
        else:
            start = epoch(fields.get("date", local_date(1798000000, zone)), hhmm, zone)
        total = fields.get("totalTime", 1800)
        item = make_item(start, zone, "Added Run", fields.get("sportType", 100), total or 0,
                         fields.get("distance", 5000.0) or 0, 310000, 42, random.Random(start))
        while item["labelId"] in self.by_key:       # two of one second
            item["labelId"] = str(int(item["labelId"]) + 1)
        item.update(fields)
        return dict(sorted(item.items()))

    def add_raw(self, text, date, start):
        """Put in an item's text literally, right or wrong; returns a key to delete it by."""
        with self.lock:
            a = Activity("", date, start, None, text.encode("utf-8", "surrogateescape"))
            item = a.item or {}
            a.sport = item.get("sportType")
            a.key = str(item.get("labelId") or "")
            if not a.key or a.key in self.by_key:
                self.raw_serial += 1
                a.key = f"raw-{self.raw_serial}"
            self.by_key[a.key] = a
            self._rebuild()
            return a.key

    def edit(self, key, changes, unset=()):
        """Change fields in place; the hub keeps no revision, so only the item shows it."""
        with self.lock:
            item = self.by_key[key].item
            if item is None:
                raise KeyError(key)
            item.update(changes)
            for name in unset:
                item.pop(name, None)
            old = self.by_key.pop(key)
            a = Activity(str(item.get("labelId", key)), item.get("date", old.date),
                         item.get("startTime", old.start), item.get("sportType"), compact(item))
            self.by_key[a.key] = a
            self._rebuild()

    def delete(self, key):
        with self.lock:
            del self.by_key[key]
            self._rebuild()
