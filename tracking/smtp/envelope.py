"""One mail on its way out, and what became of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta

from tracking.choices import Failure, Phase, RecipientStatus

MAX_ADDRESS = 320  # bytes: 64 + @ + 255 (RFC 5321 4.5.3.1)

_UNSAFE = re.compile("[\x00-\x20\x7f-\x9f<>\u2028\u2029]")
_LINE_BREAK = re.compile(rb"\r\n|\r|\n")
_DOT = re.compile(rb"\n\.")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A complete message and who it goes from and to, in one SMTP transaction.

    `sender` is "" for the null sender. `data` has CRLF line ends and is not dot-stuffed.
    Raises ValueError for an address that could be read as more than one address (a programming error: addresses
    are validated long before), or is not ASCII without `smtputf8`.
    """

    sender: str
    recipients: tuple[str, ...]
    data: bytes = field(repr=False)
    smtputf8: bool = False

    def __post_init__(self) -> None:
        if not self.recipients or "" in self.recipients:
            raise ValueError("a mail has recipients, and each has an address")
        for address in (self.sender, *self.recipients):
            self._check(address)

    def _check(self, address: str) -> None:
        if _UNSAFE.search(address) or len(address.encode()) > MAX_ADDRESS:
            raise ValueError("an address has no spaces, brackets or control characters, and at most 320 bytes")
        if not (self.smtputf8 or address.isascii()):
            raise ValueError("an address outside ASCII needs smtputf8")

    def lines(self) -> bytes:
        """`data` with every line ended by CRLF, the last one too, and without NUL (RFC 5321 2.3.8)."""
        data = self.data.replace(b"\0", b"") if b"\0" in self.data else self.data
        if data.replace(b"\r", b"").replace(b"\n", b"\r\n") != data:  # a quarter of the time that counting takes
            data = _LINE_BREAK.sub(b"\r\n", data)
        return data if data.endswith(b"\r\n") or not data else data + b"\r\n"


def stuffed(lines: bytes) -> bytes:
    """As they go over the wire after DATA: leading dots doubled, and the final dot (RFC 5321 4.5.2)."""
    if _DOT.search(lines):  # sooner than `in`, which compares three bytes at each step
        lines = lines.replace(b"\r\n.", b"\r\n..")
    if lines.startswith(b"."):
        lines = b"." + lines
    return lines + b".\r\n"


@dataclass(frozen=True, slots=True)
class RecipientReply:
    """What became of one recipient. `code` is None and `text` ours where the server said nothing of it."""

    address: str
    status: RecipientStatus
    code: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mail.

    `failure` is None when the server took it, for at least one recipient. `phase` is how far it came. `code`,
    `enhanced` and `text` are the server's; where it said nothing, `code` is None and `text` a sentence of ours.
    `retry_after` is when the server asks us to come back. `stale` says that an idle session had gone and no byte
    of the mail was taken: it may be sent again at once, on a new session.
    """

    phase: Phase
    failure: Failure | None
    code: int | None
    enhanced: str
    text: str
    recipients: tuple[RecipientReply, ...]
    retry_after: timedelta | None = None
    stale: bool = False
