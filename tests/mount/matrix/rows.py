# SPDX-License-Identifier: MIT
"""The rows of the matrix: each fault, what a reader gets, and what it may cost."""
import world
from world import tls_args


class Row:
    """A fault. `gives` is what a reader gets who cannot be served from the cache."""
    hub_args = ()
    before_mount = False      # the fault is there before the mount is
    needs_private = False

    def __init__(self, name, gives, knobs=None, log=(), logins=0, requests=20, timeout=15,
                 grows=False, renames=False, nudge=False, again=True, routes=True):
        self.name, self.gives, self.knobs, self.log = name, gives, knobs or {}, list(log)
        self.logins, self.requests, self.timeout = logins, requests, timeout
        self.grows = grows        # the hub has more to show than before
        self.routes = routes      # api= has %r
        self.renames = renames    # it shows as much, under other names
        self.nudge = nudge        # a person who has mended it says so: SIGHUP
        # "answers again" belongs to it; None: perhaps
        self.again = bool(self.log) if again is True else again

    def api(self, job):
        return job.hub.url + ("/region/%r" if self.routes else "")

    def begin(self, job):
        job.hub.set(self.knobs)

    def end(self, job):
        job.hub.ask("POST", "clear")

    def prelude(self, job):
        """After begin(): what has to happen before the cells."""


class Redirect(Row):
    def begin(self, job):
        job.hub.set({"fault": {"kind": "redirect", "location": self.knobs["to"] % job.hub.url}})


class Dead(Row):
    def begin(self, job):
        job.hub.stop()

    def end(self, job):
        job.hub.start()


class Certificate(Row):
    """The hub comes back with another certificate."""

    def __init__(self, name, gives, certificate, log):
        super().__init__(name, gives, log=log, logins=0)
        self.certificate = certificate
        self.hub_args = tls_args("good")

    def begin(self, job):
        job.hub.stop()
        job.hub.args = list(job.base_args) + tls_args(self.certificate)
        job.hub.start()

    def end(self, job):
        job.hub.stop()
        job.hub.args = list(job.base_args) + tls_args("good")
        job.hub.start()


class Dns(Row):
    """The hub's name is not known; see private_names()."""
    before_mount = True
    needs_private = True

    def __init__(self, name, gives, log):
        super().__init__(name, gives, log=log, timeout=5)
        self.hub_args = tls_args("good")

    def api(self, job):
        return f"https://hub{job.number}.test:{job.hub.port}/region/%r"

    def line(self, job):
        return f"127.0.0.1 hub{job.number}.test\n"

    def prepare(self, job):
        with world.hosts_lock, open(world.hosts, "a", encoding="utf-8") as f:
            f.write(self.line(job))

    def begin(self, job):
        with world.hosts_lock:
            with open(world.hosts, encoding="utf-8") as f:
                lines = [s for s in f if s != self.line(job)]
            with open(world.hosts, "w", encoding="utf-8") as f:      # in place: it is a mount's source
                f.writelines(lines)

    def end(self, job):
        self.prepare(job)


class WebApp(Row):
    """Somebody logs in at the web app whenever we did: the first login is good for a while."""
    gives_empty = ("EACCES", "data", "EACCES")  # the years were seen meanwhile

    def begin(self, job):
        job.hub.set({"expire_token": True})

    def prelude(self, job):
        got = job.try_op("readdir", job.expected.first_asked if job.kind == "filled" else "")
        if got != "data":
            job.wrong(f"the first login after a logout gave {got}")
        if job.hub.stats()["logins"] != 1:
            job.wrong("one login was to be seen")
        job.hub.set({"expire_token": True, "kill_token_after_login_s": 0})


class Heavy(Row):
    gives_empty = ("EIO", "data", "EIO")        # the years are told by what is counted


class Password(Row):
    """The password was changed on the hub; then the user mends the password file."""

    def begin(self, job):
        job.hub.set({"expire_token": True, "password": "another horse"})

    def end(self, job):
        job.hub.ask("POST", "clear")
        job.hub.set({"password": "another horse"})
        job.write_password("another horse")


def fault(kind, **options):
    return {"fault": dict(options, kind=kind)}


def wrong_type(what):
    return fault("wrong_types", what=what)


