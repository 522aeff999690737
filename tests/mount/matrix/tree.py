# SPDX-License-Identifier: MIT
"""The tree of a mount: read whole, and compared with what it must be."""
import os
import re


def snapshot(root):
    """{path: bytes, or None for a directory}, all of it; an OSError is the caller's."""
    tree = {}

    def fail(e):
        raise e
    for where, dirs, files in os.walk(root, onerror=fail):
        for name in dirs:
            tree[os.path.relpath(os.path.join(where, name), root)] = None
        for name in files:
            path = os.path.join(where, name)
            with open(path, "rb") as f:
                tree[os.path.relpath(path, root)] = f.read()
    return tree


def is_summary(path):
    return os.path.basename(path).startswith("activities.")


class Expected:
    """What a mount of the sample account shows."""

    def __init__(self, tree):
        self.tree = tree
        self.months = sorted(p for p, d in tree.items()
                             if d is None and re.fullmatch(r"\d{4}/\d\d", p))
        # The newest page of the list, which comes with every look at the years, does not reach them.
        self.never, self.first_asked = self.months[1:4], self.months[4]
        self.served, self.fresh = self.months[5], self.months[7]
        self.waited = self.months[-1]

    def names(self, path):
        start = path + "/" if path else ""
        return sorted(p[len(start):] for p in self.tree
                      if p.startswith(start) and "/" not in p[len(start):])

    def check_names(self, path, got, row):
        want = set(self.names(path))
        if row.renames:
            return len(want) == len(got)
        return want <= set(got) if row.grows else want == set(got)

    def check_bytes(self, path, got, row):
        want = self.tree[path]
        if row.renames:
            return want.count(b"\n") == got.count(b"\n")
        if row.grows and is_summary(path):
            return set(want.splitlines()) - {b"[", b"]"} <= \
                set(got.replace(b"},\n", b"}\n").splitlines()) | set(got.splitlines())
        return want == got

    def differs(self, tree, row):
        """What a tree lacks or has otherwise, or "", once the hub is well."""
        for path, want in self.tree.items():
            if path not in tree:
                return f"{path} is missing"
            if want is not None and (row.grows or want != tree[path]) and \
                    not self.check_bytes(path, tree[path], row):
                return f"{path} has other bytes"
        more = sorted(set(tree) - set(self.tree))
        return "" if row.grows or not more else f"{more[0]} is too much"


def snapshot_names(root):
    return [os.path.relpath(os.path.join(w, f), root) for w, _, files in os.walk(root)
            for f in files]
