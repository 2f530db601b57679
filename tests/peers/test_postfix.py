"""Debian's postfix takes what we send, by STARTTLS and a login, and what it delivers is what we composed."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from tests import factories, flow
from tests.peers.postfix import DOMAIN, LOGIN, PASSWORD, Postfix
from tracking.choices import DeliveryState, Encryption, Reason, WarningCause
from tracking.models import Attempt, Connection, Delivery, Rule
from tracking.pipeline import transport
from tracking.smtp.session import Envelope
from tracking.store import connections

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

HARD = (
    "<p>Zoë paid 12 € — 日本語 🎉</p>\n.\n..\n.leading dot\n"
    + "x" * 3_000
    + "\n"
    + "<p>trailing spaces  \t\n\n\nFrom the start\n=3D =\n</p>"
)


def rule_at(
    relay: Postfix, *, password: str = PASSWORD, encryption: Encryption = Encryption.TLS, **changes: Any
) -> Rule:
    connection = factories.ConnectionFactory.build(port=relay.port, login=LOGIN, encryption=encryption)
    connections.save(connection, password=password, now=factories.NOON)
    wanted = {"action__recipient": f"{{{{ lead.name }}}} <{{{{ lead.local }}}}@{DOMAIN}>", **changes}
    return factories.saved_rule(connection=connection, **wanted)


def sent(monkeypatch: pytest.MonkeyPatch) -> list[Envelope]:
    """The envelopes as they are handed to the session."""
    seen: list[Envelope] = []
    pool = type(transport.pool())
    original = pool.send_many

    def send_many(self: Any, endpoint: Any, envelopes: list[Envelope], **options: Any) -> Any:
        seen.extend(envelopes)
        return original(self, endpoint, envelopes, **options)

    monkeypatch.setattr(pool, "send_many", send_many)
    return seen


def as_composed(delivered: bytes) -> bytes:
    """Without the lines that the relay put in front, with the line ends of the wire."""
    return delivered[delivered.index(b"\nFrom: ") + 1 :].replace(b"\n", b"\r\n")


@pytest.mark.parametrize("body", [pytest.param("plain\nand simple", id="simple"), pytest.param(HARD, id="hard")])
@pytest.mark.parametrize("content_type", ["text", "html", "all"])
def test_what_is_delivered_is_what_was_composed_byte_by_byte(relay, clock, monkeypatch, content_type, body):
    envelopes = sent(monkeypatch)
    rule = rule_at(
        relay, action__body=body, action__content_type=content_type, action__subject="Sold — {{ lead.name }}"
    )
    flow.owe(rule, 3, lead={"name": "Zoë, “Müller”", "local": "zoe", "email": "", "first_name": ""})

    flow.drain(rule, clock)

    assert flow.states() == {DeliveryState.SENT: 3}, Attempt.objects.values_list("text", flat=True)
    delivered = relay.delivers(3)
    assert sorted(map(as_composed, delivered)) == sorted(envelope.data for envelope in envelopes)
    parsed = message_from_bytes(delivered[0], policy=default)
    assert parsed["Subject"] == "Sold — Zoë, “Müller”"
    *_, last = (part for part in parsed.walk() if not part.is_multipart())
    assert last.get_content().rstrip("\n") == body.rstrip("\n")
    assert b"with ESMTPSA" in delivered[0], "encrypted, and let in by its login"


def test_a_name_outside_ascii_is_delivered_to(relay, clock):
    rule = rule_at(relay)
    flow.owe(rule, lead={"name": "Jürgen", "local": "jürgen", "email": ""})

    flow.drain(rule, clock)

    assert flow.states() == {DeliveryState.SENT: 1}, Attempt.objects.get().text
    (delivered,) = relay.delivers(1)
    assert f"Delivered-To: jürgen@{DOMAIN}".encode() in delivered
    assert b"with UTF8SMTPSA" in delivered


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_each_way_to_log_in_is_understood(relay, clock, mechanism):
    relay.offer(mechanism)
    rule = rule_at(relay)
    flow.owe(rule, lead={"name": "Ada", "local": "ada"})

    flow.drain(rule, clock)

    assert flow.states() == {DeliveryState.SENT: 1}, Attempt.objects.get().text
    relay.delivers(1)


def test_many_mails_go_over_few_sessions_and_each_arrives_once(relay, clock):
    rule = rule_at(relay)
    flow.owe(rule, 120, lead={"name": "Ada", "local": "ada"})

    while flow.drain(rule, clock):
        pass

    assert flow.states() == {DeliveryState.SENT: 120}
    keys = {message_from_bytes(mail)["Message-ID"] for mail in relay.delivers(120)}
    assert len(keys) == len(relay.mails()) == 120


def test_a_wrong_password_holds_the_mail_and_is_no_try(relay, clock):
    rule = rule_at(relay, password="wrong")
    flow.owe(rule, lead={"name": "Ada", "local": "ada"})

    flow.drain(rule, clock)

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason, delivery.tries) == (DeliveryState.HELD, Reason.AUTHENTICATION, 0)
    assert Connection.objects.get().pause_reason == Reason.AUTHENTICATION


def test_a_server_that_wants_encryption_gets_neither_password_nor_mail_in_clear(relay, clock):
    rule = rule_at(relay, encryption=Encryption.NONE)
    flow.owe(rule, lead={"name": "Ada", "local": "ada"})

    flow.drain(rule, clock)

    assert Delivery.objects.get().state == DeliveryState.HELD
    assert relay.mails() == []


def test_a_recipient_that_it_does_not_relay_to_is_refused_and_the_other_gets_the_mail(relay, clock):
    rule = rule_at(relay, action__cc="elsewhere@example.org")
    flow.owe(rule, lead={"name": "Ada", "local": "ada"})

    flow.drain(rule, clock)

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.warning) == (DeliveryState.SENT, WarningCause.PARTIAL_REFUSAL)
    assert len(relay.delivers(1)) == 1


def test_a_mail_that_is_larger_than_it_takes_is_not_even_begun(relay, clock):
    rule = rule_at(relay, action__body="{{ lead.name }}" * 25, action__content_type="text")
    flow.owe(rule, lead={"name": "x" * 50_000, "local": "ada"})

    flow.drain(rule, clock)

    delivery, attempt = Delivery.objects.get(), Attempt.objects.get()
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, Reason.REFUSED)
    assert attempt.phase == "mail"
