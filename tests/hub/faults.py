# SPDX-License-Identifier: MIT
"""What the hub can do wrong, on command.

A fault is chosen by a substring of the path, may let some requests pass first ("after") and may
run out ("times"). Three families differ in where they act:

  answer  another answer comes in place of the right one (status, html200, redirect ...)
  data    the right answer is changed before it is written (nulls, duplicate, bad_utf8 ...)
  wire    the answer is right and is sent badly (cut, stall_body, reset ...); see wire.py
"""
import json
import threading

from athlete import compact
from wire import HTML, WIRE_KINDS, Answer, html_page

_LISTS = ("dataList", "dayList", "weekList", "entities", "programs", "sportDatasNotInPlan")
_OPTIONAL = ("name", "avgHr", "device", "deviceId", "startTimezone", "imageUrl", "avgSleepHrv")
_NULLABLE = _OPTIONAL + ("distance", "calorie", "trainingLoad", "totalTime", "endTimezone")
# Bytes that JSON cannot carry are put in after it was written, in place of such strings.
_MARK = "\ue0f1mark"


class Fault:
    def __init__(self, options):
        if not isinstance(options, dict) or options.get("kind") not in KINDS:
            raise ValueError(f"fault kind is one of {' '.join(sorted(KINDS))}: {options!r}")
        self.options = options
        self.kind = options["kind"]
        self.path = options.get("path", "/activity/query")
        self.query = options.get("query", "")
        self.spared = options.get("except")
        self.holds, self.month, self.covers = (str(options.get(k, ""))
                                               for k in ("holds", "month", "covers"))
        self.after = options.get("after", 0)
        # An activity is inserted once, unless more are asked for.
        self.times = options.get("times", 1 if self.kind == "insert" else None)

    def get(self, name, default=None):
        return self.options.get(name, default)

    def meets(self, path, query, listed):
        """listed(): the activities on the page that a list query asks for, and the query's days."""
        if self.path not in path or self.query not in query \
                or (self.spared and self.spared in path + query):
            return False
        if not (self.holds or self.month or self.covers):
            return True
        found, first, last = listed()
        if self.covers:
            return (first or 0) // 100 <= int(self.covers) <= (last or 99999999) // 100
        return any(a.key == self.holds or str(a.date)[:6] == self.month for a in found)

    def spend(self):
        """Use the fault up by one; False when there is none left."""
        if self.times is None:
            return True
        if self.times <= 0:
            return False
        self.times -= 1
        return True


class Faults:
    """The faults in force. `generation` grows when they change, which frees who is held."""

    def __init__(self):
        self.lock = threading.Lock()
        self.list = []
        self.generation = 0

    def replace(self, list_of_options):
        new = [Fault(o) for o in list_of_options]
        with self.lock:
            self.list = new
            self.generation += 1
            for fault in new:
                fault.generation = self.generation

    def take(self, path, query, listed):
        """The faults that a request gets, counted."""
        if not self.list:
            return []
        hit = []
        with self.lock:
            for f in self.list:
                if not f.meets(path, query, listed):
                    continue
                if f.after > 0:
                    f.after -= 1
                elif f.kind == "insert" or f.spend():   # insert is spent when it inserts
                    hit.append(f)
        return hit

    def spend(self, fault):
        with self.lock:
            return fault.spend()


# -- another answer

def _status(f, _request, _files):
    code = f.get("code", 500)
    headers = [("Retry-After", f.get("retry_after"))] if f.get("retry_after") is not None else []
    body = f.get("body", "json")
    if body == "html":
        return Answer(code, html_page(f"{code} error"), HTML, headers)
    if body == "empty":
        return Answer(code, b"", headers=headers)
    return Answer(code, compact({"message": "Service exceptions", "result": "1001",
                                 "tlogId": "17123456789012345"}), headers=headers)


def _html200(_f, _request, _files):
    return Answer(200, html_page("COROS Training Hub - Log in"), HTML)


def _redirect(f, request, files):
    # By default to another host, where a token that follows is noticed.
    where = f.get("location", files + "/redirected" + request.path)
    return Answer(f.get("code", 302), b"", HTML, [("Location", where)])


