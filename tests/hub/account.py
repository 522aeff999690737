# SPDX-License-Identifier: MIT
"""The account: both ways to prove the password, and the one web session it can have."""
import ctypes
import hashlib
import secrets
import time

REFUSED = "refused scheme"      # in place of a result code: 1030 or 1031, as a knob says
_BCRYPT_SALT = 29                # "$2b$10$" and 22 characters
_crypt_r = None


def bcrypt(text, salt):
    """crypt_r(3) of libxcrypt, the only bcrypt that a plain Debian has; None when refused."""
    global _crypt_r
    if _crypt_r is None:
        _crypt_r = ctypes.CDLL("libcrypt.so.1").crypt_r
        _crypt_r.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
        _crypt_r.restype = ctypes.c_char_p
    room = ctypes.create_string_buffer(32768)       # struct crypt_data
    out = _crypt_r(text.encode(), salt.encode(), room)
    return out.decode() if out and not out.startswith(b"*") else None


def md5_hex(password):
    return hashlib.md5(password.encode()).hexdigest()


class Account:
    """Who may log in, and the token of the last one who did. Guarded by the hub's lock."""

    def __init__(self, email):
        self.email = email
        self.token = None
        self.token_calls = 0
        self.born = 0.0
        self.ticket = None
        self.code_sent = False

    def check(self, body, password, schemes):
        """None when the login body proves the password, else the result code, or REFUSED."""
        if not isinstance(body, dict) or not isinstance(body.get("account"), str) \
                or body.get("accountType") != 2:
            return "1031"
        proof = None
        if isinstance(body.get("p1"), str) and isinstance(body.get("p2"), str):
            if "bcrypt" not in schemes:
                return REFUSED
            p1, p2 = body["p1"], body["p2"]
            if len(p1) != 60 or len(p2) != _BCRYPT_SALT or p2[:4] not in ("$2a$", "$2b$") \
                    or p2[4:6] not in ("04", "05", "06", "08", "10", "11", "12"):
                return "1031"
            proof = bcrypt(md5_hex(password), p2) == p1
        elif isinstance(body.get("pwd"), str):
            if "legacy" not in schemes:
                return REFUSED
            proof = body["pwd"] == md5_hex(password)
        else:
            return "1031"
        return None if proof and body["account"] == self.email else "1030"

    def open_session(self):
        """A new token; the one before it is dead from now on."""
        self.token = secrets.token_hex(16).upper()
        self.token_calls = 0
        self.born = time.monotonic()
        self.ticket = None
        return self.token

    def open_ticket(self):
        """The half-way state of a login that still wants the mailed code."""
        self.ticket = secrets.token_hex(20)
        self.code_sent = False
        return self.ticket

    def token_alive(self, token, max_calls, max_age_s):
        """Whether the token still works; counts the call."""
        if not self.token or token != self.token:
            return False
        if max_calls is not None and self.token_calls >= max_calls:
            self.token = None
            return False
        if max_age_s is not None and time.monotonic() - self.born >= max_age_s:
            self.token = None
            return False
        self.token_calls += 1
        return True
