#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Proves that the sample hub does what tests of corosfs rely on."""
import gzip
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import xml.dom.minidom

from account import bcrypt, md5_hex

HERE = os.path.dirname(os.path.abspath(__file__))
ACCOUNT, PASSWORD = "runner@example.org", "correct horse"
PLAIN = {"User-Agent": "corosfs/0 (test)", "Accept-Encoding": "gzip"}
ARTICLE = """\
20221230,Foo Run,100,9538,14651.11,1266085,117
20221228,Bar Run,100,3844,5049.67,426847,35
20221227,Bar Bike,200,2831,14636.66,62314,420
20221224,Foo Run,100,2345,4002.47,288226,31
20221218,Baz,100,14696,24009.9,2135983,264
20221217,Tokyo Run,100,8091,17739.38,1331496,184
20221213,Foo Run,100,2991,6900.9,512450,71
20221212,Foo Run,100,2981,7309.62,534430,79
20221206,Indoor Run,101,2707,6830.0,377457,110
20221201,Indoor Run,101,3622,9130.0,555887,224
"""


class Process:
    """A hub of its own, started as the shell tests start it."""

    def __init__(self, *args):
        self.process = subprocess.Popen([os.path.join(HERE, "fakehub.py"), *args],
                                        stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[1]
        self.address = self.url.partition("://")[2]

    def stop(self, sig=signal.SIGTERM):
        """Its exit status; harmless when it has stopped before."""
        self.process.send_signal(sig)
        self.process.stdout.close()
        try:
            return self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()                 # else whoever reads our output waits for ever
            raise


class Client:
    """A well-made client, unless told otherwise."""

    def __init__(self, address, prefix=""):
        self.conn = http.client.HTTPConnection(address, timeout=5)
        self.prefix, self.token = prefix, None

    def raw(self, method, path, body=None, headers=None):
        """(status, headers, body unpacked) of one request."""
        self.conn.request(method, self.prefix + path, body, PLAIN if headers is None else headers)
        answer = self.conn.getresponse()
        data = answer.read()
        if answer.getheader("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        return answer.status, answer.headers, data

    def call(self, method, path, body=None, **more):
        headers = dict(PLAIN, **more)
        if self.token:
            headers["accesstoken"] = self.token
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        status, _, data = self.raw(method, path, body, headers)
        return json.loads(data) if status == 200 else status

    def login(self, password=PASSWORD, account=ACCOUNT, bcrypt_cost=None):
        body = {"account": account, "accountType": 2}
        if bcrypt_cost:
            body["p1"] = bcrypt(md5_hex(password), f"$2b${bcrypt_cost:02}$abcdefghijklmnopqrstuu")
            body["p2"] = body["p1"][:29]
        else:
            body["pwd"] = hashlib.md5(password.encode()).hexdigest()
        token, self.token = self.token, None        # a login call carries none
        answer = self.call("POST", "/account/login", body)
        self.token = token
        if isinstance(answer, dict) and "accessToken" in answer.get("data", {}):
            self.token = answer["data"]["accessToken"]
        return answer

    def query(self, **q):
        q = {"size": 200, "pageNumber": 1, **q}
        return self.call("GET", "/activity/query?" + "&".join(f"{k}={v}" for k, v in q.items()))

    def control(self, command, body=None):
        status, _, data = self.raw("GET" if body is None else "POST", "/_hub/" + command,
                                   None if body is None else json.dumps(body))
        if status != 200:
            raise ValueError(data.decode())
        return json.loads(data)

    def fault(self, kind, **options):
        self.control("set", {"fault": {"kind": kind, **options}})


hub = None


def setUpModule():
    global hub
    hub = Process()


def tearDownModule():
    hub.stop()


class HubTest(unittest.TestCase):
    def setUp(self):
        self.c = self.client()
        self.c.control("clear", {})
        self.c.control("athlete", {"athlete": "article"})
        self.c.login()
        self.c.control("reset", {})

    def client(self, prefix=""):
        c = Client(hub.address, prefix)
        self.addCleanup(c.conn.close)
        return c

    def stats(self):
        return self.c.control("stats")

    def files(self, url, headers=None):
        address, _, path = url.partition("//")[2].partition("/")
        c = Client(address)
        self.addCleanup(c.conn.close)
        return c.raw("GET", "/" + path, headers=headers)


class Login(HubTest):
    def test_both_schemes_give_a_token_that_works(self):
        for cost in (None, 4, 10):
            answer = self.c.login(bcrypt_cost=cost)
            self.assertEqual(answer["result"], "0000")
            self.assertEqual(answer["apiCode"], "41C2B95C")
            self.assertRegex(answer["data"]["accessToken"], "^[0-9A-F]{32}$")
            self.assertEqual(answer["data"]["regionId"], 1)
            self.assertEqual(self.c.query()["data"]["count"], 10)
        self.assertEqual(self.stats()["logins"], 3)
        self.assertEqual(self.stats()["violations"], [])

    def test_wrong_password_and_unknown_account_look_the_same(self):
        for answer in (self.c.login("nope"), self.c.login(account="who@example.org"),
                       self.c.login("nope", bcrypt_cost=4)):
            self.assertEqual(answer["result"], "1030")
            self.assertEqual(set(answer), {"message", "result", "tlogId"})
        self.assertEqual(self.stats()["login_failures"], 3)

    def test_wrong_shape_is_1031(self):
        for body in ({}, [], {"account": ACCOUNT, "accountType": 2},
                     {"account": ACCOUNT, "accountType": 2, "p1": "x", "p2": "y"}):
            self.assertEqual(self.c.call("POST", "/account/login", body)["result"], "1031")

    def test_each_scheme_can_be_switched_off(self):
        self.c.control("set", {"schemes": "bcrypt"})
        self.assertEqual(self.c.login()["result"], "1031")
        self.assertEqual(self.c.login(bcrypt_cost=4)["result"], "0000")
        self.c.control("set", {"schemes": ["legacy"], "refused_scheme": "1030"})
        self.assertEqual(self.c.login(bcrypt_cost=4)["result"], "1030")

    def test_one_session_an_account(self):
        other = self.client()
        other.login()
        self.assertEqual(self.c.query(), {"message": "Access token is invalid", "result": "1019",
                                          "tlogId": "17123456789012345"})
        self.assertEqual(other.query()["result"], "0000")

    def test_token_lives_on_the_home_region_alone(self):
        for region in (2, 3, 4):
            away = self.client(f"/region/{region}")
            self.assertEqual(away.login()["data"]["regionId"], 1)
            self.assertEqual(away.query()["result"], "1019")
            home = self.client("/region/1")
            home.token = away.token
            self.assertEqual(home.query()["result"], "0000")

    def test_regions_are_ports_in_a_row_too(self):
        host, port = hub.address.split(":")
        c = Client(f"{host}:{int(port) + 2}")
        self.addCleanup(c.conn.close)
        self.c.control("set", {"region": 3})
        self.assertEqual(self.c.login()["data"]["regionId"], 3)
        c.token = self.c.token
        self.assertEqual(c.query()["result"], "0000")
        self.assertEqual(self.c.query()["result"], "1019")

    def test_region_in_login_can_be_missing_or_unknown(self):
        self.c.control("set", {"region_in_login": "missing"})
        self.assertNotIn("regionId", self.c.login()["data"])
        self.c.control("set", {"region_in_login": "unknown"})
        self.assertEqual(self.c.login()["data"]["regionId"], 101)

    def test_token_expires_when_told(self):
        self.c.control("set", {"token_calls": 2})
        self.assertEqual([self.c.query()["result"] for _ in range(3)], ["0000", "0000", "1019"])
        self.c.control("clear", {})
        self.c.login()
        self.c.control("set", {"expire_token": True})
        self.assertEqual(self.c.query()["result"], "1019")
        self.c.control("set", {"kill_token_after_login_s": 0.05})
        self.c.login()
        self.assertEqual(self.c.query()["result"], "0000")
        time.sleep(0.06)
        self.assertEqual(self.c.query()["result"], "1019")

    def test_two_factor(self):
        self.c.control("set", {"two_factor": True})
        self.c.token = None
        data = self.c.login()["data"]
        self.assertTrue(data["twoFactorRequired"])
        self.assertNotIn("accessToken", data)
        verify = {"loginTicket": data["loginTicket"], "appKey": data["appKey"], "code": "123456"}
        post = lambda p, b: self.c.call("POST", p, b)
        self.assertEqual(post("/account/2fa/login/verify", verify)["result"], "1042")
        self.assertEqual(post("/account/captcha", {"account": data["account"], "codeType": 20,
                                                   "lengthType": 2, "accountType": "2"})["result"],
                         "0000")
        wrong = dict(verify, code="000000")
        self.assertEqual(post("/account/2fa/login/verify", wrong)["result"], "1042")
        self.c.token = post("/account/2fa/login/verify", verify)["data"]["accessToken"]
        self.assertEqual(self.c.query()["result"], "0000")

    def test_login_429_with_retry_after(self):
        self.c.control("set", {"login_status": 429, "retry_after": 7})
        body = json.dumps({"account": ACCOUNT})
        status, headers, _ = self.c.raw("POST", "/account/login", body)
        self.assertEqual((status, headers["Retry-After"]), (429, "7"))

    def test_account_query_is_the_login_answer_again(self):
        answer = self.c.call("GET", "/account/query")
        self.assertEqual(answer["data"]["accessToken"], self.c.token)


class List(HubTest):
    def test_the_article_in_its_very_digits(self):
        answer = self.c.raw("GET", "/activity/query?size=200&pageNumber=1", headers=dict(
            PLAIN, accesstoken=self.c.token))[2].decode()
        keys = ("date", "name", "sportType", "totalTime", "distance", "calorie", "trainingLoad")
        rows = []
        for item in answer.split('{"adjustedPace"')[1:]:
            found = [re.search(f'"{k}":("[^"]*"|[^,}}]*)', item).group(1) for k in keys]
            rows.append(",".join(v.strip('"') for v in found))
        self.assertEqual("\n".join(rows) + "\n", ARTICLE)

    def test_items_are_whole_and_agree_with_themselves(self):
        items = self.c.query()["data"]["dataList"]
        for i in items:
            self.assertEqual(len(i), 58)
            self.assertEqual(list(i), sorted(i))
            self.assertRegex(i["labelId"], "^[0-9]{18}$")
            self.assertEqual(i["endTime"] - i["startTime"], i["totalTime"])
            self.assertEqual(int(time.strftime("%Y%m%d", time.gmtime(i["startTime"] + 9 * 3600))),
                             i["date"])
            self.assertEqual(bool(i["imageUrl"]), i["sportType"] != 101)
        labels = [int(i["labelId"]) for i in items]
        self.assertEqual(labels, sorted(labels, reverse=True))

    def test_pages(self):
        seen = []
        for n in range(1, 5):
            data = self.c.query(size=3, pageNumber=n)["data"]
            self.assertEqual((data["count"], data["totalPage"], data["pageNumber"]), (10, 4, n))
            seen += [i["labelId"] for i in data["dataList"]]
        self.assertEqual(len(set(seen)), 10)
        self.assertEqual(set(self.c.query(size=3, pageNumber=5)["data"]),
                         {"count", "pageNumber", "totalPage"})

    def test_days_are_inclusive_and_stand_alone(self):
        count = lambda **q: self.c.query(**q)["data"]["count"]
        self.assertEqual(count(startDay=20221213, endDay=20221218), 3)
        self.assertEqual(count(startDay=20221228), 2)
        self.assertEqual(count(endDay=20221206), 2)
        self.assertEqual(count(modeList="200,101"), 3)
        self.assertEqual(count(modeList="0"), 10)
        self.assertEqual(self.c.query(startDay=20230101)["data"], {"count": 0})
        self.assertEqual(self.stats()["queries_seen"][0],
                         {"size": "200", "pageNumber": "1", "startDay": "20221213",
                          "endDay": "20221218"})

    def test_size_limits(self):
        self.assertEqual(self.c.query(size=201)["result"], "1031")
        self.c.control("set", {"page_max": 100})
        self.assertEqual(self.c.query(size=200)["result"], "1031")
        self.assertEqual(self.c.query(size=100)["result"], "0000")

    def test_wrong_method_is_1001(self):
        self.assertEqual(self.c.call("POST", "/activity/query?size=1")["result"], "1001")
        self.assertEqual(self.c.call("GET", "/activity/detail/query?labelId=1&sportType=100")
                         ["result"], "1001")
        self.assertEqual(self.stats()["results"], {"1001": 2})

    def test_add_edit_delete(self):
        label = self.c.control("add", {"date": 20221231, "hhmm": "2350", "name": "Neu",
                                       "distance": 5000, "startTimezone": -20})["labelId"]
        first = self.c.query()["data"]["dataList"][0]
        self.assertEqual((first["labelId"], first["name"], first["startTime"]),
                         (label, "Neu", 1672548600))
        self.assertIn(b'"distance":5000,', self.c.raw("GET", "/_hub/items?month=202212")[2])
        self.c.control("edit", {"labelId": label, "set": {"name": None, "date": 20221101},
                                "unset": ["device"]})
        item = self.c.query(endDay=20221130)["data"]["dataList"][0]
        self.assertIsNone(item["name"])
        self.assertNotIn("device", item)
        self.c.control("delete", {"labelId": label})
        self.assertEqual(self.c.query()["data"]["count"], 10)
        with self.assertRaises(ValueError):
            self.c.control("delete", {"labelId": label})
        text = '{"labelId":"123","date":20221231,"distance":1.50e3,"odd":1E2}'
        self.c.control("add", {"raw": text, "date": 20221231, "startTime": 1672500000})
        self.assertIn(text.encode(), self.c.raw("GET", "/_hub/items?month=202212")[2])

    def test_synthetic_is_the_same_every_time(self):
        make = {"athlete": "synthetic", "activities": 1200, "years": 3, "seed": 7}
        digests, sizes = set(), []
        for _ in range(2):
            self.c.control("athlete", make)
            items = [i for n in range(1, 8)
                     for i in self.c.query(pageNumber=n)["data"].get("dataList", ())]
            digests.add(hashlib.sha256(json.dumps(items).encode()).hexdigest())
        self.assertEqual(len(digests), 1)
        self.assertEqual(len({i["labelId"] for i in items}), 1200)
        self.assertEqual(items[0]["date"], 20261031)
        self.assertGreater(items[-1]["date"], 20231001)
        sizes = [len(json.dumps(i, ensure_ascii=False, separators=(",", ":")).encode())
                 for i in items]
        self.assertTrue(950 < sum(sizes) / len(sizes) < 1250, sum(sizes) / len(sizes))
        starts = [i["startTime"] for i in items]
        self.assertEqual(starts, sorted(starts, reverse=True))
        self.assertTrue({int, float} <= {type(i["distance"]) for i in items})
        self.assertIn("", {i["name"] for i in items})
        months = {i["date"] // 100 for i in items}
        total = sum(self.c.query(startDay=m * 100 + 1, endDay=m * 100 + 31)["data"]["count"]
                    for m in months)
        self.assertEqual(total, 1200)

    def test_both_has_the_article_december_alone(self):
        self.c.control("athlete", {"athlete": "both", "activities": 500, "years": 6})
        data = self.c.query(startDay=20221201, endDay=20221231)["data"]
        self.assertEqual(data["count"], 10)
        self.assertGreater(self.c.query()["data"]["count"], 400)


class Files(HubTest):
    def post(self, item, file_type, **more):
        q = {"labelId": item["labelId"], "sportType": item["sportType"], "fileType": file_type,
             **more}
        return self.c.call("POST", "/activity/detail/download?" +
                           "&".join(f"{k}={v}" for k, v in q.items()))

    def setUp(self):
        super().setUp()
        self.items = self.c.query()["data"]["dataList"]

    def test_five_formats_of_a_run(self):
        run = self.items[0]
        for n, kind in enumerate(("csv", "gpx", "kml", "tcx", "fit")):
            answer = self.post(run, n)
            self.assertEqual(answer["apiCode"], "D755ECA8")
            url = answer["data"]["fileUrl"]
            self.assertTrue(url.startswith("http://127.0.0.2:"))
            self.assertTrue(url.endswith(f"/{kind}/476911223344556677/{run['labelId']}.{kind}"))
            status, headers, data = self.files(url)
            self.assertEqual((status, headers["Content-Type"]), (200, "application/octet-stream"))
            if kind == "fit":
                self.assertEqual(data[8:12], b".FIT")
                self.assertEqual(len(data), 14 + int.from_bytes(data[4:8], "little") + 2)
                crc = 0                         # over a file with its CRC the CRC is 0
                for byte in data:
                    crc ^= byte
                    for _ in range(8):
                        crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
                self.assertEqual(crc, 0)
            elif kind != "csv":
                xml.dom.minidom.parseString(data)
        self.assertEqual((self.stats()["downloads"], self.stats()["files"]), (5, 5))

    def test_refusals(self):
        indoor, run = self.items[-1], self.items[0]
        self.assertEqual(self.post(indoor, 1)["data"], {})
        self.assertIn("fileUrl", self.post(indoor, 4)["data"])
        self.assertEqual(self.post(run, 4, sportType=200)["data"], {})
        shapes = []
        for shape in range(4):
            self.c.control("set", {"refusal": {run["labelId"]: shape}})
            answer = self.post(run, 4)
            shapes.append((answer["result"], answer.get("data")))
        self.assertEqual(shapes, [("5006", None), ("0000", None), ("0000", {}),
                                  ("0000", {"fileUrl": ""})])
        self.c.control("set", {"refusal": {"*/tcx": 0}})
        self.assertEqual(self.post(run, 3)["result"], "5006")
        self.assertEqual(self.post(run, 4)["result"], "0000")

    def test_file_host_refuses_secrets(self):
        url = self.post(self.items[0], 4)["data"]["fileUrl"]
        for name in ("accesstoken", "Cookie", "yfheader"):
            self.assertEqual(self.files(url, dict(PLAIN, **{name: "x"}))[0], 403)
        self.assertEqual(len(self.stats()["violations"]), 3)

    def test_object_appears_later(self):
        self.c.control("set", {"object_delay_s": 0.1})
        url = self.post(self.items[0], 4)["data"]["fileUrl"]
        self.assertEqual(self.files(url)[0], 404)
        time.sleep(0.11)
        self.assertEqual(self.files(url)[0], 200)

    def test_detail(self):
        run = self.items[0]
        path = f"/activity/detail/query?labelId={run['labelId']}&sportType=100"
        data = self.c.call("POST", path)["data"]
        self.assertEqual(data["summary"]["distance"], 1465111.0)
        self.assertEqual(data["summary"]["startTimestamp"], run["startTime"] * 100)
        self.assertGreater(len(data["frequencyList"]), 2000)
        data = self.c.call("POST", path.replace("=100", "=200"))["data"]
        self.assertNotIn("frequencyList", data)
        self.assertEqual(self.c.call("POST", path.replace("=4", "=x"))["result"], "1001")


class Rest(HubTest):
    def test_days_plan_dashboard(self):
        days = self.c.call("GET", "/analyse/dayDetail/query?startDay=20221201&endDay=20221231")
        self.assertEqual(len(days["data"]["dayList"]), 30)
        self.assertEqual(days["data"]["dayList"][0]["trainingLoad"], 224)
        wide = self.c.call("GET", "/analyse/dayDetail/query?startDay=20220101&endDay=20221231")
        self.assertEqual(wide["result"], "1031")
        plan = self.c.call("GET", "/training/schedule/query?startDate=20221201&endDate=20221231"
                           "&supportRestExercise=1")["data"]
        programs = {(p["planId"], p["idInPlan"]): p for p in plan["programs"]}
        self.assertTrue(all((e["planId"], e["idInPlan"]) in programs for e in plan["entities"]))
        self.assertEqual(len(plan["sportDatasNotInPlan"]), 10)
        nights = self.c.call("GET", "/dashboard/query")["data"]["sleepHrvData"]["sleepHrvList"]
        self.assertEqual(len(nights), 7)
        self.c.control("set", {"answers": {"/training/schedule/query": {"version": 1}}})
        self.assertEqual(self.c.call("GET", "/training/schedule/query?startDate=20221201"
                                     "&endDate=20221231")["data"], {"version": 1})

    def test_violations(self):
        token = self.c.token
        self.assertEqual(self.stats()["violations"], [])
        cases = (
            ("GET", f"/activity/query?accesstoken={token}", None, {}, "query string"),
            ("GET", "/activity/query?size=1", None, {"accesstoken": None}, "no accesstoken"),
            ("POST", "/activity/detail/query?labelId=1&sportType=1", "accessToken=x", {},
             "in the body"),
            ("GET", "/activity/query?size=1", None, {"User-Agent": "curl/8"}, "User-Agent"),
            ("GET", "/activity/query?size=1", None, {"Accept-Encoding": "identity"}, "gzip"),
            ("GET", "/activity/detail/download?labelId=1", None, {}, "GET used"),
            ("POST", "/account/login", '{"pwd":"correct horse"}', {}, "password in clear"),
        )
        for method, path, body, headers, want in cases:
            self.c.control("reset", {})
            headers = {**PLAIN, "accesstoken": token, **headers}
            headers = {k: v for k, v in headers.items() if v is not None}
            self.c.raw(method, path, body, headers)
            found = self.stats()["violations"]
            self.assertTrue(any(want in v for v in found), (want, found))
            self.assertNotIn(token, json.dumps(found))

    def test_parallel_calls_and_gaps_are_measured(self):
        self.c.control("set", {"delay_ms": 60})
        clients = [self.client() for _ in range(3)]
        for c in clients:
            c.token = self.c.token
        threads = [threading.Thread(target=c.query) for c in clients]
        begin = time.monotonic()
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertLess(time.monotonic() - begin, 0.15)
        stats = self.stats()
        self.assertEqual((stats["max_parallel"], stats["requests"]), (3, 3))
        self.assertLess(stats["min_gap_ms"], 40)

    def test_unknown_knobs_and_kinds_are_refused(self):
        for body in ({"nope": 1}, {"fault": {"kind": "nope"}}, {"fault": 1}):
            with self.assertRaises(ValueError):
                self.c.control("set", body)

    def test_hubctl(self):
        ctl = lambda *a: subprocess.run([os.path.join(HERE, "hubctl"), hub.url, *a],
                                        capture_output=True, text=True)
        self.c.query()
        self.assertEqual(ctl("stats", "requests").stdout, "1\n")
        self.assertEqual(ctl("stats", "by_path|/activity/query").stdout, "1\n")
        self.assertEqual(ctl("stats", "violations").stdout, "[]\n")
        self.assertEqual(ctl("reset").stdout, "")
        self.assertEqual(json.loads(ctl("stats").stdout)["requests"], 0)
        label = json.loads(ctl("add", '{"date":20221231}').stdout)["labelId"]
        self.assertEqual(ctl("edit", '{"labelId":"%s","set":{"name":"x"}}' % label).returncode, 0)
        self.assertEqual(len(json.loads(ctl("items", "202212").stdout)), 11)
        self.assertEqual(ctl("delete", '{"labelId":"%s"}' % label).returncode, 0)
        bad = ctl("set", '{"nope":1}')
        self.assertEqual(bad.returncode, 22)
        self.assertIn("no knob", bad.stderr)


class FaultTest(HubTest):
    """Each fault does what its name says, and afterwards the hub is well again."""

    def get(self, path="/activity/query?size=200&pageNumber=1"):
        c = self.client()
        return c.raw("GET", path, headers=dict(PLAIN, accesstoken=self.c.token))

    def items(self, **q):
        return self.c.query(**q)["data"]["dataList"]

    def tearDown(self):
        self.c.control("clear", {})
        self.assertEqual(self.c.query()["data"]["count"] >= 10, True)

    def test_times_after_path_and_query(self):
        self.c.fault("status", times=2, after=1)
        self.assertEqual([self.get()[0] for _ in range(4)], [200, 500, 500, 200])
        self.c.fault("status", path="/dashboard")
        self.assertEqual(self.get()[0], 200)
        self.c.fault("status", query="pageNumber=2")
        self.assertEqual(self.get()[0], 200)
        self.assertEqual(self.get("/activity/query?size=2&pageNumber=2")[0], 500)
        self.c.control("clear", {})
        third = self.c.query(size=2, pageNumber=2)["data"]["dataList"]
        self.c.fault("status", holds=third[0]["labelId"])
        self.assertEqual([self.get(f"/activity/query?size=2&pageNumber={n}")[0]
                          for n in (1, 2, 3)], [200, 500, 200])
        self.assertEqual(self.get("/activity/query?size=2&startDay=20230101")[0], 200)

    def test_answers(self):
        self.c.fault("status", code=429, retry_after=3)
        status, headers, data = self.get()
        self.assertEqual((status, headers["Retry-After"], json.loads(data)["result"]),
                         (429, "3", "1001"))
        self.c.fault("status", code=502, body="html")
        self.assertIn(b"<html>", self.get()[2])
        self.c.fault("status", code=503, body="empty")
        self.assertEqual(self.get()[2], b"")
        self.c.fault("html200")
        status, headers, data = self.get()
        self.assertEqual((status, headers.get_content_type()), (200, "text/html"))
        self.c.fault("redirect")
        status, headers, _ = self.get()
        self.assertEqual(status, 302)
        self.assertTrue(headers["Location"].startswith("http://127.0.0.2:"))
        self.c.fault("not_json")
        with self.assertRaises(ValueError):
            json.loads(self.get()[2])
        self.c.fault("result", code="5006", message="no")
        self.assertEqual(self.c.query()["message"], "no")

    def test_more_than_any_activity_has(self):
        for what, n in (("note", 5000), ("name", 5000), ("keys", 500), ("deep", 2500)):
            self.c.fault("heavy", what=what, n=n, every=500)
            sizes = [len(json.dumps(i)) for i in self.c.query(size=3)["data"]["dataList"]]
            self.assertGreater(sizes[0], 5000)
            self.assertLess(sizes[1], 5000)
        count = self.c.query(size=3)["data"]["count"]
        self.c.fault("rows", n=1000)
        data = self.c.query(size=3)["data"]
        self.assertEqual((len(data["dataList"]), data["count"]), (1003, count + 1000))
        self.c.fault("endless", what="headers")
        with self.assertRaises(http.client.HTTPException):
            self.get()
        self.c.conn.close()

    def test_cut_and_wrong_length(self):
        for options in ({"kind": "cut", "at": 100}, {"kind": "cut"}, {"kind": "wrong_length"}):
            self.c.control("set", {"fault": options})
            with self.assertRaises(http.client.IncompleteRead):
                self.get()

    def test_reset(self):
        for when in ("before", "middle"):
            self.c.fault("reset", when=when)
            with self.assertRaises(ConnectionResetError):
                self.get()

    def test_close_after(self):
        self.c.fault("close_after", times=1)
        self.assertEqual(self.c.query()["result"], "0000")
        with self.assertRaises((http.client.RemoteDisconnected, ConnectionError)):
            self.c.query()
        self.c.conn.close()

    def test_stalls_hold_until_cleared(self):
        for kind in ("stall_headers", "stall_body"):
            self.c.fault(kind)
            done = []
            t = threading.Thread(target=lambda: done.append(self.get()[0]))
            t.start()
            t.join(0.15)
            self.assertTrue(t.is_alive())
            self.c.control("clear", {})
            t.join(1)
            self.assertEqual(done, [200])

    def test_trickle(self):
        self.c.fault("trickle", ms=1)
        begin = time.monotonic()
        self.assertEqual(self.get("/activity/query?startDay=20230101")[0], 200)
        self.assertGreater(time.monotonic() - begin, 0.15)

    def test_delay(self):
        self.c.fault("delay", ms=80)
        begin = time.monotonic()
        self.get()
        self.assertGreater(time.monotonic() - begin, 0.08)

    def test_huge(self):
        self.c.fault("huge", mb=3)
        data = self.get()[2]
        self.assertGreater(len(data), 3 << 20)
        json.loads(data)
        self.c.fault("huge", mb=3, gzip=True)
        self.assertGreater(len(self.get()[2]), 3 << 20)

    def test_deep_and_bad_utf8(self):
        self.c.fault("deep", depth=5000)
        self.assertIn(b"[" * 5000 + b"]" * 5000, self.get()[2])
        self.c.fault("bad_utf8")
        with self.assertRaises(UnicodeDecodeError):
            self.get()[2].decode()

    def test_types(self):
        self.c.fault("wrong_types", what="count")
        self.assertEqual(self.c.query()["data"]["count"], "10")
        self.c.fault("wrong_types", what="dataList")
        self.assertIsInstance(self.items(), dict)
        self.c.fault("wrong_types", what="data")
        self.assertIsInstance(self.c.query()["data"], list)
        self.c.fault("wrong_types", what="labelId")
        self.assertIsInstance(self.items()[0]["labelId"], int)
        self.c.fault("swap_numbers", keys=["distance", "totalTime"])
        item = self.items()[0]
        self.assertEqual((type(item["distance"]), type(item["totalTime"])), (int, float))
        self.c.fault("nulls")
        self.assertIsNone(self.items()[0]["name"])
        self.c.fault("missing_keys", every=2)
        self.assertNotIn("name", self.items()[0])
        self.assertIn("name", self.items()[1])
        self.c.fault("extra_keys")
        self.assertIn("zzNew", self.items()[0])

    def test_paging_lies(self):
        self.c.fault("count_lies", add=7)
        data = self.c.query(size=5)["data"]
        self.assertEqual((data["count"], data["totalPage"]), (17, 4))
        self.c.fault("duplicate", n=2)
        first, second = self.items(size=5), self.items(size=5, pageNumber=2)
        self.assertEqual([i["labelId"] for i in first[-2:]], [i["labelId"] for i in second[:2]])
        self.c.fault("insert")
        first, second = self.items(size=5), self.items(size=5, pageNumber=2)
        self.assertEqual(first[-1]["labelId"], second[0]["labelId"])
        self.assertEqual(self.c.query()["data"]["count"], 11)
        self.assertEqual(self.items()[0]["name"], "Inserted")

    def test_bad_items(self):
        self.c.fault("bad_item", what="path")
        items = self.items()
        self.assertEqual((len(items), items[1]["labelId"]), (11, "../../etc/passwd"))
        self.c.fault("bad_item", what="all")
        self.assertGreater(len(self.items()), 20)

    def test_faults_add_up(self):
        self.c.control("set", {"faults": [{"kind": "bad_item"}, {"kind": "nulls"},
                                          {"kind": "delay", "ms": 1}]})
        items = self.items()
        self.assertEqual(items[1], "an item")
        self.assertIsNone(items[0]["name"])

    def test_the_file_host_has_faults_too(self):
        item = self.items()[0]
        url = self.c.call("POST", f"/activity/detail/download?labelId={item['labelId']}"
                          "&sportType=100&fileType=4")["data"]["fileUrl"]
        self.c.fault("cut", path="/fit/", times=1, at=5000)
        with self.assertRaises(http.client.IncompleteRead):
            self.files(url)
        self.assertEqual(self.files(url)[0], 200)


class Start(unittest.TestCase):
    def start(self, *args):
        p = Process(*args)
        self.addCleanup(p.stop)
        return p

    def test_stops_at_once_while_a_client_is_held(self):
        for sig in (signal.SIGTERM, signal.SIGINT):
            p = self.start()
            c = Client(p.address)
            c.login()
            c.fault("stall_body")
            c.conn.close()
            held = socket.create_connection(p.address.split(":"))
            held.sendall(f"GET /activity/query HTTP/1.1\r\naccesstoken: {c.token}\r\n\r\n".encode())
            held.recv(1000)
            begin = time.monotonic()
            self.assertEqual(p.stop(sig), 0)
            self.assertLess(time.monotonic() - begin, 1)
            held.close()

    def test_ready_file_log_and_options(self):
        with tempfile.TemporaryDirectory() as folder:
            ready, log = os.path.join(folder, "ready"), os.path.join(folder, "log")
            p = self.start("--ready-file", ready, "--log", log, "--region", "3", "--account", "a@b",
                        "--password", "p q", "--two-factor")
            with open(ready, encoding="utf-8") as f:
                self.assertEqual(f.read(), p.url + "\n")
            c = Client(p.address)
            answer = c.login("p q", "a@b")
            self.assertEqual(answer["data"]["regionId"], 3)
            self.assertTrue(answer["data"]["twoFactorRequired"])
            c.raw("GET", "/activity/query?size=1")
            c.conn.close()
            p.stop()
            with open(log, encoding="utf-8") as f:
                lines = f.read().splitlines()
            self.assertRegex(lines[1], r"^\d+\.\d{3} GET /activity/query\?size=1 200 \d+ [\d.]+$")

    def test_chosen_port(self):
        first = self.start()
        base = int(first.address.split(":")[1])
        first.stop()
        again = self.start("--port", str(base))
        self.assertEqual(again.url, f"http://127.0.0.1:{base}")
        clash = subprocess.run([os.path.join(HERE, "fakehub.py"), "--port", str(base)],
                               capture_output=True, text=True)
        self.assertEqual(clash.returncode, 1)
        self.assertIn("cannot listen", clash.stderr)
        again.stop()

    @unittest.skipUnless(shutil.which("openssl"), "no openssl program to make a certificate")
    def test_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            cert, key = os.path.join(folder, "c.pem"), os.path.join(folder, "k.pem")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                            "/CN=hub", "-addext", "subjectAltName=IP:127.0.0.1,IP:127.0.0.2",
                            "-keyout", key, "-out", cert], check=True, capture_output=True)
            p = self.start("--tls-cert", cert, "--tls-key", key)
            self.assertTrue(p.url.startswith("https://"))
            c = Client(p.address)
            c.conn = http.client.HTTPSConnection(
                p.address, context=ssl.create_default_context(cafile=cert), timeout=5)
            c.login()
            self.assertEqual(c.query()["data"]["count"], 10)
            c.fault("stall_headers")
            threading.Timer(0.1, p.process.terminate).start()
            with self.assertRaises((OSError, http.client.HTTPException)):
                c.query()
            c.conn.close()
            p.stop()


if __name__ == "__main__":
    unittest.main()
