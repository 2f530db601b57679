"""What an attack is tried on: a rule's fields, a mail's bytes, a host. Shared by our own cases and those of a file."""

from __future__ import annotations

import re
from email import policy
from email.parser import BytesParser
from typing import Any
from uuid import UUID

from tests import factories
from tracking.choices import ContentType
from tracking.definition import RuleDefinition
from tracking.errors import RuleError
from tracking.mail.compose import Composed, compose
from tracking.pipeline.letter import Letter, letter
from tracking.rendering.context import context
from tracking.rendering.render import render
from tracking.smtp.envelope import Envelope, stuffed
from tracking.store import versions

KEY = UUID("01890000-0000-7000-8000-000000000001")
PATHS = {  # a field of the form -> where it stands in a rule definition
    "subject": "action.subject",
    "sender": "action.sender",
    "recipient": "action.recipient",
    "cc": "action.cc",
    "bcc": "action.bcc",
    "reply_to": "action.reply_to",
    "alert_emails": "notifications.notify_emails",
    "name": "name",
}
HEADS = {"from", "to", "cc", "reply-to", "subject", "date", "message-id", "mime-version", "auto-submitted"}
PARTS = {"content-type", "content-transfer-encoding"}


def typed(field: str, value: str) -> dict[str, Any]:
    """The changes of a rule in which somebody typed this."""
    if field == "alert_emails":
        return {
            "notifications__enable_notifications": True,
            "notifications__warnings_number": 1,
            "notifications__notify_emails": [value],
        }
    section, _, name = PATHS[field].rpartition(".")
    return {f"{section}__{name}" if section else name: value}


def refused(**changes: Any) -> set[str]:
    """The fields by whose names a rule with these changes is refused. Neither rows nor mails are made."""
    try:
        definition = rule_of(**changes)
    except RuleError as error:
        return set(error.errors)
    return {problem.field for problem in versions.problems(definition.action)}


def rule_of(**changes: Any) -> RuleDefinition:
    return factories.definition(**{"product": 1, "action__connection": "relay", **changes})


def mail_of(value: str, **changes: Any) -> Letter:
    """The mail of a rule whose text fields hold a placeholder that this value fills. Raises EventError, Unsendable."""
    texts = {
        "action__sender": "{{ lead.v }} <from@example.com>",
        "action__recipient": "{{ lead.v }} <to@example.com>",
        "action__reply_to": "{{ lead.v }} <reply@example.com>",
        "action__subject": "{{ lead.v }}",
        "action__body": "<p>{{ lead.v }}</p>",
        **changes,
    }
    action = rule_of(**texts).action
    values = context(factories.event(product=1, lead={"v": value}), names={}, rule_id=1, rule_name="Tried")
    rendered = render(versions.sending_template(action), values)
    return letter(rendered, ContentType(action.content_type), key=KEY, date=factories.NOON)


def head_of(composed: Composed) -> dict[str, list[str]]:
    """Header name -> its values, read by a strict parser."""
    parsed = BytesParser(policy=policy.compat32).parsebytes(composed.data, headersonly=True)
    found: dict[str, list[str]] = {}
    for name, text in parsed.items():
        found.setdefault(name.lower(), []).append(text)
    return found


def assert_one_head(mail: Letter) -> None:
    """Each header once, none but ours, and the words in one line of text."""
    composed = compose(mail.message)
    found = head_of(composed)
    assert set(found) <= HEADS | PARTS
    assert {name: len(values) for name, values in found.items()} == dict.fromkeys(found, 1)
    assert b"\r\n\r\n" in composed.data


def wire_of(mail: Letter) -> bytes:
    """What goes over the wire after DATA."""
    composed = compose(mail.message)
    sender, recipients = mail.message.sender.address, tuple(box.address for _, box in mail.recipients)
    return stuffed(Envelope(sender, recipients, composed.data, composed.smtputf8).lines())


def assert_clean_wire(wire: bytes) -> None:
    """No bare CR, no bare LF, no NUL, no line over 998 bytes, and one end, at the end."""
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", wire)
    assert wire.endswith(b"\r\n.\r\n")
    assert wire.count(b"\r\n.\r\n") == 1
    lines = wire.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert all(line in {b"."} or not line.startswith(b".") or line.startswith(b"..") for line in lines)
