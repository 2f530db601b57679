"""Logging in: the SASL mechanisms, as a table. Source: RFC 4954, 4616, 2195; Google's XOAUTH2."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass

from tracking.smtp.replies import ProtocolError

Answer = Callable[[str, str, bytes], bytes]


def _plain(login: str, password: str, _challenge: bytes) -> bytes:
    return f"\0{login}\0{password}".encode()


def _login(login: str, _password: str, _challenge: bytes) -> bytes:
    return login.encode()


def _password(_login: str, password: str, _challenge: bytes) -> bytes:
    return password.encode()


def _cram_md5(login: str, password: str, challenge: bytes) -> bytes:
    return f"{login} {hmac.new(password.encode(), challenge, 'md5').hexdigest()}".encode()


def _bearer(login: str, password: str, _challenge: bytes) -> bytes:
    return f"user={login}\x01auth=Bearer {password}\x01\x01".encode()


def _acknowledge(_login: str, _password: str, _challenge: bytes) -> bytes:
    """XOAUTH2 explains a refusal in a challenge, and refuses only when that is answered."""
    return b""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """`answers` in their order; with `initial`, the first goes with the AUTH command."""

    name: str
    initial: bool
    answers: tuple[Answer, ...]


_PLAIN = Mechanism("PLAIN", True, (_plain,))
_LOGIN = Mechanism("LOGIN", False, (_login, _password))
_CRAM_MD5 = Mechanism("CRAM-MD5", False, (_cram_md5,))
_XOAUTH2 = Mechanism("XOAUTH2", True, (_bearer, _acknowledge))

# In the clear, a mechanism that does not show the password goes first. XOAUTH2 takes an access token as password.
_ENCRYPTED = (_PLAIN, _LOGIN, _CRAM_MD5, _XOAUTH2)
_CLEAR = (_CRAM_MD5, _PLAIN, _LOGIN, _XOAUTH2)


def mechanisms(offered: frozenset[str], *, encrypted: bool) -> tuple[Mechanism, ...]:
    """Those of the offered ones that we speak, best first."""
    return tuple(mechanism for mechanism in (_ENCRYPTED if encrypted else _CLEAR) if mechanism.name in offered)


def challenge(text: str) -> bytes:
    """What the server sent after 334. Raises ProtocolError if it is not base64."""
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise ProtocolError("a challenge is not base64") from error


def encoded(answer: bytes) -> bytes:
    return b64encode(answer)


def spoken(login: str, password: str) -> tuple[str, ...]:
    """Every form in which a password goes to a server, the longest first: what no reply may bring back to us."""
    if not password:
        return ()
    coded = [encoded(answer(login, password, b"")).decode() for answer in (_password, _plain, _bearer)]
    return tuple(sorted({password, *coded, *(one.rstrip("=") for one in coded)}, key=len, reverse=True))


def redacted(text: str, password: str) -> str:
    """The text with the password, however it was spoken, masked."""
    for secret in spoken("", password):
        text = text.replace(secret, "***")
    return text
