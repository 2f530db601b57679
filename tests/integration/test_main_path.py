"""One event becomes one mail: through the real rows and a real mail server."""

from __future__ import annotations

import email
import email.policy

import pytest
from django.db import transaction

from tests import factories
from tests.smtp_server import ScriptedServer
from tracking.choices import DeliveryState
from tracking.emit import emit
from tracking.models import Attempt, Delivery, EventMinute, UsageDay
from tracking.pipeline import deliver
from tracking.store import clock


@pytest.mark.django_db(transaction=True)
def test_an_event_becomes_the_mail_that_its_rule_describes(rung):
    with ScriptedServer() as server:
        rule = factories.saved_rule(connection=factories.ConnectionFactory(port=server.port))

        receipt = emit(factories.event(product=rule.product_id))
        for connection_id in rung:
            deliver.drain(connection_id, clock=clock.started())

    assert [match.rule for match in receipt.matched] == [rule.pk]
    (mail,) = server.mails
    message = email.message_from_bytes(mail.data, policy=email.policy.default)
    assert mail.recipients == ("ada@example.org",)
    assert message["To"] == "Ada <ada@example.org>"
    assert message["Subject"] == "Sold: Ada"
    assert message.get_content().strip() == "<p>Hello Ada</p>"
    delivery = Delivery.objects.get(pk=receipt.matched[0].delivery)
    assert delivery.state == DeliveryState.SENT
    assert Attempt.objects.get().code == 250
    assert EventMinute.objects.get().events == UsageDay.objects.get().events == 1


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_sends_nothing(rung):
    rule = factories.saved_rule()

    with transaction.atomic():
        emit(factories.event(product=rule.product_id))
        transaction.set_rollback(True)

    assert rung == []
    assert not Delivery.objects.exists()
