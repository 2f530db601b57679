"""Values that the tests of this room are about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.smtp_server import Action, Drip, Hang, ScriptedServer, Step
from tracking.choices import Encryption
from tracking.smtp.endpoint import Endpoint, Timeouts
from tracking.smtp.session import Envelope

PATIENT = Timeouts(connect=10, command=10, data=10, final=10, total=20)
QUICK = replace(PATIENT, command=0.4)  # where a server is to be found too slow at a command


def waiting_for(step: Step, action: Action) -> Timeouts:
    """Short only where this action will not answer, so that a busy machine does not change the result."""
    if not isinstance(action, Hang | Drip):
        return PATIENT
    return {
        Step.DATA: replace(PATIENT, data=0.3),
        Step.BODY: replace(PATIENT, data=0.3),
        Step.FINAL: replace(PATIENT, final=0.3),
    }.get(step, QUICK)


DATA = b"Subject: hello\r\n\r\nHello.\r\n"


def endpoint(server: ScriptedServer, *, timeouts: Timeouts = PATIENT, **changes: Any) -> Endpoint:
    given: dict[str, Any] = {"host": server.host, "encryption": Encryption.NONE, "timeouts": timeouts, **changes}
    return Endpoint(port=server.port, **given)


def envelope(
    *recipients: str, data: bytes = DATA, sender: str = "from@example.com", smtputf8: bool = False
) -> Envelope:
    return Envelope(sender, recipients or ("to@example.com",), data, smtputf8)