def _not_json(f, _request, _files):
    text = f.get("text", '{"apiCode":"C33BB719","data":{"count":3,"dataList":[{"labelId":')
    return Answer(200, text.encode())


def _result(f, _request, _files):
    code = f.get("code", "1001")
    messages = {"1019": "Access token is invalid", "1001": "Service exceptions",
                "1031": "Parameter input error"}
    return Answer(200, compact({"message": f.get("message", messages.get(code, "Failed")),
                                "result": code, "tlogId": "17123456789012345"}), result=code)


ANSWERS = {"status": _status, "html200": _html200, "redirect": _redirect, "not_json": _not_json,
           "result": _result}


# -- other data: f, envelope (a dict, changed in place), context

def _items(envelope, f):
    """Every dict in the lists of the answer, or each "every"-th of them."""
    data = envelope.get("data")
    if not isinstance(data, dict):
        return []
    found = [i for name in _LISTS for i in data.get(name) or () if isinstance(i, dict)]
    return found[::f.get("every", 1)]


def _nulls(f, envelope, _context):
    for item in _items(envelope, f):
        for key in f.get("keys", _NULLABLE):
            if key in item:
                item[key] = None


def _missing_keys(f, envelope, _context):
    for item in _items(envelope, f):
        for key in f.get("keys", _OPTIONAL):
            item.pop(key, None)


def _extra_keys(f, envelope, _context):
    extra = {"aaNew": {"deep": [1, {"x": None}]}, "zzNew": "新", "newFlag": True}
    for item in _items(envelope, f):
        item.update(extra)
    if isinstance(envelope.get("data"), dict):
        envelope["data"].update(extra)
    envelope.update(extra)


def _swap_numbers(f, envelope, _context):
    keys = f.get("keys")
    for item in _items(envelope, f):
        for key, value in item.items():
            if keys is None or key in keys:
                if type(value) is int:
                    item[key] = float(value)
                elif type(value) is float:
                    item[key] = int(value)


def _wrong_types(f, envelope, _context):
    what = f.get("what", "count")
    data = envelope["data"]
    if what in ("count", "totalPage", "pageNumber"):
        data[what] = str(data.get(what))
    elif what == "count_negative":
        data["count"] = -1
    elif what == "dataList":
        data["dataList"] = {"0": (data.get("dataList") or [None])[0]}
    elif what == "dataList_null":
        data["dataList"] = None
    elif what == "data":
        envelope["data"] = [data]
    elif what == "data_string":
        envelope["data"] = "data"
    elif what == "data_null":
        envelope["data"] = None
    elif what == "result":
        envelope["result"] = 0
    elif what == "labelId":                         # a JSON number, as in other answers
        for item in _items(envelope, f):
            item["labelId"] = int(item["labelId"])
    elif what == "items":
        for item in _items(envelope, f):
            item.update(name=["a", "list"], distance={"m": 1}, totalTime="9538", avgHr=True,
                        calorie="many")
    elif what == "date":
        for item in _items(envelope, f):
            item.update(date=str(item["date"]), startTime=str(item["startTime"]))
    else:
        raise ValueError(f"wrong_types: what is {what!r}")


