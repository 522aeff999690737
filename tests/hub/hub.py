# SPDX-License-Identifier: MIT
"""The Training Hub's calls: what is answered, to whom, with which result code.

Everything a client can get wrong without the real hub telling it (a token in a URL, a password in
clear, a token sent to the file host) is written down as a violation for the tests to read.
"""
import email.utils
import json
import threading
import time
import urllib.parse
from collections import OrderedDict

import exports
import training
from account import REFUSED, Account
from athlete import compact
from faults import ANSWERS, Faults, spoil, spoil_file
from items import USER_ID
from stats import Stats
from wire import HTML, WIRE_KINDS, Answer, gzipped, html_page

MESSAGES = {"1001": "Service exceptions", "1019": "Access token is invalid",
            "1030": "The login credentials you entered do not match our records.",
            "1031": "Parameter input error", "1042": "Verification code error",
            "5006": "Activity file does not exist"}
API_CODES = {"/account/login": "41C2B95C", "/account/query": "8B3D7A10",
             "/account/captcha": "5E0C11D2", "/account/2fa/login/verify": "6F21A0C3",
             "/activity/query": "C33BB719", "/activity/detail/query": "30D8B7A6",
             "/activity/detail/download": "D755ECA8", "/dashboard/query": "2D4F6A81",
             "/analyse/dayDetail/query": "7A90C4E2", "/training/schedule/query": "781A35F7"}
POSTS = {"/account/login", "/account/captcha", "/account/2fa/login/verify",
         "/activity/detail/query", "/activity/detail/download"}
WITHOUT_TOKEN = {"/", "/account/login", "/account/captcha", "/account/2fa/login/verify"}

KNOBS = {
    "delay_ms": 0, "page_max": 200, "token_calls": None, "kill_token_after_login_s": None,
    "password": "correct horse", "two_factor": False, "two_factor_code": "123456", "region": 1,
    "schemes": ["legacy", "bcrypt"], "refused_scheme": "1031", "region_in_login": "normal",
    "object_delay_s": 0, "refusal": {}, "refusal_shape": 2, "login_status": None,
    "retry_after": None, "clock_off_s": 0, "gzip": True, "days_max": 168, "answers": {},
}


def failed(code, message=None):
    """A failure is HTTP 200 without apiCode and without data."""
    return Answer(200, compact({"message": message or MESSAGES.get(code, "Failed"),
                                "result": code, "tlogId": "17123456789012345"}), result=code)


def success(path, data=None):
    body = b'{"apiCode":"%s",' % API_CODES.get(path, "00C0FFEE").encode()
    if data is not None:
        body += b'"data":' + (data if isinstance(data, bytes) else compact(data)) + b","
    return Answer(200, body + b'"message":"OK","result":"0000"}', result="0000")


def day_number(text):
    """A YYYYMMDD parameter as a number; None when absent; ValueError when it is none."""
    if text is None or text == "":
        return None
    if len(text) != 8 or not text.isdigit():
        raise ValueError(text)
    return int(text)


