"""A mail's bytes, ready for DATA but for dot-stuffing: every line ends with CRLF and has at most 998 bytes.

Written without `email.message`, which takes many times longer and, before Python 3.11.10, can be made to write a
header of a stranger's (CVE-2024-6923).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from tracking.choices import ExtraHeader
from tracking.mail import bodies, headers
from tracking.mail.addresses import Mailbox, clean_phrase

_ALLOWED = {header.value.lower(): header for header in ExtraHeader}
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,200}@[A-Za-z0-9.-]{1,253}>\Z")
_FIXED = "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"
_NO_ONE_NAMED = "To: undisclosed-recipients:;\r\n"  # RFC 5322, 3.4; not every server takes a mail without To


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailMessage:
    """What one mail says. Blind recipients are not part of it: they stand in the envelope alone.

    `date` has a time zone. `headers` are names of `ExtraHeader`, each once, with values that `extra_header` takes.
    Raises ValueError when there is neither text nor html, and for a message id or a header that cannot be written.
    """

    sender: Mailbox
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...] = ()
    reply_to: Mailbox | None = None
    subject: str
    text: str | None
    html: str | None
    message_id: str
    date: datetime
    headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.text is None and self.html is None:
            raise ValueError("a mail needs a text, an HTML body, or both")
        if not _MESSAGE_ID.match(self.message_id):
            raise ValueError(f"{self.message_id!r} is no message id")
        if len({name.lower() for name, _ in self.headers}) < len(self.headers):
            raise ValueError("a header may stand only once")
        for name, value in self.headers:
            extra_header(name, value)


@dataclass(frozen=True, slots=True)
class Composed:
    """The bytes of a mail, and what the server must offer to take them: 8BITMIME, SMTPUTF8."""

    data: bytes
    eight_bit: bool
    smtputf8: bool


def compose(message: EmailMessage) -> Composed:
    """The mail as bytes. The subject is cleaned as by `clean_phrase`, line ends become CRLF."""
    head = _head(message).encode()
    wide = not head.isascii()  # only an address outside ASCII stands unencoded (RFC 6532); bodies are always 7 bit
    return Composed(head + _body(message), eight_bit=wide, smtputf8=wide)


def _head(message: EmailMessage) -> str:
    lines = [
        _from(message.sender),
        *(extra_header(name, value) for name, value in message.headers),
        headers.mailboxes("To", message.to) if message.to else _NO_ONE_NAMED,
        headers.mailboxes("Cc", message.cc) if message.cc else "",
        headers.mailboxes("Reply-To", (message.reply_to,)) if message.reply_to else "",
        headers.unstructured("Subject", clean_phrase(message.subject)[0]),
        headers.date(message.date),
        f"Message-ID: {message.message_id}\r\n",
    ]
    return "".join(lines)


@lru_cache(maxsize=1024)
def _from(sender: Mailbox) -> str:
    """The lines that the mails of a rule's version share; written once and kept."""
    return headers.mailboxes("From", (sender,)) + _FIXED


@lru_cache(maxsize=1024)
def extra_header(name: str, value: str) -> str:
    """The line of a header that a rule adds. ValueError for a name that is not allowed or a value it cannot have."""
    if (header := _ALLOWED.get(name.lower())) is None:
        raise ValueError(f"{name!r} is not among the headers that may be added")
    if header.is_text:
        return headers.unstructured(header.value, clean_phrase(value)[0])
    return headers.structured(header.value, value)


def _body(message: EmailMessage) -> bytes:
    if message.html is None:
        return bodies.part(message.text or "", "plain")
    if message.text is None:
        return bodies.part(message.html, "html")
    return bodies.alternative(message.text, message.html, seed=message.message_id)
