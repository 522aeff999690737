# SPDX-License-Identifier: MIT
"""What clients did, counted: the numbers that tests and benchmarks assert on."""
import threading
from collections import deque


class Stats:
    """Requests to the API and to the file host are counted apart. Any thread may call."""

    def __init__(self):
        self.lock = threading.Lock()
        self.in_flight = 0
        self.files_in_flight = 0
        self.reset()

    def reset(self):
        with self.lock:
            self.count = dict.fromkeys(("requests", "logins", "login_failures", "queries",
                                        "downloads", "details", "files"), 0)
            self.by_path, self.by_region, self.results = {}, {}, {}
            self.max_parallel = self.max_parallel_files = 0
            self.last, self.min_gap = None, None
            self.violations = {}
            self.seen = deque(maxlen=1000)

    def begin(self, request, now):
        with self.lock:
            if not request.host:
                self.count["files"] += 1
                self.files_in_flight += 1
                self.max_parallel_files = max(self.max_parallel_files, self.files_in_flight)
                return
            self.count["requests"] += 1
            self.by_path[request.path] = self.by_path.get(request.path, 0) + 1
            region = str(request.region)
            self.by_region[region] = self.by_region.get(region, 0) + 1
            self.in_flight += 1
            self.max_parallel = max(self.max_parallel, self.in_flight)
            if self.last is not None:
                gap = (now - self.last) * 1000
                self.min_gap = gap if self.min_gap is None else min(gap, self.min_gap)
            self.last = now

    def result(self, answer):
        with self.lock:
            if answer.result:
                self.results[answer.result] = self.results.get(answer.result, 0) + 1

    def end(self, request):
        with self.lock:
            if request.host:
                self.in_flight -= 1
            else:
                self.files_in_flight -= 1

    def add(self, name):
        with self.lock:
            self.count[name] += 1

    def violation(self, text):
        with self.lock:
            self.violations[text] = self.violations.get(text, 0) + 1

    def as_dict(self):
        with self.lock:
            return dict(self.count, by_path=dict(self.by_path), by_region=dict(self.by_region),
                        results=dict(self.results), max_parallel=self.max_parallel,
                        max_parallel_files=self.max_parallel_files,
                        min_gap_ms=None if self.min_gap is None else round(self.min_gap, 3),
                        violations=list(self.violations), queries_seen=list(self.seen))
