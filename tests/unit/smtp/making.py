"""Values that the tests of this room are about."""

from __future__ import annotations

from typing import Any

from tests.smtp_server import ScriptedServer
from tracking.choices import Encryption
from tracking.smtp.endpoint import Endpoint, Timeouts
from tracking.smtp.session import Envelope

QUICK = Timeouts(connect=0.4, command=0.25, data=0.3, final=0.35, total=0.8)
PATIENT = Timeouts(connect=5, command=5, data=5, final=5, total=10)

DATA = b"Subject: hello\r\n\r\nHello.\r\n"


def endpoint(server: ScriptedServer, *, timeouts: Timeouts = PATIENT, **changes: Any) -> Endpoint:
    given: dict[str, Any] = {"host": server.host, "encryption": Encryption.NONE, "timeouts": timeouts, **changes}
    return Endpoint(port=server.port, **given)


def envelope(
    *recipients: str, data: bytes = DATA, sender: str = "from@example.com", smtputf8: bool = False
) -> Envelope:
    return Envelope(sender, recipients or ("to@example.com",), data, smtputf8)