def rows():
    eio, unreachable, late = "EIO", "EHOSTUNREACH", "ETIMEDOUT"
    slow_down, order, web_page = "slow down", "out of order", "not JSON"
    taken = "logged out by the web app"
    list_of = []

    def row(*args, kind=Row, **options):
        list_of.append(kind(*args, **options))

    # First, since a minute passes between two logins.
    row("a login that asks to slow down", "EBUSY",
        {"expire_token": True, "login_status": 429, "retry_after": 60}, [slow_down])
    row("429", "EBUSY", fault("status", code=429, body="html"), [slow_down])
    row("429, Retry-After 1", "EBUSY", fault("status", code=429, retry_after=1), [slow_down])
    row("429, Retry-After 30, longer than we wait", "EBUSY",
        fault("status", code=429, retry_after=30), [slow_down], timeout=10, requests=6)
    row("429 twice, then well", "data", fault("status", code=429, retry_after=1, times=2))
    row("500 with JSON", eio, fault("status", code=500), [order])
    row("502 with a page", eio, fault("status", code=502, body="html"), [order])
    row("503, Retry-After 30", eio, fault("status", code=503, retry_after=30, body="empty"), [order],
        timeout=10, requests=8)
    row("404 with a page", eio, fault("status", code=404, body="html"), ["HTTP 404"])
    row("500 once", "data", fault("status", code=500, times=1))
    row("a login page, 200", eio, fault("html200"), [web_page])
    row("nothing, 200", eio, fault("status", code=200, body="empty"), [web_page])
    row("JSON that stops", eio, fault("not_json"), [web_page])
    row("an odd result code", eio, fault("result", code="5555"), ["code 5555"])
    row("1001", eio, fault("result", code="1001"), ["code 1001"])
    row("a body that is cut off", eio, fault("cut"), ["cut off"])
    row("a Content-Length too long", eio, fault("wrong_length", add=100), ["cut off"])
    row("a Content-Length too short", eio, fault("wrong_length", add=-100),
        [web_page + "|cut off|as it should", "as it should|cut off|connection"])
    row("a stall before the body", late, fault("stall_headers"), ["does not answer"], timeout=4)
    row("a stall in the body", late, fault("stall_body"), ["does not answer"], timeout=4)
    row("a byte a second", late, fault("trickle"), ["does not answer"], timeout=4)
    row("slow, but in time", "data", fault("delay", ms=300), timeout=20)
    row("connections that are reset", unreachable, fault("reset"), ["connection .* broke"])
    row("reset in the body", eio, fault("reset", when="middle"), ["cut off"])
    row("reset once", "data", fault("reset", times=1))
    row("nobody listens", unreachable, log=["cannot reach|broke", "cannot reach"], kind=Dead)
    row("a name that is not known", unreachable, ["cannot reach"], kind=Dns)
    for name, what in (("unknown-ca", "unknown CA"), ("expired", "an expired certificate"),
                       ("other-name", "a certificate of another host")):
        row(what, unreachable, name, ["cannot be sure"], kind=Certificate)
    row("512 MiB", eio, fault("huge", mb=512), ["sends more than"], timeout=40)
    row("512 MiB, packed small", eio, fault("huge", mb=512, gzip=True),
        ["sends more than|large answers"] * 2, timeout=40)
    row("100,000 brackets in an item", "data", fault("deep"), renames=True)
    row("1,000,000 open brackets", eio, fault("not_json", text="[" * 1000000), [web_page])
    row("names that are no UTF-8", "data", fault("bad_utf8", n=3), renames=True)
    row("bytes that are no UTF-8 outside a string", eio,
        fault("not_json", text='{"result":"0000",\udcff"data":{"count":0}}'.replace("\udcff", "\u00ff")),
        [web_page])
    for what in ("count_negative", "dataList", "dataList_null", "data", "data_string", "data_null",
                 "result"):
        row("wrong type: " + what, eio, wrong_type(what),
            ["Training Hub.s list|no result code|no activity of|cannot be read|not believed"] * 2)
    for what in ("count", "totalPage", "pageNumber"):
        row("odd type: " + what, "data", wrong_type(what))
    for what in ("labelId", "date"):
        row("odd type: " + what, "data", wrong_type(what), renames=True)
    row("redirect to the same host", eio, {"to": "%s/elsewhere"}, ["send us elsewhere"],
        kind=Redirect)
    row("redirect to another host", eio, {"to": "http://127.0.0.2:1/%.0s"}, ["send us elsewhere"],
        kind=Redirect)
    row("redirect with 307", eio, fault("redirect", code=307), ["send us elsewhere"])
    row("items that come twice", "data", fault("duplicate"))
    row("an item inserted while paging", "data", fault("insert"), grows=True)
    # Also of a month that is empty, when somebody asks for one: nobody believes that.
    row("a count one too many", "data", fault("count_lies", add=1), ["are shown", "not believed"],
        again=None)
    row("a count one too few", "data", fault("count_lies", add=-1), ["counts"], again=False)
    row("a count far too high", eio, fault("count_lies", add=1000), ["not believed|changes while"] * 3,
        requests=80)
    row("a count far too low", "data|EIO", fault("count_lies", add=-150),
        ["are shown", "not believed|changes while"], again=None, requests=80)
    row("a count of nothing", "data|EIO", fault("count_lies", add=-100000),
        ["are shown", "not believed|changes while"], again=None, requests=80)
    row("1019 once", "data", {"expire_token": True}, logins=1)
    row("1019 for ever", "EACCES", {"expire_token": True, "token_calls": 0}, [taken], logins=1,
        nudge=True)
    row("1019 soon after each login", "EACCES", log=[taken], logins=1, nudge=True, kind=WebApp)
    row("another home, and api= without %r", "EACCES", {"expire_token": True, "region": 3},
        ["does not take the login that it has just given"], logins=1, nudge=True, routes=False)
    row("401 with a page", eio, fault("status", code=401, body="html"), ["HTTP 401"])
    row("401 with the API's words", eio, fault("status", code=401), ["HTTP 401|code 1001"])
    row("1031, whatever the size", eio, fault("result", code="1031"), ["does not take these"], requests=40)
    row("trailers without end", eio, fault("endless"), ["header"])
    row("headers without end", eio, fault("endless", what="headers"), ["header"])
    row("items too heavy to keep", eio, fault("heavy", n=100000), ["no activity of|cannot be read"] * 2,
        kind=Heavy)
    row("403 with a page", eio, fault("status", code=403, body="html"), ["HTTP 403"])
    row("1030, the password was changed", "EACCES", log=["refuses this e-mail"], nudge=True,
        kind=Password)
    row("a login that stalls", late,
        {"expire_token": True, "fault": {"kind": "stall_headers", "path": "/account/login"}},
        ["does not answer"], timeout=4, logins=None)
    row("a login that is out of order", eio,
        {"expire_token": True, "fault": {"kind": "status", "path": "/account/login"}}, [order])
    return list_of
