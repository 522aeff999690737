# SPDX-License-Identifier: MIT
"""HTTP/1.1 on a socket: reading requests, sending answers whole, and sending them badly.

The standard library's http.server writes headers and body apart and knows no half answers, so
this is written by hand: one thread a connection, TCP_NODELAY, one sendall an answer.
"""
import functools
import random
import select
import socket
import ssl
import struct
import threading
import time
import urllib.parse
import zlib

REASONS = {200: "OK", 206: "Partial Content", 301: "Moved Permanently", 302: "Found",
           303: "See Other", 307: "Temporary Redirect", 308: "Permanent Redirect",
           400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           405: "Method Not Allowed", 408: "Request Timeout", 411: "Length Required",
           413: "Payload Too Large", 429: "Too Many Requests", 500: "Internal Server Error",
           502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
JSON = "application/json;charset=UTF-8"
HTML = "text/html;charset=UTF-8"
MAX_HEAD, MAX_BODY = 65536, 64 << 20


class Request:
    """One request; header names in lower case."""

    def __init__(self, method, target, headers, body, host):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.host = host                        # 1-4: the region whose port was used; 0: file host
        self.path, _, self.query_text = target.partition("?")
        self.region = host
        parts = self.path.split("/", 3)
        if host and len(parts) == 4 and parts[1] == "region" and parts[2] in "1234" and parts[2]:
            self.region, self.path = int(parts[2]), "/" + parts[3]

    @property
    def query(self):
        """Parameters of the URL as a dict, the last of a name."""
        return dict(urllib.parse.parse_qsl(self.query_text, keep_blank_values=True))


class Answer:
    """What goes back. `wire` is the fault that spoils how it is sent, if any."""
    __slots__ = ("status", "body", "kind", "headers", "wire", "packed", "result")

    def __init__(self, status=200, body=b"", kind=JSON, headers=(), packed=None, result=None):
        self.status, self.body, self.kind, self.headers = status, body, kind, list(headers)
        self.packed = packed                    # the body gzipped before, to save doing it again
        self.result = result                    # the envelope's result code, for the counters
        self.wire = None


def gzipped(body):
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def html_page(title):
    return (f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>"
            f"<body><h1>{title}</h1></body></html>\n").encode()


class Connection:
    """One client's connection, from accept to close, on a thread of its own."""

    def __init__(self, server, sock, host):
        self.server, self.sock, self.host = server, sock, host
        self.buffer = b""

    def run(self):
        try:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.server.tls:
                self.sock = self.server.tls.wrap_socket(self.sock, server_side=True)
            while not self.server.stopping.is_set():
                request, keep = self.read_request()
                if request is None or not self.server.handle(self, request, keep) or not keep:
                    break
        except (OSError, ssl.SSLError, ValueError):
            pass                                # the client left or spoke no HTTP: its own affair
        finally:
            self.sock.close()

    def abort(self):
        """Wake the thread out of any read or write, from another thread."""
        try:
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
        except OSError:
            pass

    # -- reading

    def more(self):
        data = self.sock.recv(65536)
        self.buffer += data
        return bool(data)

    def read_request(self):
        """The next request and whether the connection lives on after it; None at the end."""
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > MAX_HEAD:
                self.sock.sendall(b"HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\n\r\n")
                return None, False
            if not self.more():
                return None, False
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, version = lines[0].split(" ")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if "chunked" in headers.get("transfer-encoding", ""):
            self.sock.sendall(b"HTTP/1.1 411 Length Required\r\nConnection: close\r\n\r\n")
            return None, False
        length = int(headers.get("content-length", 0))
        if not 0 <= length <= MAX_BODY:
            raise ValueError("body")
        if length > len(self.buffer) and headers.get("expect", "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        pieces = [self.buffer[:length]]
        self.buffer, missing = self.buffer[length:], length - len(pieces[0])
        while missing:
            data = self.sock.recv(min(missing, 1 << 20))
            if not data:
                return None, False
            pieces.append(data)
            missing -= len(data)
        wants = headers.get("connection", "").lower()
        keep = "close" not in wants if version == "HTTP/1.1" else "keep-alive" in wants
        return Request(method, target, headers, b"".join(pieces), self.host), keep

    # -- sending

    def send(self, request, answer, keep, packing):
        """Send an answer. Returns (connection may go on, bytes of the body sent)."""
        body, headers = answer.body, answer.headers
        fault = answer.wire
        streamed = fault and fault.kind in ("huge", "endless")
        if packing and len(body) > 256 and not streamed \
                and "gzip" in request.headers.get("accept-encoding", ""):
            body = answer.packed or gzipped(body)
            headers = headers + [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        length = len(body)
        if fault and fault.kind == "wrong_length":
            length = max(0, length + fault.get("add", 100))
        head = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Odd')}",
                f"Content-Type: {answer.kind}"]
        head += [f"{k}: {v}" for k, v in headers]
        if not streamed:
            head.append(f"Content-Length: {length}")
        head.append("Connection: " + ("keep-alive" if keep else "close"))
        if request.method == "HEAD":
            body = b""
        if fault:
            return _BADLY[fault.kind](self, fault, head, body, answer)
        self.sock.sendall("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
        return True, len(body)

    def hold(self, fault, seconds=None):
        """Wait while a fault holds. False when the client left or the server stops."""
        poll = select.poll()
        poll.register(self.sock.fileno(), select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        end = None if seconds is None else time.monotonic() + seconds
        generation = fault.generation           # it may be over before we come to hold
        while not self.server.stopping.is_set():
            left = 0.05 if end is None else min(0.05, end - time.monotonic())
            if left <= 0 or self.server.faults.generation != generation:
                return True
            if poll.poll(left * 1000):
                return False
        return False

    def send_reset(self, head, body, when):
        if when == "middle":
            self.sock.sendall(head + body[:len(body) // 2])
            time.sleep(0.02)                    # else the reset overtakes what was sent
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False, len(body) // 2 if when == "middle" else 0


def _text(head):
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n"


def _place(fault, body):
    at = fault.get("at", 0.5)
    return int(len(body) * at) if isinstance(at, float) else at


def _cut(conn, fault, head, body, answer):
    at = _place(fault, body)
    conn.sock.sendall(_text(head) + body[:at])
    return False, at


def _wrong_length(conn, fault, head, body, answer):
    conn.sock.sendall(_text(head) + body)
    return fault.get("add", 100) < 0, len(body)


def _trickle(conn, fault, head, body, answer):
    data, sent = _text(head) + body, 0
    while sent < len(data):
        conn.sock.sendall(data[sent:sent + 1])
        sent += 1
        if not conn.hold(fault, fault.get("ms", 1000) / 1000):
            return False, sent
        if conn.server.faults.generation != fault.generation:
            conn.sock.sendall(data[sent:])
            break
    return True, len(body)


def _stall_headers(conn, fault, head, body, answer):
    if not conn.hold(fault):
        return False, 0
    conn.sock.sendall(_text(head) + body)
    return True, len(body)


def _stall_body(conn, fault, head, body, answer):
    at = _place(fault, body)
    conn.sock.sendall(_text(head) + body[:at])
    if not conn.hold(fault):
        return False, at
    conn.sock.sendall(body[at:])
    return True, len(body)


def _reset(conn, fault, head, body, answer):
    return conn.send_reset(_text(head), body, fault.get("when", "before"))


def _close_after(conn, fault, head, body, answer):
    conn.sock.sendall(_text(head) + body)
    return False, len(body)


def _without_length(head):
    return [line for line in head if not line.startswith(("Content-Length", "Connection"))]


def _part(fault, body):
    at = fault.get("at", 1.0)
    return body[:int(len(body) * at) if isinstance(at, float) else at]


def _no_length(conn, fault, head, body, answer):
    """The end of the connection is the end of the answer, or of what is left of it."""
    body = _part(fault, body)
    conn.sock.sendall(_text(_without_length(head) + ["Connection: close"]) + body)
    return False, len(body)


def _chunked(conn, fault, head, body, answer):
    """In two chunks; cut before the end with "at"."""
    part = _part(fault, body)
    conn.sock.sendall(_text(_without_length(head) + ["Transfer-Encoding: chunked"]))
    for data in (part[:len(part) // 2], part[len(part) // 2:]):
        if data:
            conn.sock.sendall(b"%x\r\n%s\r\n" % (len(data), data))
    if len(part) < len(body):
        return False, len(part)
    conn.sock.sendall(b"0\r\n\r\n")
    return True, len(body)


def _packed(conn, fault, head, body, answer):
    """Gzip that nobody asked for; half of it with "at", with a length that is right for that."""
    body = _part(fault, gzipped(body))
    conn.sock.sendall(_text(_without_length(head) + ["Content-Encoding: gzip",
                                                     f"Content-Length: {len(body)}"]) + body)
    return True, len(body)


@functools.lru_cache(maxsize=4)
def _bomb(first, block, last, goal):
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    parts = [packer.compress(first)]
    for _ in range(0, goal, len(block)):
        parts.append(packer.compress(block))
    return b"".join(parts) + packer.compress(last) + packer.flush()


def _huge(conn, fault, head, body, answer):
    """Right-looking data without an end in sight, chunked; "gzip" makes it a bomb."""
    goal, sent = int(fault.get("mb", 64) * (1 << 20)), 0
    item = (b'{"date":20221230,"distance":14651.11,"labelId":"481230045566778899","name":"Huge",'
            b'"sportType":100,"startTime":1672356000,"totalTime":9538,"pad":"%s"}' % (b"x" * 900))
    block, first = (item + b",") * 64, b'{"apiCode":"C33BB719","data":{"count":1,"dataList":['
    last = item + b']},"message":"OK","result":"0000"}'
    if answer.kind == "application/octet-stream":   # a file that does not end
        block, first, last = bytes(65536), body, b""
    if "unit" in fault.options:                     # of JSON, instead of items
        unit = fault.get("unit").encode()
        block, last = (unit + b",") * (65536 // len(unit)), unit + b']},"result":"0000"}'
    packer = zlib.compressobj(6, zlib.DEFLATED, 31) if fault.get("gzip") else None
    if packer:
        head.append("Content-Encoding: gzip")
    if packer and not fault.get("hold"):            # made once, since what costs little comes fast
        whole = _bomb(first, block, last, goal)
        conn.sock.sendall(_text(head + [f"Content-Length: {len(whole)}"]) + whole)
        return True, len(whole)
    conn.sock.sendall(_text(head + ["Transfer-Encoding: chunked"]))

    def chunk(data):
        if packer:
            data = packer.compress(data)
        if data:
            conn.sock.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    chunk(first)
    while sent < goal and not conn.server.stopping.is_set():
        chunk(block)
        sent += len(block)
    if packer:
        data = packer.flush(zlib.Z_SYNC_FLUSH)
        conn.sock.sendall(b"%x\r\n%s\r\n" % (len(data), data))
    if fault.get("hold") and not conn.hold(fault):
        return False, sent
    chunk(last)
    if packer:
        data = packer.flush()
        conn.sock.sendall(b"%x\r\n%s\r\n" % (len(data), data))
    conn.sock.sendall(b"0\r\n\r\n")
    return True, sent


def _endless(conn, fault, head, body, answer):
    """What is no body, until the client leaves; "what" says where."""
    what = fault.get("what", "trailers")
    lines = b"x-%d: %s\r\n" % (len(body), b"x" * 1000)
    if what == "hints":
        lines = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    elif what == "headers":
        conn.sock.sendall(_text(head)[:-2])
    else:
        conn.sock.sendall(_text(head + ["Transfer-Encoding: chunked"])
                          + b"%x\r\n%s\r\n0\r\n" % (len(body), body))
    while not conn.server.stopping.is_set():
        conn.sock.sendall(lines * 64)
    return False, len(body)


_BADLY = {"cut": _cut, "wrong_length": _wrong_length, "trickle": _trickle, "reset": _reset,
          "stall_headers": _stall_headers, "stall_body": _stall_body, "huge": _huge,
          "close_after": _close_after, "no_length": _no_length, "chunked": _chunked,
          "packed": _packed, "endless": _endless}
WIRE_KINDS = frozenset(_BADLY)


def listen(address, port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address, port))
        sock.listen(128)
    except OSError:
        sock.close()
        raise
    return sock


def listen_in_a_row(count, port=0):
    """Listening sockets on `count` consecutive loopback ports, from `port` or from anywhere.

    Anywhere is below the ports that the kernel gives to connections, so that they are still free for
    a hub that comes again."""
    for _ in range(200):
        base, socks = port or random.SystemRandom().randrange(10000, 32768 - count, count), []
        try:
            for i in range(count):
                socks.append(listen("127.0.0.1", base + i))
            return socks
        except (OSError, OverflowError):
            for s in socks:
                s.close()
            if port:
                raise
    raise OSError("no four free ports in a row")


class Server:
    """Accepts on several sockets and runs a Connection for each client until stopped."""

    def __init__(self, listeners, handle, faults, tls=None):
        self.listeners = listeners              # {socket: host number}
        self.handle, self.faults, self.tls = handle, faults, tls
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.connections = set()

    def start(self):
        for sock, host in self.listeners.items():
            threading.Thread(target=self._accept, args=(sock, host), daemon=True).start()

    def _accept(self, listener, host):
        while not self.stopping.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(Connection(self, sock, host),),
                             daemon=True).start()

    def _serve(self, conn):
        with self.lock:
            self.connections.add(conn)
        try:
            conn.run()
        finally:
            with self.lock:
                self.connections.discard(conn)

    def stop(self):
        """Close every door, stalled or not; bounded in time."""
        self.stopping.set()
        for sock in self.listeners:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
        with self.lock:
            left = list(self.connections)
        for conn in left:
            conn.abort()
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            with self.lock:
                if not self.connections:
                    return
            time.sleep(0.005)