def _count_lies(f, envelope, context):
    data = envelope["data"]
    data["count"] = max(0, data["count"] + f.get("add", 1))
    if "totalPage" in data and f.get("pages", True):
        data["totalPage"] = -(-data["count"] // context["size"])


def _omit(f, envelope, _context):
    """Activities that are counted and never listed."""
    data = envelope["data"]
    if data.get("dataList"):
        data["dataList"] = [i for i in data["dataList"] if i.get("labelId") not in f.get("items")]


def _duplicate(f, envelope, context):
    """The last items of a page come again at the head of the next, which is longer for it."""
    if envelope["data"].get("dataList"):
        envelope["data"]["dataList"][:0] = context["before"][-f.get("n", 5):]


def _bad_item(f, envelope, _context):
    """One more item, right but for one thing: the rest of the page must not suffer."""
    items = envelope["data"].get("dataList")
    if not items:
        return
    good = next((i for i in items if isinstance(i, dict)), {})
    bad = {"string": "an item", "number": 42, "null": None, "array": [1, 2],
           "path": dict(good, labelId="../../etc/passwd"), "zero": dict(good, labelId="0"),
           "big": dict(good, labelId=str(2 ** 61)), "negative": dict(good, labelId="-5"),
           "long": dict(good, labelId="9" * 40), "float": dict(good, labelId=4.5e17),
           "nul": dict(good, labelId="48123\u0000"),
           "missing": {k: v for k, v in good.items() if k != "labelId"},
           "date": dict(good, labelId="481230045566770001", date=20221399),
           "zone": dict(good, labelId="481230045566770002", startTimezone=99999)}
    what = f.get("what", "string")
    for name in bad if what == "all" else [what]:
        items.insert(min(1, len(items)), bad[name])


def _bad_utf8(f, envelope, context):
    for item in _items(envelope, f)[:f.get("n", 1)]:
        context["marks"].append((b"bad\xff\xfe\xc0\xafname", False))
        item["name"] = f"{_MARK}{len(context['marks']) - 1}."


def _deep(f, envelope, context):
    depth = f.get("depth", 100000)
    for item in _items(envelope, f)[:1]:
        context["marks"].append((b"[" * depth + b"]" * depth, True))
        item["deep"] = f"{_MARK}{len(context['marks']) - 1}."


def _heavy(f, envelope, context):
    """Far more of one thing than any activity has; what compresses well costs little to send."""
    what, n = f.get("what", "note"), f.get("n", 100000)
    for item in _items(envelope, f):
        if what == "deep":
            context["marks"].append((b"[" * 58 + b"0" + b",1" * n + b"]" * 58, True))
            item["deep"] = f"{_MARK}{len(context['marks']) - 1}."
        elif what == "keys":
            item.update({f"key{i}": {} for i in range(n)})
        else:
            item[what] = "x" * n


def _rows(f, envelope, _context):
    """So many more items on a page, with hardly anything in them."""
    data = envelope["data"]
    n, items = f.get("n", 20000), data.get("dataList") or []
    day = items[0]["date"] if items else 20221230
    page = data.get("pageNumber", 1)
    if f.get("page", page) == page:
        data["dataList"] = items + [{"labelId": page * 10 ** 9 + i, "date": day}
                                    for i in range(n)]
    data["count"] += n


DATA = {"nulls": _nulls, "missing_keys": _missing_keys, "extra_keys": _extra_keys,
        "swap_numbers": _swap_numbers, "wrong_types": _wrong_types, "count_lies": _count_lies,
        "omit": _omit, "duplicate": _duplicate, "bad_item": _bad_item,
        "bad_utf8": _bad_utf8, "deep": _deep,
        "heavy": _heavy, "rows": _rows}
# "delay", "insert" and "file" act in hub.py: on time, the athlete, and what the file host has.
KINDS = frozenset(ANSWERS) | frozenset(DATA) | WIRE_KINDS | {"delay", "insert", "file"}


def spoil_file(f, body):
    """Other bytes, which HTTP sends as they should be sent."""
    if "text" in f.options:
        body = f.get("text").encode()
    body = f.get("before", "").encode() + body + f.get("after_it", "").encode()
    for old, new in f.get("replace", {}).items():
        body = body.replace(old.encode(), new.encode())
    if "encoding" in f.options:
        body = body.decode().encode(f.get("encoding"))
    body = bytearray(body)
    for at, byte in f.get("bytes", {}).items():
        body[int(at)] = byte
    return bytes(body[:f.get("keep", len(body))])


def spoil(list_of_faults, body, context):
    """A success envelope, as bytes, with the data faults done to it."""
    todo = [f for f in list_of_faults if f.kind in DATA]
    if not todo:
        return body
    envelope = json.loads(body)
    context = dict({"size": 200, "before": []}, **context, marks=[])
    for f in todo:
        if isinstance(envelope.get("data"), dict):
            DATA[f.kind](f, envelope, context)
    body = compact(envelope)
    for i, (text, whole) in enumerate(context["marks"]):
        mark = f"{_MARK}{i}.".encode()
        body = body.replace(b'"' + mark + b'"' if whole else mark, text)
    return body