class Hub:
    def __init__(self, athlete, email, defaults):
        self.athlete = athlete
        self.defaults = dict(KNOBS, **defaults)
        self.knobs = dict(self.defaults)
        self.stats = Stats()
        self.faults = Faults()
        self.stopping = threading.Event()
        self.files_url = ""                     # set when the file host listens
        self.lock = threading.Lock()
        # -- guarded by lock
        self.account = Account(email)
        self.made = {}                          # (labelId, format) -> when the POST made it
        self.pages = OrderedDict()              # finished pages, plain and gzipped
        self.calls = {
            "/account/login": self.login, "/account/query": self.account_query,
            "/account/captcha": self.captcha, "/account/2fa/login/verify": self.verify,
            "/activity/query": self.activity_query,
            "/activity/detail/query": self.detail, "/activity/detail/download": self.download,
            "/dashboard/query": self.dashboard, "/analyse/dayDetail/query": self.days,
            "/training/schedule/query": self.schedule}

    # -- knobs

    def set_knobs(self, values):
        """Change knobs; ValueError for one that does not exist, before anything is changed."""
        values = dict(values)
        faults = values.pop("faults", None)
        if "fault" in values:
            faults = [values.pop("fault")]
        expire = values.pop("expire_token", False)
        for name in values:
            if name not in KNOBS:
                raise ValueError(f"no knob {name!r}; there are {' '.join(sorted(KNOBS))}, "
                                 "fault, faults, expire_token")
        if isinstance(values.get("schemes"), str):
            values["schemes"] = values["schemes"].split(",")
        if faults is not None:
            self.faults.replace(faults)
        with self.lock:
            self.knobs = dict(self.knobs, **values)
            if expire:
                self.account.token = None
            if "token_calls" in values:
                self.account.token_calls = 0
            if "object_delay_s" in values:
                self.made.clear()

    def clear_knobs(self):
        self.faults.replace([])
        with self.lock:
            self.knobs = dict(self.defaults)

    # -- a request

    def handle(self, request):
        """The answer to a request for the API or the file host, faults included."""
        if request.host:
            self.inspect(request)
        taken = self.faults.take(request.path, request.query_text,
                                 lambda: self.listed(request))
        delay = self.knobs["delay_ms"] + sum(f.get("ms", 1000) for f in taken
                                             if f.kind == "delay")
        if delay:
            self.stopping.wait(delay / 1000)
        for f in taken:
            if f.kind in ANSWERS:
                answer = ANSWERS[f.kind](f, request, self.files_url)
                break
        else:
            answer = self.right_answer(request, taken)
        answer.headers.append(("Date", email.utils.formatdate(
            time.time() + self.knobs["clock_off_s"], usegmt=True)))
        answer.wire = next((f for f in taken if f.kind in WIRE_KINDS), None)
        return answer

    def right_answer(self, request, taken):
        if not request.host:
            answer = self.file(request)
            for f in taken:
                if f.kind == "file" and answer.status == 200:
                    answer.body = spoil_file(f, answer.body)
            return answer
        call = self.calls.get(request.path)
        if call is None:
            return Answer(404, compact({"error": "Not Found", "path": request.path,
                                        "status": 404}))
        if request.path not in WITHOUT_TOKEN:
            if not self.token_ok(request):
                return failed("1019")
        if request.method != ("POST" if request.path in POSTS else "GET"):
            return failed("1001")
        try:
            answer = call(request, taken)
        except (ValueError, KeyError, OverflowError):
            return failed("1001")
        if answer.result == "0000":
            if request.path in self.knobs["answers"]:
                answer = success(request.path, self.knobs["answers"][request.path])
            if taken and request.path != "/activity/query":
                answer.body = spoil(taken, answer.body, {})
        return answer

    def inspect(self, request):
        """Write down what a well-made client never does."""
        note, headers, path = self.stats.violation, request.headers, request.path
        if not headers.get("user-agent", "").startswith("corosfs/"):
            note(f"{path}: User-Agent does not start with corosfs/")
        if "gzip" not in headers.get("accept-encoding", ""):
            note(f"{path}: no Accept-Encoding: gzip")
        if "accesstoken" in request.query_text.lower():
            note(f"{path}: accesstoken in the query string")
        if path not in WITHOUT_TOKEN:
            if "accesstoken" not in headers:
                note(f"{path}: no accesstoken header")
            if b"accesstoken" in request.body.lower():
                note(f"{path}: accesstoken in the body")
        if path in POSTS and request.method == "GET":
            note(f"{path}: GET used for a POST call")
        if path in self.calls and path not in POSTS and request.method != "GET":
            note(f"{path}: {request.method} used for a GET call")
        if request.body and path in WITHOUT_TOKEN \
                and "application/json" not in headers.get("content-type", ""):
            note(f"{path}: JSON body without Content-Type: application/json")
        token = self.account.token
        if token and token in request.target:
            note(f"{path}: the token in the URL")
        if self.clear_password_in(request):
            note(f"{path}: password in clear")

    def clear_password_in(self, request):
        password = self.knobs["password"]
        if not password:
            return False
        where = "\n".join((request.target, *request.headers.values(),
                           request.body.decode("utf-8", "replace")))
        return any(p in where for p in (password, urllib.parse.quote(password),
                                        urllib.parse.quote_plus(password),
                                        json.dumps(password)[1:-1]))

    def token_ok(self, request):
        with self.lock:
            if request.region != self.knobs["region"]:
                return False
            return self.account.token_alive(request.headers.get("accesstoken"),
                                            self.knobs["token_calls"],
                                            self.knobs["kill_token_after_login_s"])

    # -- account

    def profile(self):
        data = {"accessToken": self.account.token, "birthday": 19840229, "countryCode": "JP",
                "email": self.account.email, "headPic": "", "maxHr": 188, "nickname": "Runner",
                "regionId": self.knobs["region"], "rhr": 47, "runScoreList": [], "sex": 0,
                "stature": 178.0, "unit": 0, "userId": USER_ID,
                "userProfile": {"region": 2}, "weight": 71.5,
                "zoneData": {"ftp": 240, "lthr": 168, "ltsp": 255, "maxHr": 188, "rhr": 47}}
        if self.knobs["region_in_login"] == "missing":
            del data["regionId"]
        elif self.knobs["region_in_login"] == "unknown":
            data["regionId"] = 101
        return data

    def login(self, request, _taken):
        knobs = self.knobs
        if knobs["login_status"]:
            self.stats.add("login_failures")
            again = knobs["retry_after"]
            return Answer(knobs["login_status"], html_page("Too many requests"), HTML,
                          [] if again is None else [("Retry-After", again)])
        try:
            body = json.loads(request.body)
        except ValueError:
            body = None
        wrong = self.account.check(body, knobs["password"], knobs["schemes"])
        if wrong:
            self.stats.add("login_failures")
            return failed(knobs["refused_scheme"] if wrong == REFUSED else wrong)
        with self.lock:
            if knobs["two_factor"]:
                data = self.profile()
                data.pop("accessToken")
                data.update(account="476900000000000001", accountType2fa=2, appKey="a1b2c3d4e5f6",
                            loginTicket=self.account.open_ticket(), twoFactorRequired=True)
                return success(request.path, data)
            self.account.open_session()
            self.stats.add("logins")
            return success(request.path, self.profile())

    def captcha(self, request, _taken):
        body = json.loads(request.body)
        with self.lock:
            if request.region != self.knobs["region"]:
                return failed("1019")
            if not self.account.ticket or body["account"] != "476900000000000001" \
                    or body["codeType"] != 20 or body["lengthType"] != 2 \
                    or body["accountType"] != "2":
                return failed("1031")
            self.account.code_sent = True
            return success(request.path)

    def verify(self, request, _taken):
        body = json.loads(request.body)
        with self.lock:
            if request.region != self.knobs["region"]:
                return failed("1019")
            if not self.account.ticket or body["loginTicket"] != self.account.ticket \
                    or body["appKey"] != "a1b2c3d4e5f6":
                return failed("1031")
            if not self.account.code_sent or body["code"] != self.knobs["two_factor_code"]:
                self.stats.add("login_failures")
                return failed("1042")
            self.account.open_session()
            self.stats.add("logins")
            return success(request.path, self.profile())

    def account_query(self, request, _taken):
        with self.lock:
            return success(request.path, self.profile())

    # -- activities

    def found(self, q):
        """What a list query is about: its page's place, the activities, and a key for them."""
        size, number = int(q.get("size", "20")), int(q.get("pageNumber", "1"))
        if not 1 <= size <= self.knobs["page_max"] or number < 1:
            return None
        sports = frozenset(int(c) for c in q.get("modeList", "").split(",") if c and c != "0")
        first, last = day_number(q.get("startDay")), day_number(q.get("endDay"))
        found, version = self.athlete.find(first, last, sports)
        return size, number, found, (version, first, last, sports)

    def listed(self, request):
        """The activities on the page that a list query asks for, and the first and last day asked for."""
        try:
            what = self.found(request.query) if request.path == "/activity/query" else None
        except ValueError:
            what = None
        if not what:
            return [], 1, 0
        size, number, found, (_, first, last, _) = what
        return found[(number - 1) * size:number * size], first, last

    def activity_query(self, request, taken):
        self.stats.add("queries")
        q = request.query
        with self.stats.lock:
            self.stats.seen.append({k: q.get(k) for k in ("startDay", "endDay", "pageNumber",
                                                          "size") if k in q})
        what = self.found(q)
        if not what:
            return failed("1031")
        size, number, found, key = what
        answer = self.page(found, number, size, key)
        if taken:
            before = found[max(0, (number - 2) * size):(number - 1) * size]
            answer.body = spoil(taken, answer.body,
                                {"size": size, "before": [a.item for a in before]})
            answer.packed = None
            for f in taken:
                if f.kind == "insert" and number == 1 and len(found) > size \
                        and self.faults.spend(f):
                    self.athlete.add({"date": found[0].date, "startTime": found[0].start + 1,
                                      "name": "Inserted"})
        return answer

    def page(self, found, number, size, key):
        """The finished page, plain and gzipped; compressing costs more than all the rest."""
        key += (number, size)
        with self.lock:
            hit = self.pages.get(key)
            if hit:
                self.pages.move_to_end(key)
        if not hit:
            data = b'{"count":%d}' % len(found)
            if found:
                texts = [a.text for a in found[(number - 1) * size:number * size]]
                data = b'{"count":%d,%s"pageNumber":%d,"totalPage":%d}' % (
                    len(found), b'"dataList":[' + b",".join(texts) + b"]," if texts else b"",
                    number, -(-len(found) // size))
            body = success("/activity/query", data).body
            hit = body, gzipped(body)
            with self.lock:
                self.pages[key] = hit
                if len(self.pages) > 300:
                    self.pages.popitem(last=False)
        return Answer(200, hit[0], packed=hit[1], result="0000")

    def named_activity(self, request):
        """(parameters, activity or None) of a call about one activity; a form body works too."""
        q = dict(urllib.parse.parse_qsl(request.body.decode("utf-8", "replace"))) | request.query
        if not q["labelId"].isdigit() or not q["sportType"].isdigit():
            raise ValueError("labelId")
        return q, self.athlete.get(q["labelId"])

    def detail(self, request, _taken):
        self.stats.add("details")
        q, activity = self.named_activity(request)
        if activity is None:
            return failed("1001")
        return success(request.path, exports.detail(activity,
                                                    int(q["sportType"]) == activity.sport))

    def refused(self, shape):
        """No such format: one of the four shapes that are reported."""
        return [failed("5006"), success("/activity/detail/download"),
                success("/activity/detail/download", {}),
                success("/activity/detail/download", {"fileUrl": ""})][shape]

    def download(self, request, _taken):
        self.stats.add("downloads")
        q, activity = self.named_activity(request)
        number = int(q["fileType"])
        if not 0 <= number < len(exports.FORMATS):
            return failed("1031")
        kind, label, refusal = exports.FORMATS[number], q["labelId"], self.knobs["refusal"]
        for key in (f"{label}/{kind}", label, f"*/{kind}", "*"):
            if key in refusal:
                return self.refused(refusal[key])
        if activity is None or int(q["sportType"]) != activity.sport \
                or not exports.made_for(kind, activity.sport):
            return self.refused(self.knobs["refusal_shape"])
        with self.lock:
            self.made.setdefault((label, kind), time.monotonic())
        return success(request.path, {
            "fileUrl": f"{self.files_url}/{kind}/{USER_ID}/{label}.{kind}"})

    def file(self, request):
        """The file host: a bare GET, by a URL that only the download call tells."""
        for name in ("accesstoken", "cookie", "yfheader"):
            if name in request.headers:
                self.stats.violation(f"file host: {name} sent")
                return Answer(403, html_page("AccessDenied"), HTML)
        if not request.headers.get("user-agent", "").startswith("corosfs/"):
            self.stats.violation("file host: User-Agent does not start with corosfs/")
        if self.clear_password_in(request):
            self.stats.violation("file host: password in clear")
        if request.method not in ("GET", "HEAD"):
            return Answer(405, html_page("MethodNotAllowed"), HTML)
        parts = request.path.split("/")
        if len(parts) == 4 and parts[1] in exports.FORMATS and parts[2] == USER_ID:
            label, _, kind = parts[3].partition(".")
            activity = self.athlete.get(label)
            with self.lock:
                made = self.made.get((label, kind))
            delay = self.knobs["object_delay_s"]
            if kind == "fit" and made is None and not delay:
                made = 0.0                      # a FIT is there from the upload
            if kind == parts[1] and activity and made is not None \
                    and time.monotonic() >= made + delay:
                return Answer(200, exports.file_of(kind, activity), "application/octet-stream")
        return Answer(404, b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey'
                      b"</Code></Error>", "application/xml")

    # -- the rest

    def dashboard(self, request, _taken):
        return success(request.path, training.dashboard(self.athlete))

    def days(self, request, _taken):
        first, last = (day_number(request.query[k]) for k in ("startDay", "endDay"))
        if first > last or training.days_between(first, last) > self.knobs["days_max"]:
            return failed("1031")
        return success(request.path, training.day_detail(self.athlete, first, last))

    def schedule(self, request, _taken):
        first, last = (day_number(request.query[k]) for k in ("startDate", "endDate"))
        if first > last:
            return failed("1031")
        return success(request.path, training.schedule(self.athlete, first, last))
