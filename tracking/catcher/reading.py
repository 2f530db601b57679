"""A caught mail as a value. It may be anything, so what cannot be read is shown as it stands."""

from __future__ import annotations

import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser

SHOWN_HEADERS = ("From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID")

_parser = BytesParser(policy=email.policy.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtMail:
    """`text` and `html` are the bodies, None where the mail has none of that kind. `headers` are name and value."""

    key: str
    caught_at: datetime
    envelope_from: str
    envelope_to: str
    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None
    size: int

    @property
    def subject(self) -> str:
        return next((value for name, value in self.headers if name == "Subject"), "") or "(no subject)"

    @property
    def sender(self) -> str:
        return next((value for name, value in self.headers if name == "From"), "") or self.envelope_from


def read(key: str, data: bytes, *, caught_at: datetime) -> CaughtMail:
    message = _parser.parsebytes(data)
    bodies = dict(_bodies(message))
    return CaughtMail(
        key=key,
        caught_at=caught_at,
        envelope_from=_header(message, "X-Envelope-From"),
        envelope_to=_header(message, "X-Envelope-To"),
        headers=tuple((name, value) for name in SHOWN_HEADERS if (value := _header(message, name))),
        text=bodies.get("text/plain"),
        html=bodies.get("text/html"),
        size=len(data),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except Exception:  # the standard library's header parser fails in many ways on headers nobody should write
        return "(cannot be read: see the source)"


def _bodies(message: EmailMessage) -> Iterator[tuple[str, str]]:
    """Media type and text of the first part of each kind; dicts keep the last, so they come in reverse."""
    for part in reversed(list(message.walk())):
        if part.get_content_type() in {"text/plain", "text/html"} and not part.is_attachment():
            yield part.get_content_type(), _decoded(part)


def _decoded(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        return raw.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a charset that nobody knows
        return raw.decode("latin-1")
