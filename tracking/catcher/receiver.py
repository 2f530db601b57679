"""The catcher's SMTP side: takes every mail into a mailbox, but for recipients whose names ask for a refusal.

`bounce…@` does not exist, `full…@` has no room, `busy…@` is greylisted: refused at first, taken after a minute. So
everything that goes wrong with real servers can be seen without one.
"""

from __future__ import annotations

import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tracking.catcher.mailbox import Mailbox

GREYLISTED_SECONDS = 60
MAX_BYTES = 32 * 1024 * 1024

REFUSALS = {  # what an address begins with -> the reply to it
    "bounce": "550 5.1.1 There is no such mailbox here",
    "full": "552 5.2.2 The mailbox is full",
}


class Receiver:
    """aiosmtpd's handler."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._first_seen: dict[str, float] = {}

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self._refusal(address.lower())
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        data = content.encode() if isinstance(content, str) else content or b""
        key = self._mailbox.add(sender=envelope.mail_from or "", recipients=envelope.rcpt_tos, data=data)
        return f"250 2.0.0 Caught as {key}"

    def _refusal(self, address: str) -> str | None:
        if address.startswith("busy"):
            waited = time.monotonic() - self._first_seen.setdefault(address, time.monotonic())
            return "451 4.7.1 Greylisted, try again in a minute" if waited < GREYLISTED_SECONDS else None
        return next((reply for start, reply in REFUSALS.items() if address.startswith(start)), None)


def _welcome(server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: object) -> AuthResult:
    """Anybody with any password, as long as there is one."""
    welcome = isinstance(login, LoginPassword) and bool(login.password)
    return AuthResult(success=welcome, handled=welcome)  # not handled: the server says 535 itself


def controller(mailbox: Mailbox, *, host: str, port: int) -> Controller:
    """A server in a thread of its own; `start` and `stop` it."""
    return Controller(
        Receiver(mailbox),
        hostname=host,
        port=port,
        ident="Mail catcher",
        server_kwargs={
            "data_size_limit": MAX_BYTES,
            "enable_SMTPUTF8": True,
            "authenticator": _welcome,
            "auth_require_tls": False,
        },
    )
