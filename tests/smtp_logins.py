"""The server's side of the SASL mechanisms, for a scripted mail server."""

from __future__ import annotations

import hmac
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class AuthAttempt:
    """`password` is what was sent in its place: a digest for CRAM-MD5, a token for XOAUTH2."""

    mechanism: str
    login: str
    password: str


class Client(Protocol):
    """The one who logs in, as far as a mechanism sees it."""

    @property
    def users(self) -> Mapping[str, str] | None:
        """Passwords by login, None where everybody may come in."""

    def challenge(self, text: bytes) -> str:
        """Ask for this; the answer as it came, in base64."""

    def knows(self, login: str, password: str) -> bool: ...


def _plain(talk: Client, initial: str) -> tuple[AuthAttempt, bool]:
    _, login, password = b64decode(initial or talk.challenge(b"")).decode().split("\0")
    return AuthAttempt("PLAIN", login, password), talk.knows(login, password)


def _login(talk: Client, initial: str) -> tuple[AuthAttempt, bool]:
    login = b64decode(initial or talk.challenge(b"Username:")).decode()
    password = b64decode(talk.challenge(b"Password:")).decode()
    return AuthAttempt("LOGIN", login, password), talk.knows(login, password)


def _cram_md5(talk: Client, _initial: str) -> tuple[AuthAttempt, bool]:
    challenge = f"<{time.monotonic_ns()}@scripted>".encode()
    login, _, digest = b64decode(talk.challenge(challenge)).decode().rpartition(" ")
    users = talk.users
    known = users.get(login, "") if users is not None else ""
    valid = users is None or hmac.new(known.encode(), challenge, "md5").hexdigest() == digest
    return AuthAttempt("CRAM-MD5", login, digest), valid


def _xoauth2(talk: Client, initial: str) -> tuple[AuthAttempt, bool]:
    user, bearer, *_ = b64decode(initial or talk.challenge(b"")).decode().split("\x01")
    login, token = user.removeprefix("user="), bearer.removeprefix("auth=Bearer ")
    valid = talk.knows(login, token)
    if not valid:
        talk.challenge(b'{"status":"401"}')
    return AuthAttempt("XOAUTH2", login, token), valid


EXCHANGES: Mapping[str, Callable[[Client, str], tuple[AuthAttempt, bool]]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
    "XOAUTH2": _xoauth2,
}
